package idcs_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	firstPassword = "Harbour-Lights-1"
	newPassword   = "Spring-Tide-2026"
	extUser       = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"
	passwordState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"
	mustChange    = passwordState + ":mustChange"
	setDate       = passwordState + ":lastSuccessfulSetDate"
	errorURN      = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"
)

// domain is a domain with one client per role that matters, and one user.
type domain struct {
	*idcs.Server
	tokens map[string]string
	user   people.Person
}

func config() idcs.Config {
	c := idcs.DefaultConfig()
	for id, roles := range map[string][]string{
		"engine": {idcs.UserAdministrator}, "manager": {idcs.UserManager}, "helpdesk": {idcs.HelpDeskAdministrator},
		"security": {idcs.SecurityAdministrator}, "changer": {idcs.ChangePassword}, "login": {idcs.AuthenticatorClient},
		"admin": {idcs.DomainAdministrator}, "nobody": nil,
	} {
		c.Clients = append(c.Clients, oauth.Client{ID: id, Name: "The " + id, Secret: secret.New("secret of " + id), Roles: roles, Active: true})
	}
	for id, roles := range map[string][]string{
		"portal": {idcs.Me}, "recovery": {idcs.ForgotPassword, idcs.ResetPassword, idcs.ChangePassword},
	} {
		c.Clients = append(c.Clients, oauth.Client{
			ID: id, Name: "The " + id, Secret: secret.New("secret of " + id), Roles: roles, Active: true,
			Grants: []string{"password", "refresh_token"},
		})
	}
	return c
}

func newDomain(tb testing.TB, change ...func(*idcs.Config)) *domain {
	tb.Helper()
	c := config()
	for _, f := range change {
		f(&c)
	}
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := idcs.New(c, idcs.Kernel{Clock: &clock.Clock{}, Seed: 7, Journal: journal.New(1000, digester), Digester: digester})
	require.NoError(tb, err)
	d := &domain{Server: s, tokens: map[string]string{}}
	d.user = d.add(tb, "bjensen")
	return d
}

func (d *domain) add(tb testing.TB, userName string) people.Person {
	tb.Helper()
	p, err := d.Populate(people.Person{
		UserName: userName, GivenName: "Barbara", FamilyName: "Jensen", Active: true,
		Emails:     []people.Email{{Value: userName + "@example.com", Primary: true}},
		Credential: people.Credential{Password: secret.New(firstPassword)},
	})
	require.NoError(tb, err)
	return p
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(tb testing.TB) map[string]any {
	tb.Helper()
	var m map[string]any
	require.NoError(tb, json.Unmarshal(a.body, &m), "%d %s", a.status, a.body)
	return m
}

// raw is a header whose name keeps Oracle's spelling, which is not the canonical one.
func (a answer) raw(name string) []string { return a.header[name] }

func (a answer) messageID(tb testing.TB) string {
	tb.Helper()
	extension, _ := a.json(tb)[errorURN].(map[string]any)
	id, _ := extension["messageId"].(string)
	return id
}

// token asks the token endpoint, once per client.
func (d *domain) token(tb testing.TB, client string) string {
	tb.Helper()
	if d.tokens[client] == "" {
		a := d.form(tb, "/oauth2/v1/token", client, "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__")
		require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
		d.tokens[client], _ = a.json(tb)["access_token"].(string)
	}
	return d.tokens[client]
}

func (d *domain) form(tb testing.TB, path, client, body string) answer {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "https://"+d.Host()+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != "" {
		r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape("secret of "+client))
	}
	return d.send(r)
}

// ask sends one request as a client; "" is without a token. The headers are name and value in turn.
func (d *domain) ask(tb testing.TB, client, method, path, body string, headers ...string) answer {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, "https://"+d.Host()+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if client != "" {
		r.Header.Set("Authorization", "Bearer "+d.token(tb, client))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return d.send(r)
}

func (d *domain) send(r *http.Request) answer {
	w := httptest.NewRecorder()
	d.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.Bytes()}
}

func (d *domain) last(tb testing.TB) journal.Entry {
	tb.Helper()
	page := d.Journal().Search(journal.Query{})
	require.NotEmpty(tb, page.Entries)
	return page.Entries[len(page.Entries)-1]
}

func (d *domain) path() string { return "/admin/v1/Users/" + d.user.ID }

func (d *domain) changer() string { return "/admin/v1/UserPasswordChanger/" + d.user.ID }

func (d *domain) set(tb testing.TB, name, value string) {
	tb.Helper()
	require.NoError(tb, d.SetSwitch(name, value))
}

// logsIn reads a write back by another door.
func (d *domain) logsIn(tb testing.TB, password string) people.LogIn {
	tb.Helper()
	return d.LogIn(d.user.UserName, secret.New(password))
}

// state asks for attributes that are there on request only.
func (d *domain) state(tb testing.TB) map[string]any {
	tb.Helper()
	a := d.ask(tb, "engine", http.MethodGet, d.path()+"?attributes="+passwordState+":mustChange,"+setDate, "")
	require.Equal(tb, http.StatusOK, a.status)
	state, _ := a.json(tb)[passwordState].(map[string]any)
	return state
}

func patch(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

func patchPassword(password string) string {
	return patch(`{"op":"replace","path":"password","value":` + quoted(password) + `}`)
}

func changePassword(password string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"],"password":` + quoted(password) + `}`
}

// quoted is a JSON string; the passwords of the tests need no other escapes than Go's.
func quoted(text string) string { return strconv.Quote(text) }

// leaks looks for secrets in all of the journal.
func (d *domain) leaks(tb testing.TB, secrets ...string) {
	tb.Helper()
	encoded, err := json.Marshal(d.Journal().Search(journal.Query{}).Entries)
	require.NoError(tb, err)
	for _, s := range secrets {
		assert.NotContains(tb, string(encoded), s)
		assert.NotContains(tb, string(encoded), url.QueryEscape(s))
	}
}

// contextWithClient makes the oauth2 library use a client that trusts the test's server.
func contextWithClient(ctx context.Context, c *http.Client) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c)
}
