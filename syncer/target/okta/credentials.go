package okta

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// refusalKept is how long a refusal of the token is remembered: all waiting changes share it instead of knocking one by one.
const refusalKept = time.Minute

// apiToken is an SSWS token. There is no other one to be had when it is refused; only an operator can help.
type apiToken struct {
	header string
	log    *slog.Logger

	mu    sync.Mutex
	until time.Time // end of a refusal
}

// Header gives the token, or the refusal of a moment ago.
func (t *apiToken) Header(context.Context) (string, target.Answer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.until) {
		return "", target.Answer{Class: target.Credential, Reason: target.BadCredential, Detail: "token: refused lately"}, false
	}
	return t.header, target.Answer{}, true
}

// Refused remembers it.
func (t *apiToken) Refused(string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); !now.Before(t.until) {
		t.until = now.Add(refusalKept)
		t.log.Error("the org refuses our API token; changes wait for the schedule until it is put right", "target", name)
	}
	return false
}

// Close has nothing to end.
func (t *apiToken) Close() {}

// assertionLife is how long an assertion is good; Okta takes an hour at most. Clocks that differ by less do no harm.
const assertionLife = 5 * time.Minute

// clientGrant asks for access tokens with private_key_jwt (Okta, OAuth 2.0 for Okta service apps; RFC 7523).
type clientGrant struct {
	config Config
	target *rest.Target
	signer jose.Signer
	url    string
}

func newClientGrant(c Config, t *rest.Target, asked func(string)) (rest.Credentials, error) {
	key, err := readKey(c.Key, c.KeyID)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	g := &clientGrant{config: c, target: t, signer: signer, url: strings.TrimRight(c.URL, "/") + "/oauth2/v1/token"}
	return rest.Tokens(t.Client(), rest.Grant{
		Name: name, ClientID: c.ClientID, Table: &table, Request: g.request, Again: g.again, Asked: asked, Log: t.Log(),
	}), nil
}

func (g *clientGrant) request(ctx context.Context) (*http.Request, error) {
	assertion, err := g.assertion()
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {strings.Join(g.config.scopes(), " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, nil
}

func (g *clientGrant) assertion() (string, error) {
	now := g.now()
	claims, err := json.Marshal(map[string]any{
		"iss": g.config.ClientID, "sub": g.config.ClientID, "aud": g.url, "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
		"jti": rand.Text(),
	})
	if err != nil {
		return "", err
	}
	signed, err := g.signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// now is the org's time where it is known: assertions are judged by its clock.
func (g *clientGrant) now() time.Time {
	if low, high, ok := g.target.Now(); ok {
		return low.Add(high.Sub(low) / 2)
	}
	return time.Now()
}

// muchOff is from where on a refusal may be about the time in the assertion.
const muchOff = time.Minute

// again learns the org's clock from a refusal, and asks once more when it is not what we took it for.
func (g *clientGrant) again(r rest.Reply) bool {
	before := g.now()
	g.target.Observe(r)
	off := g.now().Sub(before)
	return r.Status == http.StatusUnauthorized && (off > muchOff || off < -muchOff)
}
