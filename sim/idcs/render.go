package idcs

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// appendView appends a user in a view. The default view of a user without special attributes, which is the answer to nearly
// every request of a load test, is written directly; everything else goes through the resource. A test holds the two to
// the same bytes.
func (s *Server) appendView(body []byte, p *people.Person, base string, v view) ([]byte, error) {
	if v.isDefault() && isPlain(p) {
		return s.appendUser(body, p, base), nil
	}
	return s.appendProjected(body, p, base, v)
}

func (s *Server) appendProjected(body []byte, p *people.Person, base string, v view) ([]byte, error) {
	return encode(body, scim.Project(s.resource(p, base), v.attributes, v.sets, userSchema.returned))
}

// isPlain tells whether all there is to say is in the person's own fields.
func isPlain(p *people.Person) bool {
	for key := range p.Attributes {
		if key != createdBy && key != modifiedBy {
			return false
		}
	}
	return true
}

// appendUser writes the default view, keys in the order of encoding/json.
func (s *Server) appendUser(b []byte, p *people.Person, base string) []byte {
	b = append(b, `{"active":`...)
	b = strconv.AppendBool(b, p.Active)
	b = appendMember(b, `,"compartmentOcid":`, s.names.compartmentOCID)
	b = appendMember(b, `,"displayName":`, p.DisplayName)
	b = appendMember(b, `,"domainOcid":`, s.names.domainOCID)
	for i, e := range p.Emails {
		if i == 0 {
			b = append(b, `,"emails":[{"primary":`...)
		} else {
			b = append(b, `},{"primary":`...)
		}
		b = strconv.AppendBool(b, e.Primary)
		b = append(b, `,"secondary":false,"type":`...)
		b = appendText(b, e.Type)
		b = append(b, `,"value":`...)
		b = appendText(b, e.Value)
		b = append(b, `,"verified":false`...)
	}
	if len(p.Emails) > 0 {
		b = append(b, `}]`...)
	}
	b = appendMember(b, `,"externalId":`, p.ExternalID)
	b = appendMember(b, `,"id":`, p.ID)
	b = appendActor(b, `,"idcsCreatedBy":`, p.Attributes[createdBy], base)
	b = appendActor(b, `,"idcsLastModifiedBy":`, p.Attributes[modifiedBy], base)
	b = append(b, `,"meta":{"created":"`...)
	b = appendStamp(b, p.Created)
	b = append(b, `","lastModified":"`...)
	b = appendStamp(b, p.Modified)
	b = append(b, `","location":`...)
	b = appendText(b, base+usersPath+"/"+p.ID)
	b = append(b, `,"resourceType":"User","version":"`...)
	b = append(b, version(p)...)
	b = append(b, `"}`...)
	b = appendName(b, p)
	b = append(b, `,"ocid":"`+ocidPrefix...)
	b = append(b, p.ID...)
	b = append(b, `","schemas":["`+scim.UserURN+`","`+extCapability+`","`+extUser+`","`+extUserState+`"]`...)
	b = appendMember(b, `,"tenancyOcid":`, s.names.tenancyOCID)
	b = append(b, `,"`+extCapability+`":{`...)
	for i, c := range capabilities {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), c...), `":`...)
		b = strconv.AppendBool(b, capable(p.Federated, c))
	}
	b = append(b, `},"`+extUser+`":{"isFederatedUser":`...)
	b = strconv.AppendBool(b, p.Federated)
	b = append(b, `},"`+extUserState+`":{"locked":{`...)
	switch {
	case !s.locked(p):
		b = append(b, `"on":false`...)
	case p.Credential.LockedAt.IsZero():
		b = append(b, `"on":true,"reason":1`...)
	default:
		b = append(b, `"lockDate":"`...)
		b = appendStamp(b, p.Credential.LockedAt)
		b = append(b, `","on":true,"reason":`...)
		b = strconv.AppendInt(b, int64(lockReason(p)), 10)
	}
	b = append(b, `}},"userName":`...)
	b = appendText(b, p.UserName)
	return append(b, '}')
}

// appendName: each part may be empty, the formatted name also when the parts are nothing but spaces.
func appendName(b []byte, p *people.Person) []byte {
	if p.GivenName == "" && p.FamilyName == "" {
		return b
	}
	b = append(b, `,"name":{`...)
	start := len(b)
	b = appendMember(b, `,"familyName":`, p.FamilyName)
	b = appendMember(b, `,"formatted":`, formattedName(p))
	b = appendMember(b, `,"givenName":`, p.GivenName)
	return append(append(b[:start], b[start+1:]...), '}') // without the first comma
}

// appendMember appends a member with its key, unless the value is empty.
func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(append(b, key...), value)
}

func appendActor(b []byte, key string, actor any, base string) []byte {
	m, ok := actor.(map[string]any)
	if !ok {
		return b
	}
	display, _ := m["display"].(string)
	id, _ := m["value"].(string)
	b = append(b, key...)
	b = append(b, `{"$ref":`...)
	b = appendText(b, base+authorPath(m["type"])+id)
	b = append(b, `,"display":`...)
	b = appendText(b, display)
	kind, _ := m["type"].(string)
	b = append(b, `,"type":`...)
	b = appendText(b, kind)
	b = append(b, `,"value":`...)
	b = appendText(b, id)
	return append(b, '}')
}

func appendStamp(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, timeFormat) }

// appendText appends a JSON string. Plain ASCII, nearly all there is, needs no encoder.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf || c == 0x7f {
			encoded, err := encode(nil, text)
			if err != nil { // a string always encodes
				return append(b, `""`...)
			}
			return append(b, encoded...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}
