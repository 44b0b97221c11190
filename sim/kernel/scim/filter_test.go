package scim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	passwordState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"
	userState     = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User"
	userExtension = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"
	ociTags       = "urn:ietf:params:scim:schemas:oracle:idcs:extension:OCITags"
)

// barbara is a user as a simulator holds it, with lists in the forms that JSON and Go code give.
func barbara(tb testing.TB) map[string]any {
	tb.Helper()
	const text = `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"id": "2819c223", "externalId": "B-1", "userName": "BJensen", "active": true, "displayName": "Babs Jensen", "title": "",
		"name": {"givenName": "Barbara", "familyName": "Jensen"},
		"emails": [
			{"value": "bjensen@example.com", "type": "work", "primary": true},
			{"value": "babs@home.example", "type": "home"}
		],
		"addresses": [{"type": "work", "locality": "Hollywood"}, {"type": "other", "locality": "Łódź"}],
		"nicknames": ["Babs", "Bee"], "phoneNumbers": [],
		"meta": {"resourceType": "User", "created": "2010-01-23T04:56:22Z", "lastModified": "2011-05-13T04:42:34.000Z"},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tour Operations", "employeeNumber": "701984", "manager": {"value": "26118915"}},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User": {"locked": {"on": false}, "loginAttempts": 3},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User": {"mustChange": true}
	}`
	var resource map[string]any
	require.NoError(tb, json.Unmarshal([]byte(text), &resource))
	return resource
}

func TestFilterMatches(t *testing.T) {
	for filter, want := range map[string]bool{
		`userName eq "bjensen"`: true,
		`USERNAME Eq "BJENSEN"`: true,
		`userName eq "bjense"`:  false,
		`userName ne "bjensen"`: false,
		`userName ne "other"`:   true,
		`userName co "JENS"`:    true,
		`userName sw "bj"`:      true,
		`userName sw "jensen"`:  false,
		`userName ew "SEN"`:     true,
		`userName ew "bj"`:      false,
		`userName gt "bjensem"`: true,
		`userName ge "bjensen"`: true,
		`userName lt "bjensen"`: false,
		`userName le "BJENSEN"`: true,
		`userName pr`:           true,
		`title pr`:              false,
		`phoneNumbers pr`:       false,
		`nothing pr`:            false,
		`nothing eq "x"`:        false,
		`nothing ne "x"`:        true,
		`nothing eq null`:       true,
		`userName eq null`:      false,
		`userName ne null`:      true,
		`userName eq 7`:         false,

		`externalId eq "B-1"`: true,
		`externalId eq "b-1"`: false, // compared exactly
		`id eq "2819C223"`:    false,

		`active eq true`:   true,
		`active eq false`:  false,
		`active ne false`:  true,
		`active eq "true"`: false,

		`name.familyName eq "jensen"`:                              true,
		`NAME.FAMILYNAME eq "jensen"`:                              true,
		`name.middleName pr`:                                       false,
		`name eq "Jensen"`:                                         false,
		`name pr`:                                                  true,
		`userName.value eq "BJensen"`:                              false,
		`emails co "home.example"`:                                 true, // a complex attribute without a sub-attribute means its value
		`emails co "nowhere"`:                                      false,
		`emails eq "BABS@home.example"`:                            true,
		`emails.value eq "babs@home.example"`:                      true,
		`emails.type eq "home"`:                                    true,
		`emails.type eq "other"`:                                   false,
		`emails ne "babs@home.example"`:                            false, // one of them is
		`emails ne "x"`:                                            true,
		`emails pr`:                                                true,
		`emails.primary pr`:                                        true,
		`emails.display pr`:                                        false,
		`emails[type eq "work"]`:                                   true,
		`emails[type eq "work" and value co "home"]`:               false, // no single value has both
		`emails.type eq "work" and emails.value co "home"`:         true,  // two values have them
		`emails[type eq "home" or (primary eq true and value pr)]`: true,
		`emails[not (type eq "work")]`:                             true,
		`EMAILS[ TYPE eq "home" ]`:                                 true,
		`nicknames eq "bee"`:                                       true,
		`nicknames[value sw "Be"]`:                                 true,
		`addresses[type eq "other"] and addresses.locality eq "ŁÓDŹ"`:                                true,
		`phoneNumbers[type eq "work"]`:                                                               false,
		`name[familyName eq "Jensen"]`:                                                               true,
		`nothing[value pr]`:                                                                          false,
		`meta.lastModified gt "2011-05-13T04:42:33Z"`:                                                true,
		`meta.lastModified eq "2011-05-13T06:42:34+02:00"`:                                           true, // the same instant
		`meta.lastModified ne "2011-05-13T06:42:34+02:00"`:                                           false,
		`meta.lastModified lt "2011-05-13T06:42:34+03:00"`:                                           false,
		`meta.lastModified le "2011-05-13T04:42:34Z"`:                                                true,
		`meta.created sw "2010-01-23T04:56:22Z"`:                                                     true,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen"`:                           true,
		`URN:ietf:params:scim:schemas:CORE:2.0:user:USERNAME eq "bjensen"`:                           true,
		`urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "jensen"`:                     true,
		`urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "home"]`:                          true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tour operations"`: true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "26118915"`:     true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26118915"`:           true,
		`department eq "Tour Operations"`:                                                            false,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User:mustChange eq true`:   true,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordstate:USER:mustchange eq true`:   true,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User:locked.on eq false`:       true,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User:loginAttempts ge 3`:       true,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User:loginAttempts gt 3.0`:     false,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User:loginAttempts lt -1e2`:    false,
		`urn:ietf:params:scim:schemas:oracle:idcs:extension:mfa:User:preferredDevice pr`:             false,
		`urn:ietf:params:scim:schemas:oracle:idcs:App:displayName eq "Babs Jensen"`:                  true, // a resource's own schema
		`userName eq "x" or userName eq "bjensen" and active eq true`:                                true, // and binds first
		`(userName eq "x" or userName eq "bjensen") and active eq false`:                             false,
		`not (userName eq "x") AND NOT(active eq false)`:                                             true,
		`  userName   eq   "bjensen"  `:                                                              true,
		`displayName eq "Babs\u0020\u004aensen"`:                                                     true,
		`displayName co "\""`:                                                                        false,
		`not eq "x"`:                                                                                 false, // an attribute may have this name
	} {
		t.Run(filter, func(t *testing.T) {
			f, err := scim.ParseFilter(filter)
			require.NoError(t, err)
			assert.Equal(t, want, f.Match(barbara(t), nil))
			again, err := scim.ParseFilter(f.String())
			require.NoError(t, err, "what String wrote: %s", f)
			assert.Equal(t, f.String(), again.String())
			assert.Equal(t, want, again.Match(barbara(t), nil))
		})
	}
}

func TestFilterMatchesWhatGoCodeHolds(t *testing.T) {
	resource := map[string]any{
		"count": 3, "big": int64(4), "number": json.Number("5"),
		"emails": []map[string]any{{"value": "a@b", "type": "work"}}, "schemas": []string{"urn:x:Y"},
	}
	for _, filter := range []string{
		`count eq 3`, `big gt 3`, `number le 5`, `emails.value eq "a@b"`, `emails[type eq "work"]`, `schemas eq "urn:x:y"`, `emails pr`,
	} {
		f, err := scim.ParseFilter(filter)
		require.NoError(t, err)
		assert.True(t, f.Match(resource, nil), filter)
	}
}

func TestFilterOfNamesThatDifferInCase(t *testing.T) {
	resource := map[string]any{"userNAME": "c", "UserName": "b", "USERNAME": "a"}
	for filter, want := range map[string]bool{`userNAME eq "c"`: true, `username eq "a"`: true, `username eq "b"`: false} {
		f, err := scim.ParseFilter(filter)
		require.NoError(t, err)
		for range 20 {
			require.Equal(t, want, f.Match(resource, nil), filter)
		}
	}
}

type schema map[string]bool

func (s schema) CaseExact(attribute string) bool { return s[strings.ToLower(attribute)] }

func TestFilterAsksTheSchema(t *testing.T) {
	exact := schema{
		"username": true, "emails.value": true,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:department": true,
	}
	for filter, want := range map[string]bool{
		`userName eq "bjensen"`:                           false,
		`userName co "jensen"`:                            false,
		`userName co "Jensen"`:                            true,
		`userName sw "bj"`:                                false,
		`emails.value ew "EXAMPLE.COM"`:                   false,
		`emails[value ew "EXAMPLE.COM"]`:                  false,
		`emails[value ew "example.com"]`:                  true,
		`externalId eq "b-1"`:                             true,
		scim.EnterpriseUserURN + `:department sw "tour"`:  false,
		scim.EnterpriseUserURN + `:employeeNumber sw "7"`: true,
	} {
		f, err := scim.ParseFilter(filter)
		require.NoError(t, err)
		assert.Equal(t, want, f.Match(barbara(t), exact), filter)
	}
}

func TestFilterMistakes(t *testing.T) {
	deep := strings.Repeat("(", 51) + "a pr" + strings.Repeat(")", 51)
	for name, c := range map[string]struct {
		filter  string
		offset  int
		message string
	}{
		"empty":                  {"", 0, "the filter is empty"},
		"blank":                  {"  \t ", 0, "the filter is empty"},
		"unknown operator":       {`userName us "x"`, 9, "expected an operator: eq, ne"},
		"no operator":            {`userName`, 8, "expected an operator"},
		"programmer's operator":  {`userName == "x"`, 9, "expected an operator"},
		"no value":               {`userName eq`, 11, "expected a space and a value after eq"},
		"no value, but a space":  {`userName eq `, 12, `expected a value: "text" in double quotes`},
		"bare word":              {`userName eq bjensen`, 12, `expected a value: "text" in double quotes`},
		"single quotes":          {`userName eq 'bjensen'`, 12, `expected a value: "text" in double quotes`},
		"no closing quote":       {`userName eq "bjensen`, 20, "the string that begins at offset 12 has no closing quote"},
		"ends in a backslash":    {`userName eq "bjensen\`, 20, "not an escape"},
		"bad escape":             {`userName eq "a\x41"`, 14, "not an escape"},
		"short escape":           {`userName eq "a\u41"`, 14, "not an escape"},
		"half a surrogate":       {`userName eq "\ud83d"`, 13, "not an escape"},
		"two first halves":       {`userName eq "\ud83d\ud83d"`, 13, "not an escape"},
		"control character":      {"userName eq \"a\nb\"", 14, "a control character"},
		"hexadecimal":            {`n eq 0x10`, 5, "expected a value"},
		"leading zero":           {`n eq 01`, 5, "expected a value"},
		"infinite":               {`n eq 1e999`, 5, "expected a value"},
		"True":                   {`active eq True`, 10, "expected a value"},
		"glued value":            {`userName eq"x"`, 11, "expected a space and a value after eq"},
		"glued and":              {`userName eq "x"and active eq true`, 15, "expected a space, ), ] or the end after the value"},
		"greater boolean":        {`active gt true`, 10, "gt does not compare booleans"},
		"containing a number":    {`n co 5`, 5, "co does not compare numbers"},
		"less than null":         {`n lt null`, 5, "lt does not compare null"},
		"value after pr":         {`userName pr "x"`, 12, "expected and, or, or the end of the filter"},
		"dangling and":           {`userName pr and`, 15, "expected an attribute, not ( or ("},
		"leading or":             {`or userName pr`, 3, "expected an operator"},
		"open parenthesis":       {`(userName pr`, 12, "expected and, or, or the ) for the parenthesis at offset 0"},
		"closed once too often":  {`(userName pr))`, 13, "this parenthesis closes none"},
		"empty parentheses":      {`()`, 1, "expected an attribute"},
		"not without paren":      {`not userName pr`, 4, "expected an operator"},
		"open bracket":           {`emails[type eq "work"`, 21, "expected and, or, or the ] for the bracket at offset 6"},
		"empty brackets":         {`emails[]`, 7, "expected an attribute"},
		"wrong bracket":          {`emails[type eq "work")`, 21, "expected and, or, or the ]"},
		"brackets in brackets":   {`a[b[c pr]]`, 3, "a value path within a value path"},
		"index":                  {`emails[0]`, 7, "SCIM has no array indexes"},
		"behind brackets":        {`emails[type eq "x"].value eq "y"`, 19, "belongs in the brackets"},
		"brackets on a sub":      {`emails.value[type eq "x"]`, 12, "brackets follow an attribute"},
		"two dots":               {`name.a.b pr`, 5, "one sub-attribute"},
		"trailing dot":           {`name. pr`, 5, "one sub-attribute"},
		"starts with a digit":    {`1st pr`, 0, "begins with a letter"},
		"colon without urn":      {`User:userName pr`, 4, "a name with a colon must begin with urn:"},
		"a schema":               {scim.UserURN + ` pr`, 0, "a schema is no attribute"},
		"a dot behind a schema":  {scim.UserURN + `.userName pr`, 0, "not the URN of a schema"},
		"a schema cut short":     {`urn:ietf:params:scim:schemas:core:2.0 pr`, 0, "not the URN of a schema"},
		"too many parts":         {scim.UserURN + `:name:familyName pr`, 0, "not the URN of a schema"},
		"trailing colon":         {scim.UserURN + `: pr`, 0, "not the URN of a schema"},
		"a dot too many in it":   {scim.UserURN + `:name.a.b pr`, len(scim.UserURN) + 6, "one sub-attribute"},
		"a digit in a schema":    {scim.UserURN + `:1st pr`, len(scim.UserURN) + 1, "begins with a letter"},
		"too deep":               {deep, 50, "more than 50 parentheses"},
		"too long":               {strings.Repeat("a", 8<<10) + " pr", 8 << 10, "longer than 8192 bytes"},
		"not UTF-8":              {"userName eq \"\ufffd\xff\"", 16, "not valid UTF-8"},
		"a strange character":    {`userName eq "x" ü`, 16, "expected and, or, or the end"},
		"a character from afar":  {`ümlaut pr`, 0, "expected an attribute"},
		"ends within an escape":  {`userName eq "\n`, 15, "has no closing quote"},
		"control behind escape":  {"userName eq \"\\n\x01\"", 15, "a control character"},
		"a near that is shorter": {`userName pr ` + strings.Repeat("é", 40), 12, "expected and, or, or the end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scim.ParseFilter(c.filter)
			var syntax *scim.SyntaxError
			require.True(t, errors.As(err, &syntax), "got %v", err)
			assert.Contains(t, syntax.Message, c.message)
			assert.Equal(t, c.offset, syntax.Offset)
			assert.True(t, strings.HasPrefix(c.filter[syntax.Offset:], syntax.Near), "near %q", syntax.Near)
		})
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := scim.ParseFilter(`userName equals "bjensen"`)
	assert.EqualError(t, err, `at offset 9, near "equals \"bjensen\"": expected an operator: eq, ne, co, sw, ew, pr, gt, ge, lt or le`)
	_, err = scim.ParseFilter(`userName`)
	assert.EqualError(t, err, `at offset 8: expected an operator: eq, ne, co, sw, ew, pr, gt, ge, lt or le`)
}

func TestFilterAtTheLimits(t *testing.T) {
	_, err := scim.ParseFilter(strings.Repeat("(", 50) + "a pr" + strings.Repeat(")", 50))
	require.NoError(t, err)
	side := strings.TrimSuffix(strings.Repeat("(a pr) or a[b pr] or ", 51), " or ")
	_, err = scim.ParseFilter(side)
	require.NoError(t, err, "side by side is not within each other")
	long := "a pr" + strings.Repeat(" or a pr", (8<<10-4)/8)
	f, err := scim.ParseFilter(long)
	require.NoError(t, err)
	assert.Equal(t, long, f.String())
}

func TestFilterString(t *testing.T) {
	for text, want := range map[string]string{
		`a EQ "x\u0041\"\\\/\n"`:                    `a eq "xA\"\\/\u000a"`,
		`a eq "\ud83d\ude00"`:                       `a eq "😀"`,
		`a pr AND (b pr OR c pr)`:                   `a pr and (b pr or c pr)`,
		`(a pr and b pr) or c pr`:                   `a pr and b pr or c pr`,
		`((a pr or b pr)) or c pr`:                  `a pr or b pr or c pr`,
		`NOT(a eq 1.50)`:                            `not (a eq 1.5)`,
		`Emails[Type eq "work"  and (value  pr)]`:   `Emails[Type eq "work" and value pr]`,
		`a eq -1e21 or b eq null or c eq false`:     `a eq -1e+21 or b eq null or c eq false`,
		`not (a pr and b pr) and not (not (c pr))`:  `not (a pr and b pr) and not (not (c pr))`,
		scim.EnterpriseUserURN + `:manager.$ref pr`: scim.EnterpriseUserURN + `:manager.$ref pr`,
	} {
		f, err := scim.ParseFilter(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, f.String())
	}
}

func TestEqual(t *testing.T) {
	for text, want := range map[string][]any{
		`userName eq "x"`:                {"userName", "x", true},
		`(USERNAME EQ "\u0078")`:         {"USERNAME", "x", true},
		scim.UserURN + `:userName eq ""`: {"userName", "", true},
		userState + `:a.b eq "x"`:        {userState + ":a.b", "x", true},
		`userName ne "x"`:                {"", "", false},
		`userName eq 1`:                  {"", "", false},
		`userName eq "x" and active pr`:  {"", "", false},
		`not (userName eq "x")`:          {"", "", false},
		`emails[value eq "x"]`:           {"", "", false},
	} {
		f, err := scim.ParseFilter(text)
		require.NoError(t, err, text)
		attribute, value, ok := scim.Equal(f)
		assert.Equal(t, want, []any{attribute, value, ok}, text)
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "x"`, `emails[type eq "work" and not (value co "@\u00e9")] or a.b ge 1.5e3`, `urn:a:B:c pr`, `not (a eq null)`,
		passwordState + `:mustChange eq true`, `((a pr))`, `a eq "\ud83d\ude00"`, `a lt "2011-05-13T04:42:34Z"`,
	} {
		f.Add(seed)
	}
	resource := barbara(f)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := scim.ParseFilter(text)
		if err != nil {
			var syntax *scim.SyntaxError
			require.True(t, errors.As(err, &syntax))
			require.True(t, syntax.Offset >= 0 && syntax.Offset <= len(text), "offset %d", syntax.Offset)
			return
		}
		matched := filter.Match(resource, nil)
		written := filter.String()
		if len(written) > 8<<10 {
			return // escapes may have grown
		}
		again, err := scim.ParseFilter(written)
		require.NoError(t, err, written)
		require.Equal(t, written, again.String())
		require.Equal(t, matched, again.Match(resource, nil))
	})
}

func BenchmarkParseFilter(b *testing.B) {
	for name, text := range map[string]string{
		"equal":   `userName eq "bjensen@example.com"`,
		"complex": `urn:ietf:params:scim:schemas:core:2.0:User:active eq true and (emails[type eq "work" and value ew "@example.com"] or not (meta.lastModified lt "2011-05-13T04:42:34Z"))`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scim.ParseFilter(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	f, err := scim.ParseFilter(`userName eq "bjensen"`)
	require.NoError(b, err)
	resource := barbara(b)
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(resource, nil) {
			b.Fatal("no match")
		}
	}
}
