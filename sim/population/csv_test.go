package population

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

func TestCSV(t *testing.T) {
	jensen := people.Person{
		UserName: "bjensen", GivenName: "Barbara", FamilyName: "Jensen", DisplayName: "Jensen, Barbara", Active: true,
		Emails: []people.Email{{Value: "b@example.com", Type: "work", Primary: true}, {Value: "babs@example.com", Type: "other"}},
	}
	with := func(change func(*people.Person)) people.Person {
		p := jensen
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		text string
		want people.Person
	}{
		"commas":              {"uid,givenName,sn,cn,mail\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com\n", jensen},
		"semicolons":          {"uid;givenName;sn;cn;mail\nbjensen;Barbara;Jensen;Jensen, Barbara;\"b@example.com;babs@example.com\"\n", jensen},
		"tabs":                {"uid\tgivenName\tsn\tcn\tmail\nbjensen\tBarbara\tJensen\tJensen, Barbara\tb@example.com | babs@example.com\n", jensen},
		"a byte order mark":   {"\xef\xbb\xbfuid,givenName,sn,cn,mail\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com", jensen},
		"CR LF, quotes":       {"\"uid\",\"givenName\",\"sn\",\"cn\",\"mail\"\r\n\"bjensen\",\"Barbara\",\"Jensen\",\"Jensen, Barbara\",\"b@example.com|babs@example.com\"\r\n", jensen},
		"commas in quotes":    {"uid;\"the name, the first, that is\";mail\nbjensen;x;b@example.com\n", people.Person{UserName: "bjensen", Active: true, Emails: jensen.Emails[:1]}},
		"other order, case":   {"MAIL,CN,Surname,nickname,GIVENNAME,UserName\nb@example.com|babs@example.com,\"Jensen, Barbara\",Jensen,Babs,Barbara,bjensen\n", jensen},
		"Oracle's export":     {"User ID,Last Name,First Name,Display Name,Work Email,Home Email,Active,Federated\nbjensen,Jensen,Barbara,\"Jensen, Barbara\",b@example.com,babs@example.com,true,TRUE\n", with(func(p *people.Person) { p.Federated = true })},
		"IDM's managed users": {"userName,givenName,sn,displayName,mail,accountStatus\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com,inactive\n", with(func(p *people.Person) { p.Active = false })},
		"not active":          {"uid,givenName,sn,cn,mail,active\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com,No\n", with(func(p *people.Person) { p.Active = false })},
		"DS's own marker":     {"uid,givenName,sn,cn,mail,ds-pwp-account-disabled\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com,true\n", with(func(p *people.Person) { p.Active = false })},
		"external id":         {"uid,givenName,sn,cn,mail,externalId\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com,e-7\n", with(func(p *people.Person) { p.ExternalID = "e-7" })},
		"blank rows":          {"uid,givenName,sn,cn,mail\n\n,,,,\n  ,,,,\nbjensen,Barbara,Jensen,\"Jensen, Barbara\",b@example.com|babs@example.com\n\n", jensen},
	} {
		t.Run(name, func(t *testing.T) {
			got, report, err := readAll("users.csv", c.text)
			require.NoError(t, err)
			assert.Equal(t, []people.Person{c.want}, got)
			assert.Empty(t, problems(report))
			assert.Equal(t, 1, report.Read)
		})
	}
}

func TestCSVLeavesOut(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a missing field":  {"uid,sn,mail\nx,Y\n", "users.csv:2: x: the row has 2 fields, the header 3: put a field that holds the separator ',' in quotes"},
		"a field too many": {"uid,cn,mail\nx,Y, Z,x@example.com\n", "users.csv:2: x: the row has 4 fields, the header 3"},
		"no user name":     {"uid,mail\n,x@example.com\n", "users.csv:2: the entry has no user name"},
		"no mail":          {"uid,mail\nx,\n", "users.csv:2: x: the entry has no mail: IDCS refuses a user without a primary e-mail"},
		"repeated":         {"uid,mail\nx,x@example.com\n\nX,y@example.com\n", "users.csv:4: X: the user name is taken by line 2 (case does not count)"},
		"after a row of several lines": {
			"uid,cn,mail\nx,\"X\nof\nthree lines\",x@example.com\ny,Y,\n", "users.csv:5: y: the entry has no mail",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, report, err := readAll("users.csv", c.text)
			require.NoError(t, err)
			require.Len(t, report.Skipped, 1)
			assert.Contains(t, report.Skipped[0].String(), c.want)
		})
	}
}

func TestCSVRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a quote that is not closed": {"uid,mail\n\"x,x@example.com\ny,y@example.com\n", "users.csv:3: extraneous or missing \" in quoted-field: the row that starts in line 2 has a quote that is not closed"},
		"a bare quote":               {"uid,mail\nx\"y,x@example.com\n", "users.csv:2: bare \" in non-quoted-field: a field with a quote in it must be quoted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll("users.csv", c.text)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestCSVCountsPasswordsAndKeepsNone(t *testing.T) {
	got, report, err := readAll("users.csv", "uid,mail,Password\na,a@example.com,{SSHA}Zm9v\nb,b@example.com,Winter2026!\nc,c@example.com,\n")
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"SSHA": 1, "cleartext": 1}, report.Schemes)
	for _, p := range got {
		assert.True(t, p.Credential.Password.Empty())
		assert.Nil(t, p.Attributes)
	}
}
