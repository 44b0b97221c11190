package sim

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClientCertificate has OpenLDAP's tool sign in with what the command has written, and with nothing else.
func TestClientCertificate(t *testing.T) {
	tool := LDAPTool(t, "ldapwhoami")
	ctx, cancel := context.WithCancel(t.Context())
	const dn = "uid=sync,ou=Administrators,dc=example,dc=com"
	first, _, done := execute(ctx, t, "--json", "--run", "ds", "--population", "1", "--ca", filepath.Join(t.TempDir(), "ca.pem"),
		"--client-certificate", dn, "--ds-client-auth", "required")
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a))
	require.NotNil(t, a.DS)
	assert.Equal(t, dn, a.DS.ClientDN)
	info, err := os.Stat(a.DS.Client)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	whoami := func(environment ...string) (string, error) {
		command := exec.CommandContext(ctx, tool, "-Q", "-Y", "EXTERNAL", "-H", a.DS.URL)
		command.Env = append(append(os.Environ(), "LDAPTLS_CACERT="+a.CA), environment...)
		text, err := command.CombinedOutput()
		return string(text), err
	}
	text, err := whoami("LDAPTLS_CERT="+a.DS.Client, "LDAPTLS_KEY="+a.DS.Client)
	require.NoError(t, err, text)
	assert.Equal(t, "dn:"+dn+"\n", text)
	text, err = whoami()
	require.Error(t, err, "without a certificate there is no connection: %s", text)

	cancel()
	require.NoError(t, <-done)
}
