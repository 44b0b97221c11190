// Package docker holds what an engine in production is watched with. There is no code in it, only tests of its files.
package docker

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer"
)

func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile("alerts.yaml", false)
	require.Empty(t, errs)
	var list []rulefmt.Rule
	for _, g := range groups.Groups {
		list = append(list, g.Rules...)
	}
	return list
}

// Divisions of sums have equal labels on both sides; without sums PromQL divides failures by failures.
func TestBothSidesOfAShareAreSummed(t *testing.T) {
	for _, r := range rules(t) {
		tree, err := parser.ParseExpr(r.Expr)
		require.NoError(t, err)
		parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
			if b, ok := node.(*parser.BinaryExpr); ok && b.Op == parser.DIV {
				for _, side := range []parser.Expr{b.LHS, b.RHS} {
					a, ok := side.(*parser.AggregateExpr)
					if assert.True(t, ok, "%s: %s is not summed", r.Alert, side) {
						assert.Equal(t, []string{"target_system"}, a.Grouping, r.Alert)
					}
				}
			}
			return nil
		})
	}
}

// promtool runs Prometheus' own tool. Without it the test is skipped, except where REQUIRE_PROMTOOL says that it is there.
func promtool(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("REQUIRE_PROMTOOL") != "" {
			t.Fatal("promtool is not installed, and REQUIRE_PROMTOOL is set")
		}
		t.Skip("THE ALERT RULES WERE NOT EVALUATED: promtool is not installed (Debian has it in the package prometheus)")
	}
	said, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput()
	return string(said), err
}

func TestAlertsFireWhenTheyShouldAndOnlyThen(t *testing.T) {
	said, err := promtool(t, "test", "rules", "alerts_test.yaml")
	require.NoError(t, err, said)
}

// The tests of the rules can fail: each flaw is one that has been seen somewhere.
func TestFlawedAlertsAreCaught(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("alerts.yaml")
	require.NoError(t, err)
	tests, err := os.ReadFile("alerts_test.yaml")
	require.NoError(t, err)
	for name, flaw := range map[string]struct{ old, flawed, caught string }{
		"published, without sums": {
			"sum by (target_system) (rate(idm_password_sync_total{status=\"parked\"}[15m]))\n            / sum by (target_system) (rate(idm_password_sync_total{status=~\"applied|parked\"}[15m])) > 0.05",
			"rate(idm_password_sync_total{status=\"parked\"}[15m])\n            / rate(idm_password_sync_total[15m]) > 0.05",
			"PasswordSyncFailing",
		},
		"share as a percentage":          {"[15m])) > 0.05", "[15m])) > 5", "PasswordSyncFailing"},
		"no minimum":                     {">= 5\n", ">= 0\n", "PasswordSyncFailing"},
		"counter without rate":           {`increase(idm_password_sync_parked_total{reason=~"forbidden|malformed|credential|seal_mismatch|hashed"}[1h])`, `idm_password_sync_parked_total{reason=~"forbidden|malformed|credential|seal_mismatch|hashed"}`, "PasswordSyncNeedsOperator"},
		"all reasons":                    {"forbidden|malformed|credential|seal_mismatch|hashed", ".*", "PasswordSyncNeedsOperator"},
		"misspelt outcome":               {`outcome="refused"`, `outcome="denied"`, "PasswordSyncTokenRefused"},
		"all instances stand by, or any": {"min by (target_system) (idm_password_sync_standby)", "max by (target_system) (idm_password_sync_standby)", "PasswordSyncNoLeader"},
		"buckets of all targets":         {"sum by (target_system, le)", "sum by (le)", "PasswordSyncSlow"},
		"queue without what is retried":  {" - sum by (target_system) (idm_password_sync_retrying)", "", "PasswordSyncStalled"},
		"deferred alone":                 {"\n          and sum by (target_system) (increase(idm_password_sync_mails_total{outcome=\"sent\"}[1h])) == 0", "", "PasswordSyncMailStuck"},
		"per process":                    {"sum by (target_system) (idm_password_sync_parked)\n            - sum by (target_system) (idm_password_sync_parked offset 6h) > 50", "delta(idm_password_sync_parked[6h]) > 50", "PasswordSyncParkedGrowing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(string(good), flaw.old), "the rules have changed: plant the flaw elsewhere")
			dir := t.TempDir()
			tests := testsOf(string(tests), flaw.caught)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "alerts.yaml"), []byte(strings.Replace(string(good), flaw.old, flaw.flawed, 1)), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "alerts_test.yaml"), []byte(tests), 0o600))
			said, err := promtool(t, "test", "rules", filepath.Join(dir, "alerts_test.yaml"))
			var exit *exec.ExitError
			require.True(t, errors.As(err, &exit), said)
			assert.Contains(t, said, flaw.caught)
		})
	}
}

// testsOf are the tests that concern an alert.
func testsOf(tests, alert string) string {
	const begin = "\n  - name: "
	parts := strings.Split(tests, begin)
	concern := parts[:1]
	for _, part := range parts[1:] {
		if strings.Contains(part, alert) {
			concern = append(concern, part)
		}
	}
	return strings.Join(concern, begin)
}

func TestEachAlertIsTriedFiringAndSilent(t *testing.T) {
	var suite struct {
		Tests []struct {
			Rules []struct {
				Alert    string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	text, err := os.ReadFile("alerts_test.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &suite))
	firing, silent := map[string]bool{}, map[string]bool{}
	for _, test := range suite.Tests {
		for _, r := range test.Rules {
			if len(r.Expected) > 0 {
				firing[r.Alert] = true
			} else {
				silent[r.Alert] = true
			}
		}
	}
	for _, r := range rules(t) {
		assert.True(t, firing[r.Alert], "no test lets %s fire", r.Alert)
		assert.True(t, silent[r.Alert], "no test keeps %s silent", r.Alert)
	}
}

func TestTheReadmeListsTheAlerts(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	want := map[string]string{}
	for _, r := range rules(t) {
		want[r.Alert] = r.Labels["severity"]
	}
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\|").FindAllStringSubmatch(string(text), -1) {
		got[row[1]] = row[2]
	}
	assert.Equal(t, want, got, "docker/README.md: the table of alerts")
}

// The rules speak of the default schedule and of default limits.
func TestTheLimitsFitTheDefaults(t *testing.T) {
	c := syncer.DefaultConfig()
	assert.Equal(t, []any{"0 0/15 * * * ?", 5}, []any{c.Schedule, c.Rounds}, "PasswordSyncQueueOld says how long all rounds take")
	assert.Less(t, time.Duration(c.Rounds)*15*time.Minute, 2*time.Hour)
}
