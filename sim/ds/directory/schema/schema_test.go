package schema_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

func attribute(t require.TestingT, name string) *schema.Attribute {
	a, ok := schema.Standard().Attribute(name)
	require.True(t, ok, name)
	return a
}

func TestDefinitionsAreReadable(t *testing.T) {
	s, err := schema.New()
	require.NoError(t, err)
	cn := attribute(t, "commonName")
	assert.Equal(t, "cn", cn.Name())
	assert.True(t, cn.Is(attribute(t, "name")), "cn is a kind of name")
	assert.False(t, attribute(t, "name").Is(cn))
	assert.Equal(t, schema.SyntaxDirectoryString, cn.Syntax, "inherited")
	assert.Same(t, attribute(t, "2.5.4.3"), cn)
	assert.True(t, attribute(t, "pwdChangedTime").Operational)
	assert.True(t, attribute(t, "entryUUID").NoUserModification)
	assert.Equal(t, schema.SyntaxUserPassword, attribute(t, "userPassword").Syntax)
	person, ok := s.Class("INETORGPERSON")
	require.True(t, ok)
	above := make([]string, 0, 4)
	for _, c := range person.Above() {
		above = append(above, c.Name())
	}
	assert.Equal(t, []string{"inetOrgPerson", "organizationalPerson", "person", "top"}, above)
	for _, kind := range []string{"attributeTypes", "objectClasses", "matchingRules", "ldapSyntaxes"} {
		assert.NotEmpty(t, s.Text(kind))
	}
}

func TestNewRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"attributeTypes":                       "no colon",
		"attributeTypes: 1.2.3 NAME 'x'":       "no parentheses",
		"attributeTypes: ( 1.2.3 NAME 'x )":    "a quotation mark is missing",
		"attributeTypes: ( 1.2.3 NAME )":       "a word is missing",
		"attributeTypes: ( 1.2.3 NAME ( 'x' )": "a parenthesis is missing",
		"attributeTypes: ( 1.2.3 NAME 'cn' )":  "cn is defined twice",
		"attributeTypes: ( 1.2.3 SUP nobody )": "SUP nobody is not defined before it",
		"attributeTypes: ( 1.2.3 EQUALITY x )": "the matching rule x is not known",
		"objectClasses: ( 1.2.3 MUST nobody )": "MUST nobody is not defined before it",
		"objectClasses: ( 1.2.3 SUP nobody )":  "SUP nobody is not defined before it",
		"objectClasses: ( 1.2.3 NAME 'top' )":  "top is defined twice",
		"nameForms: ( 1.2.3 NAME 'x' )":        "a definition is of attributeTypes or objectClasses",
	} {
		t.Run(line, func(t *testing.T) {
			_, err := schema.New(line)
			require.ErrorIs(t, err, schema.ErrDefinition)
			assert.ErrorContains(t, err, want)
		})
	}
	s, err := schema.New("attributeTypes: ( 1.2.3 NAME 'fr-idm-uuid' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{36} )")
	require.NoError(t, err)
	a, ok := s.Attribute("FR-idm-uuid")
	require.True(t, ok)
	assert.Equal(t, schema.SyntaxDirectoryString, a.Syntax)
}

func TestEqual(t *testing.T) {
	for name, c := range map[string]struct {
		attribute, a, b string
		equal           bool
	}{
		"case":               {"uid", "BJensen", "bjensen", true},
		"spaces":             {"cn", "  Babs   Jensen ", "babs jensen", true},
		"other":              {"cn", "Babs", "Bab", false},
		"exact case":         {"homeDirectory", "/Home", "/home", false},
		"octets":             {"userPassword", "a", "A", false},
		"telephone":          {"telephoneNumber", "+1 408-555 1862", "+14085551862", true},
		"boolean":            {"pwdReset", "true", "TRUE", true},
		"integer":            {"uidNumber", "007", "7", true},
		"minus zero":         {"uidNumber", "-0", "0", true},
		"time":               {"pwdChangedTime", "20260102030405Z", "20260102040405.000+0100", true},
		"time without parts": {"pwdChangedTime", "2026010203Z", "202601020300Z", true},
		"name":               {"member", "UID=a, OU=People", "userid=A,ou=people", true},
		"object class":       {"objectClass", "2.5.6.6", "PERSON", true},
		"UUID":               {"entryUUID", "597AE2F6-16A6-1027-98F4-D28B5365DC14", "597ae2f6-16a6-1027-98f4-d28b5365dc14", true},
		"definition":         {"attributeTypes", "( 2.5.4.3 NAME ( 'cn' ) )", "2.5.4.3", true},
	} {
		t.Run(name, func(t *testing.T) {
			a := attribute(t, c.attribute)
			x, ok := schema.Standard().Equal(a, []byte(c.a))
			require.True(t, ok)
			y, ok := schema.Standard().Equal(a, []byte(c.b))
			require.True(t, ok)
			assert.Equal(t, c.equal, x == y, "%q and %q", x, y)
		})
	}
}

func TestValid(t *testing.T) {
	for name, c := range map[string]struct {
		attribute, value string
		valid            bool
	}{
		"text":              {"cn", "Zoë", true},
		"empty text":        {"cn", "", false},
		"no UTF-8":          {"cn", "\xff", false},
		"IA5":               {"mail", "zoë@example.com", false},
		"blank telephone":   {"telephoneNumber", "  ", false},
		"boolean":           {"pwdReset", "maybe", false},
		"integer":           {"uidNumber", "1.5", false},
		"time":              {"pwdChangedTime", "20261302030405Z", false},
		"time without zone": {"pwdChangedTime", "20260102030405", false},
		"fraction, no zone": {"pwdChangedTime", "20260102030405.1", false},
		"DN":                {"manager", "nobody", false},
		"UUID":              {"entryUUID", "597ae2f616a6102798f4d28b5365dc14", false},
		"anything":          {"jpegPhoto", "\xff\xd8", true},
		"empty password":    {"userPassword", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.valid, schema.Standard().Valid(attribute(t, c.attribute), []byte(c.value)))
		})
	}
}

func TestPiecesKeepTheirSpaces(t *testing.T) {
	cn := attribute(t, "cn")
	for piece, want := range map[string]string{" Jen": " jen", "jen ": "jen ", "  ": " ", "A  B": "a b"} {
		got, ok := schema.Standard().Piece(cn, []byte(piece))
		require.True(t, ok)
		assert.Equal(t, want, got)
	}
	_, ok := schema.Standard().Piece(attribute(t, "member"), []byte("uid"))
	assert.False(t, ok, "names have no substrings")
}

func TestLaws(t *testing.T) {
	s := schema.Standard()
	for _, name := range []string{"cn", "homeDirectory", "uidNumber", "pwdReset", "pwdChangedTime", "member", "telephoneNumber", "objectClass", "userPassword"} {
		t.Run("normalising again changes nothing: "+name, func(t *testing.T) {
			a := attribute(t, name)
			rapid.Check(t, func(t *rapid.T) {
				value := rapid.OneOf(
					rapid.StringMatching(`[ a-zA-Z0-9,=+\\-]{0,12}`), rapid.String(),
					rapid.StringMatching(`20[0-9]{2}0[1-9][012][1-9]0[0-9][0-5][0-9][0-5][0-9](\.[0-9])?Z`),
				).Draw(t, "value")
				once, ok := s.Equal(a, []byte(value))
				if !ok {
					return
				}
				twice, ok := s.Equal(a, []byte(once))
				require.True(t, ok)
				require.Equal(t, once, twice)
			})
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Int64().Draw(t, "x"), rapid.Int64().Draw(t, "y")
		n := attribute(t, "uidNumber")
		a, _ := s.Order(n, []byte(strconv.FormatInt(x, 10)))
		b, _ := s.Order(n, []byte(strconv.FormatInt(y, 10)))
		require.Equal(t, x < y, a < b, "numbers keep their order")
	})
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0).UTC()
		got, err := schema.ParseTime(at.Format(schema.Seconds))
		require.NoError(t, err)
		require.Equal(t, at, got)
	})
}

func TestKeysOfNames(t *testing.T) {
	a, err := names.Parse("commonName=Babs  Jensen+UID=B,dc=Example")
	require.NoError(t, err)
	assert.Equal(t, "cn=babs jensen+uid=b,dc=example", a.Key(schema.Standard()))
	b, err := names.Parse("unheardOf=X,dc=example")
	require.NoError(t, err)
	assert.Equal(t, "unheardof=x,dc=example", b.Key(schema.Standard()))
}

func FuzzNew(f *testing.F) {
	f.Add("attributeTypes: ( 1.2.3 NAME ( 'a' 'b' ) SUP name )")
	f.Add("objectClasses: ( 1.2.3 SUP ( top $ person ) MUST ( cn $ sn ) )")
	f.Fuzz(func(t *testing.T, line string) {
		if strings.TrimSpace(line) == "" {
			return
		}
		if _, err := schema.New(line); err != nil {
			require.ErrorIs(t, err, schema.ErrDefinition)
		}
	})
}
