package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
)

// short is small enough for every test run; `make crash` does it in full.
func short(t *testing.T, binary string) Options {
	t.Helper()
	o := DefaultOptions()
	o.Changes, o.Kills, o.Users, o.Binary, o.Settle = 600, 6, 60, binary, time.Minute
	return o
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "seatrial")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/seatrial/seatrial")
	said, err := command.CombinedOutput()
	require.NoError(t, err, "go build: %s", said)
	return binary
}

// afterACrash makes an engine that does something to what it left behind before it starts again.
func afterACrash(t *testing.T, binary, deed string) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "engine")
	text := fmt.Sprintf("#!/bin/sh\n# sync run --config DIR/sync.yaml …\ncd \"$(dirname \"$4\")\" || exit 1\n%s\nexec %q \"$@\"\n", deed, binary)
	require.NoError(t, os.WriteFile(script, []byte(text), 0o700))
	return script
}

// An engine that survives passes; one that forgets, in whatever way, is found out by the check that names the loss.
func TestKill(t *testing.T) {
	binary := build(t)
	cases := map[string]struct {
		binary string
		broken string // "" when it must pass
	}{
		"the engine":                   {binary, ""},
		"one that forgets its queue":   {afterACrash(t, binary, "rm -rf queue"), invariants.NothingLost},
		"one that loses its audit":     {afterACrash(t, binary, "rm -f audit.jsonl"), invariants.NothingLost},
		"one that breaks the chain":    {afterACrash(t, binary, "[ -s audit.jsonl ] && sed -i 2d audit.jsonl"), ""},
		"one that writes a secret":     {afterACrash(t, binary, "echo \"$HOOK_TOKEN\" > note.txt"), invariants.NoLeak},
		"one that forgets its sealing": {afterACrash(t, binary, "rm -f seal.key"), ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := short(t, tc.binary)
			if tc.broken != "" {
				o.Settle = 2 * time.Second // what is lost does not come back
			}
			result, err := Run(t.Context(), o, func(Event) {})
			if name == "one that breaks the chain" {
				require.ErrorContains(t, err, "the engine ended before it listened", "our engine refuses to go on with a broken chain")
				return
			}
			require.NoError(t, err)
			if name == "one that forgets its sealing" {
				assert.Positive(t, result.Outcomes["parked: seal_mismatch"], "what no key opens is parked, not dropped: %v", result.Outcomes)
				return
			}
			if tc.broken == "" {
				assert.Equal(t, reports.Passed, result.Verdict, "%v %v", result.Reasons, result.Failures)
				assert.Positive(t, result.Outcomes["applied"])
				return
			}
			assert.Equal(t, reports.Failed, result.Verdict)
			for _, check := range result.Checks {
				if check.Name == tc.broken {
					assert.Equal(t, reports.Failed, check.Verdict, check.Detail)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	cases := map[string]struct {
		change func(*Options)
		says   string
	}{
		"no change":            {func(o *Options) { o.Changes = 0 }, "--changes: 0 is not within"},
		"no kill":              {func(o *Options) { o.Kills = 0 }, "--kills: 0 is not within"},
		"more kills":           {func(o *Options) { o.Changes, o.Kills = 5, 6 }, "--kills: 6 is not within 1 and the number of changes, 5"},
		"fewer users":          {func(o *Options) { o.Users = 3 }, "--users: 3 is below 32"},
		"no time to settle":    {func(o *Options) { o.Settle = 0 }, "--settle: 0s is not above 0"},
		"everything is as new": {func(*Options) {}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := DefaultOptions()
			tc.change(&o)
			err := o.Validate()
			if tc.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestCommandRepeatsTheRun(t *testing.T) {
	o := DefaultOptions()
	o.Changes, o.Kills, o.Seed = 1000, 8, 42
	assert.Equal(t, "seatrial loadtest crash --changes 1000 --kills 8 --seed 42", o.command())
}
