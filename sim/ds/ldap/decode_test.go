package ldap

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// message makes a request of an operation's parts, each an element or several.
func message(op ber.Tag, parts ...[]byte) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, 7)
	b, in := ber.Open(b, op)
	for _, p := range parts {
		b = append(b, p...)
	}
	return ber.Close(ber.Close(b, in), at)
}

func text(s string) []byte               { return ber.AppendString(nil, ber.OctetString, s) }
func tagged(n int, s string) []byte      { return ber.AppendString(nil, ber.Context(n), s) }
func number(tag ber.Tag, v int64) []byte { return ber.AppendInteger(nil, tag, v) }
func boolean(tag ber.Tag, v bool) []byte { return ber.AppendBoolean(nil, tag, v) }
func app(op Op) ber.Tag                  { return ber.Application(int(op)).Constructed() }
func group(t ber.Tag, in ...[]byte) []byte {
	b, at := ber.Open(nil, t)
	for _, e := range in {
		b = append(b, e...)
	}
	return ber.Close(b, at)
}

func attribute(name string, values ...string) []byte {
	all := [][]byte{}
	for _, v := range values {
		all = append(all, text(v))
	}
	return group(ber.Sequence, text(name), group(ber.Set, all...))
}

var present = tagged(tagPresent, "objectClass")

func searchParts(scope, deref, size, seconds int64) []byte {
	return message(app(OpSearch), text("dc=example,dc=com"), number(ber.Enumerated, scope), number(ber.Enumerated, deref),
		number(ber.Integer, size), number(ber.Integer, seconds), boolean(ber.Boolean, true), present,
		group(ber.Sequence, text("uid"), text("+")))
}

func searchWith(filter []byte) []byte {
	return message(app(OpSearch), text(""), number(ber.Enumerated, 0), number(ber.Enumerated, 0), number(ber.Integer, 0), number(ber.Integer, 0),
		boolean(ber.Boolean, false), filter, group(ber.Sequence))
}

// requests are one of each operation.
var requests = map[string]struct {
	bytes []byte
	want  Request
}{
	"simple bind": {
		message(app(OpBind), number(ber.Integer, 3), text("uid=x"), tagged(0, "pw")),
		BindRequest{Version: 3, DN: "uid=x", Password: secret.New("pw")},
	},
	"SASL bind": {
		message(app(OpBind), number(ber.Integer, 3), text(""), group(ber.Context(3).Constructed(), text("PLAIN"), text("\x00a\x00b"))),
		BindRequest{Version: 3, SASL: &SASL{"PLAIN", []byte("\x00a\x00b"), true}},
	},
	"SASL bind without credentials": {
		message(app(OpBind), number(ber.Integer, 3), text(""), group(ber.Context(3).Constructed(), text("EXTERNAL"))),
		BindRequest{Version: 3, SASL: &SASL{Mechanism: "EXTERNAL"}},
	},
	"unbind": {group(ber.Sequence, number(ber.Integer, 7), []byte{0x42, 0}), UnbindRequest{}},
	"search": {
		searchParts(2, 3, 10, 20),
		SearchRequest{
			BaseDN: "dc=example,dc=com", Scope: ScopeSubtree, Deref: DerefAlways, SizeLimit: 10, TimeLimit: 20 * time.Second, TypesOnly: true,
			Filter: Present{"objectClass"}, Attributes: []string{"uid", "+"},
		},
	},
	"modify": {
		message(app(OpModify), text("uid=x"), group(ber.Sequence,
			group(ber.Sequence, number(ber.Enumerated, 1), attribute("userPassword", "old")),
			group(ber.Sequence, number(ber.Enumerated, 0), attribute("userPassword", "new")),
			group(ber.Sequence, number(ber.Enumerated, 2), attribute("mail")),
			group(ber.Sequence, number(ber.Enumerated, 3), attribute("count", "1")))),
		ModifyRequest{"uid=x", []Change{
			{Delete, Attribute{"userPassword", [][]byte{[]byte("old")}}},
			{Add, Attribute{"userPassword", [][]byte{[]byte("new")}}},
			{Replace, Attribute{Description: "mail"}},
			{Increment, Attribute{"count", [][]byte{[]byte("1")}}},
		}},
	},
	"add": {
		message(app(OpAdd), text("uid=x"), group(ber.Sequence, attribute("mail", "a@x", "b@x"))),
		AddRequest{"uid=x", []Attribute{{"mail", [][]byte{[]byte("a@x"), []byte("b@x")}}}},
	},
	"delete": {group(ber.Sequence, number(ber.Integer, 7), ber.AppendString(nil, ber.Application(10), "uid=x")), DeleteRequest{"uid=x"}},
	"rename": {
		message(app(OpModifyDN), text("uid=x"), text("uid=y"), boolean(ber.Boolean, true)),
		ModifyDNRequest{DN: "uid=x", NewRDN: "uid=y", DeleteOldRDN: true},
	},
	"move": {
		message(app(OpModifyDN), text("uid=x"), text("uid=x"), boolean(ber.Boolean, false), tagged(0, "")),
		ModifyDNRequest{DN: "uid=x", NewRDN: "uid=x", HasNewSuperior: true},
	},
	"compare": {message(app(OpCompare), text("uid=x"), group(ber.Sequence, text("sn"), text("v"))), CompareRequest{"uid=x", "sn", []byte("v")}},
	"abandon": {group(ber.Sequence, number(ber.Integer, 7), number(ber.Application(16), 300)), AbandonRequest{300}},
	"extended": {
		message(app(OpExtended), tagged(0, OIDWhoAmI)), ExtendedRequest{Name: OIDWhoAmI},
	},
	"extended with value": {
		message(app(OpExtended), tagged(0, OIDCancel), tagged(1, "v")), ExtendedRequest{OIDCancel, []byte("v"), true},
	},
}

func TestReadMessage(t *testing.T) {
	for name, tt := range requests {
		t.Run(name, func(t *testing.T) {
			m, err := ReadMessage(ber.NewReader(tt.bytes))
			require.NoError(t, err)
			assert.Equal(t, int32(7), m.ID)
			assert.Equal(t, tt.want, m.Request)
			assert.Empty(t, m.Controls)
			for cut := 2; cut < len(tt.bytes); cut++ { // the outer length is made to fit, so that only what is inside is short
				short := ber.AppendString(nil, ber.Sequence, tt.bytes[2:cut])
				m, err := ReadMessage(ber.NewReader(short))
				assert.Error(t, err, "%d bytes of %d: %v", cut, len(tt.bytes), m)
			}
		})
	}
}

func TestReadControls(t *testing.T) {
	with := func(controls []byte) []byte {
		return group(ber.Sequence, number(ber.Integer, 7), []byte{0x42, 0}, controls)
	}
	all := ber.Context(0).Constructed()
	m, err := ReadMessage(ber.NewReader(with(group(all,
		group(ber.Sequence, text("1.1")),
		group(ber.Sequence, text("1.2"), boolean(ber.Boolean, true)),
		group(ber.Sequence, text("1.3"), boolean(ber.Boolean, false), text("")),
		group(ber.Sequence, text("1.4"), text("v"))))))
	require.NoError(t, err)
	assert.Equal(t, []Control{
		{OID: "1.1"}, {OID: "1.2", Critical: true}, {OID: "1.3", HasValue: true, Value: []byte{}}, {OID: "1.4", HasValue: true, Value: []byte("v")},
	}, m.Controls)
	_, ok := Find(m.Controls, "1.3")
	assert.True(t, ok)
	_, ok = Find(m.Controls, "1.5")
	assert.False(t, ok)
	for name, bad := range map[string][]byte{
		"not a list":      with(group(all, text("1.1"))),
		"no OID":          with(group(all, group(ber.Sequence))),
		"a long boolean":  with(group(all, group(ber.Sequence, text("1.1"), []byte{1, 2, 0, 0}))),
		"an integer":      with(group(all, group(ber.Sequence, text("1.1"), number(ber.Integer, 1)))),
		"something after": with([]byte{0xa0, 5, 1}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadMessage(ber.NewReader(bad))
			assert.ErrorIs(t, err, ErrProtocol)
		})
	}
	m, err = ReadMessage(ber.NewReader(with([]byte{0x8b, 0})))
	require.NoError(t, err, "an extension of the message is ignored (RFC 4511, 4)")
	assert.Empty(t, m.Controls)
}

// TestRefusedRequests are requests whose structure is in order: the connection lives on.
func TestRefusedRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes []byte
		op    Op
		want  string
	}{
		"scope":  {searchParts(4, 0, 0, 0), OpSearch, "scope 4"},
		"deref":  {searchParts(0, -1, 0, 0), OpSearch, "derefAliases -1"},
		"size":   {searchParts(0, 0, -5, 0), OpSearch, "sizeLimit -5"},
		"time":   {searchParts(0, 0, 0, 1<<31), OpSearch, "timeLimit 2147483648"},
		"modify": {message(app(OpModify), text(""), group(ber.Sequence, group(ber.Sequence, number(ber.Enumerated, 9), attribute("a")))), OpModify, "type 9"},
		"filter": {searchWith(group(0xa4, text("a"), group(ber.Sequence))), OpSearch, "no substrings"},
		"choice": {searchWith(group(0xab, present)), OpSearch, "0xab is not known"},
		"rule":   {searchWith(group(0xa2, group(0xa9, tagged(3, "v")))), OpSearch, "neither a type nor a rule"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ReadMessage(ber.NewReader(tt.bytes))
			refused := new(RefusedError)
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, int32(7), refused.ID)
			assert.Equal(t, int32(7), m.ID)
			assert.Equal(t, tt.op, refused.Op)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

// TestUnknownAuthentication ends the connection.
func TestUnknownAuthentication(t *testing.T) {
	_, err := ReadMessage(ber.NewReader(message(app(OpBind), number(ber.Integer, 3), text(""), tagged(1, "krb"))))
	assert.ErrorIs(t, err, ErrProtocol)
	assert.ErrorContains(t, err, "0x81 is not known")
}

func TestReadFilters(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes []byte
		want  string // of the filter, or "" when it is none
	}{
		"and":                     {group(0xa0, present, present), "(&(objectClass=*)(objectClass=*))"},
		"true":                    {group(0xa0), "(&)"},
		"false":                   {group(0xa1), "(|)"},
		"not":                     {group(0xa2, present), "(!(objectClass=*))"},
		"equality":                {group(0xa3, text("a"), text("\xff")), `(a=\ff)`},
		"substrings":              {group(0xa4, text("a"), group(ber.Sequence, tagged(0, "x"), tagged(1, "y"), tagged(2, "z"))), "(a=x*y*z)"},
		"greater":                 {group(0xa5, text("a"), text("1")), "(a>=1)"},
		"less":                    {group(0xa6, text("a"), text("1")), "(a<=1)"},
		"approx":                  {group(0xa8, text("a"), text("1")), "(a~=1)"},
		"extensible":              {group(0xa9, tagged(1, "r"), tagged(2, "a"), tagged(3, "v"), boolean(ber.Context(4), true)), "(a:dn:r:=v)"},
		"extensible without both": {group(0xa9, tagged(3, "v")), ""},
		"not of two":              {group(0xa2, present, present), ""},
		"not of none":             {group(0xa2), ""},
		"substrings of none":      {group(0xa4, text("a"), group(ber.Sequence)), ""},
		"two initials":            {group(0xa4, text("a"), group(ber.Sequence, tagged(0, "x"), tagged(0, "y"))), ""},
		"something behind final":  {group(0xa4, text("a"), group(ber.Sequence, tagged(2, "x"), tagged(1, "y"))), ""},
		"an unknown choice":       {group(0xaa, present), ""},
		"a primitive and":         {tagged(0, "x"), ""},
		"a constructed present":   {group(0xa7, present), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := readFilter(ber.NewReader(tt.bytes))
			if tt.want == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, f.String())
		})
	}
}

// FuzzReadMessage reads strangers' requests.
func FuzzReadMessage(f *testing.F) {
	for _, r := range requests {
		f.Add(r.bytes)
	}
	f.Add(group(ber.Sequence, number(ber.Integer, 7), []byte{0x42, 0}, group(ber.Context(0).Constructed(), group(ber.Sequence, text("1.1")))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadMessage(ber.NewReader(data))
		if err != nil {
			return
		}
		require.NotNil(t, m.Request)
		require.NotEqual(t, "unknown", m.Request.Op().String())
		if s, ok := m.Request.(SearchRequest); ok {
			require.NotEmpty(t, s.Filter.String()) // an attribute description may be anything, so the text need not be a filter
		}
	})
}
