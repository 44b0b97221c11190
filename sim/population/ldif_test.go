package population

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	lines "github.com/seatrial/seatrial/sim/kernel/ldif"
	"github.com/seatrial/seatrial/sim/kernel/people"
)

const directory = `# An export, with all that RFC 2849 allows.
version: 1

dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=People,dc=example,dc=com
objectClass: top
objectClass: organizationalUnit
ou: People

# The entry of
  Barbara, whose comment is folded
dn: uid=bjensen,ou=People,
 dc=example,dc=com
changetype: add
objectclass: top
OBJECTCLASS: inetOrgPerson
UID: bjensen
cn: Barbara Jensen
cn: Babs Jensen
sn:Jensen
givenName:   Barbara
mail: bjensen@example.com
mail: babs@example.com
description: a long text that is fol
 ded, and holds a colon: here
userPassword:: e1NTSEE1MTJ9dGhpcy1pcy1hLWhhc2g=
jpegPhoto:: not decoded, because nobody asks for it

dn:: dWlkPXpvw6ssb3U9UGVvcGxl
objectClass: person
uid: zoe
cn;lang-de: Zoë Müller (de)
cn: Zoë
sn;lang-fr:: TMOoZmV2cmU=
mail: zoe@example.com
userPassword: in the clear
ds-pwp-account-disabled: TRUE

dn: cn=PC-7,ou=Computers
objectClass: person
objectClass: user
objectClass: computer
sAMAccountName: PC-7$

dn: cn=Ada,ou=People
objectClass: user
sAMAccountName: ada
displayName: Ada Lovelace
mail: ada@example.com
userAccountControl: 512

search: 2
result: 0 Success
`

func TestLDIF(t *testing.T) {
	want := []people.Person{
		{
			UserName: "bjensen", GivenName: "Barbara", FamilyName: "Jensen", DisplayName: "Barbara Jensen", Active: true,
			Emails: []people.Email{{Value: "bjensen@example.com", Type: "work", Primary: true}, {Value: "babs@example.com", Type: "other"}},
		},
		{
			UserName: "zoe", FamilyName: "Lèfevre", DisplayName: "Zoë", Active: false,
			Emails: []people.Email{{Value: "zoe@example.com", Type: "work", Primary: true}},
		},
		{
			UserName: "ada", DisplayName: "Ada Lovelace", Active: true,
			Emails: []people.Email{{Value: "ada@example.com", Type: "work", Primary: true}},
		},
	}
	for name, text := range map[string]string{
		"LF":                     directory,
		"CR LF":                  strings.ReplaceAll(directory, "\n", "\r\n"),
		"no last line end":       strings.TrimRight(directory, "\n"),
		"a byte order mark":      "\xef\xbb\xbf" + directory,
		"blank lines at the end": directory + "\n\n\n",
		"no version":             strings.Replace(directory, "version: 1\n", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			got, report, err := readAll("users.ldif", text)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Empty(t, problems(report))
			assert.Equal(t, "users.ldif: 6 entries read, 3 used (1 of them inactive), 3 are no persons", report.String())
			assert.Equal(t, map[string]int{"SSHA512": 1, "cleartext": 1}, report.Schemes)
		})
	}
}

func TestLDIFInactive(t *testing.T) {
	for line, active := range map[string]bool{
		"":                               true,
		"ds-pwp-account-disabled: true":  false,
		"ds-pwp-account-disabled: false": true,
		"nsAccountLock: TRUE":            false,
		"nsaccountlock: false":           true,
		"inetUserStatus: Active":         true,
		"inetUserStatus: inactive":       false,
		"inetUserStatus: deleted":        false,
		"accountStatus: inactive":        false,
		"userAccountControl: 514":        false,
		"userAccountControl: 66048":      true,
		"userAccountControl: what":       true,
		"userAccountControl:: NTE0":      false,
	} {
		t.Run(line, func(t *testing.T) {
			text := "dn: uid=b\nobjectClass: person\nuid: b\nmail: b@example.com\n" + line
			got, report, err := readAll("users.ldif", text)
			require.NoError(t, err)
			require.Len(t, got, 1)
			assert.Equal(t, active, got[0].Active)
			assert.Equal(t, !active, report.Inactive == 1)
		})
	}
}

func TestLDIFLeavesOut(t *testing.T) {
	const start = "dn: uid=x,o=y\nobjectClass: inetOrgPerson\n"
	for name, c := range map[string]struct{ text, want string }{
		"no user name":      {start + "cn: X\nmail: x@example.com\n", "users.ldif:1: uid=x,o=y: the entry has no user name: give it a uid or userName"},
		"blank user name":   {start + "uid:  \nmail: x@example.com\n", "users.ldif:1: uid=x,o=y: the entry has no user name"},
		"control character": {start + "uid:: eAF5\nmail: x@example.com\n", "control character"},
		"no mail":           {start + "uid: x\n", "users.ldif:1: x: the entry has no mail: IDCS refuses a user without a primary e-mail"},
		"no address":        {start + "uid: x\nmail: nobody\n", `users.ldif:1: x: "nobody" is not an e-mail address`},
		"second address":    {start + "uid: x\nmail: x@example.com\nmail: two words@example.com\n", `"two words@example.com" is not an e-mail address`},
		"repeated": {
			start + "uid: Élan\nmail: x@example.com\n\n" + start + "uid: éLAN\nmail: y@example.com\n",
			"users.ldif:6: éLAN: the user name is taken by line 1",
		},
		"Latin-1":          {start + "uid: x\nsn: M\xfcller\nmail: x@example.com\n", `users.ldif:1: x: "M\xfcller" is not UTF-8: convert the file`},
		"Latin-1, base64":  {start + "uid: x\nsn:: TfxsbGVy\nmail: x@example.com\n", "is not UTF-8"},
		"Latin-1 uid":      {start + "uid: M\xfcller\nmail: x@example.com\n", `users.ldif:1: uid=x,o=y: "M\xfcller" is not UTF-8`},
		"endless DN":       {"dn: " + strings.Repeat("ä", 1000) + "\nobjectClass: person\n", strings.Repeat("ä", 60) + "…: the entry has no user name"},
		"only with option": {start + "mail;work: x@example.com\n", "the entry has no user name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, report, err := readAll("users.ldif", c.text)
			require.NoError(t, err)
			require.Len(t, report.Skipped, 1)
			assert.Contains(t, report.Skipped[0].String(), c.want)
			assert.Equal(t, report.Read, report.Used+report.SkippedCount+report.Others)
		})
	}
}

func TestLDIFRefuses(t *testing.T) {
	const start = "dn: uid=x,o=y\nobjectClass: person\n"
	for name, c := range map[string]struct{ text, want string }{
		"modify":             {"dn: uid=x\nchangetype: modify\nreplace: sn\nsn: Y\n-\n", `users.ldif:2: changetype "modify" is refused: the file is a list of changes; export the entries themselves`},
		"delete":             {"\n\ndn: uid=x\nchangetype: delete\n", `users.ldif:4: changetype "delete" is refused`},
		"a value by URL":     {start + "jpegPhoto:< file:///etc/passwd\n", "users.ldif:3: jpegPhoto has its value at a URL, which is never fetched"},
		"no colon":           {start + "uid x\n", `users.ldif:3: the line has no colon`},
		"no name":            {start + ": x\n", `users.ldif:3: what stands before the colon is not the name of an attribute`},
		"odd name":           {start + "u id: x\n", `users.ldif:3: what stands before the colon is not the name of an attribute`},
		"not base64":         {start + "uid:: ***\n", `users.ldif:3: the value after "::" is not base64`},
		"DN not base64":      {"dn:: ***\n", `users.ldif:1: the value after "::" is not base64`},
		"two entries in one": {start + "uid: x\ndn: uid=y\n", `users.ldif:4: a second "dn:" in one entry: put a blank line before it`},
		"no DN":              {"version: 1\nobjectClass: person\n", `users.ldif:2: an entry starts with "dn:", and this line does not`},
		"another version":    {"version: 2\n", `users.ldif:1: LDIF version "2" is not known`},
		"a late version":     {start + "\nversion: 1\n", `users.ldif:4: an entry starts with "dn:"`},
		"nothing to go on":   {" continued\n", "users.ldif:1: the line continues another"},
		"line numbers count folded lines": {
			"dn: uid=x,\n o=y,\n o=z\nobjectClass: person\ndescription: one\n two\nuid x\n", `users.ldif:7: the line has no colon`,
		},
		"an endless line": {start + "description: " + strings.Repeat("x", lines.LineLimit) + "\n", "users.ldif:3: the line is longer than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := readAll("users.ldif", c.text)
			require.ErrorContains(t, err, c.want)
			assert.Empty(t, got)
		})
	}
}
