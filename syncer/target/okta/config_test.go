package okta

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
)

func TestConfigMistakes(t *testing.T) {
	_, key, _ := ecKey(t)
	valid := DefaultConfig()
	valid.URL, valid.Token = "https://example.okta.com", seal.Secret("00abc")
	require.NoError(t, valid.Validate())
	client := DefaultConfig()
	client.URL, client.ClientID, client.Key, client.KeyID = "https://example.okta.com", "0oa1", key, "key-1"
	require.NoError(t, client.Validate())
	for name, tt := range map[string]struct {
		from   Config
		change func(*Config)
		want   string
	}{
		"no url":            {valid, func(c *Config) { c.URL = "" }, "url: not set"},
		"no scheme":         {valid, func(c *Config) { c.URL = "example.okta.com" }, "url: "},
		"user in url":       {valid, func(c *Config) { c.URL = "https://a:b@example.okta.com" }, "must not hold a user"},
		"the admin console": {valid, func(c *Config) { c.URL = "https://example-admin.okta.com" }, "admin console"},
		"a path":            {valid, func(c *Config) { c.URL = "https://example.okta.com/api/v1" }, "has a path"},
		"neither":           {valid, func(c *Config) { c.Token = nil }, "token: not set"},
		"an empty token":    {valid, func(c *Config) { c.Token, c.TokenFile = nil, "token" }, "token: is empty"},
		"a scheme, too":     {valid, func(c *Config) { c.Token = seal.Secret("SSWS 00abc") }, "token: holds a blank"},
		"both":              {client, func(c *Config) { c.Token = seal.Secret("00abc") }, "name either a token"},
		"no client":         {client, func(c *Config) { c.ClientID = "" }, "clientId: "},
		"no key":            {client, func(c *Config) { c.Key = nil }, "key: not set"},
		"no key id":         {client, func(c *Config) { c.KeyID = "" }, "keyId: not set"},
		"a wrong key":       {client, func(c *Config) { c.Key = seal.Secret("x") }, "key: is neither"},
		"scopes in a line":  {client, func(c *Config) { c.Scopes = []string{"okta.users.manage okta.users.read"} }, "scopes: "},
		"timeout":           {valid, func(c *Config) { c.Timeout = 30 }, "timeout: "},
		"idle":              {valid, func(c *Config) { c.MaxIdle = 0 }, "maxIdle: "},
		"remember":          {valid, func(c *Config) { c.Remember = -1 }, "remember: "},
		"remember limit":    {valid, func(c *Config) { c.RememberLimit = 0 }, "rememberLimit: "},
		"warm":              {valid, func(c *Config) { c.Warm, c.Remember = true, 0 }, "warm: "},
		"create":            {valid, func(c *Config) { c.Create = "later" }, "create: "},
		"login":             {valid, func(c *Config) { c.Login = "uid" }, "login: "},
		"login suffix":      {valid, func(c *Config) { c.LoginSuffix = "example.com" }, "loginSuffix: "},
	} {
		t.Run(name, func(t *testing.T) {
			c := tt.from
			tt.change(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
			_, err := New(c, Environment{})
			require.Error(t, err)
		})
	}
	t.Run("authorities", func(t *testing.T) {
		c := valid
		c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(c.CAFile, []byte("no certificate"), 0o600))
		_, err := New(c, Environment{})
		require.ErrorContains(t, err, "okta.caFile")
	})
}
