package ldap

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
)

func valid() Config {
	c := DefaultConfig()
	c.URLs = []string{"ldaps://ds1.example.com:1636", "ldap://ds2.example.com:1389"}
	c.BindDN, c.Password, c.Base = "uid=sync,ou=Apps,dc=example,dc=com", seal.Secret("secret"), "ou=People,dc=example,dc=com"
	return c
}

func TestConfigMistakes(t *testing.T) {
	require.NoError(t, valid().Validate())
	require.NoError(t, DefaultConfig().Validate(), "without servers it is off")
	tests := map[string]struct {
		spoil func(c *Config)
		want  string
	}{
		"no URL":               {func(c *Config) { c.URLs[0] = "ds1" }, `urls[0]: "ds1" is not a URL like`},
		"another scheme":       {func(c *Config) { c.URLs[1] = "https://ds1" }, `urls[1]: "https://ds1" is not a URL like`},
		"more than a server":   {func(c *Config) { c.URLs[0] = "ldap://ds1/dc=example" }, "urls[0]: must hold nothing but"},
		"a password":           {func(c *Config) { c.URLs[0] = "ldaps://a:secret@ds1" }, "urls[0]: must hold nothing but"},
		"a query":              {func(c *Config) { c.URLs[0] = "ldaps://ds1?uid" }, "urls[0]: must hold nothing but"},
		"a fragment":           {func(c *Config) { c.URLs[0] = "ldaps://ds1#x" }, "urls[0]: must hold nothing but"},
		"no host":              {func(c *Config) { c.URLs[0] = "ldaps://:636" }, `urls[0]: "ldaps://:636" is not a URL like`},
		"in clear, by address": {func(c *Config) { c.StartTLS, c.URLs = false, []string{"ldap://10.0.0.1"} }, "urls[0]: startTLS is off"},
		"twice":                {func(c *Config) { c.URLs[1] = c.URLs[0] }, "urls[1]: ldaps://ds1.example.com:1636 is there twice"},
		"in clear":             {func(c *Config) { c.StartTLS = false }, "urls[1]: startTLS is off, so the password and all hashes would cross"},
		"no account":           {func(c *Config) { c.BindDN = "" }, `bindDN: "" is not a DN`},
		"an account by name":   {func(c *Config) { c.BindDN = "sync" }, `bindDN: "sync" is not a DN`},
		"no password":          {func(c *Config) { c.Password = nil }, "password: not set; name it by passwordFile or passwordEnv"},
		"an unknown kind":      {func(c *Config) { c.Auth = "gssapi" }, `auth: "gssapi" is not one of simple, external, plain`},
		"no certificate":       {func(c *Config) { c.Auth, c.BindDN, c.Password = External, "", nil }, "certFile: not set; external is by certificate"},
		"half a certificate":   {func(c *Config) { c.CertFile = "x.pem" }, "keyFile: certFile and keyFile belong together"},
		"nobody for PLAIN":     {func(c *Config) { c.Auth, c.BindDN = Plain, "" }, `bindDN: "" is not a DN`},
		"a torn identity":      {func(c *Config) { c.Auth, c.AuthID = Plain, "u:a\x00b" }, "authID: must not hold a NUL"},
		"no base":              {func(c *Config) { c.Base = "" }, `base: "" is not a DN`},
		"a filter":             {func(c *Config) { c.Filter = "objectClass=person)" }, "filter: "},
		"an initiator":         {func(c *Config) { c.IgnoreInitiators = []string{"me"} }, `ignoreInitiators[0]: "me" is not a DN`},
		"an attribute":         {func(c *Config) { c.Attributes = []string{"mail", "a b"} }, `attributes[1]: "a b" is not the name`},
		"the password as such": {func(c *Config) { c.Attributes = []string{"UserPassword"} }, "attributes[0]: userPassword goes its own way"},
		"no uid":               {func(c *Config) { c.UIDAttribute = "" }, `uidAttribute: "" is not the name`},
		"no name":              {func(c *Config) { c.UserNameAttribute = "(uid)" }, `userNameAttribute: "(uid)" is not the name`},
		"mode":                 {func(c *Config) { c.Mode = "sync" }, `mode: "sync" is not one of liveSync, reconciliation`},
		"strategy":             {func(c *Config) { c.Strategy = "psearch" }, `strategy: "psearch" is not one of auto, cookie, changeNumber, timestamps`},
		"start":                {func(c *Config) { c.Start = "yes" }, `start: "yes" is not one of now, all`},
		"interval":             {func(c *Config) { c.Interval = "often" }, `interval: "often" is neither a duration`},
		"a short interval":     {func(c *Config) { c.Interval = "1ms" }, "interval: 1ms is not within 1s…24h"},
		"a wrong schedule":     {func(c *Config) { c.Interval = "0 0 * * *" }, "interval: "},
		"pages":                {func(c *Config) { c.PageSize = 0 }, "pageSize: 0 is not within"},
		"large pages":          {func(c *Config) { c.PageSize = 10_001 }, "pageSize: 10001 is not within"},
		"a long timeout":       {func(c *Config) { c.Timeout = time.Hour + 1 }, "timeout: 1h0m0.000000001s is not within"},
		"a long overlap":       {func(c *Config) { c.Overlap = 25 * time.Hour }, "overlap: 25h0m0s is not within"},
		"a long interval":      {func(c *Config) { c.Interval = "25h" }, "interval: 25h0m0s is not within"},
		"timeout":              {func(c *Config) { c.Timeout = 0 }, "timeout: 0s is not within"},
		"overlap":              {func(c *Config) { c.Overlap = -time.Second }, "overlap: -1s is not within"},
		"state":                {func(c *Config) { c.State = "" }, "state: not set"},
		"users":                {func(c *Config) { c.Users = 0 }, "users: 0 is below 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := valid()
			tt.spoil(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
			assert.NotContains(t, c.Validate().Error(), "\n", "one mistake, one line")
		})
	}
	c := valid()
	c.StartTLS, c.URLs = false, []string{"ldap://127.0.0.1:1389", "ldap://[::1]:1389", "ldap://localhost"}
	require.NoError(t, c.Validate())
}

func TestWithin(t *testing.T) {
	base, err := parseDN("ou=People,dc=example,dc=com")
	require.NoError(t, err)
	for dn, want := range map[string]bool{
		"uid=a,OU=people, DC=example,dc=COM": true, "ou=People,dc=example,dc=com": true, "uid=a,ou=x,ou=People,dc=example,dc=com": true,
		"uid=a,ou=Apps,dc=example,dc=com": false, "dc=example,dc=com": false, "uid=a,ou=Other People,dc=example,dc=com": false, "no dn": false, "": false,
	} {
		assert.Equal(t, want, within(base, dn), dn)
	}
}

func TestTwoSourcesOfOneRegistry(t *testing.T) {
	e := Environment{Registry: prometheus.NewRegistry()}
	c := valid()
	c.State = t.TempDir()
	first, err := New(c, e)
	require.NoError(t, err)
	second, err := New(c, e)
	require.ErrorAs(t, err, &prometheus.AlreadyRegisteredError{})
	require.Nil(t, second, "what failed is not there to be closed")
	first.Close()
	third, err := New(c, e)
	require.NoError(t, err, "metrics are taken back")
	third.Close()
}
