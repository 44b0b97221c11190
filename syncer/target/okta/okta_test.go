package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const login = "a.user@example.com"

// rig is a target and its org.
func rig(t *testing.T, changes ...func(*Config)) (*oktatest.Org, *Target) {
	t.Helper()
	o := oktatest.Start()
	c := DefaultConfig()
	c.URL, c.Token = o.URL()+"/", seal.Secret(o.Token)
	for _, change := range changes {
		change(&c)
	}
	x, err := New(c, Environment{DialContext: o.DialContext})
	require.NoError(t, err)
	t.Cleanup(func() { x.Close(); o.Stop() })
	return o, x
}

func job(password string) target.Job {
	return target.Job{UserName: "A.User@example.com", Password: seal.Secret(password), Attributes: map[string]string{
		"givenName": "A", "sn": "User", "mail": "a@example.com",
	}}
}

func provision(j target.Job) target.Job {
	j.Provision = true
	return j
}

// calls are the kinds of the requests since the n-th, without those for tokens.
func calls(o *oktatest.Org, n int) (list []string) {
	for _, e := range o.Log()[n:] {
		if e.Call != "token" {
			list = append(list, e.Call)
		}
	}
	return list
}

func edit(change func(*oktatest.User)) func(*oktatest.Org) {
	return func(o *oktatest.Org) { o.Edit(login, change) }
}

func federate(o *oktatest.Org) { o.Federate(login) }

// scripted answers one call with a step.
func scripted(wanted string, s oktatest.Step) func(*oktatest.Org) {
	return func(o *oktatest.Org) {
		o.Script = func(call string, _ int, _ string) *oktatest.Step {
			if call == wanted {
				return &s
			}
			return nil
		}
	}
}

// firstCreation answers the first request that creates a user with a step.
func firstCreation(s oktatest.Step) func(*oktatest.Org) {
	return func(o *oktatest.Org) {
		o.Script = func(call string, n int, _ string) *oktatest.Step {
			if call == "create" && n == 1 {
				return &s
			}
			return nil
		}
	}
}

// ecKey is an application's key, and the PEM and JWK texts of it.
func ecKey(t *testing.T) (key *ecdsa.PrivateKey, pemText, jwk seal.Secret) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text, err := (&jose.JSONWebKey{Key: key, KeyID: "key-1"}).MarshalJSON()
	require.NoError(t, err)
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), text
}

func rsaPEM(t *testing.T, bits int) seal.Secret {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// clear of the org's second: users of a bubble are made at its start.
const aWhile = time.Minute
