package okta_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	firstPassword = "Harbour-Lights-1"
	newPassword   = "Spring-Tide-2026"
	login         = "isaac.brock@example.com"
	host          = "hub.okta.com"
)

// theKey is the key of all clients: making one takes longer than a test.
var theKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// org is an org with a token per role that matters, an application, and one user.
type org struct {
	*okta.Server
	user people.Person
	test string
}

// Handler is that of the server, with a recorder before it.
func (o *org) Handler() http.Handler { return recorded.wrap(o.test, o.Server.Handler()) }

func config() okta.Config {
	c := okta.DefaultConfig()
	c.Host = host
	c.Attributes = []string{"badge"}
	for name, role := range map[string]okta.Role{
		"admin": okta.SuperAdministrator, "users": okta.UserAdministrator, "helpdesk": okta.HelpDeskAdministrator, "auditor": okta.ReadOnlyAdministrator,
	} {
		c.Tokens = append(c.Tokens, okta.APIToken{Name: name, Value: secret.New("token-of-" + name), Role: role})
	}
	c.Tokens = append(c.Tokens, okta.APIToken{Name: "owned", Value: secret.New("token-of-owned"), Owner: login})
	c.Clients = []okta.Client{{
		ID: "0oasync", Name: "Sync", Scopes: []string{"okta.users.manage", "okta.groups.read"},
		Keys: []jose.JSONWebKey{{Key: theKey().Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}},
	}}
	return c
}

func newOrg(tb testing.TB, change ...func(*okta.Config, *okta.Kernel)) *org {
	tb.Helper()
	c := config()
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	k := okta.Kernel{Clock: &clock.Clock{}, Seed: 7, Journal: journal.New(2000, digester), Digester: digester}
	for _, f := range change {
		f(&c, &k)
	}
	s, err := okta.New(c, k)
	require.NoError(tb, err)
	o := &org{Server: s, test: tb.Name()}
	o.user = o.add(tb, login)
	return o
}

func (o *org) add(tb testing.TB, login string, change ...func(*people.Person)) people.Person {
	tb.Helper()
	p := people.Person{
		UserName: login, GivenName: "Isaac", FamilyName: "Brock", Active: true,
		Emails:     []people.Email{{Value: login, Primary: true}},
		Credential: people.Credential{Password: secret.New(firstPassword)},
	}
	for _, f := range change {
		f(&p)
	}
	p, err := o.Populate(p)
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

func (a answer) list(tb testing.TB) []map[string]any {
	tb.Helper()
	var m []map[string]any
	require.NoError(tb, json.Unmarshal(a.body, &m), "%d %s", a.status, a.body)
	return m
}

// refused holds an answer to a status, a code, and causes in their order.
func (a answer) refused(tb testing.TB, status int, code, summary string, causes ...string) {
	tb.Helper()
	var e struct {
		Code, Summary, Link, ID string
		Causes                  []struct {
			Summary string `json:"errorSummary"`
		}
	}
	var raw map[string]json.RawMessage
	require.NoError(tb, json.Unmarshal(a.body, &raw), "%d %s", a.status, a.body)
	for name, into := range map[string]any{"errorCode": &e.Code, "errorSummary": &e.Summary, "errorLink": &e.Link, "errorId": &e.ID, "errorCauses": &e.Causes} {
		require.NoError(tb, json.Unmarshal(raw[name], into), "%s", a.body)
	}
	assert.Len(tb, raw, 5)
	assert.Equal(tb, status, a.status, "%s", a.body)
	assert.Equal(tb, code, e.Code)
	assert.Equal(tb, code, e.Link)
	assert.Regexp(tb, `^oae[A-Za-z0-9_-]{22}$`, e.ID)
	if summary != "" {
		assert.Equal(tb, summary, e.Summary)
	}
	got := []string{}
	for _, one := range e.Causes {
		got = append(got, one.Summary)
	}
	assert.Equal(tb, append([]string{}, causes...), got)
	assert.NotNil(tb, e.Causes, "no causes are an empty list")
}

// ask sends one request with an API token; "" is without one. The headers are name and value in turn.
func (o *org) ask(tb testing.TB, token, method, path, body string, headers ...string) answer {
	tb.Helper()
	r := httptest.NewRequestWithContext(named(tb), method, "https://"+host+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "SSWS token-of-"+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return o.send(r)
}

func (o *org) send(r *http.Request) answer {
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.Bytes()}
}

// post is an administrator's call on the user.
func (o *org) post(tb testing.TB, path, body string) answer {
	tb.Helper()
	return o.ask(tb, "admin", http.MethodPost, o.path()+path, body)
}

func (o *org) path() string { return "/api/v1/users/" + o.user.ID }

func (o *org) set(tb testing.TB, name, value string) {
	tb.Helper()
	require.NoError(tb, o.SetSwitch(name, value))
}

func (o *org) last(tb testing.TB) journal.Entry {
	tb.Helper()
	page := o.Journal().Search(journal.Query{})
	require.NotEmpty(tb, page.Entries)
	return page.Entries[len(page.Entries)-1]
}

// logsIn reads a write back by another door.
func (o *org) logsIn(password string) people.LogIn {
	return o.LogIn(o.user.UserName, secret.New(password))
}

// took holds the user to a new password; refusedWrite to the old one.
func (o *org) took(tb testing.TB, password string) {
	tb.Helper()
	assert.True(tb, o.logsIn(password).OK, "the new password signs in")
	assert.False(tb, o.logsIn(firstPassword).OK, "the old one does not")
}

func (o *org) keptFirst(tb testing.TB) {
	tb.Helper()
	assert.Equal(tb, people.LogIn{OK: true}, o.logsIn(firstPassword))
}

// get reads the user as an administrator.
func (o *org) get(tb testing.TB) map[string]any {
	tb.Helper()
	a := o.ask(tb, "admin", http.MethodGet, o.path(), "")
	require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
	return a.json(tb)
}

func (o *org) status(tb testing.TB) string {
	tb.Helper()
	status, _ := o.get(tb)["status"].(string)
	return status
}

// be puts the user into a state that no call would.
func (o *org) be(tb testing.TB, change func(*okta.Account)) {
	tb.Helper()
	require.NoError(tb, o.Change(o.user.ID, change))
}

func (o *org) federated(tb testing.TB) {
	tb.Helper()
	o.be(tb, func(a *okta.Account) { a.Provider = okta.Provider{Type: okta.FEDERATION, Name: okta.FEDERATION} })
}

func setPassword(password string) string {
	return `{"credentials":{"password":{"value":` + strconv.Quote(password) + `}}}`
}

func changePassword(old, next string) string {
	return `{"oldPassword":{"value":` + strconv.Quote(old) + `},"newPassword":{"value":` + strconv.Quote(next) + `}}`
}

// claims is an assertion that is right; a test breaks one thing of it.
func claims() jwt.Claims {
	now := time.Now()
	return jwt.Claims{
		Issuer: "0oasync", Subject: "0oasync", Audience: jwt.Audience{"https://" + host + "/oauth2/v1/token"},
		Expiry: jwt.NewNumericDate(now.Add(time.Hour)), IssuedAt: jwt.NewNumericDate(now), ID: "jti-1",
	}
}

func signed(tb testing.TB, kid string, key *rsa.PrivateKey, c jwt.Claims) string {
	tb.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	require.NoError(tb, err)
	text, err := jwt.Signed(signer).Claims(c).Serialize()
	require.NoError(tb, err)
	return text
}

func tokenForm(assertion, scope string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

// askToken posts a form, in the body or in the query.
func (o *org) askToken(tb testing.TB, form url.Values, inQuery bool) answer {
	tb.Helper()
	target, body := "https://"+host+"/oauth2/v1/token", form.Encode()
	if inQuery {
		target, body = target+"?"+body, ""
	}
	r := httptest.NewRequestWithContext(named(tb), http.MethodPost, target, strings.NewReader(body))
	if !inQuery {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return o.send(r)
}

// bearer is a fresh access token as a header.
func (o *org) bearer(tb testing.TB, scope string) string {
	tb.Helper()
	c := claims()
	c.ID = "jti-" + scope + strconv.Itoa(len(o.Journal().Search(journal.Query{}).Entries))
	a := o.askToken(tb, tokenForm(signed(tb, "k1", theKey(), c), scope), false)
	require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
	token, _ := a.json(tb)["access_token"].(string)
	return "Bearer " + token
}

// leaks looks for secrets in all of the journal.
func (o *org) leaks(tb testing.TB, secrets ...string) {
	tb.Helper()
	encoded, err := json.Marshal(o.Journal().Search(journal.Query{}).Entries)
	require.NoError(tb, err)
	for _, s := range secrets {
		assert.NotContains(tb, string(encoded), s)
		assert.NotContains(tb, string(encoded), url.QueryEscape(s))
	}
}
