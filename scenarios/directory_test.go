//go:build !race

package scenarios

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
)

// rejection is how an engine that reads a directory wrongly is rejected.
type rejection struct {
	flaw     flawed.ReaderFlaw
	scenario string
	// by is the check that names the flaw, an invariant or an expectation, and says is in its words.
	by, says string
	// also are the other checks that rightly fail for it; no more do.
	also []string
}

// What expectations are called in reports.
const (
	saysGap       = "the engine says that idm_password_sync_source_gaps_total is at least 1"
	saysStale     = `the engine says that idm_password_sync_source_changes_total{outcome="stale"} is at least 4`
	saysRehash    = `the engine says that idm_password_sync_source_changes_total{outcome="rehash"} is 15`
	saysDelivered = `the engine says that idm_password_sync_source_changes_total{outcome="delivered"} is `
	saysConnected = "the engine says that idm_password_sync_source_connected is 0"
	saysReadable  = "the engine says that idm_password_sync_source_password_readable is 0"
	saysDeleted   = `the engine says that idm_password_sync_source_changes_total{outcome="deleted"} is 0`
	saysWhy       = "the engine says that idm_password_sync_source_failures_total"
	saysParked    = "the engine says that idm_password_sync_source_parked is 2"
	counts        = "of the changes, "
	signIns       = "the newcomers sign in with the newest password, and with no older one"
)

func rejections() []rejection {
	lost := []string{counts, signIns}
	twice := []string{invariants.OneWrite, invariants.OneAudit, counts}
	return []rejection{
		{flawed.FallsBackToPlaintext, "ds/starttls-refused", "binds.total <= asked.total - refused.total", `"binds":{"total":2}`, []string{saysConnected}},
		{flawed.ImpatientBind, "ds/slow-binds", invariants.NothingLost, "no final outcome", lost},
		{flawed.GivesUpOnRefusedBind, "ds/service-account-expires-at-night", invariants.NothingLost, "no final outcome", lost},
		{flawed.HammersRefusedBind, "ds/service-account-expires-at-night", "refused.total > 0 && refused.total <= 120", `{"refused":{"total":`, nil},
		{flawed.BusyIsNothing, "ds/busy-storm", invariants.NothingLost, "no final outcome", lost},
		{flawed.TrustsAnybody, "ds/certificate-of-another-host", "binds.total == 0", `"binds":{"total":1}`, []string{saysConnected, saysWhy}},
		{flawed.WaitsByTheByte, "ds/comparison-stalls", "settled within 5m", "it took ", []string{saysWhy}},
		{flawed.TakesPartForAll, "ds/comparison-ends-too-soon", saysDeleted, "it is 25", []string{saysWhy, invariants.OneAudit}},
		{flawed.BuriesReferred, "ds/comparison-meets-referrals", saysDeleted, "it is 2", nil},
		{flawed.ReadsOnAfterTrimming, "ds/changelog-trimmed", saysGap, "it is 0", append(lost, invariants.NothingLost)},
		{flawed.TakesForeignNumbers, "ds/fail-over-between-near-numbers", invariants.NothingLost, "no final outcome", lost},
		{flawed.CookieErrorIsFatal, "ds/cookie-too-old", invariants.NothingLost, "no final outcome", append(lost, saysGap)},
		{flawed.BeginsAtTheNewest, "ds/cookie-too-old", invariants.NothingLost, "no final outcome", lost},
		{flawed.SkipsDowntime, "ds/cut-off-and-resumed", invariants.NothingLost, "no final outcome", lost},
		{flawed.StoresPositionFirst, "ds/cut-off-and-resumed", invariants.NothingLost, "no final outcome", lost},
		{flawed.ForgetsPosition, "ds/cut-off-and-resumed", invariants.NothingLost, "2 final outcomes", twice},
		{flawed.SkipsWhatMoved, "ds/changed-while-reconciling", invariants.NothingLost, "no final outcome", lost},
		{flawed.TakesRehashForChange, "ds/rehash-is-no-change", saysRehash, "it is 0", []string{saysDelivered, invariants.OneAudit}},
		{flawed.BringsOldValuesBack, "ds/fail-over-to-a-replica-that-lags", invariants.NothingLost, "2 final outcomes", []string{saysStale, invariants.OneAudit}},
		{flawed.ReadsWholeSeconds, "ds/two-changes-within-a-second", invariants.NothingLost, "no final outcome", []string{counts}},
		{flawed.KnowsByDN, "ds/moved-and-created-anew", saysDelivered, "it is 12", append(twice, invariants.NothingLost)},
		{flawed.BuriesNames, "ds/moved-and-created-anew", invariants.NothingLost, "no final outcome", []string{counts}},
		{flawed.DeliversTwice, "ds/newcomers-created-with-their-hash", invariants.NothingLost, "2 final outcomes", twice},
		{flawed.StopsAtPoison, "ds/poison-blocks-nobody", saysParked, "it is 0", append(lost, invariants.NothingLost, "settled within 1m")},
		{flawed.SilentWhenBlind, "ds/right-to-read-missing", saysReadable, "it is 1", nil},
		{flawed.PassesOverTheBlind, "ds/right-to-read-missing", invariants.NothingLost, "no final outcome", lost},
		{
			flawed.MakesBareAccounts, "ds/policy-scheme-unknown-to-the-target", invariants.OneWrite, "said to be applied, but never accepted",
			[]string{counts, invariants.NewestWins, "created.total == 0"},
		},
		{flawed.WritesHashAsPassword, "ds/policy-source-weaker-than-target", invariants.NoSurprise, "a hashed password is for a creation", []string{counts}},
		{flawed.LogsHashes, "ds/newcomers-created-with-their-hash", invariants.NoLeak, "shows in log at byte", nil},
		{flawed.StoresHashes, "ds/newcomers-created-with-their-hash", invariants.NoLeak, "shows in queue/reader.json at byte", nil},
		{flawed.AsksByHash, "ds/newcomers-created-with-their-hash", invariants.NoLeak, "a password is in the filter of journal entry", nil},
	}
}

// An engine that is wrong must fail by the check that names what it does wrong: a run that breaks down, or another check, would say
// nothing about the flaw.
func TestEveryFlawOfAReaderIsCaughtByTheCheckThatNamesIt(t *testing.T) {
	t.Parallel()
	tried := map[flawed.ReaderFlaw]bool{}
	for _, r := range rejections() {
		tried[r.flaw] = true
		t.Run(string(r.flaw), func(t *testing.T) {
			t.Parallel()
			list, err := Suite(r.scenario)
			require.NoError(t, err)
			result := Run(t.Context(), list, Options{Seed: 1, System: flawed.ReaderWith(r.flaw)}).Scenarios[0]
			defer func() {
				if t.Failed() {
					explain(t, result)
				}
			}()
			assert.Equal(t, reports.Failed, result.Verdict)
			assert.Empty(t, result.Reasons, "the run was as it was planned")
			failed := map[string]bool{}
			for _, c := range result.Checks {
				if c.Verdict != reports.Failed {
					continue
				}
				name := expected(c.Name, append(r.also, r.by))
				assert.NotEmpty(t, name, "%s does not name the flaw: %s", c.Name, c.Detail)
				failed[name] = true
				if name == r.by {
					assert.Contains(t, c.Detail, r.says)
				}
			}
			for _, name := range append(r.also, r.by) {
				assert.True(t, failed[name], "%s must fail", name)
			}
		})
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), fmt.Sprintf("by itself, with %d flaws", len(flawed.ReaderFlaws())))
	for _, flaw := range flawed.ReaderFlaws() {
		assert.True(t, tried[flaw], "no scenario is named that catches %s", flaw)
	}
}

// expected finds the name in the list that a check's name begins with.
func expected(check string, names []string) string {
	for _, name := range names {
		if strings.HasPrefix(check, name) {
			return name
		}
	}
	return ""
}
