package sim_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/population"
)

// TestCertificatesOverHTTPS has every website of the world show a bad certificate, but for the control plane.
func TestCertificatesOverHTTPS(t *testing.T) {
	for _, target := range []string{sim.IDCS, sim.Okta, sim.Spoke} {
		t.Run(target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := sim.DefaultConfig()
				config.Run = []string{sim.IDCS, sim.Okta, sim.Spoke}
				w, err := sim.New(config, network.Memory())
				require.NoError(t, err)
				require.NoError(t, w.Start(t.Context()))
				defer func() { assert.NoError(t, w.Stop(t.Context())) }()
				_, err = w.Control().AddFault(t.Context(), target, control.FaultInput{ID: "old", Kind: "certificate", Certificate: "expired"})
				require.NoError(t, err)
				for _, host := range []string{sim.IDCS, sim.Okta, sim.Spoke, "control"} {
					request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL(host)+"/", http.NoBody)
					require.NoError(t, err)
					answer, err := w.HTTPClient().Do(request)
					if host == target {
						require.ErrorContains(t, err, "certificate has expired")
						continue
					}
					require.NoError(t, err, host)
					require.NoError(t, answer.Body.Close())
				}
				page, err := w.Control().JournalPage(t.Context(), control.JournalQuery{Fault: "old"})
				require.NoError(t, err)
				require.Len(t, page.Entries, 1)
				assert.Equal(t, []string{target, "handshake"}, []string{page.Entries[0].Target, page.Entries[0].Operation})
			})
		})
	}
}

// TestFaultsMeetLDAPSearch runs OpenLDAP's tool against each fault that ends a connection or a search.
func TestFaultsMeetLDAPSearch(t *testing.T) {
	tool := sim.LDAPTool(t, "ldapsearch")
	config := sim.DefaultConfig()
	config.Run = []string{sim.DS}
	w, err := sim.New(config, network.TCP(""))
	require.NoError(t, err)
	_, err = w.Populate(t.Context(), sim.DS, population.Generate(1, 20))
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context()))
	defer func() { assert.NoError(t, w.Stop(t.Context())) }()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, w.Authority().WriteFile(ca))
	account, password := w.DSAccount()
	base := "ou=People," + config.DS.Directory.Suffix
	for name, tt := range map[string]struct {
		fault    control.FaultInput
		startTLS bool
		exit     int // of the tool: the result code, 1 when StartTLS fails, 255 when the connection does
		want     string
		entries  int
	}{
		"nothing":              {control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Constant: 1}}, false, 0, "", 20},
		"expired":              {control.FaultInput{Kind: "certificate", Certificate: "expired"}, false, 255, "Can't contact LDAP server", 0},
		"unknown CA, StartTLS": {control.FaultInput{Kind: "certificate", Certificate: "unknown_ca"}, true, 1, "Connect error", 0},
		"wrong host, StartTLS": {control.FaultInput{Kind: "certificate", Certificate: "wrong_host"}, true, 1, "Connect error", 0},
		"closed, StartTLS":     {control.FaultInput{Kind: "handshake", Handshake: "close"}, true, 1, "Connect error", 0},
		"garbage, StartTLS":    {control.FaultInput{Kind: "handshake", Handshake: "garbage"}, true, 1, "Connect error", 0},
		"StartTLS refused":     {control.FaultInput{Kind: "status", Status: 2, Route: "START_TLS"}, true, 1, "Protocol error (2)", 0},
		"a limit after seven":  {control.FaultInput{Kind: "status", Status: 4, After: 7, Route: "SEARCH"}, false, 4, "Size limit exceeded", 7},
		"cut after seven":      {control.FaultInput{Kind: "cut", After: 7, Route: "SEARCH"}, false, 255, "Can't contact LDAP server", 7},
		"a restart":            {control.FaultInput{Kind: "disconnect", Route: "SEARCH"}, false, 52, "Server is unavailable", 0},
		"an answer that drips": {control.FaultInput{Kind: "drip", Rate: 100_000, Route: "SEARCH"}, false, 0, "", 20},
	} { // ldapsearch has no limit of its own for an answer: what stalls, it waits for
		t.Run(name, func(t *testing.T) {
			_, err := w.Control().AddFault(t.Context(), sim.DS, tt.fault)
			require.NoError(t, err)
			defer func() {
				list, err := w.Control().Faults(t.Context(), sim.DS)
				require.NoError(t, err)
				assert.NotZero(t, list[0].Fired)
				_, err = w.Control().RemoveFaults(t.Context(), sim.DS)
				require.NoError(t, err)
			}()
			arguments := []string{"-LLL", "-x", "-o", "ldif-wrap=no", "-D", account, "-w", password.Reveal(), "-b", base, "-H", w.ExternalURL(sim.DS)}
			if tt.startTLS {
				arguments[len(arguments)-1] = w.ExternalStartTLSURL(sim.DS)
				arguments = append(arguments, "-ZZ")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			command := exec.CommandContext(ctx, tool, append(arguments, "(uid=*)", "uid")...)
			command.Env = append(os.Environ(), "LDAPTLS_CACERT="+ca)
			text, _ := command.CombinedOutput()
			assert.Equal(t, tt.exit, command.ProcessState.ExitCode(), "%s", text)
			assert.Contains(t, string(text), tt.want)
			assert.Equal(t, tt.entries, strings.Count(string(text), "\ndn: ")+strings.Count(string(text[:min(4, len(text))]), "dn: "))
		})
	}
}

// TestNoOpOfLDAPModify has OpenLDAP's own no-op control, which DS does not know, and DS's by its number, as the README says.
func TestNoOpOfLDAPModify(t *testing.T) {
	tool := sim.LDAPTool(t, "ldapmodify")
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "`-e '!1.3.6.1.4.1.4203.1.10.2'`")
	config := sim.DefaultConfig()
	config.Run = []string{sim.DS}
	w, err := sim.New(config, network.TCP(""))
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context()))
	defer func() { assert.NoError(t, w.Stop(t.Context())) }()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, w.Authority().WriteFile(ca))
	administrator, password := w.DSAdministrator()
	people := "ou=People," + config.DS.Directory.Suffix
	for _, tt := range []struct {
		control, want string
		changed       bool
	}{
		{"!1.3.6.1.4.1.4203.1.10.2", "(16654)", false},
		{"!noop", "Critical extension is unavailable (12)", false},
		{"noop", "modifying entry", true},
	} {
		t.Run(tt.control, func(t *testing.T) {
			_, first := w.DS().Directory().ChangeNumbers()
			command := exec.CommandContext(t.Context(), tool, "-x", "-H", w.ExternalURL(sim.DS), "-D", administrator, "-w", password.Reveal(), "-e", tt.control)
			command.Env = append(os.Environ(), "LDAPTLS_CACERT="+ca)
			command.Stdin = strings.NewReader("dn: " + people + "\nchangetype: modify\nreplace: description\ndescription: x\n")
			text, _ := command.CombinedOutput()
			assert.Contains(t, string(text), tt.want)
			_, last := w.DS().Directory().ChangeNumbers()
			assert.Equal(t, tt.changed, last > first, "%s", text)
		})
	}
}
