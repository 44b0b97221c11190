package sim

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// LDAPTool finds one of OpenLDAP's command line tools. Where REQUIRE_LDAP_CLIENTS is 1, as in the continuous integration, it must
// be there; elsewhere the test is skipped.
func LDAPTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if os.Getenv("REQUIRE_LDAP_CLIENTS") == "1" {
		require.NoError(t, err, "REQUIRE_LDAP_CLIENTS is set")
	}
	if err != nil {
		t.Skipf("NOT TESTED: there is no %s (Debian has it in the package ldap-utils)", name)
	}
	return path
}
