package idcs

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	usersPath   = "/admin/v1/Users"
	timeFormat  = "2006-01-02T15:04:05.000Z"
	ocidFiller  = ".oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	ocidPrefix  = "ocid1.user" + ocidFiller
	createdBy   = "idcsCreatedBy"
	modifiedBy  = "idcsLastModifiedBy"
	nameExtras  = "name"
	idLength    = 32
	recoveryTag = "recovery"
)

// plainID turns an OCID into the id in it; the API takes both (Oracle, Send Requests).
func plainID(id string) string {
	if cut := len(id) - idLength; cut > 0 && strings.HasPrefix(id, "ocid1.") && strings.HasSuffix(id[:cut], ocidFiller) {
		return id[cut:]
	}
	return id
}

// ocid is the OCID of a resource: "ocid1.group…", "ocid1.domainapp…".
func ocid(kind, id string) string { return "ocid1." + kind + ocidFiller + id }

// version is meta.version: 32 hexadecimal digits that change with each write.
func version(p *people.Person) string { return fingerprint(p.ID, p.Version) }

// fingerprint is 32 hexadecimal digits for a text and a number.
func fingerprint(text string, n uint64) string {
	h := fnv.New128a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64([]byte(text), n))
	var sum [16]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// clientGUID is the id of the App resource that stands behind a client.
func clientGUID(clientID string) string { return fingerprint(clientID, 0) }

// author is a client as the one who created or changed a user, in the wire form but for the "$ref". Both maps are shared by
// all users that the client has written, and never changed.
type author struct {
	guid  string
	actor map[string]any
	alone map[string]any // the attributes of a user that has no others
}

// author works out the form of a client once; a name that changes later is not noticed.
func (s *Server) author(clientID string) *author {
	if known, ok := s.authors.Load(clientID); ok {
		if a, ok := known.(*author); ok {
			return a
		}
	}
	display := clientID
	if client, ok := s.issuer.Client(clientID); ok && client.Name != "" {
		display = client.Name
	}
	a := &author{guid: clientGUID(clientID)}
	a.actor = map[string]any{"type": "App", "display": display, "value": a.guid}
	a.alone = map[string]any{modifiedBy: a.actor}
	s.authors.Store(clientID, a)
	return a
}

// ownAuthor is a user who writes for himself.
func ownAuthor(p *people.Person) *author {
	a := &author{guid: p.ID, actor: map[string]any{"type": "User", "display": p.DisplayName, "value": p.ID}}
	a.alone = map[string]any{modifiedBy: a.actor}
	return a
}

// authorPath is where the resource of an author is: a client's application, or a user.
func authorPath(kind any) string {
	if kind == "User" {
		return usersPath + "/"
	}
	return appsPath + "/"
}

// touch notes who wrote and when.
func (s *Server) touch(p *people.Person, clientID string, now time.Time) {
	touchBy(p, s.author(clientID), now)
}

func touchBy(p *people.Person, a *author, now time.Time) {
	p.Modified = now
	if known, ok := p.Attributes[modifiedBy].(map[string]any); ok && known["value"] == a.guid {
		return
	}
	if len(p.Attributes) == 0 {
		p.Attributes = a.alone
		return
	}
	next := maps.Clone(p.Attributes)
	next[modifiedBy] = a.actor
	p.Attributes = next
}

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

func formattedName(p *people.Person) string {
	return strings.TrimSpace(p.GivenName + " " + p.FamilyName)
}

// resource is the user in the wire form with everything that may be asked for. The password is not in it: nothing that
// reads a resource can leak it.
func (s *Server) resource(p *people.Person, base string) map[string]any {
	m := make(map[string]any, len(p.Attributes)+24)
	extensions := map[string]map[string]any{
		extUser:       {"isFederatedUser": p.Federated, "isAuthenticationDelegated": p.Delegated, "creationMechanism": "api"},
		extUserState:  {"locked": s.lockState(p), "loginAttempts": float64(p.Credential.Failures)},
		extCapability: {},
		extPassword:   s.passwordState(p, base),
	}
	for _, c := range capabilities {
		extensions[extCapability][c] = capable(p.Federated, c)
	}
	if roles, grants := grantsResource(s.grants.given(p.ID), base); grants != nil {
		extensions[extUser]["grants"] = grants
		if roles != nil {
			extensions[extUser]["appRoles"] = roles
		}
	}
	for key, value := range p.Attributes {
		if own, ok := value.(map[string]any); ok && strings.HasPrefix(key, "urn:") {
			if extensions[key] == nil {
				extensions[key] = make(map[string]any, len(own))
			}
			maps.Copy(extensions[key], own)
			continue
		}
		m[key] = value
	}
	name := map[string]any{}
	if extras, ok := p.Attributes[nameExtras].(map[string]any); ok {
		maps.Copy(name, extras)
	}
	put(name, "givenName", p.GivenName)
	put(name, "familyName", p.FamilyName)
	put(name, "formatted", formattedName(p))
	if len(name) > 0 {
		m["name"] = name
	}
	schemas := make([]string, 0, len(extensions))
	for urn, content := range extensions {
		m[urn] = content
		// The password state is there on request only, and is not announced.
		if urn != extPassword {
			schemas = append(schemas, urn)
		}
	}
	slices.Sort(schemas)
	list := []any{scim.UserURN}
	for _, urn := range schemas {
		list = append(list, urn)
	}
	m["schemas"] = list
	m["id"], m["ocid"], m["userName"], m["active"] = p.ID, ocidPrefix+p.ID, p.UserName, p.Active
	put(m, "externalId", p.ExternalID)
	put(m, "displayName", p.DisplayName)
	if len(p.Emails) > 0 {
		emails := make([]any, 0, len(p.Emails))
		for _, e := range p.Emails {
			emails = append(emails, map[string]any{
				"value": e.Value, "type": e.Type, "primary": e.Primary, "secondary": false, "verified": false,
			})
		}
		m["emails"] = emails
	}
	if groups := s.groupsResource(p.ID, base); groups != nil {
		m["groups"] = groups
	}
	withAuthors(m, base)
	m["domainOcid"], m["compartmentOcid"], m["tenancyOcid"] = s.names.domainOCID, s.names.compartmentOCID, s.names.tenancyOCID
	m["meta"] = map[string]any{
		"resourceType": "User", "created": stamp(p.Created), "lastModified": stamp(p.Modified),
		"location": base + usersPath + "/" + p.ID, "version": version(p),
	}
	return m
}

func put(m map[string]any, key, value string) {
	if value != "" {
		m[key] = value
	}
}

func (s *Server) passwordState(p *people.Person, base string) map[string]any {
	policy := s.policyFor(p.ID)
	applies := map[string]any{"value": policy.id, "display": policy.name, "$ref": base + policiesPath + "/" + policy.id}
	if policy.priority > 0 {
		applies["priority"] = float64(policy.priority)
	}
	state := map[string]any{
		"mustChange": p.Credential.MustChange, "expired": policy.expires(p, s.kernel.Clock.Now()), "cantChange": p.Federated, "cantExpire": false,
		"applicablePasswordPolicy": applies,
	}
	if !p.Credential.SetAt.IsZero() {
		state["lastSuccessfulSetDate"] = stamp(p.Credential.SetAt)
	}
	return state
}

// adopt writes a resource that a client has sent, or patched, into p. What is readOnly in it is passed over; whether that
// is allowed is judged before. Attributes that are absent are cleared, but for the password.
func adopt(m map[string]any, p *people.Person) error {
	if err := checkTypes(m, userSchema); err != nil {
		return err
	}
	wasFederated := p.Federated
	p.UserName, p.ExternalID, p.DisplayName, p.GivenName, p.FamilyName = "", "", "", "", ""
	p.Emails, p.Federated, p.Active = nil, false, true
	next := map[string]any{}
	for _, key := range []string{createdBy, modifiedBy} {
		if author, ok := p.Attributes[key]; ok {
			next[key] = author
		}
	}
	for key, value := range m {
		if urn, ok := userSchema.extensions[strings.ToLower(key)]; ok {
			if content, ok := value.(map[string]any); ok {
				adoptExtension(urn, content, p, next)
			}
			continue
		}
		a := userSchema.find(key)
		if a == nil || a.mutability == readOnly || a.returned == scim.ReturnedNever {
			continue
		}
		switch a.name {
		case "ocid", "schemas":
		case "userName":
			p.UserName, _ = value.(string)
		case "externalId":
			p.ExternalID, _ = value.(string)
		case "displayName":
			p.DisplayName, _ = value.(string)
		case "active":
			if active, ok := value.(bool); ok {
				p.Active = active
			}
		case "name":
			adoptName(value, p, next)
		case "emails":
			p.Emails = emailsOf(value)
		default:
			if value != nil {
				next[a.name] = value
			}
		}
	}
	// A capability that is as the person's state has it, or had it when the client read it, is not kept: it must follow
	// the state.
	if kept, ok := next[extCapability].(map[string]any); ok {
		maps.DeleteFunc(kept, func(name string, value any) bool {
			return value == capable(p.Federated, name) || value == capable(wasFederated, name)
		})
		if len(kept) == 0 {
			delete(next, extCapability)
		}
	}
	p.Attributes = next
	return complete(p)
}

// capable tells what a user may do unless an administrator decided otherwise; a federated user has no local password.
func capable(federated bool, capability string) bool {
	return capability != "canUseConsolePassword" || !federated
}

func adoptName(value any, p *people.Person, next map[string]any) {
	content, _ := value.(map[string]any)
	extras := map[string]any{}
	for key, v := range content {
		part, _ := v.(string)
		switch a := userSchema.find("name." + key); {
		case a == nil || a.mutability == readOnly:
		case a.name == "givenName":
			p.GivenName = part
		case a.name == "familyName":
			p.FamilyName = part
		case part != "":
			extras[a.name] = part
		}
	}
	if len(extras) > 0 {
		next[nameExtras] = extras
	}
}

func adoptExtension(urn string, content map[string]any, p *people.Person, next map[string]any) {
	kept := map[string]any{}
	for key, value := range content {
		a := userSchema.find(urn + ":" + key)
		switch {
		case a != nil && urn == extUser && a.name == "isAuthenticationDelegated":
			p.Delegated, _ = value.(bool)
		case a == nil || a.mutability == readOnly || a.returned == scim.ReturnedNever || value == nil:
		case a == &opaque:
			kept[key] = value
		case urn == extUser && a.name == "isFederatedUser":
			p.Federated, _ = value.(bool)
		default:
			kept[a.name] = value
		}
	}
	if len(kept) > 0 {
		next[urn] = kept
	}
}

func emailsOf(value any) []people.Email {
	list, _ := value.([]any)
	emails := make([]people.Email, 0, len(list)+1)
	for _, item := range list {
		content, _ := item.(map[string]any)
		var e people.Email
		for key, v := range content {
			switch strings.ToLower(key) {
			case "value":
				e.Value, _ = v.(string)
			case "type":
				e.Type, _ = v.(string)
			case "primary":
				e.Primary, _ = v.(bool)
			}
		}
		emails = append(emails, e)
	}
	return emails
}

// complete fills in what the server adds: a display name, and the recovery address (Oracle, REST API for identity domains,
// Response Body).
func complete(p *people.Person) error {
	if p.UserName == "" {
		return refuse(missingAttributes, "userName")
	}
	if p.DisplayName == "" {
		if p.DisplayName = formattedName(p); p.DisplayName == "" {
			p.DisplayName = p.UserName
		}
	}
	primaries := 0
	for i, e := range p.Emails {
		if e.Value == "" {
			return refuse(missingAttributes, "emails.value")
		}
		if e.Type == "" {
			p.Emails[i].Type = "work"
		}
		if e.Primary {
			primaries++
		}
	}
	if primaries > 1 {
		return refuse(invalidValue, "emails", "more than one is primary")
	}
	if address := p.PrimaryEmail(); address != "" && !slices.ContainsFunc(p.Emails, func(e people.Email) bool {
		return strings.EqualFold(e.Type, recoveryTag)
	}) {
		p.Emails = append(p.Emails, people.Email{Value: address, Type: recoveryTag})
	}
	return nil
}

// require applies what is a setting of the domain.
func (s *Server) require(p *people.Person) error {
	if p.PrimaryEmail() == "" && s.is(primaryEmail, "required") {
		return refuse(primaryEmailMissing)
	}
	if p.FamilyName == "" && s.is(familyName, "required") {
		return refuse(missingAttributes, "name.familyName")
	}
	return nil
}

// checkTypes walks a resource: every attribute must be known and have the type of its schema.
func checkTypes(m map[string]any, s *schema) error {
	for key, value := range m {
		lower := strings.ToLower(key)
		if urn, ok := s.extensions[lower]; ok {
			content, isObject := value.(map[string]any)
			if value != nil && !isObject {
				return refuse(wrongType, urn, object)
			}
			if s.open[lower] {
				continue
			}
			for name, v := range content {
				if err := s.check(urn+":"+name, v); err != nil {
					return err
				}
			}
			continue
		}
		if err := s.check(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *schema) check(name string, value any) error {
	a := s.find(name)
	if a == nil {
		return refuse(unknownAttribute, name).surprising("there is no attribute %s", name)
	}
	if value == nil || a.kind == anything {
		return nil
	}
	if !a.many {
		return s.checkValue(name, a, value)
	}
	list, ok := value.([]any)
	if !ok {
		return refuse(wrongType, name, "an array")
	}
	for _, item := range list {
		if err := s.checkValue(name, a, item); err != nil {
			return err
		}
	}
	return nil
}

func (s *schema) checkValue(name string, a *attribute, value any) error {
	ok := true
	switch a.kind {
	case text, instant, reference:
		_, ok = value.(string)
	case flag:
		_, ok = value.(bool)
	case number:
		_, ok = value.(float64)
	case object:
		content, isObject := value.(map[string]any)
		if !isObject {
			return refuse(wrongType, name, a.kind)
		}
		for sub, v := range content {
			if err := s.check(name+"."+sub, v); err != nil {
				return err
			}
		}
	case anything:
	}
	if !ok {
		return refuse(wrongType, name, a.kind)
	}
	return nil
}
