package names_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
)

// folded are rules under which case and surrounding spaces do not count.
type folded struct{}

func (folded) Normal(attribute, value string) (string, string) {
	return strings.ToLower(attribute), strings.ToLower(strings.TrimSpace(value))
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"root":                   {"", ""},
		"only spaces":            {"  ", ""},
		"usual":                  {"uid=bjensen,ou=People,dc=example,dc=com", "uid=bjensen,ou=People,dc=example,dc=com"},
		"spaces":                 {" uid = bjensen , ou=People", "uid=bjensen,ou=People"},
		"semicolon":              {"uid=a;o=b", "uid=a,o=b"},
		"multi-valued":           {"cn=a + uid=b,o=c", "cn=a+uid=b,o=c"},
		"escaped comma":          {`cn=Jensen\, Barbara,o=x`, `cn=Jensen\, Barbara,o=x`},
		"hexadecimal escape":     {`cn=Lu\C4\8Di\C4\87`, "cn=Lučić"},
		"quoted":                 {`cn="Jensen, Barbara",o=x`, `cn=Jensen\, Barbara,o=x`},
		"escaped trailing space": {`cn=a\ ,o=x`, `cn=a\ ,o=x`},
		"BER":                    {"1.3.6.1.4.1.1466.0=#04024869,o=x", "1.3.6.1.4.1.1466.0=Hi,o=x"},
		"RFC 1779's OID":         {"OID.2.5.4.3=a", "2.5.4.3=a"},
		"empty value":            {"cn=,o=x", "cn=,o=x"},
		"equals sign":            {"cn=a=b", "cn=a=b"},
		"no UTF-8":               {`cn=\ff`, `cn=\ff`},
		"zero byte":              {`cn=a\00b`, `cn=a\00b`},
		"number sign":            {`cn=\#a#`, `cn=\#a#`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := names.Parse(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.want, d.String())
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"uid":                               "an equals sign is missing at position 3",
		"=a":                                "an attribute name is missing at position 0",
		"uid=a,":                            "an attribute name is missing at position 6",
		"uid=a,,o=b":                        "an attribute name is missing at position 6",
		"-a=b":                              "a wrong attribute name at position 0",
		"1..2=b":                            "a wrong object identifier at position 0",
		`cn="a`:                             "a quotation mark is missing at position 5",
		`cn="a"b`:                           "something behind a value at position 6",
		`cn=a\`:                             "a backslash before what needs none at position 4",
		`cn=a\z`:                            "a backslash before what needs none at position 4",
		"cn=a<b":                            "a character that must be escaped at position 4",
		"cn=#041":                           "an odd number of hexadecimal digits at position 7",
		"cn=#0405aa":                        "hexadecimal digits that are no BER element at position 10",
		strings.Repeat("x", 65537):          "too long at position 0",
		strings.Repeat("o=a,", 256) + "o=a": "too many parts at position 1027",
	} {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			_, err := names.Parse(text)
			require.Error(t, err)
			var syntax *names.SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, "not a distinguished name: "+want, err.Error())
		})
	}
	_, err := names.ParseRDN("a=b,c=d")
	require.ErrorContains(t, err, "2 relative names where one is wanted")
}

func TestFamily(t *testing.T) {
	d, err := names.Parse("uid=a,ou=b,o=c")
	require.NoError(t, err)
	assert.Equal(t, "ou=b,o=c", d.Parent().String())
	assert.Equal(t, "uid=z,ou=b,o=c", d.Parent().Child(names.RDN{{Type: "uid", Value: "z"}}).String())
	assert.Empty(t, names.DN{}.Parent())
	assert.Equal(t, "a", d[0].Value("UID"))
	assert.Empty(t, d[0].Value("cn"))
	assert.Equal(t, "uid=a,ou=b,o=c", d.String(), "Child and Parent leave the DN alone")
}

func TestKeyForgetsOrderAndCase(t *testing.T) {
	a, err := names.Parse("CN=A+uid=B,O=c")
	require.NoError(t, err)
	b, err := names.Parse("uid=b+cn=a,o=C")
	require.NoError(t, err)
	assert.Equal(t, a.Key(folded{}), b.Key(folded{}))
	assert.Equal(t, "cn=a+uid=b,o=c", a.Key(folded{}))
	assert.Equal(t, "cn=a+uid=b", a[0].Key(folded{}))
}

func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.Custom(func(t *rapid.T) names.Pair {
			return names.Pair{
				Type:  rapid.StringMatching(`[a-z][a-z0-9-]{0,5}`).Draw(t, "type"),
				Value: string(rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 8), rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) })).Draw(t, "value")),
			}
		})
		rdns := rapid.SliceOfN(rapid.SliceOfN(pair, 1, 3), 0, 4).Draw(t, "dn")
		d := make(names.DN, 0, len(rdns))
		for _, r := range rdns {
			d = append(d, r)
		}
		again, err := names.Parse(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again, "writing and reading is the identity")
		key, err := names.Parse(d.Key(folded{}))
		require.NoError(t, err)
		require.Equal(t, d.Key(folded{}), key.Key(folded{}), "a key is its own key")
	})
}

// FuzzParse compares with go-ldap, which reads the same grammar: what both take, both understand in the same way.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"uid=a,o=b", `cn=a\2cb+uid=c;o="x,y"`, "cn=#04024869", " cn = a ", `cn=\ a\ `, "", "1.2=é", "cn=a,,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := names.Parse(text)
		if err != nil {
			return
		}
		again, err := names.Parse(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		if strings.ContainsAny(text, `"#`) || !utf8.ValidString(text) {
			return // go-ldap knows no quoted values, keeps the bytes of BER as they are, and repairs what is no UTF-8.
		}
		oracle, err := ldap.ParseDN(text)
		if err != nil {
			return // It refuses empty values and what stands between spaces.
		}
		require.Len(t, d, len(oracle.RDNs))
		for i, r := range oracle.RDNs {
			require.Len(t, d[i], len(r.Attributes))
			for k, a := range r.Attributes {
				require.Equal(t, a.Value, d[i][k].Value)
			}
		}
	})
}
