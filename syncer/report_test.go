package syncer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/queue"
)

var update = flag.Bool("update", false, "write the golden files anew")

var reportTime = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// happened is a line of the trail some time before the report.
func happened(before time.Duration, user, outcome, reason string) audit.Line {
	return audit.Line{
		Time: reportTime.Add(-before), TransactionID: "t", ID: "i", UserName: user, Target: "idcs", Outcome: outcome, Reason: reason, Attempts: 1,
	}
}

func writeTrail(t *testing.T, path string, lines ...audit.Line) {
	t.Helper()
	l, err := audit.OpenFile(path, func(audit.Line) {})
	require.NoError(t, err)
	require.NoError(t, l.WriteAll(t.Context(), lines))
	require.NoError(t, l.Close())
}

// aDay has every kind of user.
func aDay() []audit.Line {
	return []audit.Line{
		happened(80*time.Hour, "waits.long", "parked", "federated"),
		happened(79*time.Hour, "recovered.before", "parked", "timeout"),
		happened(78*time.Hour, "Recovered.Before", "applied", "answer"),
		happened(20*time.Hour, "fine", "applied", "answer"),
		happened(19*time.Hour, "recovered", "parked", "policy"),
		happened(18*time.Hour, "recovered", "parked", "policy"),
		happened(17*time.Hour, "RECOVERED", "applied", "answer"),
		happened(16*time.Hour, "waits.today", "parked", "timeout"),
		happened(15*time.Hour, "waits.today", "superseded", ""),
		happened(14*time.Hour, "waits.today", "parked", "policy"),
		happened(13*time.Hour, "Zoë\tx\n", "parked", "policy"),
		happened(12*time.Hour, "outside", "skipped", ""),
		happened(-time.Minute, "later", "parked", "policy"),
	}
}

func TestTheReportOfADay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path, aDay()...)
	r := newReporter(reportTime.Add(-24*time.Hour), reportTime)
	require.NoError(t, r.file(path))
	r.kept(t.Context(), store{{ID: "a", Stored: reportTime.Add(-30 * time.Hour)}, {ID: "b", Stored: reportTime.Add(-50 * time.Minute)}})
	report := r.finish()
	assert.Equal(t, "Password sync: 2 applied, 5 parked, 3 users wait", report.Subject())

	var text, data bytes.Buffer
	require.NoError(t, report.WriteText(&text, 0))
	require.NoError(t, report.write(&data, reportFlags{json: true}))
	for name, got := range map[string][]byte{"report.txt": text.Bytes(), "report.json": data.Bytes()} {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, got, 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
}

func TestAReportOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path)
	r := newReporter(reportTime.Add(-time.Hour), reportTime)
	require.NoError(t, r.file(path))
	r.kept(t.Context(), store{})
	var text bytes.Buffer
	require.NoError(t, r.finish().WriteText(&text, 0))
	for _, want := range []string{"applied     0", "No user waits", "No change is kept"} {
		assert.Contains(t, text.String(), want)
	}
	data, err := json.Marshal(newReporter(reportTime, reportTime).finish())
	require.NoError(t, err)
	assert.Contains(t, string(data), `"reasons":[],"users":[]`, "lists, not null")
}

func TestAnEngineMayWriteWhileTheReportReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path, aDay()...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	before := bytes.Join(lines[:5], nil)
	for _, torn := range []int{1, 50, len(lines[5]) - 1} {
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(before), lines[5][:torn]...), 0o600))
		r := newReporter(reportTime.Add(-100*time.Hour), reportTime)
		require.NoError(t, r.file(path))
		report := r.finish()
		assert.Empty(t, report.Trouble)
		assert.Equal(t, map[string]int{"applied": 2, "parked": 3}, report.Outcomes, "%d bytes of the next line", torn)
	}
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 20_000), 0o600))
	require.NoError(t, newReporter(reportTime, reportTime).file(path), "no line has an end yet")
}

func TestABrokenTrailIsSaidAloud(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path, aDay()...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(whole, []byte(`"reason":"policy"`), []byte(`"reason":"timeout"`), 1), 0o600))
	var out bytes.Buffer
	err = reportFlags{audit: []string{path}, since: 1000 * time.Hour, users: 1}.run(&out, reportTime)
	require.ErrorContains(t, err, "line 5")
	var usage UsageError
	assert.NotErrorAs(t, err, &usage, "exit code 1")
	assert.Contains(t, out.String(), "NOT COMPLETE")
	assert.Contains(t, out.String(), "waits.long", "what was read before stands there")
}

func TestMistakesOfTheReportCommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path)
	for want, arguments := range map[string][]string{
		"--audit is missing":           {},
		"--audit: open":                {"--audit", path + "x"},
		"--since: 0s is not above 0":   {"--audit", path, "--since", "0"},
		"--users: -1 is below 0":       {"--audit", path, "--users", "-1"},
		`invalid argument "yesterday"`: {"--audit", path, "--since", "yesterday"},
	} {
		c := reportCommand()
		c.SetArgs(arguments)
		c.SilenceUsage, c.SilenceErrors = true, true
		c.SetOut(&bytes.Buffer{})
		require.ErrorContains(t, c.Execute(), want)
	}
}

func TestTheReportShowsNoMoreUsersThanAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	writeTrail(t, path, aDay()...)
	var out bytes.Buffer
	require.NoError(t, reportFlags{audit: []string{path}, since: 24 * time.Hour, users: 1}.run(&out, reportTime))
	assert.Contains(t, out.String(), "waits.long")
	assert.Contains(t, out.String(), "… and 3 users more")
	assert.NotContains(t, out.String(), "Changes kept", "the command does not look into the queue")
}

// The memory of a report depends on the users, not on the length of the trail.
func TestALongTrailCostsNoMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	const lines, perWrite, users = 100_000, 1000, 500
	l, err := audit.OpenFile(path, func(audit.Line) {})
	require.NoError(t, err)
	for i := 0; i < lines; i += perWrite {
		list := make([]audit.Line, perWrite)
		for j := range list {
			list[j] = happened(time.Duration(lines-i-j)*time.Millisecond, fmt.Sprint("user-", (i+j)*7%users), "parked", "policy")
		}
		require.NoError(t, l.WriteAll(t.Context(), list))
	}
	require.NoError(t, l.Close())
	r := newReporter(reportTime.Add(-24*time.Hour), reportTime)
	before := liveHeap()
	require.NoError(t, r.file(path))
	assert.Less(t, liveHeap()-before, int64(4<<20))
	report := r.finish()
	assert.Equal(t, lines, report.Outcomes["parked"])
	assert.Len(t, report.Users, users)
	assert.Equal(t, lines/users, report.Users[0].Changes)
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestUsersBeyondTheLimitAreCounted(t *testing.T) {
	r := newReporter(reportTime.Add(-24*time.Hour), reportTime)
	r.limit = 2
	for _, user := range []string{"a", "b", "c", "a", "d"} {
		r.line(happened(time.Hour, user, "parked", "policy"))
	}
	r.line(happened(time.Minute, "a", "applied", ""))
	report := r.finish()
	assert.Equal(t, 2, report.Unlisted)
	assert.Equal(t, 5, report.Reasons[0].Changes, "the reasons count all")
	var text bytes.Buffer
	require.NoError(t, report.WriteText(&text, 0))
	assert.Contains(t, text.String(), "2 parked changes are of users beyond")
}

// store is a parked store.
type store []queue.Item

func (s store) Parked(context.Context) iter.Seq2[queue.Item, error] {
	return func(yield func(queue.Item, error) bool) {
		for _, item := range s {
			var err error
			if item.ID == "broken" {
				err = errors.New("disk gone")
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

func TestTheDailyReport(t *testing.T) {
	for name, tt := range map[string]struct {
		lines    []audit.Line
		starts   time.Duration // before reportTime
		runs     time.Duration
		store    parkedStore
		missing  bool
		subjects []string
		ids      []string
	}{
		"each day": {
			lines: aDay(), starts: time.Hour, runs: 26 * time.Hour, ids: []string{"2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"},
			subjects: []string{"Password sync: 2 applied, 5 parked, 3 users wait", "Password sync: 0 applied, 1 parked, 4 users wait"},
		},
		"made up for": {
			lines: aDay(), starts: -3 * time.Hour, runs: time.Hour, ids: []string{"2026-03-02T06:00:00Z"},
			subjects: []string{"Password sync: 2 applied, 5 parked, 3 users wait"},
		},
		"too late to make up for":       {lines: aDay(), starts: -13 * time.Hour, runs: time.Hour},
		"nothing to make up for":        {starts: -3 * time.Hour, runs: time.Hour},
		"the store cannot be looked at": {lines: aDay(), starts: time.Hour, runs: 2 * time.Hour, store: store{{ID: "broken"}}, ids: []string{"2026-03-02T06:00:00Z"}, subjects: []string{"Password sync: the report is not complete; 3 users wait"}},
		"no trail":                      {missing: true, starts: time.Hour, runs: 2 * time.Hour, ids: []string{"2026-03-02T06:00:00Z"}, subjects: []string{"Password sync: the report is not complete; 0 users wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			if !tt.missing {
				writeTrail(t, path, tt.lines...)
			}
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(reportTime.Add(-tt.starts)))
				schedule, err := parseSchedule("0 0 6 * * ?")
				require.NoError(t, err)
				var ids, subjects []string
				d := daily{schedule: schedule, audit: path, parked: tt.store, log: slog.New(slog.DiscardHandler), post: func(id, subject, text string) {
					ids, subjects = append(ids, id), append(subjects, subject)
					assert.NotEmpty(t, strings.TrimSpace(text))
				}}
				ctx, cancel := context.WithTimeout(t.Context(), tt.runs)
				defer cancel()
				d.run(ctx)
				assert.Equal(t, tt.ids, ids)
				assert.Equal(t, tt.subjects, subjects)
			})
		})
	}
}
