package loadtest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func execute(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := Command()
	cmd.SilenceErrors = true
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), err
}

func code(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var coded interface{ ExitCode() int }
	require.ErrorAs(t, err, &coded)
	return coded.ExitCode()
}

// One run with everything real: sockets, TLS, files. How long anything takes depends on the machine, so nothing here does.
func TestCommandOverRealSockets(t *testing.T) {
	criteria := filepath.Join(t.TempDir(), "criteria.yaml")
	require.NoError(t, os.WriteFile(criteria, []byte("success: 1\nmean: 20s\np95: 25s\nmin_concurrency: 2\n"), 0o600))
	out, err := execute(t, "--burst", "6", "--rate", "10", "--for", "500ms", "--warm-up", "1", "--population", "20",
		"--latency-p50", "5ms", "--latency-p95", "10ms", "--criteria", criteria, "--seed", "3", "--json")
	report, parsing := reports.ReadJSON(bytes.NewReader([]byte(out)))
	require.NoError(t, parsing, out)
	require.Len(t, report.Load, 2)
	for _, l := range report.Load {
		assert.Equal(t, l.Planned, l.Applied)
		assert.Empty(t, l.Errors)
		for _, c := range l.Checks {
			assert.Equal(t, reports.Passed, c.Verdict, c.Name+": "+c.Detail)
		}
		require.Len(t, l.Faults, 1, "the target's latency")
		assert.Positive(t, l.Faults[0].Fired)
	}
	assert.Equal(t, "seatrial loadtest --burst 6 --rate 10 --for 500ms --warm-up 1 --criteria "+criteria+
		" --population 20 --latency-p50 5ms --latency-p95 10ms --seed 3", report.Command)
	assert.Equal(t, report.ExitCode(), code(t, err))
	assert.NotEmpty(t, report.Switches)
}

func TestCommandNamesTheFlagThatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
		code int
	}{
		"nothing to send":  {[]string{"--burst", "0", "--rate", "0"}, "--burst, --rate: both are 0, so nothing would be sent", 2},
		"negative burst":   {[]string{"--burst", "-1"}, "--burst: -1 is not within 0…1000000", 2},
		"rate too high":    {[]string{"--rate", "1e9"}, "--rate: 1e+09 is neither 0 nor within 0.1…10000", 2},
		"no time":          {[]string{"--for", "0"}, "--for: 0s is not above 0", 2},
		"too long":         {[]string{"--for", "1000h"}, "--rate, --for: 25 changes a second for 1000h0m0s are more than 1000000 changes", 2},
		"nobody":           {[]string{"--population", "0"}, "--population: 0 leaves nobody whose password could be changed", 2},
		"latency reversed": {[]string{"--latency-p50", "1s"}, "--latency-p95: 450ms is below --latency-p50, 1s", 2},
		"criteria missing": {[]string{"--criteria", "none.yaml"}, "--criteria: open none.yaml: no such file or directory", 2},
		"users missing":    {[]string{"--users", "none.ldif"}, "--users: open none.ldif: no such file or directory", 2},
		"two populations":  {[]string{"--users", "x", "--population", "5"}, "if any flags in the group [users population] are set none of the others can be; [population users] were all set", 0},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := execute(t, test.args...)
			require.EqualError(t, err, test.want)
			assert.NotContains(t, out, "Load", "nothing was run")
			if test.code != 0 {
				assert.Equal(t, test.code, code(t, err))
			}
		})
	}
}

func TestCommandEndsWithThreeWhenTheRunProvesNothing(t *testing.T) {
	out, err := execute(t, "--rate", "0", "--population", "10")
	assert.Equal(t, 3, code(t, err))
	assert.Contains(t, out, "VOID\n  - load burst is void: the shape needs 155 users of its own, 150 for its changes and 5 to warm up, and the population has 10; make the shape smaller or add users\n")
}
