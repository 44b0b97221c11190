package idcs_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// golden is one exchange on the wire, with the source that the answer is held to.
type golden struct {
	Source  string            `json:"source"`
	Request string            `json:"request"`
	Sent    json.RawMessage   `json:"sent,omitempty"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body,omitempty"`
}

var jwtText = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// The bodies on the wire, in virtual time and with the seed's ids, so that they are always the same. Run with -update
// to write them anew, and read the difference.
func TestGolden(t *testing.T) {
	const unverified = "; the body is unverified"
	for _, tc := range []struct {
		name, source, client, method string
		path                         func(*domain) string
		body                         string
		before                       func(*testing.T, *domain)
	}{
		{name: "token", source: "Oracle, idm-samples, IDCS REST Postman collection, captured answer", method: "TOKEN", body: "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__", client: "engine"},
		{name: "token-invalid-client", source: "Oracle, EBS Asserter known issues; the status is RFC 6749's", method: "TOKEN", body: "grant_type=client_credentials"},
		{name: "user", source: "Oracle, REST API for identity domains, Response Body", client: "engine", method: http.MethodGet, path: (*domain).path},
		{name: "user-created", source: "Oracle, REST API for identity domains, Response Body; Location from Status Codes", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/Users"), body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"scarter","name":{"givenName":"Sam","familyName":"Carter"},"emails":[{"value":"sam@example.com","type":"work","primary":true}],"title":"Major"}`},
		{name: "user-patched", source: "Oracle, idm-samples, IDCS REST Postman collection (200 with the full resource)", client: "engine", method: http.MethodPatch, path: (*domain).path, body: patchPassword(newPassword)},
		{name: "user-password-state", source: "Oracle, OCI SDK, package identitydomains (returned on request)", client: "engine", method: http.MethodGet, path: func(d *domain) string { return d.path() + "?attributes=" + passwordState }},
		{name: "user-all", source: "Oracle, OCI SDK, package identitydomains (attributeSets)", client: "engine", method: http.MethodGet, path: func(d *domain) string { return d.path() + "?attributeSets=all" }},
		{name: "search", source: "Oracle, idm-samples, IDCS REST Postman collection (itemsPerPage echoes the page size)", client: "engine", method: http.MethodGet, path: fixed("/admin/v1/Users?filter=userName+eq+%22bjensen%22&attributes=" + setDate)},
		{name: "search-nobody", source: "Oracle, idm-samples, IDCS REST Postman collection", client: "engine", method: http.MethodGet, path: fixed("/admin/v1/Users?filter=userName+eq+%22nobody%22")},
		{name: "password-changed", source: "a public rendering of Oracle's Postman collection, MePasswordChanger; its type for UserPasswordChanger is unverified", client: "helpdesk", method: http.MethodPut, path: (*domain).changer, body: changePassword(newPassword)},
		{name: "password-policy", source: "id: a production client and a report on one tenancy; texts: the same client; how they are joined is unverified", client: "engine", method: http.MethodPatch, path: (*domain).path, body: patchPassword("jensen")},
		{name: "password-federated", source: "unverified, ours", client: "engine", method: http.MethodPatch, path: (*domain).path, body: patchPassword(newPassword), before: federate},
		{name: "bearer-expired", source: "two code samples of Oracle (401 and text/html)" + unverified, method: http.MethodGet, path: (*domain).path},
		{name: "forbidden", source: "text: a production client" + unverified, client: "helpdesk", method: http.MethodGet, path: fixed("/admin/v1/Users")},
		{name: "not-found", source: "Oracle, Status Codes" + unverified, client: "engine", method: http.MethodGet, path: fixed("/admin/v1/Users/00000000000000000000000000000000")},
		{name: "missing-attribute", source: "Oracle, REST API for identity domains, error messages", client: "engine", method: http.MethodPut, path: (*domain).changer, body: `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"]}`},
		{name: "throttled", source: "Oracle, API Rate Limits (429, no header)" + unverified, client: "engine", method: http.MethodGet, path: (*domain).path, before: func(t *testing.T, d *domain) {
			t.Helper()
			d.token(t, "engine")
			_, err := d.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 429})
			require.NoError(t, err)
		}},
		{name: "log-in", source: "a public client's capture of PasswordAuthenticator (201)", client: "login", method: http.MethodPost, path: fixed("/admin/v1/PasswordAuthenticator"), body: `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:PasswordAuthenticator"],"mappingAttribute":"userName","mappingAttributeValue":"bjensen","password":"` + firstPassword + `"}`},
		{name: "log-in-refused", source: "Oracle, REST API for identity domains, Response Body (INVALID_CREDENTIALS)", client: "login", method: http.MethodPost, path: fixed("/admin/v1/PasswordAuthenticator"), body: `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:PasswordAuthenticator"],"mappingAttribute":"userName","mappingAttributeValue":"bjensen","password":"wrong"}`},
		{name: "own-password-changed", source: "a public rendering of Oracle's Postman collection, MePasswordChanger, captured answer", client: "bjensen", method: http.MethodPut, path: fixed(meChanger), body: body("MePasswordChanger", map[string]any{"oldPassword": firstPassword, "password": newPassword}), before: func(t *testing.T, d *domain) { t.Helper(); d.asUser(t) }},
		{name: "own-password-wrong", source: "id: a public client in production, and a code sample of Oracle" + unverified, client: "bjensen", method: http.MethodPut, path: fixed(meChanger), body: body("MePasswordChanger", map[string]any{"oldPassword": "wrong", "password": newPassword}), before: func(t *testing.T, d *domain) { t.Helper(); d.asUser(t) }},
		{name: "recovery-options", source: "a public rendering of Oracle's Postman collection, MePasswordRecoveryOptionRetriever, captured answer", client: "recovery", method: http.MethodPost, path: fixed("/admin/v1/MePasswordRecoveryOptionRetriever"), body: body("MePasswordRecoveryOptionRetriever", map[string]any{"userName": "bjensen"})},
		{name: "password-reset", source: "Oracle, OCI SDK, package identitydomains (UserPasswordResetter)" + unverified, client: "helpdesk", method: http.MethodPut, path: at("UserPasswordResetter"), body: body("UserPasswordResetter", nil)},
		{name: "password-validated", source: "members: a public client in production and a code sample of Oracle; names of rules unverified", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/UserPasswordValidator"), body: body("UserPasswordValidator", map[string]any{"userName": "amanda", "password": "amanda"})},
		{name: "passwords-changed", source: "a public rendering of Oracle's Postman collection, BulkUserPasswordChanger, captured answer; the refused one is RFC 7644's", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/BulkUserPasswordChanger"), body: body("BulkUserPasswordChanger", map[string]any{"userIds": []string{"e85adb9298acba7b10438809580f0b16", "nobody"}, "password": newPassword})},
		{name: "user-deactivated", source: "request: Oracle, idm-samples, IDCS REST Postman collection" + unverified, client: "manager", method: http.MethodPut, path: at("UserStatusChanger"), body: body("UserStatusChanger", map[string]any{"active": false})},
		{name: "user-unlocked", source: "Oracle, REST API, Unlock a User" + unverified, client: "helpdesk", method: http.MethodPost, path: fixed("/admin/v1/UserLockedStateChanger"), body: body("UserLockedStateChanger", map[string]any{"userId": "e85adb9298acba7b10438809580f0b16", "locked": false})},
		{name: "throttled-by-tier", source: "Oracle, API Rate Limits (429)" + unverified + ", and so are the headers", client: "engine", method: http.MethodGet, path: (*domain).path, before: func(t *testing.T, d *domain) {
			t.Helper()
			d.token(t, "engine")
			require.NoError(t, d.SetTier("free"))
			d.set(t, "rateHeaders", "send")
			d.set(t, "retryAfter", "seconds")
			for range 20 {
				d.ask(t, "engine", http.MethodGet, d.path(), "")
			}
		}},
		{name: "policy", source: "Oracle, OCI SDK, package identitydomains; numbers: Oracle learning labs", client: "engine", method: http.MethodGet, path: fixed("/admin/v1/PasswordPolicies/PasswordPolicy")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDomain(t)
				if tc.before != nil {
					tc.before(t, d)
				}
				g := golden{Source: tc.source}
				var a answer
				if tc.method == "TOKEN" {
					g.Request = "POST " + tokenPath + " " + tc.body
					a = d.form(t, tokenPath, tc.client, tc.body)
				} else {
					g.Request = tc.method + " " + tc.path(d)
					g.Sent = json.RawMessage(tc.body)
					a = d.ask(t, tc.client, tc.method, tc.path(d), tc.body)
				}
				g.took(a)
				compareGolden(t, tc.name, g)
			})
		})
	}
}

// took keeps an answer, but for what differs from run to run.
func (g *golden) took(a answer) {
	g.Status = a.status
	g.Headers = map[string]string{}
	for name, values := range a.header {
		if name != "X-ORACLE-DMS-ECID" && name != "Content-Length" {
			g.Headers[name] = values[0]
		}
	}
	body := jwtText.ReplaceAll(a.body, []byte("(a signed JWT)"))
	if json.Valid(body) {
		g.Body = json.RawMessage(body)
	} else {
		g.Body = string(body)
	}
}

func fixed(path string) func(*domain) string { return func(*domain) string { return path } }

func compareGolden(t *testing.T, name string, g golden) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(g))
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}
