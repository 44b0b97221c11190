package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// item is a filter item that compares an attribute with a value: 3 equal, 5 at least, 6 at most.
func item(choice int, attribute, value string) []byte {
	b, at := ber.Open(nil, ber.Context(choice).Constructed())
	b = ber.AppendString(b, ber.OctetString, attribute)
	b = ber.AppendString(b, ber.OctetString, value)
	return ber.Close(b, at)
}

func present(attribute string) []byte { return ber.AppendString(nil, ber.Context(7), attribute) }

func matchedValues(items ...[]byte) ldap.Control {
	b, at := ber.Open(nil, ber.Sequence)
	for _, i := range items {
		b = append(b, i...)
	}
	return ldap.Control{OID: ldap.OIDMatchedValues, Critical: true, HasValue: true, Value: ber.Close(b, at)}
}

func TestMatchedValues(t *testing.T) {
	x := start(t)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "cn", "Babs Jensen"), mod(ldap.Add, "mail", "babs@example.org"), mod(ldap.Add, "description;lang-de", "eine"), mod(ldap.Add, "description", "one")).Code)
	substring := func(attribute, final string) []byte {
		b, at := ber.Open(nil, ber.Context(4).Constructed())
		b = ber.AppendString(b, ber.OctetString, attribute)
		b, parts := ber.Open(b, ber.Sequence)
		b = ber.AppendString(b, ber.Context(2), final)
		return ber.Close(ber.Close(b, parts), at)
	}
	rule := func(name, attribute, value string, more ...byte) []byte {
		b, at := ber.Open(nil, ber.Context(9).Constructed())
		if name != "" {
			b = ber.AppendString(b, ber.Context(1), name)
		}
		if attribute != "" {
			b = ber.AppendString(b, ber.Context(2), attribute)
		}
		b = ber.AppendString(b, ber.Context(3), value)
		return ber.Close(append(b, more...), at)
	}
	search := func(attributes []string, c ldap.Control) (map[string]string, ldap.Result) {
		var found []ldap.Entry
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: bjensen, Attributes: attributes}, []ldap.Control{c}, collect(&found))
		if len(found) == 0 {
			return nil, r
		}
		return values(found[0]), r
	}
	for name, tt := range map[string]struct {
		items [][]byte
		want  map[string]string
	}{
		"equal":                         {[][]byte{item(3, "cn", "BABS  jensen")}, map[string]string{"cn": "Babs Jensen", "mail": "", "entryDN": ""}},
		"one of two":                    {[][]byte{item(3, "cn", "babs jensen"), substring("mail", ".com")}, map[string]string{"cn": "Babs Jensen", "mail": "bjensen@example.com", "entryDN": ""}},
		"present":                       {[][]byte{present("cn"), present("entryDN")}, map[string]string{"cn": "Barbara Jensen|Babs Jensen", "mail": "", "entryDN": bjensen}},
		"at least":                      {[][]byte{item(5, "mail", "bjensen")}, map[string]string{"cn": "", "mail": "bjensen@example.com", "entryDN": ""}},
		"approximately":                 {[][]byte{item(8, "cn", "babs jensen")}, map[string]string{"cn": "Babs Jensen", "mail": "", "entryDN": ""}},
		"a rule, whatever it is called": {[][]byte{rule("caseIgnoreMatch", "", "babs jensen")}, map[string]string{"cn": "Babs Jensen", "mail": "", "entryDN": ""}},
		"a kind of it is not it":        {[][]byte{present("name")}, map[string]string{"cn": "", "mail": "", "entryDN": ""}},
		"nothing known":                 {[][]byte{present("nonsense"), item(3, "cn", "nobody")}, map[string]string{"cn": "", "mail": "", "entryDN": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got, r := search([]string{"cn", "mail", "entryDN"}, matchedValues(tt.items...))
			require.Equal(t, ldap.Success, r.Code, r.Message)
			assert.Equal(t, tt.want, got)
		})
	}
	got, _ := search([]string{"description"}, matchedValues(item(3, "description", "eine")))
	assert.Equal(t, map[string]string{"description": "", "description;lang-de": "eine"}, got, "options are no matter")
	assert.Equal(t, "Barbara Jensen|Babs Jensen", x.read(x.admin, bjensen, "cn")["cn"], "the entry itself has kept all")

	for name, c := range map[string]ldap.Control{
		"no value":            {OID: ldap.OIDMatchedValues},
		"no filters":          matchedValues(),
		"and":                 matchedValues(append([]byte{0xa0, byte(len(present("cn")))}, present("cn")...)),
		"the name's":          matchedValues(rule("", "cn", "x", 0x84, 1, 0xff)),
		"neither of the both": matchedValues(rule("", "", "x")),
		"more than that":      {OID: ldap.OIDMatchedValues, HasValue: true, Value: append(matchedValues(present("cn")).Value, 5, 0)},
	} {
		_, r := search(nil, c)
		assert.Equal(t, ldap.ProtocolError, r.Code, name)
	}

	// What may not be read does not show, whatever the values.
	var found []ldap.Entry
	r := x.Search(t.Context(), x.as(scarter, "sprain"), ldap.SearchRequest{BaseDN: bjensen, Attributes: []string{"userPassword", "uid"}}, []ldap.Control{matchedValues(present("userPassword"))}, collect(&found))
	require.Equal(t, ldap.Success, r.Code)
	require.Len(t, found, 1)
	assert.Equal(t, map[string]string{"uid": ""}, values(found[0]))
}
