package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

func TestRead(t *testing.T) {
	const text = "dn: cn=schema\nobjectClass: top\nobjectClass: subschema\ncn: schema\n" +
		"attributeTypes: ( 1.2.3.2 NAME 'badge' SUP badgeBase X-SCHEMA-FILE '99-user.ldif' )\n" + // before what it needs
		"attributeTypes: ( 1.2.3.1 NAME ( 'badgeBase' 'base' ) EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )\n" +
		"attributeTypes: ( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )\n" +
		"attributeTypes: ( 1.2.3.3 NAME 'json' EQUALITY caseIgnoreJsonQueryMatch SYNTAX 1.3.6.1.4.1.36733.2.1.3.1 )\n" +
		"objectClasses: ( 1.2.3.4 NAME 'employee' SUP top AUXILIARY MAY ( badge $ json $ cn ) )\n" +
		"createTimestamp: 20200101000000Z\n"
	definitions, err := schema.Read("99-user.ldif", strings.NewReader(text))
	require.NoError(t, err)
	assert.Len(t, definitions, 4, "cn is here already")
	s, err := schema.New(definitions...)
	require.NoError(t, err)
	c, ok := s.Class("EMPLOYEE")
	require.True(t, ok)
	assert.Len(t, c.May, 3)
	badge, _ := s.Attribute("badge")
	got, ok := s.Equal(badge, []byte("A B"))
	assert.True(t, ok)
	same, _ := s.Equal(badge, []byte("a  b"))
	assert.Equal(t, got, same)
	json, _ := s.Attribute("json")
	got, _ = s.Equal(json, []byte("{}"))
	same, _ = s.Equal(json, []byte("{ }"))
	assert.NotEqual(t, got, same)
}

func TestReadTakesItsOwnSchema(t *testing.T) {
	s := schema.Standard()
	var b strings.Builder
	b.WriteString("dn: cn=schema\n")
	for _, kind := range []string{"objectClasses", "attributeTypes"} {
		for _, text := range s.Text(kind) {
			b.WriteString(kind + ": " + text + "\n")
		}
	}
	definitions, err := schema.Read("schema.ldif", strings.NewReader(b.String()))
	require.NoError(t, err)
	assert.Empty(t, definitions)
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"nonsense\n": "x.ldif:1: ",
		"dn: cn=schema\nattributeTypes: nonsense\n":                           "x.ldif: wrong schema definition: no parentheses",
		"dn: cn=schema\nattributeTypes: ( 1.2.3 NAME 'a' SUP martian )\n":     "x.ldif: wrong schema definition: ",
		"dn: cn=schema\nobjectClasses: ( 1.2.3 NAME 'a' MUST ( martian ) )\n": "MUST martian is not defined",
	} {
		_, err := schema.Read("x.ldif", strings.NewReader(text))
		require.ErrorIs(t, err, schema.ErrDefinition)
		assert.ErrorContains(t, err, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("dn: cn=schema\nattributeTypes: ( 1.2.3 NAME 'a' EQUALITY x SYNTAX 1.2 )\nobjectClasses: ( 1.2.4 NAME 'b' MAY a )\n")
	f.Fuzz(func(t *testing.T, text string) {
		definitions, err := schema.Read("x.ldif", strings.NewReader(text))
		if err == nil {
			_, err = schema.New(definitions...)
			require.NoError(t, err, "what is read can be added")
		}
	})
}
