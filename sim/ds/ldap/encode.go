package ldap

import "github.com/seatrial/seatrial/sim/ds/ber"

// Response is one of the types below: what a server sends.
type Response interface {
	append(b []byte) []byte
}

type (
	// Done ends an operation that only has a result: search, modify, add, delete, modify DN and compare.
	Done struct {
		Op     Op
		Result Result
	}
	// BindResponse ends a bind, or one step of it.
	BindResponse struct {
		Result         Result
		Credentials    []byte // SASL
		HasCredentials bool
	}
	// SearchEntry is an entry that was found. With TypesOnly its values stay at home.
	SearchEntry struct {
		Entry     Entry
		TypesOnly bool
	}
	// SearchReference says where else to look.
	SearchReference struct{ URLs []string }
	// ExtendedResponse ends an extended operation. Under message number 0 it is a notice.
	ExtendedResponse struct {
		Result   Result
		Name     string
		Value    []byte
		HasValue bool
	}
	// IntermediateResponse comes before the end.
	IntermediateResponse struct {
		Name     string
		Value    []byte
		HasValue bool
	}
)

// Numbers of response tags that are not their request's plus one.
const (
	tagSearchEntry     = 4
	tagSearchDone      = 5
	tagSearchReference = 19
	tagIntermediate    = 25
)

// Append writes one message to the end of b.
func Append(b []byte, id int32, r Response, controls []Control) []byte {
	b, message := ber.Open(b, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(id))
	b = r.append(b)
	if len(controls) > 0 {
		var all int
		b, all = ber.Open(b, ber.Context(0).Constructed())
		for _, c := range controls {
			b = appendControl(b, c)
		}
		b = ber.Close(b, all)
	}
	return ber.Close(b, message)
}

func appendControl(b []byte, c Control) []byte {
	b, at := ber.Open(b, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, c.OID)
	if c.Critical {
		b = ber.AppendBoolean(b, ber.Boolean, true)
	}
	if c.HasValue {
		b = ber.AppendString(b, ber.OctetString, c.Value)
	}
	return ber.Close(b, at)
}

// appendResult writes the components of LDAPResult.
func appendResult(b []byte, r Result) []byte {
	b = ber.AppendInteger(b, ber.Enumerated, int64(r.Code))
	b = ber.AppendString(b, ber.OctetString, r.MatchedDN)
	b = ber.AppendString(b, ber.OctetString, r.Message)
	if len(r.Referrals) > 0 {
		var at int
		b, at = ber.Open(b, ber.Context(3).Constructed())
		for _, url := range r.Referrals {
			b = ber.AppendString(b, ber.OctetString, url)
		}
		b = ber.Close(b, at)
	}
	return b
}

func response(number int) ber.Tag { return ber.Application(number).Constructed() }

func (d Done) append(b []byte) []byte {
	number := int(d.Op) + 1
	if d.Op == OpSearch {
		number = tagSearchDone
	}
	b, at := ber.Open(b, response(number))
	return ber.Close(appendResult(b, d.Result), at)
}

func (r BindResponse) append(b []byte) []byte {
	b, at := ber.Open(b, response(int(OpBind)+1))
	b = appendResult(b, r.Result)
	if r.HasCredentials {
		b = ber.AppendString(b, ber.Context(7), r.Credentials)
	}
	return ber.Close(b, at)
}

func (e SearchEntry) append(b []byte) []byte {
	b, at := ber.Open(b, response(tagSearchEntry))
	return ber.Close(appendEntry(b, e.Entry, e.TypesOnly), at)
}

// appendEntry writes the components of SearchResultEntry.
func appendEntry(b []byte, e Entry, typesOnly bool) []byte {
	b = ber.AppendString(b, ber.OctetString, e.DN)
	b, all := ber.Open(b, ber.Sequence)
	for _, a := range e.Attributes {
		var one, values int
		b, one = ber.Open(b, ber.Sequence)
		b = ber.AppendString(b, ber.OctetString, a.Description)
		b, values = ber.Open(b, ber.Set)
		if !typesOnly {
			for _, v := range a.Values {
				b = ber.AppendString(b, ber.OctetString, v)
			}
		}
		b = ber.Close(b, values)
		b = ber.Close(b, one)
	}
	return ber.Close(b, all)
}

func (r SearchReference) append(b []byte) []byte {
	b, at := ber.Open(b, response(tagSearchReference))
	for _, url := range r.URLs {
		b = ber.AppendString(b, ber.OctetString, url)
	}
	return ber.Close(b, at)
}

func (r ExtendedResponse) append(b []byte) []byte {
	b, at := ber.Open(b, response(int(OpExtended)+1))
	b = appendResult(b, r.Result)
	if r.Name != "" {
		b = ber.AppendString(b, ber.Context(10), r.Name)
	}
	if r.HasValue {
		b = ber.AppendString(b, ber.Context(11), r.Value)
	}
	return ber.Close(b, at)
}

func (r IntermediateResponse) append(b []byte) []byte {
	b, at := ber.Open(b, response(tagIntermediate))
	if r.Name != "" {
		b = ber.AppendString(b, ber.Context(0), r.Name)
	}
	if r.HasValue {
		b = ber.AppendString(b, ber.Context(1), r.Value)
	}
	return ber.Close(b, at)
}
