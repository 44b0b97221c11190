package okta_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

func TestIdentityProviders(t *testing.T) {
	o := newOrg(t)
	id := o.id(t, idpsPath, idpBody("AUTO", true))
	path := idpsPath + "/" + id
	assert.Regexp(t, `^0oa.{17}$`, id)
	p := o.ok(t, http.MethodGet, path, "").json(t)
	assert.Equal(t, map[string]any{
		"action": "AUTO", "profileMaster": true, "groups": map[string]any{"action": "NONE"},
		"conditions": map[string]any{"deprovisioned": map[string]any{"action": "NONE"}, "suspended": map[string]any{"action": "NONE"}},
	}, p["policy"].(map[string]any)["provisioning"])
	p = o.ok(t, http.MethodPut, path, idpBody("DISABLED", false)).json(t)
	assert.Equal(t, "DISABLED", p["policy"].(map[string]any)["provisioning"].(map[string]any)["action"])
	assert.Equal(t, "INACTIVE", o.ok(t, http.MethodPost, path+"/lifecycle/deactivate", "").json(t)["status"])
	assert.Equal(t, "ACTIVE", o.ok(t, http.MethodPost, path+"/lifecycle/activate", "").json(t)["status"])
	assert.Len(t, o.ok(t, http.MethodGet, idpsPath+"?q=spo&type=SAML2", "").list(t), 1)
	assert.Empty(t, o.ok(t, http.MethodGet, idpsPath+"?type=OIDC", "").list(t))
	o.ask(t, "admin", http.MethodPost, idpsPath, idpBody("AUTO", true)).refused(t, 400, "E0000001", "Api validation failed: name", "name: An object with this field already exists in the current organization")
	o.ok(t, http.MethodDelete, path, "")
	o.ask(t, "admin", http.MethodGet, path, "").refused(t, 404, "E0000007", "Not found: Resource not found: "+id+" (IdentityProvider)")
	assert.Equal(t, []string{
		"system.idp.lifecycle.create SUCCESS", "system.idp.lifecycle.update SUCCESS", "system.idp.lifecycle.deactivate SUCCESS",
		"system.idp.lifecycle.activate SUCCESS", "system.idp.lifecycle.delete SUCCESS",
	}, o.events(t, `?filter=target.id+eq+"`+id+`"`))

	for name, tc := range map[string][2]string{
		"no policy":    {`{"type":"SAML2","name":"x","protocol":{},"policy":null}`, "policy: The field cannot be left blank"},
		"no protocol":  {`{"type":"SAML2","name":"x","policy":{}}`, "protocol: The field cannot be left blank"},
		"type":         {`{"type":"SAML3","name":"x","protocol":{}}`, "type: must be one of SAML2, OIDC, GOOGLE, MICROSOFT, FACEBOOK, LINKEDIN, APPLE, OKTA_INTEGRATION"},
		"action":       {`{"type":"SAML2","name":"x","protocol":{},"policy":{"provisioning":{"action":"ON"}}}`, "policy.provisioning.action: must be one of AUTO, DISABLED"},
		"match":        {`{"type":"SAML2","name":"x","protocol":{},"policy":{"subject":{"matchType":"CUSTOM_ATTRIBUTE"}}}`, "policy.subject.matchAttribute: must be set with the matchType CUSTOM_ATTRIBUTE, and only then"},
		"filter":       {`{"type":"SAML2","name":"x","protocol":{},"policy":{"subject":{"filter":"("}}}`, "policy.subject.filter: is not a regular expression"},
		"template":     {`{"type":"SAML2","name":"x","protocol":{},"policy":{"subject":{"userNameTemplate":{"template":"String.toUpperCase(x)"}}}}`, "policy.subject.userNameTemplate.template: this simulator knows idpuser.<attribute> and saml.subjectNameId"},
		"no such name": {`{"type":"SAML2","name":" ","protocol":{}}`, "name: must be between 1 and 100 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			a := o.ask(t, "admin", http.MethodPost, idpsPath, tc[0])
			assert.Equal(t, 400, a.status)
			assert.Equal(t, []any{map[string]any{"errorSummary": tc[1]}}, a.json(t)["errorCauses"])
		})
	}
}

// A user's link to a provider: made by hand, listed at both ends, taken away.
func TestLinksToIdentityProviders(t *testing.T) {
	o := newOrg(t)
	id := o.id(t, idpsPath, idpBody("AUTO", true))
	link := idpsPath + "/" + id + "/users/" + o.user.ID
	o.ask(t, "admin", http.MethodGet, link, "").refused(t, 404, "E0000007", "")
	l := o.ok(t, http.MethodPost, link, `{"externalId":"isaac"}`).json(t)
	assert.Equal(t, [2]any{o.user.ID, "isaac"}, [2]any{l["id"], l["externalId"]})
	assert.Equal(t, "isaac", o.ok(t, http.MethodGet, link, "").json(t)["externalId"])
	assert.Len(t, o.ok(t, http.MethodGet, idpsPath+"/"+id+"/users", "").list(t), 1)
	assert.Equal(t, id, o.ok(t, http.MethodGet, o.path()+"/idps", "").list(t)[0]["id"])
	second := o.add(t, "sam@example.com")
	o.ask(t, "admin", http.MethodPost, idpsPath+"/"+id+"/users/"+second.ID, `{"externalId":"isaac"}`).
		refused(t, 400, "E0000001", "Api validation failed: externalId", "externalId: An object with this field already exists in the current organization")
	o.ask(t, "admin", http.MethodPost, link, `{}`).refused(t, 400, "E0000001", "", "externalId: must be between 1 and 512 characters")
	assert.Equal(t, 204, o.ok(t, http.MethodDelete, link, "").status)
	o.ask(t, "admin", http.MethodDelete, link, "").refused(t, 404, "E0000007", "")
	assert.Empty(t, o.ok(t, http.MethodGet, o.path()+"/idps", "").list(t))
	o.ask(t, "users", http.MethodDelete, link, "").refused(t, 403, "E0000006", "")
}

func TestSignInThroughAnIdentityProvider(t *testing.T) {
	const newcomer = "robin@example.org"
	robin := okta.Assertion{Subject: newcomer, Attributes: map[string]string{"firstName": "Robin", "lastName": "Hay", "title": "Mate", "colour": "red"}}
	isaac := okta.Assertion{Subject: login, Attributes: map[string]string{"title": "Mate"}}
	for _, tc := range []struct {
		name    string
		policy  func(*okta.IdentityProvider)
		prepare func(*testing.T, *org)
		who     okta.Assertion
		refused string // part of the error; "" when it signs in
		want    okta.FederatedSignIn
		user    okta.Account // provider, status and mastering of who signed in
	}{
		{
			name: "an unknown user is created", who: robin, want: okta.FederatedSignIn{Created: true, Linked: true},
			user: okta.Account{Provider: okta.Provider{Type: "FEDERATION", Name: "FEDERATION"}, Status: okta.Active, Mastered: true},
		},
		{
			name: "a social provider", policy: func(p *okta.IdentityProvider) { p.Type, p.Policy.Provisioning.ProfileMaster = "GOOGLE", false },
			who: robin, want: okta.FederatedSignIn{Created: true, Linked: true},
			user: okta.Account{Provider: okta.Provider{Type: "SOCIAL", Name: "SOCIAL"}, Status: okta.Active},
		},
		{name: "just-in-time provisioning is off", policy: func(p *okta.IdentityProvider) { p.Policy.Provisioning.Action = okta.Disabled }, who: robin, refused: "just-in-time provisioning is off"},
		{name: "the assertion lacks what a profile needs", who: okta.Assertion{Subject: newcomer}, refused: "Api validation failed: firstName"},
		{name: "no name", who: okta.Assertion{}, refused: "no user name"},
		{name: "filtered", policy: func(p *okta.IdentityProvider) { f := `\S+@example\.com`; p.Policy.Subject.Filter = &f }, who: robin, refused: "does not match the filter"},
		{name: "inactive", policy: func(p *okta.IdentityProvider) { p.Inactive = true }, who: robin, refused: "inactive"},
		{
			name: "a known user is linked and mastered, and stays Okta's", who: isaac, want: okta.FederatedSignIn{Linked: true, Updated: true},
			user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active, Mastered: true},
		},
		{
			name: "without mastering", policy: func(p *okta.IdentityProvider) { p.Policy.Provisioning.ProfileMaster = false }, who: isaac,
			want: okta.FederatedSignIn{Linked: true}, user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active},
		},
		{
			name: "a switch makes him federated", prepare: func(t *testing.T, o *org) { t.Helper(); o.set(t, "idpSignIn", "federate") }, who: isaac,
			want: okta.FederatedSignIn{Linked: true, Updated: true},
			user: okta.Account{Provider: okta.Provider{Type: "FEDERATION", Name: "FEDERATION"}, Status: okta.Active, Mastered: true},
		},
		{name: "linking is off", policy: func(p *okta.IdentityProvider) { p.Policy.AccountLink.Action = okta.Disabled }, who: isaac, refused: "links nobody"},
		{
			name: "linking is for a group", policy: func(p *okta.IdentityProvider) { p.Policy.AccountLink.Filter = &okta.IdPFilter{} }, who: isaac, refused: "in no group",
		},
		{
			name: "linked by hand, where linking is off", policy: func(p *okta.IdentityProvider) {
				p.Policy.AccountLink.Action, p.Policy.Provisioning.ProfileMaster = okta.Disabled, false
			},
			prepare: func(t *testing.T, o *org) {
				t.Helper()
				o.ok(t, http.MethodPost, idpsPath+"/"+o.IdPs()[0].ID+"/users/"+o.user.ID, `{"externalId":"isaac"}`)
			},
			who: isaac, user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active},
		},
		{
			name: "matched by e-mail", policy: func(p *okta.IdentityProvider) {
				p.Policy.Subject.MatchType, p.Policy.Subject.UserNameTemplate.Template = "EMAIL", "idpuser.mail"
			},
			who:  okta.Assertion{Subject: "4711", Attributes: map[string]string{"mail": login}},
			want: okta.FederatedSignIn{Linked: true}, user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active, Mastered: true},
		},
		{name: "deactivated", prepare: deprovisioned, who: isaac, refused: "DEPROVISIONED"},
		{
			name: "reactivated", prepare: deprovisioned, policy: func(p *okta.IdentityProvider) { p.Policy.Provisioning.Conditions.Deprovisioned.Action = "REACTIVATE" },
			who: isaac, want: okta.FederatedSignIn{Linked: true, Updated: true},
			user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active, Mastered: true},
		},
		{name: "read only", prepare: func(_ *testing.T, o *org) { o.SetReadOnly(true) }, who: robin, refused: "read only"},
		{
			name: "read only, known", prepare: func(_ *testing.T, o *org) { o.SetReadOnly(true) }, who: isaac,
			user: okta.Account{Provider: okta.Provider{Type: "OKTA", Name: "OKTA"}, Status: okta.Active},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			p := okta.IdentityProvider{Type: "SAML2", Name: "Spoke", Policy: okta.DefaultIdPPolicy()}
			if tc.policy != nil {
				tc.policy(&p)
			}
			p, err := o.AddIdP(p)
			require.NoError(t, err)
			if tc.prepare != nil {
				tc.prepare(t, o)
			}
			in, err := o.SignInThroughIdP("Spoke", tc.who)
			if tc.refused != "" {
				require.ErrorIs(t, err, okta.ErrNotSignedIn)
				require.ErrorContains(t, err, tc.refused)
				assert.Equal(t, 1, o.People().Len())
				assert.Contains(t, o.events(t, ""), "user.authentication.auth_via_IDP FAILURE")
				return
			}
			require.NoError(t, err)
			a := okta.AccountOf(&in.User)
			assert.Equal(t, tc.user, okta.Account{Provider: a.Provider, Status: a.Status, Mastered: a.Mastered})
			want := tc.want
			want.User = in.User
			assert.Equal(t, want, in)
			assert.Contains(t, o.events(t, ""), "user.authentication.auth_via_IDP SUCCESS")
			if a.Provider.Type != "OKTA" {
				assert.Equal(t, people.LogIn{Reason: "federated"}, o.LogIn(in.User.UserName, in.User.Credential.Password))
			}
			if o.ReadOnly() {
				return
			}
			assert.Len(t, o.ok(t, http.MethodGet, idpsPath+"/"+p.ID+"/users", "").list(t), 1)
			again, err := o.SignInThroughIdP(p.ID, tc.who)
			require.NoError(t, err)
			assert.Equal(t, in.User.ID, again.User.ID)
			assert.False(t, again.Created || again.Linked || again.Updated, "the second time there is nothing to do")
		})
	}
	_, err := newOrg(t).SignInThroughIdP("nowhere", robin)
	require.ErrorIs(t, err, okta.ErrInvalid)
}

func deprovisioned(t *testing.T, o *org) {
	t.Helper()
	o.be(t, func(a *okta.Account) { a.Status = okta.Deprovisioned })
}

// Who masters a profile lets nobody else write it, until the two are parted.
func TestAMasteredProfileIsTheProvidersUntilTheLinkIsGone(t *testing.T) {
	for _, tc := range []struct {
		name     string
		part     func(t *testing.T, o *org, link string)
		provider string
	}{
		{"by the console", func(t *testing.T, o *org, _ string) {
			t.Helper()
			require.NoError(t, o.Disconnect("robin@example.org"))
		}, "OKTA"},
		{"by the API", func(t *testing.T, o *org, link string) { t.Helper(); o.ok(t, http.MethodDelete, link, "") }, "FEDERATION"},
		{"by the API, when that is enough", func(t *testing.T, o *org, link string) {
			t.Helper()
			o.set(t, "unlinkedProvider", "okta")
			o.ok(t, http.MethodDelete, link, "")
		}, "OKTA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			id := o.id(t, idpsPath, idpBody("AUTO", true))
			in, err := o.SignInThroughIdP(id, okta.Assertion{Subject: "robin@example.org", Attributes: map[string]string{"firstName": "Robin", "lastName": "Hay"}})
			require.NoError(t, err)
			path := usersPath + "/" + in.User.ID
			o.ask(t, "admin", http.MethodPost, path, `{"profile":{"title":"x"}}`).refused(t, 403, "E0000023", "Operation failed because user profile is mastered under another system")
			tc.part(t, o, idpsPath+"/"+id+"/users/"+in.User.ID)
			assert.Empty(t, o.ok(t, http.MethodGet, path+"/idps", "").list(t))
			assert.Equal(t, tc.provider, providerOf(o.ok(t, http.MethodPost, path, `{"profile":{"title":"x"}}`).json(t)))
			status := o.ask(t, "admin", http.MethodPost, path, setPassword(newPassword)).status
			assert.Equal(t, map[string]int{"OKTA": 200, "FEDERATION": 400}[tc.provider], status)
		})
	}
}

// A link follows who somebody is at the provider, also when that changes, and nobody is found by what was before.
func TestALinkFollowsTheNameAtTheProvider(t *testing.T) {
	o := newOrg(t)
	idp := o.id(t, idpsPath, idpBody("AUTO", false))
	link := func(externalID string) {
		t.Helper()
		o.ok(t, http.MethodPost, idpsPath+"/"+idp+"/users/"+o.user.ID, `{"externalId":"`+externalID+`"}`)
	}
	link("one")
	link("two")
	in, err := o.SignInThroughIdP(idp, okta.Assertion{Subject: "two"})
	require.NoError(t, err)
	assert.Equal(t, o.user.ID, in.User.ID)
	_, err = o.SignInThroughIdP(idp, okta.Assertion{Subject: "one"})
	require.ErrorIs(t, err, okta.ErrNotSignedIn, "nobody is that any more")
	o.ok(t, http.MethodDelete, idpsPath+"/"+idp+"/users/"+o.user.ID, "")
	_, err = o.SignInThroughIdP(idp, okta.Assertion{Subject: "two"})
	require.ErrorIs(t, err, okta.ErrNotSignedIn)
	link("two")
	require.NoError(t, o.Remove(o.user.ID))
	other := o.add(t, "eva@example.com")
	o.ok(t, http.MethodPost, idpsPath+"/"+idp+"/users/"+other.ID, `{"externalId":"two"}`)
}
