package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := Command()
	var out, errs bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&errs)
	c.SetArgs(args)
	c.SilenceErrors = true
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if coded, ok := err.(interface{ ExitCode() int }); ok {
		return coded.ExitCode()
	}
	return -1
}

func writeTemp(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestCommand(t *testing.T) {
	good := writeTemp(t, "good.yaml", valid)
	bad := writeTemp(t, "bad.yaml", "id: x\ntitel: y\n")
	failing := writeTemp(t, "failing.yaml", `
id: test/failing
title: This
because: That
severity: major
given: {idcs: {users: 1}}
steps: [{change: {users: all}}]
expect: [{outcome: {applied: 2}}]
`)
	void := writeTemp(t, "void.yaml", `
id: test/void
title: This
because: That
severity: major
given: {idcs: {users: 1}}
steps: [{wait: 1s}]
`)
	tests := []struct {
		name string
		args []string
		code int
		want []string // in what is printed or in the error
	}{
		{"list", []string{"list"}, 0, []string{"idcs/happy-path", "critical", "Two hundred people"}},
		{"list some", []string{"list", "idcs/policy-*"}, 0, []string{"idcs/policy-length"}},
		{"list what is not there", []string{"list", "idcs/hapy-path"}, 2, []string{`no scenario "idcs/hapy-path"; did you mean idcs/happy-path?`}},
		{"describe", []string{"describe", "idcs/token-expired-mid-run"}, 0, []string{
			"Because: The migration guide's error 3", "When 10 passwords have been written at the target:", "Access tokens expire.", "all users sign in with the newest password",
		}},
		{"describe an org", []string{"describe", "okta/jit-takes-the-password-away", "okta/federated-five-percent", "okta/statuses"}, 0, []string{
			"An Okta org with 8 users, password policy default, access tokens that live 1h", "The target's switch idpSignIn is federate.",
			"At the target, the first 3 users sign in through the identity provider, just in time.",
			"Of them, 5 % sign in through FEDERATION.", "Of them, the users 3-4 are SUSPENDED.", "An engine that does not create users.",
		}},
		{"describe nothing", []string{"describe"}, 2, []string{"requires at least 1 arg"}},
		{"schema", []string{"schema"}, 0, []string{`"title": "A seatrial scenario"`}},
		{"lint a good one", []string{"lint", good}, 0, []string{"good.yaml: ok: test/valid"}},
		{"lint a bad one among good ones", []string{"lint", good, bad}, 2, []string{"bad.yaml:2:1: the file has no titel; did you mean title?", "bad.yaml:1:1: the file: title"}},
		{"lint what is not there", []string{"lint", "nowhere.yaml"}, 2, []string{"nowhere.yaml"}},
		{"run one", []string{"run", "idcs/password-usable-at-once", "--seed", "7"}, 0, []string{"idcs/password-usable-at-once", "virtual hours a second"}},
		{"run an area by a wrong name", []string{"run", "idc"}, 2, []string{`no scenario "idc"`}},
		{"run by a pattern", []string{"run", "idcs/*-usable-*"}, 0, []string{"seatrial scenarios run 'idcs/*-usable-*' --seed 1"}},
		{"run a bad file", []string{"run", bad}, 2, []string{"bad.yaml:2:1:"}},
		{"run one that fails", []string{"run", failing}, 1, []string{"1 of 1 scenarios failed", "seatrial scenarios run " + failing + " --seed 1"}},
		{"run one that proves nothing", []string{"run", void}, 3, []string{"1 of 1 scenarios are void", "no password was changed"}},
		{"an unknown flag", []string{"run", "--sed", "7"}, 2, []string{"unknown flag: --sed"}},
		{"an unknown command", []string{"rnu"}, 2, []string{`unknown command "rnu"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := execute(t, test.args...)
			if err != nil {
				out += err.Error()
			}
			assert.Equal(t, test.code, exitCode(err), out)
			for _, want := range test.want {
				assert.Contains(t, out, want)
			}
		})
	}
}

func TestRunWritesReports(t *testing.T) {
	dir := t.TempDir()
	junit, html := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "report.html")
	out, err := execute(t, "run", "idcs/password-usable-at-once", "--json", "--junit", junit, "--html", html)
	require.NoError(t, err)
	var report struct {
		Verdict reports.Verdict
		Suite   struct{ Scenarios []struct{ ID string } }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report), "nothing but JSON goes to the output")
	assert.Equal(t, reports.Passed, report.Verdict)
	require.Len(t, report.Suite.Scenarios, 1)
	for path, want := range map[string]string{junit: "<testsuite", html: "<html"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Contains(t, string(text), want)
	}
}

func TestSuitePatterns(t *testing.T) {
	all, err := Suite()
	require.NoError(t, err)
	inArea := func(area string) (list []string) {
		for _, id := range ids(all) {
			if strings.HasPrefix(id, area) {
				list = append(list, id)
			}
		}
		return list
	}
	tests := []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"an id", []string{"idcs/outage"}, []string{"idcs/outage"}},
		{"in capitals", []string{"IDCS/Outage"}, []string{"idcs/outage"}},
		{"two, one of them twice", []string{"idcs/slow-*", "idcs/outage", "idcs*outage"}, []string{"idcs/outage", "idcs/slow-target"}},
		{"an area", []string{"idcs"}, inArea("idcs/")},
		{"an area with a slash", []string{"idcs/"}, inArea("idcs/")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Suite(test.patterns...)
			require.NoError(t, err)
			assert.Equal(t, test.want, ids(got))
		})
	}
}
