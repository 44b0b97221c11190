package scim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// returned is a small schema: what is not in it is returned by default.
func returned(attribute string) scim.Returned {
	switch strings.ToLower(attribute) {
	case "id", "username", "emails.value", strings.ToLower(userExtension) + ":anchor":
		return scim.ReturnedAlways
	case "groups", "emails.verified", strings.ToLower(passwordState) + ":mustchange", strings.ToLower(passwordState) + ":applicablepasswordpolicy",
		strings.ToLower(userState) + ":locked.expired":
		return scim.ReturnedRequest
	case "password", "emails.secret", strings.ToLower(userExtension) + ":isauthenticationdelegated":
		return scim.ReturnedNever
	default:
		return scim.ReturnedDefault
	}
}

func TestProject(t *testing.T) {
	const text = `{
		"id": "1", "userName": "ann", "password": "S3cret", "title": "VP", "nicknames": ["a", "b"], "groups": [{"value": "g"}],
		"name": {"givenName": "Ann", "familyName": "Li"},
		"emails": [{"value": "w@x", "type": "work", "verified": true, "secret": "S3cret"}, {"value": "h@x", "type": "home"}],
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User": {"mustChange": true, "applicablePasswordPolicy": {"value": "P"}},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User": {"locked": {"on": false, "expired": true}, "loginAttempts": 1},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User": {"anchor": 1, "isFederatedUser": false, "isAuthenticationDelegated": "S3cret"}
	}`
	const (
		names      = `"id":"1","userName":"ann"`
		anchor     = `"` + userExtension + `":{"anchor":1}`
		always     = names + "," + anchor
		homeAddr   = `{"value":"h@x","type":"home"}`
		emails     = `"emails":[{"value":"w@x","type":"work"},` + homeAddr + `]`
		allEmails  = `"emails":[{"value":"w@x","type":"work","verified":true},` + homeAddr + `]`
		simple     = `"title":"VP","nicknames":["a","b"],"name":{"givenName":"Ann","familyName":"Li"}`
		extensions = `"` + userState + `":{"locked":{"on":false},"loginAttempts":1},"` + userExtension + `":{"anchor":1,"isFederatedUser":false}`
		groups     = `"groups":[{"value":"g"}]`
		passwords  = `"` + passwordState + `":{"mustChange":true,"applicablePasswordPolicy":{"value":"P"}}`
		defaults   = names + "," + emails + "," + simple + "," + extensions
	)
	for name, c := range map[string]struct {
		attributes, sets []string
		want             string
	}{
		"nothing asked for":               {nil, nil, defaults},
		"one":                             {[]string{"title"}, nil, always + `,"title":"VP"`},
		"in another case":                 {[]string{" TITLE "}, nil, always + `,"title":"VP"`},
		"with the own URN":                {[]string{scim.UserURN + ":title"}, nil, always + `,"title":"VP"`},
		"what is returned always":         {[]string{"userName"}, nil, always},
		"what is returned never":          {[]string{"password", "emails.secret", userExtension + ":isAuthenticationDelegated"}, nil, always + `,"emails":[{"value":"w@x"},{"value":"h@x"}]`},
		"what is not there":               {[]string{"nothing", "name.nothing"}, nil, always},
		"what is no path":                 {[]string{"a b", "", "title"}, nil, always + `,"title":"VP"`},
		"a sub-attribute":                 {[]string{"name.familyName"}, nil, always + `,"name":{"familyName":"Li"}`},
		"two sub-attributes":              {[]string{"name.familyName", "name.givenName"}, nil, always + `,"name":{"familyName":"Li","givenName":"Ann"}`},
		"a sub of several":                {[]string{"emails.type"}, nil, always + "," + emails},
		"a requested sub":                 {[]string{"emails.verified"}, nil, always + `,"emails":[{"value":"w@x","verified":true},{"value":"h@x"}]`},
		"a complex one":                   {[]string{"emails"}, nil, always + "," + emails},
		"a selection":                     {[]string{`emails[type eq "home"]`}, nil, always + `,"emails":[` + homeAddr + `]`},
		"a sub of a selection":            {[]string{`emails[type eq "work"].verified`}, nil, always + `,"emails":[{"value":"w@x","verified":true}]`},
		"a sub for each selection":        {[]string{`emails[type eq "work"].verified`, `emails[type eq "home"].type`}, nil, always + `,"emails":[{"value":"w@x","verified":true},` + homeAddr + `]`},
		"a selection of nothing":          {[]string{`emails[type eq "fax"]`}, nil, always},
		"a selection of simple ones":      {[]string{`nicknames[value eq "b"]`}, nil, always + `,"nicknames":["b"]`},
		"simple ones":                     {[]string{"nicknames"}, nil, always + `,"nicknames":["a","b"]`},
		"on request":                      {[]string{"groups"}, nil, always + "," + groups},
		"an extension's attribute":        {[]string{passwordState + ":mustChange"}, nil, always + `,"` + passwordState + `":{"mustChange":true}`},
		"in another case too":             {[]string{strings.ToUpper(passwordState) + ":MUSTCHANGE"}, nil, always + `,"` + passwordState + `":{"mustChange":true}`},
		"a sub of an extension":           {[]string{userState + ":locked.expired"}, nil, always + `,"` + userState + `":{"locked":{"expired":true}}`},
		"an extension":                    {[]string{userState}, nil, always + `,"` + userState + `":{"locked":{"on":false},"loginAttempts":1}`},
		"an extension without defaults":   {[]string{passwordState}, nil, always},
		"an extension's name, no URN":     {[]string{"mustChange"}, nil, always},
		"set all":                         {nil, []string{"ALL"}, names + "," + allEmails + "," + simple + "," + groups + "," + passwords + `,"` + userState + `":{"locked":{"on":false,"expired":true},"loginAttempts":1},"` + userExtension + `":{"anchor":1,"isFederatedUser":false}`},
		"set default":                     {nil, []string{"Default"}, defaults},
		"set always":                      {nil, []string{"always"}, always},
		"set never":                       {nil, []string{"never"}, always},
		"set request":                     {nil, []string{"request"}, always + "," + groups + "," + passwords},
		"set all and never":               {[]string{"password"}, []string{"all", "never"}, names + "," + allEmails + "," + simple + "," + groups + "," + passwords + `,"` + userState + `":{"locked":{"on":false,"expired":true},"loginAttempts":1},"` + userExtension + `":{"anchor":1,"isFederatedUser":false}`},
		"a set and an attribute":          {[]string{"groups"}, []string{"default"}, defaults + "," + groups},
		"a set that does not exist":       {nil, []string{"some"}, always},
		"default and a selection of some": {[]string{`emails[type eq "work"].verified`}, []string{"default"}, strings.Replace(defaults, `"type":"work"`, `"type":"work","verified":true`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			var resource, before map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &resource))
			require.NoError(t, json.Unmarshal([]byte(text), &before))
			got := scim.Project(resource, c.attributes, c.sets, returned)
			assert.JSONEq(t, "{"+c.want+"}", asJSON(t, got))
			assert.Equal(t, before, resource, "the resource stays as it is")
			assert.NotContains(t, asJSON(t, got), "S3cret")
		})
	}
}

func TestProjectWithoutSchema(t *testing.T) {
	resource := barbara(t)
	assert.Equal(t, resource, scim.Project(resource, nil, nil, nil))
	assert.Equal(t, map[string]any{"title": ""}, scim.Project(resource, []string{"title"}, nil, nil))
}

func TestSplitAttributes(t *testing.T) {
	for list, want := range map[string][]string{
		"":                    nil,
		" , ":                 nil,
		"userName":            {"userName"},
		" userName, emails ,": {"userName", "emails"},
		`members[value eq "a,b]\",c" and type eq "x"].display,id`: {`members[value eq "a,b]\",c" and type eq "x"].display`, "id"},
		`a],b`:      {"a]", "b"},
		`a[b,c`:     {"a[b,c"},
		`a[b eq "\`: {`a[b eq "\`},
	} {
		assert.Equal(t, want, scim.SplitAttributes(list), list)
	}
}

func TestListResponse(t *testing.T) {
	assert.Equal(t,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":50}`,
		asJSON(t, scim.NewListResponse(nil, 0, 1, 50)))
	assert.Equal(t,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":9,"Resources":[{"id":"1"}],"startIndex":9,"itemsPerPage":50}`,
		asJSON(t, scim.NewListResponse([]any{map[string]any{"id": "1"}}, 9, 9, 50)))
}

func BenchmarkProject(b *testing.B) {
	resource := barbara(b)
	for name, attributes := range map[string][]string{"default": nil, "two": {"userName", "emails.value"}} {
		b.Run(name, func(b *testing.B) {
			p := scim.NewProjection(attributes, nil, func(string) scim.Returned { return scim.ReturnedDefault })
			b.ReportAllocs()
			for b.Loop() {
				p.Apply(resource)
			}
		})
	}
}
