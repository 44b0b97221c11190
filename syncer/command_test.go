package syncer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/audit"
)

const minimal = `hook:
  listen: 127.0.0.1:0
  tokenEnv: HOOK_TOKEN
seal: {keyFile: KEY}
queue: {dir: QUEUE}
idcs:
  url: https://idcs.example.com
  clientId: client
  clientSecretFile: SECRET
  timeout: 5s
audit: AUDIT
`

// write puts a configuration and what it names into a directory.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"KEY", "QUEUE", "SECRET", "AUDIT"} {
		text = strings.ReplaceAll(text, name, filepath.Join(dir, strings.ToLower(name)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("from-the-file\n"), 0o600))
	path := filepath.Join(dir, "sync.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func environment(name string) (string, bool) {
	return "0123456789abcdef", name == "HOOK_TOKEN"
}

func TestConfigFile(t *testing.T) {
	c, source, err := ReadConfig(writeConfig(t, minimal), environment)
	require.NoError(t, err)
	require.NoError(t, source.Locate(c.Validate()))
	assert.Equal(t, "from-the-file", string(c.IDCS.ClientSecret))
	assert.Equal(t, "0123456789abcdef", string(c.Hook.Token))
	assert.Equal(t, 5*time.Second, c.IDCS.Timeout)
	assert.Equal(t, 32, c.Concurrency, "a default stays")
}

func TestConfigFileMistakesNameTheLine(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"unknown key":       {"  timeout: 5s", "  timeuot: 5s", `[10:3] unknown field "timeuot"`},
		"repeated key":      {"  timeout: 5s", "  timeout: 5s\n  timeout: 6s", "[11:3]"},
		"wrong type":        {"timeout: 5s", "timeout: soon", "sync.yaml:10:12: idcs.timeout: \"soon\" is not a duration"},
		"wrong value":       {"  timeout: 5s", "  door: window", "sync.yaml:10:9: idcs.door:"},
		"number as time":    {"timeout: 5s", "timeout: 5", "sync.yaml:10:12: idcs.timeout:"},
		"missing value":     {"  clientId: client\n", "", "idcs.clientId: not set"},
		"missing section":   {"seal: {keyFile: KEY}\n", "", "sync.yaml: seal.keyFile: not set"},
		"missing variable":  {"tokenEnv: HOOK_TOKEN", "tokenEnv: OTHER", "hook.token: the environment has no variable OTHER"},
		"missing file":      {"clientSecretFile: SECRET", "clientSecretFile: /none", "idcs.clientSecret: open /none"},
		"missing keys":      {"keyFile: KEY", "keyEnv: NONE", "seal.keyEnv: the environment has no variable NONE"},
		"two sources":       {"tokenEnv: HOOK_TOKEN", "tokenEnv: HOOK_TOKEN\n  tokenFile: x", "name one"},
		"secret in clear":   {"tokenEnv: HOOK_TOKEN", "token: 0123456789abcdef", `unknown field "token"`},
		"not a schedule":    {"audit: AUDIT", "schedule: every day", "schedule:"},
		"weekday by number": {"audit: AUDIT", `schedule: "0 0 12 ? * 2"`, "by name"},
		"never":             {"audit: AUDIT", `schedule: "0 0 0 30 2 ?"`, "never comes"},
		"a year":            {"audit: AUDIT", `schedule: "0 0 0 * * ? 2030"`, "year"},
		"five fields":       {"audit: AUDIT", `schedule: "0/15 * * * *"`, "5 fields"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, minimal, tt.old)
			path := writeConfig(t, strings.Replace(minimal, tt.old, tt.new, 1))
			c, source, err := ReadConfig(path, environment)
			if err == nil {
				err = source.Locate(c.Validate())
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestTheExampleOfTheHelpIsValid(t *testing.T) {
	dir := t.TempDir()
	text, _, found := strings.Cut(runExample, "\n\n")
	require.True(t, found)
	for _, name := range []string{"/run/secrets/hook-token", "/run/secrets/idcs"} {
		path := filepath.Join(dir, filepath.Base(name))
		require.NoError(t, os.WriteFile(path, []byte("0123456789abcdef\n"), 0o600))
		text = strings.ReplaceAll(text, name, path)
	}
	path := filepath.Join(dir, "sync.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	c, _, err := ReadConfig(path, environment)
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	want := DefaultConfig()
	assert.Equal(t, want.Retry, c.Retry, "the example shows the defaults")
	assert.Equal(t, want.Schedule, c.Schedule)
	assert.Equal(t, want.IDCS.Door, c.IDCS.Door)
	assert.Equal(t, want.Hook.Listen, c.Hook.Listen)
}

func TestValidateReportsEveryMistake(t *testing.T) {
	c := DefaultConfig()
	c.Concurrency, c.Rounds, c.Retry.Jitter, c.Queue.Limit = 0, -1, 2, 0
	err := c.Validate()
	for _, path := range []string{"hook.token:", "queue.limit:", "seal.keyFile:", "idcs.url:", "idcs.clientId:", "idcs.clientSecret:", "retry.jitter:", "concurrency:", "rounds:"} {
		assert.ErrorContains(t, err, path)
	}
}

func TestRunListensAndStops(t *testing.T) {
	t.Setenv("HOOK_TOKEN", "0123456789abcdef")
	path := writeConfig(t, minimal)
	key := filepath.Join(filepath.Dir(path), "key")
	makeKey := Command()
	makeKey.SetArgs([]string{"key", key})
	makeKey.SetOut(io.Discard)
	require.NoError(t, makeKey.Execute())

	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	c := Command()
	c.SetArgs([]string{"run", "--config", path, "--log-format", "json"})
	c.SetOut(in)
	c.SetErr(io.Discard)
	done := make(chan error)
	go func() { done <- c.ExecuteContext(ctx) }()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	address, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	require.True(t, ok)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{}}
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)

	verify := Command()
	var text bytes.Buffer
	verify.SetArgs([]string{"audit", "verify", filepath.Join(filepath.Dir(path), "audit")})
	verify.SetOut(&text)
	require.NoError(t, verify.Execute())
	assert.Contains(t, text.String(), "0 lines, the chain is whole")
}

func TestEveryFindingInATrailIsPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	l, err := audit.OpenFile(path, func(audit.Line) {})
	require.NoError(t, err)
	require.NoError(t, l.WriteAll(t.Context(), []audit.Line{{ID: "a"}, {ID: "a", Replay: 1}, {ID: "a"}}))
	require.NoError(t, l.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	torn := path + ".torn"
	require.NoError(t, os.WriteFile(torn, text[:len(text)-9], 0o600))
	verify := Command()
	var out bytes.Buffer
	verify.SetArgs([]string{"audit", "verify", path, torn})
	verify.SetOut(&out)
	verify.SilenceUsage, verify.SilenceErrors = true, true
	require.EqualError(t, verify.Execute(), "the audit trail is not in order: 4 findings")
	assert.Contains(t, out.String(), path+": line 3: the change was audited before: a, in line 1 of "+path)
	assert.Contains(t, out.String(), torn+": line 2: the change was audited before: a, in line 2 of "+path)
	assert.Contains(t, out.String(), torn+": line 3: the last line has no end")
}

func TestUsageErrors(t *testing.T) {
	for name, args := range map[string][]string{
		"no config":   {"run"},
		"no file":     {"run", "--config", "/none"},
		"bad format":  {"run", "--config", writeConfig(t, strings.Replace(minimal, "tokenEnv: HOOK_TOKEN", "tokenFile: SECRET", 1)), "--log-format", "xml"},
		"short token": {"run", "--config", writeConfig(t, strings.Replace(minimal, "tokenEnv: HOOK_TOKEN", "tokenFile: SECRET", 1)), "--listen", "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Command()
			c.SetArgs(args)
			c.SilenceUsage, c.SilenceErrors = true, true
			err := c.Execute()
			var usage UsageError
			require.True(t, errors.As(err, &usage), "%v", err)
			assert.Equal(t, 2, usage.ExitCode())
		})
	}
}
