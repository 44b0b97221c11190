package certify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios/certify"
)

// The case study: about 23 % of the changes fail as it is, and aligned the criteria are met.
func TestThePilotOfTheCaseStudy(t *testing.T) {
	o := certify.DefaultPilot()
	o.Days = 1 // `make pilot` holds it in full; the share is a matter of the number of changes, not of days
	p, err := certify.RunPilot(t.Context(), o)
	require.NoError(t, err)
	assert.InDelta(t, 0.23, p.Before.Share, 0.06, "500 changes: three standard deviations are 5.6 %%")
	assert.Equal(t, p.Before.Failed, p.Before.Outcomes["parked: policy"], "all of them to the policy")
	assert.False(t, p.Before.Met)
	assert.Equal(t, 500, p.After.Changes)
	assert.Zero(t, p.After.Failed)
	assert.True(t, p.After.Met, "%v", p.After)
	assert.Zero(t, p.ExitCode())

	var text bytes.Buffer
	require.NoError(t, p.Write(&text))
	assert.Regexp(t, `✗ as it is +\d\d\.\d % failed \(\d+ of 500\)`, text.String())
	assert.Regexp(t, `✓ aligned +0\.0 % failed \(0 of 500\)`, text.String())
	body, err := json.Marshal(p)
	require.NoError(t, err)
	assert.Contains(t, string(body), `"share":`)
}

func TestPilotOfACustomer(t *testing.T) {
	strict := filepath.Join(t.TempDir(), "policy.json")
	require.NoError(t, os.WriteFile(strict, []byte(`{"minLength": 14, "minSpecialChars": 1}`), 0o600))
	o := certify.DefaultPilot()
	o.Users, o.Days, o.Changes, o.IDMConf, o.TargetPolicy = 20, 1, 2, filepath.Join("..", "..", "syncer", "idmconf", "testdata", "project"), strict
	p, err := certify.RunPilot(t.Context(), o)
	require.NoError(t, err)
	assert.Positive(t, p.Before.Failed, "%v", p.Before)
	assert.Equal(t, 1, p.ExitCode(), "the customer's own policy fails")
}

func TestPilotMistakes(t *testing.T) {
	cases := map[string]struct {
		change func(*certify.PilotOptions)
		says   string
	}{
		"nobody":      {func(o *certify.PilotOptions) { o.Users = 0 }, "--users: 0 is not within 1…10000"},
		"no time":     {func(o *certify.PilotOptions) { o.Days = 0 }, "--days: 0 is not within 1…90"},
		"no change":   {func(o *certify.PilotOptions) { o.Changes = 101 }, "--changes: 101 is not within 1…100"},
		"no folder":   {func(o *certify.PilotOptions) { o.IDMConf = "nowhere" }, "--idm-conf: nowhere: there is no such folder"},
		"no policy":   {func(o *certify.PilotOptions) { o.TargetPolicy = "nowhere.json" }, "--target-policy: open nowhere.json"},
		"all at once": {func(o *certify.PilotOptions) { o.Users, o.Days = -1, -1 }, "--days: -1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := certify.DefaultPilot()
			tc.change(&o)
			_, err := certify.RunPilot(t.Context(), o)
			require.ErrorContains(t, err, tc.says)
			var coded interface{ ExitCode() int }
			require.ErrorAs(t, err, &coded)
			assert.Equal(t, 2, coded.ExitCode())
		})
	}
}
