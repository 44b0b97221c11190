package ldap

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestURL(t *testing.T) {
	for text, want := range map[string]struct {
		url  URL
		text string
	}{
		"ldap://other":                       {URL{Scheme: "ldap", Host: "other:389"}, "ldap://other:389/"},
		"LDAP://Other.Example:1389/":         {URL{Scheme: "ldap", Host: "other.example:1389"}, "ldap://other.example:1389/"},
		"ldap:///dc=example":                 {URL{Scheme: "ldap", DN: "dc=example"}, "ldap:///dc=example"},
		"ldap://[::1]/":                      {URL{Scheme: "ldap", Host: "[::1]:389"}, "ldap://[::1]:389/"},
		"ldap://[::1]:1389/":                 {URL{Scheme: "ldap", Host: "[::1]:1389"}, "ldap://[::1]:1389/"},
		"ldap://h:1/o=a%20b%3f,c=de":         {URL{Scheme: "ldap", Host: "h:1", DN: "o=a b?,c=de"}, "ldap://h:1/o=a%20b%3F,c=de"},
		"ldap://h:1/o=x?cn,sn?ONE?(cn=a)":    {URL{Scheme: "ldap", Host: "h:1", DN: "o=x", Scope: "one"}, "ldap://h:1/o=x??one?"},
		"ldap://h:1/o=x????!e=1,f":           {URL{Scheme: "ldap", Host: "h:1", DN: "o=x", Extensions: "!e=1,f"}, "ldap://h:1/o=x????!e=1,f"},
		"ldap://h:1/o=x??subord??e":          {URL{Scheme: "ldap", Host: "h:1", DN: "o=x", Scope: "subordinate", Extensions: "e"}, "ldap://h:1/o=x??subordinate??e"},
		"https://h:1/what?is=this%20about#x": {URL{Scheme: "https", Host: "h:1", DN: "what"}, "https://h:1/what"},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseURL(text)
			require.NoError(t, err)
			assert.Equal(t, want.url, got)
			assert.Equal(t, want.text, got.String())
		})
	}
	for name, text := range map[string]string{
		"nothing": "", "no scheme": "://h", "no slashes": "ldap:h", "no port": "ldap://h:/", "no host": "ldap://:389/", "a port that is none": "ldap://h:66000/",
		"port 0": "ldap://h:0/", "half an escape": "ldap://h/o=%2", "no digits": "ldap://h/o=%zz", "an unheard scope": "ldap://h/o=x??all",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseURL(text)
			require.ErrorIs(t, err, ErrURL)
		})
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"ldap://h:1/o=x?a?sub?(cn=*)?!e=1", "ldap://[::1]/%C3%A4=%2C", "ldap:///", "x://y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURL(text)
		if err != nil {
			return
		}
		again, err := ParseURL(u.String())
		require.NoError(t, err, "%q", u.String())
		assert.Equal(t, u, again)
	})
}
