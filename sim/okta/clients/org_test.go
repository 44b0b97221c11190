package clients_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

const (
	orgURL        = "https://hub.okta.com"
	token         = "token-of-this-test"
	clientID      = "0oasync"
	login         = "isaac.brock@example.com"
	firstPassword = "Harbour-Lights-1"
	newPassword   = "Spring-Tide-2026"
)

var theKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func keyText() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(theKey())}))
}

// org is a simulated org over TLS, with one user, and a client that reaches it by its own name.
type org struct {
	*okta.Server
	http *http.Client
	user people.Person
}

func newOrg(t *testing.T, change ...func(*okta.Config)) *org {
	t.Helper()
	c := okta.DefaultConfig()
	c.Host = "hub.okta.com"
	c.Tokens = []okta.APIToken{{Name: "admin", Value: secret.New(token)}}
	c.Clients = []okta.Client{{
		ID: clientID, Scopes: []string{"okta.users.manage"},
		Keys: []jose.JSONWebKey{{Key: theKey().Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}},
	}}
	for _, f := range change {
		f(&c)
	}
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := okta.New(c, okta.Kernel{Clock: &clock.Clock{}, Seed: 1, Journal: journal.New(1000, digester), Digester: digester})
	require.NoError(t, err)
	server := httptest.NewTLSServer(s.Handler())
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // of the certificate of httptest
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	o := &org{Server: s, http: &http.Client{Transport: transport}}
	o.user = o.add(t, login)
	return o
}

func (o *org) add(t *testing.T, login string) people.Person {
	t.Helper()
	p, err := o.Populate(people.Person{
		UserName: login, GivenName: "Isaac", FamilyName: "Brock", Active: true,
		Emails: []people.Email{{Value: login, Primary: true}}, Credential: people.Credential{Password: secret.New(firstPassword)},
	})
	require.NoError(t, err)
	return p
}

func (o *org) takes(login, password string) bool { return o.LogIn(login, secret.New(password)).OK }

// throttleOnce makes the next request a 429 whose headers say that the wait is short.
func (o *org) throttleOnce(t *testing.T) {
	t.Helper()
	_, err := o.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: http.StatusTooManyRequests, RetryAfter: 1, Trigger: faults.Trigger{First: 1}})
	require.NoError(t, err)
}

// retried holds the journal to one refusal and one retry that names it.
func (o *org) retried(t *testing.T) {
	t.Helper()
	entries := o.Journal().Search(journal.Query{Route: "POST /api/v1/users/{id}"}).Entries
	require.Len(t, entries, 2)
	assert.Equal(t, []int{429, 200}, []int{entries[0].Status, entries[1].Status})
	assert.Equal(t, entries[0].ResponseHeaders.Map().Get("X-Okta-Request-Id"), entries[1].RequestHeaders.Map().Get("X-Okta-Retry-For"))
	assert.Equal(t, "1", entries[1].RequestHeaders.Map().Get("X-Okta-Retry-Count"))
}

// unsurprised holds the SDKs to an API that they know: nothing that they send is unknown here.
func (o *org) unsurprised(t *testing.T) {
	t.Helper()
	for _, e := range o.Journal().Search(journal.Query{}).Entries {
		assert.Empty(t, e.Surprise)
	}
}
