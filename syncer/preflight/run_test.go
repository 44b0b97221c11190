package preflight_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/preflight"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "run the test with -update when this is what it should be")
}

func TestBrokenProject(t *testing.T) {
	report, err := preflight.Run("testdata/broken")
	require.NoError(t, err)
	var text, asJSON, asSARIF bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	require.NoError(t, report.WriteJSON(&asJSON))
	require.NoError(t, report.WriteSARIF(&asSARIF))
	golden(t, "broken.txt", text.Bytes())

	found := map[string]bool{}
	for _, f := range report.Findings {
		found[f.ID] = true
	}
	for _, id := range []string{"F05", "F06", "F07", "F08", "F09", "F10", "F11", "F33", "P01", "P02", "P05", "P14", "P19", "P31"} {
		assert.Contains(t, found, id)
	}
	for form, out := range map[string]string{"text": text.String(), "JSON": asJSON.String(), "SARIF": asSARIF.String()} {
		assert.NotContains(t, out, "Canary", "%s: a secret got out", form)
	}

	var decoded preflight.Report
	require.NoError(t, json.Unmarshal(asJSON.Bytes(), &decoded))
	assert.Equal(t, report, decoded)
	var sarif struct {
		Version string
		Runs    []struct {
			Results []struct{ RuleID, Level string }
		}
	}
	require.NoError(t, json.Unmarshal(asSARIF.Bytes(), &sarif))
	assert.Equal(t, "2.1.0", sarif.Version)
	assert.Len(t, sarif.Runs[0].Results, len(report.Findings))
	assert.Equal(t, "error", sarif.Runs[0].Results[0].Level)
}

func TestFixedProjectHasNoFindings(t *testing.T) {
	report, err := preflight.Run("testdata/fixed")
	require.NoError(t, err)
	assert.Empty(t, report.Findings)
	assert.Equal(t, "7 files read; nothing found", report.Summary())
}

func TestCommand(t *testing.T) {
	empty := t.TempDir()
	cases := map[string]struct {
		args []string
		code int
		want string
	}{
		"something will fail":    {[]string{"--idm-conf", "testdata/broken"}, 1, "will fail F05  script/onUserUpdate.js:2:5"},
		"nothing found":          {[]string{"--idm-conf", "testdata/fixed"}, 0, "nothing found"},
		"json":                   {[]string{"--idm-conf", "testdata/fixed", "--json"}, 0, `"findings": []`},
		"sarif":                  {[]string{"--idm-conf", "testdata/broken", "--sarif"}, 1, `"ruleId": "F05"`},
		"no folder named":        {nil, 2, "--idm-conf is missing"},
		"no such folder":         {[]string{"--idm-conf", filepath.Join(empty, "none")}, 2, "no such file or directory"},
		"no project":             {[]string{"--idm-conf", empty}, 2, "it has no folder conf"},
		"a file":                 {[]string{"--idm-conf", "run_test.go"}, 2, "project folder"},
		"unknown word":           {[]string{"--idm-conf", "testdata/fixed", "--fail-on", "maybe"}, 2, `"maybe" is none of will, may, advice`},
		"two forms":              {[]string{"--idm-conf", "testdata/fixed", "--json", "--sarif"}, 2, "choose one"},
		"the folder conf itself": {[]string{"--idm-conf", "testdata/fixed/conf"}, 2, "it has no folder conf"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, out := run(t, c.args...)
			assert.Equal(t, c.code, code)
			assert.Contains(t, out, c.want)
		})
	}
}

func TestFailOn(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "conf"), 0o750))
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "conf", name), []byte(text), 0o600))
	}
	write("schedule-x.json", `{"enabled": false, "type": "cron", "schedule": "0 0/15 * * * ?"}`)
	for fail, want := range map[string]int{"will": 0, "may": 1, "advice": 1} {
		code, out := run(t, "--idm-conf", dir, "--fail-on", fail)
		assert.Equal(t, want, code, fail)
		assert.Contains(t, out, "1 may fail")
	}
}

// run executes the command and returns its exit code and all that it wrote.
func run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out strings.Builder
	c := preflight.Command()
	c.SetArgs(append([]string{}, args...)) // nil would mean the test's own arguments
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceUsage, c.SilenceErrors = true, true
	err := c.ExecuteContext(t.Context())
	if err == nil {
		return 0, out.String()
	}
	var coded interface{ ExitCode() int }
	require.ErrorAs(t, err, &coded)
	return coded.ExitCode(), out.String() + err.Error()
}
