package ldap

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

func TestParseFilter(t *testing.T) {
	for text, want := range map[string]Filter{
		"(uid=bjensen)":                   Equality{"uid", []byte("bjensen")},
		"uid=bjensen":                     Equality{"uid", []byte("bjensen")},
		"(cn=a=b)":                        Equality{"cn", []byte("a=b")},
		"(description=)":                  Equality{"description", []byte{}},
		"(cn;lang-de=Käse)":               Equality{"cn;lang-de", []byte("Käse")},
		`(cn=\28\2a\29\5C\00)`:            Equality{"cn", []byte("(*)\\\x00")},
		"(uid=*)":                         Present{"uid"},
		"(uid=b*)":                        Substrings{Attr: "uid", Initial: []byte("b")},
		"(uid=*b)":                        Substrings{Attr: "uid", Final: []byte("b")},
		"(uid=*b*)":                       Substrings{Attr: "uid", Any: [][]byte{[]byte("b")}},
		"(uid=a*b*c*d)":                   Substrings{"uid", []byte("a"), [][]byte{[]byte("b"), []byte("c")}, []byte("d")},
		"(changeNumber>=5)":               GreaterOrEqual{"changeNumber", []byte("5")},
		"(changeNumber<=5)":               LessOrEqual{"changeNumber", []byte("5")},
		"(sn~=jenson)":                    Approx{"sn", []byte("jenson")},
		"(&)":                             And{},
		"(|)":                             Or{},
		"(!(uid=*))":                      Not{Present{"uid"}},
		"(&(a=1)(|(b=2)(c=3)))":           And{[]Filter{Equality{"a", []byte("1")}, Or{[]Filter{Equality{"b", []byte("2")}, Equality{"c", []byte("3")}}}}},
		"(cn:caseExactMatch:=Fred)":       Extensible{Attr: "cn", Rule: "caseExactMatch", Value: []byte("Fred")},
		"(cn:=Betty)":                     Extensible{Attr: "cn", Value: []byte("Betty")},
		"(sn:dn:2.4.6.8.10:=Barney)":      Extensible{Attr: "sn", Rule: "2.4.6.8.10", DNAttributes: true, Value: []byte("Barney")},
		"(o:dn:=Ace Industry)":            Extensible{Attr: "o", DNAttributes: true, Value: []byte("Ace Industry")},
		"(:1.2.3:=Wilma)":                 Extensible{Rule: "1.2.3", Value: []byte("Wilma")},
		"(:DN:2.4.6.8.10:=Dino)":          Extensible{Rule: "2.4.6.8.10", DNAttributes: true, Value: []byte("Dino")},
		"(modifyTimestamp>=20260101000Z)": GreaterOrEqual{"modifyTimestamp", []byte("20260101000Z")},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseFilter(text)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			again, err := ParseFilter(got.String())
			require.NoError(t, err)
			assert.Equal(t, got, again)
		})
	}
	for _, bad := range []string{
		"", "(", ")", "()", "(uid)", "(=x)", "(uid=x", "uid=x)", "(uid=x))", "(&(uid=x)", "(!)", "(!(a=1)(b=2))", "(uid=a**b)",
		`(uid=\)`, `(uid=\2)`, `(uid=\zz)`, "(uid=\x00)", "(uid >=5)", "(uid>=*)", "(:=x)", "(:dn:=x)", "(a:b:c:=x)", "(cn:dn:x;y:=z)",
		"(uid=(x))", "((uid=x))", strings.Repeat("(!", 100) + "(a=b)" + strings.Repeat(")", 100),
	} {
		t.Run(bad, func(t *testing.T) {
			_, err := ParseFilter(bad)
			assert.ErrorIs(t, err, ErrFilter)
		})
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"(&(a=1)(|(b=2*3)(!(c>=4))))", `(cn:dn:2.4.6:=\2a)`, "(uid=*)", "(&)", "a~=b", "(a<=", "(a=*b*c)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseFilter(text)
		if err != nil {
			return
		}
		again, err := ParseFilter(got.String())
		require.NoError(t, err)
		require.Equal(t, got.String(), again.String())
		packet, err := goldap.CompileFilter(got.String())
		if err != nil {
			return // it knows fewer extensible filters
		}
		other, err := readFilter(ber.NewReader(packet.Bytes()))
		require.NoError(t, err)
		require.Equal(t, got.String(), other.String(), "both compilers mean the same")
	})
}
