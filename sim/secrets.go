package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// credentials are what the engine under trial is given. What the configuration does not bring is made up from the seed.
type credentials struct {
	client oauth.Client // of the identity domain
	// application is that of the hub, with its private key if that was made up here.
	application      okta.Client
	key              jose.JSONWebKey
	oktaToken, spoke okta.APIToken
}

// made fills in what the configuration lacks.
func made(c *Config) (k credentials) {
	if c.ControlToken.Empty() {
		c.ControlToken = secret.New(c.Seed.Stream("sim.control-token").Hex(40))
	}
	if c.runs(IDCS) {
		if len(c.IDCS.Clients) == 0 {
			client := idcs.DefaultClient()
			client.Secret = secret.New(c.Seed.Stream("sim.client-secret").Hex(40))
			c.IDCS.Clients = []oauth.Client{client}
		}
		k.client = c.IDCS.Clients[0]
	}
	if c.runs(Okta) {
		k.oktaToken = firstToken(&c.Okta, c.Seed, "sim.okta-token")
		if len(c.Okta.Clients) == 0 {
			k.key = newKey(c.Seed.Stream("sim.okta-key"))
			c.Okta.Clients = []okta.Client{{
				ID: "0oa" + c.Seed.Stream("sim.okta-client").Hex(17), Name: "Password synchronisation", Keys: []jose.JSONWebKey{k.key.Public()},
				Scopes: []string{"okta.users.manage", "okta.groups.manage", "okta.policies.read", "okta.idps.read"},
			}}
		}
		k.application = c.Okta.Clients[0]
	}
	if c.runs(Spoke) {
		k.spoke = firstToken(&c.Spoke, c.Seed, "sim.spoke-token")
	}
	if c.runs(DS) {
		d := &c.DS.Directory
		for name, password := range map[string]*secret.Value{"sim.ds-administrator": &d.RootPassword, "sim.ds-account": &d.Reader.Password} {
			if password.Empty() {
				*password = secret.New(c.Seed.Stream(name).Hex(40))
			}
		}
		c.DS2.Directory.RootPassword, c.DS2.Directory.Reader = d.RootPassword, d.Reader
	}
	return k
}

// firstToken is the org's first API token, made up when there is none. Its role is that of who sets up a synchronisation: a
// lesser one is a matter of the configuration.
func firstToken(c *okta.Config, seed random.Seed, stream string) okta.APIToken {
	if len(c.Tokens) == 0 {
		// As long as Okta's, and as easily told: they begin with two zeros.
		value := secret.New("00" + seed.Stream(stream).Hex(40))
		c.Tokens = []okta.APIToken{{Name: "seatrial", Value: value, Role: okta.SuperAdministrator}}
	}
	return c.Tokens[0]
}

// newKey is a private key of ES256 that the seed repeats, which a generated one would not.
func newKey(stream *random.Stream) jose.JSONWebKey {
	for {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), stream.Bytes(32))
		if err == nil { // one number in four milliards is no key
			return jose.JSONWebKey{Key: key, KeyID: "seatrial", Algorithm: string(jose.ES256), Use: "sig"}
		}
	}
}
