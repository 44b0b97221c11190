package scim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

func TestParsePath(t *testing.T) {
	for text, want := range map[string]struct{ urn, attribute, filter, sub string }{
		"password":                                          {attribute: "password"},
		"name.familyName":                                   {attribute: "name", sub: "familyName"},
		`addresses[type eq "other"]`:                        {attribute: "addresses", filter: `type eq "other"`},
		`addresses[type eq "other"].street`:                 {attribute: "addresses", filter: `type eq "other"`, sub: "street"},
		`ims[type eq "xmpp" and value ew "x].y:z"].value`:   {attribute: "ims", filter: `type eq "xmpp" and value ew "x].y:z"`, sub: "value"},
		"members.$ref":                                      {attribute: "members", sub: "$ref"},
		scim.UserURN:                                        {urn: scim.UserURN},
		scim.UserURN + ":userName":                          {urn: scim.UserURN, attribute: "userName"},
		scim.UserURN + ":name.familyName":                   {urn: scim.UserURN, attribute: "name", sub: "familyName"},
		scim.UserURN + `:emails[type eq "work"].value`:      {urn: scim.UserURN, attribute: "emails", filter: `type eq "work"`, sub: "value"},
		scim.EnterpriseUserURN:                              {urn: scim.EnterpriseUserURN},
		scim.EnterpriseUserURN + ":department":              {urn: scim.EnterpriseUserURN, attribute: "department"},
		scim.EnterpriseUserURN + ":manager.value":           {urn: scim.EnterpriseUserURN, attribute: "manager", sub: "value"},
		passwordState:                                       {urn: passwordState},
		passwordState + ":mustChange":                       {urn: passwordState, attribute: "mustChange"},
		userState + ":locked.on":                            {urn: userState, attribute: "locked", sub: "on"},
		userExtension:                                       {urn: userExtension},
		userExtension + ":isFederatedUser":                  {urn: userExtension, attribute: "isFederatedUser"},
		strings.ToUpper(userExtension):                      {urn: strings.ToUpper(userExtension)},
		strings.ToLower(userExtension) + ":isfederateduser": {urn: strings.ToLower(userExtension), attribute: "isfederateduser"},
		ociTags:                   {urn: ociTags},
		ociTags + ":freeformTags": {urn: ociTags, attribute: "freeformTags"},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:mfa:User:preferredDevice":         {urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:mfa:User", attribute: "preferredDevice"},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User:allowSelfChange":  {urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User", attribute: "allowSelfChange"},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:adaptive:User:riskScores[a eq 1]": {urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:adaptive:User", attribute: "riskScores", filter: "a eq 1"},
		"urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy":                             {urn: "urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy"},
		"urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy:minLength":                   {urn: "urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy", attribute: "minLength"},
		"urn:ietf:params:scim:schemas:oracle:idcs:Grant:app.value":                            {urn: "urn:ietf:params:scim:schemas:oracle:idcs:Grant", attribute: "app", sub: "value"},
		"urn:ietf:params:scim:schemas:idcs:extension:custom:User":                             {urn: "urn:ietf:params:scim:schemas:idcs:extension:custom:User"},
		"urn:ietf:params:scim:schemas:idcs:extension:custom:User:badge":                       {urn: "urn:ietf:params:scim:schemas:idcs:extension:custom:User", attribute: "badge"},
		"urn:ietf:params:scim:schemas:extension:acme:User:badge":                              {urn: "urn:ietf:params:scim:schemas:extension:acme:User", attribute: "badge"},
		"urn:example:acme:1.0:badge.colour":                                                   {urn: "urn:example:acme:1.0", attribute: "badge", sub: "colour"},
	} {
		t.Run(text, func(t *testing.T) {
			p, err := scim.ParsePath(text)
			require.NoError(t, err)
			assert.Equal(t, want.urn, p.URN)
			assert.Equal(t, want.attribute, p.Attribute)
			assert.Equal(t, want.sub, p.Sub)
			if want.filter == "" {
				assert.Nil(t, p.Filter)
			} else {
				assert.Equal(t, want.filter, p.Filter.String())
			}
			assert.Equal(t, text, p.String())
		})
	}
}

func TestPathMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		path    string
		offset  int
		message string
	}{
		"empty":                {"", 0, "the path is empty"},
		"JSON pointer":         {"/emails/0", 0, "SCIM paths are no JSON pointers"},
		"index":                {"emails[0].value", 7, "SCIM has no array indexes"},
		"any index":            {"emails[*]", 7, "SCIM has no array indexes"},
		"open bracket":         {`emails[type eq "x"`, 18, "or the ]"},
		"nothing behind a dot": {`emails[type eq "x"].`, 20, "one sub-attribute"},
		"two subs":             {`emails[type eq "x"].a.b`, 20, "one sub-attribute"},
		"two brackets":         {`emails[type eq "x"][type eq "y"]`, 19, "expected the end of the path"},
		"brackets on a schema": {scim.UserURN + `[a pr]`, len(scim.UserURN), "brackets follow an attribute"},
		"brackets on a sub":    {`name.familyName[a pr]`, 15, "brackets follow an attribute"},
		"a space":              {"user Name", 4, "expected the end of the path"},
		"a leading space":      {" userName", 0, "expected an attribute"},
		"a filter":             {`userName eq "x"`, 8, "expected the end of the path"},
		"three levels":         {"a.b.c", 2, "one sub-attribute"},
		"empty part":           {"urn:ietf::scim:schemas:core:2.0:User", 0, "not the URN of a schema"},
		"nothing but urn":      {"urn:", 0, "not the URN of a schema"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scim.ParsePath(c.path)
			var syntax *scim.SyntaxError
			require.True(t, errors.As(err, &syntax), "got %v", err)
			assert.Contains(t, syntax.Message, c.message)
			assert.Equal(t, c.offset, syntax.Offset)
		})
	}
}

func TestPathIs(t *testing.T) {
	for _, c := range []struct {
		path, name string
		want       bool
	}{
		{"password", "password", true},
		{"PASSWORD", "password", true},
		{scim.UserURN + ":password", "password", true},
		{"name.familyName", "name", true},
		{`emails[type eq "work"]`, "emails", true},
		{passwordState + ":mustChange", passwordState + ":mustChange", true},
		{strings.ToLower(passwordState) + ":mustchange", passwordState + ":mustChange", true},
		{passwordState + ":mustChange", "mustChange", false},
		{"mustChange", passwordState + ":mustChange", false},
		{"passwords", "password", false},
		{passwordState, "password", false},
		{"password", "not a name", false},
	} {
		p, err := scim.ParsePath(c.path)
		require.NoError(t, err)
		assert.Equal(t, c.want, p.Is(c.name), "%s is %s", c.path, c.name)
	}
}

func TestLookup(t *testing.T) {
	for path, want := range map[string]any{
		"USERNAME":                           "BJensen",
		"name.givenName":                     "Barbara",
		"emails.type":                        []any{"work", "home"},
		`emails[type eq "home"].value`:       []any{"babs@home.example"},
		`name[givenName pr].familyName`:      "Jensen",
		passwordState + ":mustChange":        true,
		scim.UserURN + ":displayName":        "Babs Jensen",
		scim.EnterpriseUserURN + ":manager":  map[string]any{"value": "26118915"},
		passwordState:                        map[string]any{"mustChange": true},
		"nothing":                            nil,
		"emails.display":                     nil,
		`emails[type eq "other"]`:            nil,
		"userName.value":                     nil,
		scim.EnterpriseUserURN + ":division": nil,
		ociTags:                              nil,
	} {
		p, err := scim.ParsePath(path)
		require.NoError(t, err)
		got, found := scim.Lookup(barbara(t), p)
		assert.Equal(t, want, got, path)
		if want == nil {
			assert.False(t, found && got != nil, path)
		} else {
			assert.True(t, found, path)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{
		"password", "name.familyName", `addresses[type eq "other"].street`, passwordState + ":mustChange", ociTags, scim.UserURN, "urn:a:B", "urn:::",
	} {
		f.Add(seed)
	}
	resource := barbara(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := scim.ParsePath(text)
		if err != nil {
			var syntax *scim.SyntaxError
			require.True(t, errors.As(err, &syntax))
			require.True(t, syntax.Offset >= 0 && syntax.Offset <= len(text), "offset %d", syntax.Offset)
			return
		}
		scim.Lookup(resource, p)
		written := p.String()
		if len(written) > 8<<10 {
			return
		}
		again, err := scim.ParsePath(written)
		require.NoError(t, err, written)
		require.Equal(t, written, again.String())
		require.Equal(t, p.URN, again.URN)
		require.Equal(t, p.Attribute, again.Attribute)
		require.Equal(t, p.Sub, again.Sub)
	})
}

func BenchmarkParsePath(b *testing.B) {
	for _, text := range []string{"password", passwordState + ":mustChange", `addresses[type eq "other"].street`} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scim.ParsePath(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
