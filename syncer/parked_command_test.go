package syncer

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

// say runs a command line and returns what it prints.
func say(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := Command()
	var out bytes.Buffer
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceUsage, c.SilenceErrors = true, true
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// TestParkedChangesByCommand runs over real sockets, in real time.
func TestParkedChangesByCommand(t *testing.T) {
	r := newRig(t)
	policy := &lifted{}
	r.domain.Policy = policy.policy
	r.domain.Add("a", "b", "c")
	r.config.Hook.Listen = "127.0.0.1:0"
	r.start()
	var ids []string
	for i, u := range []string{"a", "b", "c"} {
		ids = append(ids, r.submit(u, "weak"))
		require.Eventually(t, func() bool { return len(r.outcomes()) > i }, 10*time.Second, 5*time.Millisecond)
	}
	r.stop()
	r.startOnTCP()
	t.Setenv("THE_HOOK_TOKEN", hookToken)
	engine := []string{"--engine", r.engine.URL(), "--token-env", "THE_HOOK_TOKEN"}
	parked := func(args ...string) (string, error) { return say(t, append([]string{"parked"}, args...)...) }
	at := func(where []string, args ...string) (string, error) { return parked(append(args, where...)...) }

	text, err := at(engine, "list")
	require.NoError(t, err)
	for _, id := range ids {
		assert.Contains(t, text, id)
	}
	assert.Contains(t, text, "3 parked")
	text, err = at(engine, "list", "--user", "B", "--json")
	require.NoError(t, err)
	var list []hook.ParkedChange
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	require.Len(t, list, 1)
	assert.Equal(t, ids[1], list[0].ID)
	text, err = at(engine, "show", ids[0])
	require.NoError(t, err)
	assert.Contains(t, text, `"userName": "a"`)
	_, err = at(engine, "show", "none")
	require.ErrorContains(t, err, "404")

	_, err = at(engine, "purge", "--all")
	var usage UsageError
	require.ErrorAs(t, err, &usage)
	require.ErrorContains(t, err, "3 parked changes would be removed")
	text, err = at(engine, "purge", ids[2], "--yes")
	require.NoError(t, err)
	assert.Contains(t, text, "1 purged, 0 refused")

	policy.Store(true)
	text, err = at(engine, "replay", ids[0], "none")
	require.ErrorContains(t, err, "1 of 2 could not be replayed")
	assert.Contains(t, text, "none: the engine answers 404")
	require.Eventually(t, func() bool { return r.domain.User("a").Password == "weak" }, 10*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return r.engine.ledger.isFinal(ids[0], 1) }, 10*time.Second, 5*time.Millisecond)

	queue := []string{"--queue", r.config.Queue.Dir}
	_, err = at(queue, "list")
	require.ErrorContains(t, err, "ask it with --engine")
	require.NoError(t, r.engine.Stop(t.Context()))
	text, err = at(queue, "list")
	require.NoError(t, err)
	assert.Contains(t, text, ids[1])
	assert.Contains(t, text, "1 parked")
	_, err = at(queue, "replay", ids[1])
	require.Error(t, err)
	text, err = at(queue, "purge", "--reason", "policy", "--yes")
	require.NoError(t, err)
	assert.Contains(t, text, "1 purged")
	text, err = at(queue, "list", "--json")
	require.NoError(t, err)
	assert.Equal(t, "[]\n", text)
	r.domain.Stop()
}

func TestParkedCommandMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"neither":         {[]string{"list"}, "--engine"},
		"both":            {[]string{"list", "--engine", "http://x", "--queue", "q"}, "either"},
		"no URL":          {[]string{"list", "--engine", "localhost:8470"}, "not a URL"},
		"no token":        {[]string{"list", "--engine", "http://localhost"}, "--token-file or --token-env"},
		"no such token":   {[]string{"list", "--engine", "http://localhost", "--token-env", "SEATRIAL_NONE"}, "SEATRIAL_NONE"},
		"no such queue":   {[]string{"list", "--queue", "/none"}, "/none"},
		"no queue there":  {[]string{"list", "--queue", t.TempDir()}, "queue"},
		"nothing named":   {[]string{"purge", "--yes", "--queue", "QUEUE"}, "--reason, --user or --all"},
		"too much named":  {[]string{"purge", "id", "--all", "--yes", "--queue", "QUEUE"}, "either ids"},
		"no certificates": {[]string{"list", "--engine", "https://localhost", "--token-env", "HOME", "--ca-file", "/none"}, "--ca-file"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, a := range tt.args {
				if a == "QUEUE" {
					r := newRig(t)
					r.config.Hook.Listen = "127.0.0.1:0"
					r.startOnTCP()
					require.NoError(t, r.engine.Stop(t.Context()))
					r.domain.Stop()
					tt.args[i] = r.config.Queue.Dir
				}
			}
			_, err := say(t, append([]string{"parked"}, tt.args...)...)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestAuditVerify(t *testing.T) {
	dir := t.TempDir()
	whole := trailFile(t, dir, "whole", "tx-1", "tx-2", "tx-3")
	again := trailFile(t, dir, "again", "tx-4", "tx-2")
	twice := trailFile(t, dir, "twice", "tx-5", "tx-5")
	data, err := os.ReadFile(whole)
	require.NoError(t, err)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	lines := strings.SplitAfter(string(data), "\n")
	for name, tt := range map[string]struct {
		files []string
		want  string // empty: all is well
	}{
		"whole":             {[]string{whole}, ""},
		"two trails":        {[]string{whole, trailFile(t, dir, "other", "tx-9")}, ""},
		"torn end":          {[]string{write("torn", string(data[:len(data)-5]))}, "line 3"},
		"a line is missing": {[]string{write("missing", lines[0]+lines[2])}, "line 2"},
		"altered":           {[]string{write("altered", strings.Replace(string(data), "tx-2", "tx-7", 1))}, "line 2"},
		"twice in a trail":  {[]string{twice}, "line 2: the change was audited before: id-tx-5, in line 1 of " + twice},
		"twice in two":      {[]string{whole, again}, "again: line 2: the change was audited before: id-tx-2, in line 2 of " + whole},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := say(t, append([]string{"audit", "verify"}, tt.files...)...)
			if tt.want == "" {
				require.NoError(t, err)
				assert.Contains(t, text, "the chain is whole")
				return
			}
			require.Error(t, err)
			assert.False(t, errors.As(err, new(UsageError)), "it is a finding, not a mistake of the caller's")
			assert.Contains(t, text, tt.want)
		})
	}
	_, err = say(t, "audit", "verify", filepath.Join(dir, "none"))
	assert.ErrorAs(t, err, new(UsageError))
}
