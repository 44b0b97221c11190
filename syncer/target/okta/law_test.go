package okta

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// deed is one thing that happens in a history of the law's test.
type deed struct {
	kind string
	user string
	// of a change: what goes wrong with its writes, one after the other, and after which of them the engine dies.
	troubles []string
	dies     int
	wait     time.Duration
}

// history is what an org and its engine live through.
type history struct {
	ahead   time.Duration
	shift   time.Duration // the clock that dates passwords against the one that dates answers
	undated bool
	deeds   []deed
}

var (
	troubles = map[string]*oktatest.Step{
		"none": nil, "cut": {Cut: true}, "lose": {Lose: true}, "hang": {Hang: true}, "503": {Status: 503}, "read only": {Status: 503, Message: "E0000010"},
		"504": {Status: 504, HTML: true}, "429": {Status: 429, Message: "E0000047"}, "slow": {Delay: 3 * time.Second},
		"slow and lost": {Delay: 3 * time.Second, Lose: true}, "activating": {Status: 409, Message: "E0000112"},
	}
	waits = []time.Duration{
		3 * time.Millisecond, 300 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 7 * time.Second, time.Minute, 11 * time.Minute,
	}
)

func drawHistory(t *rapid.T) history {
	name := rapid.SampledFrom([]string{"none", "none", "cut", "lose", "lose", "hang", "503", "read only", "504", "429", "slow", "slow and lost", "activating"})
	wait := rapid.SampledFrom(waits)
	h := history{
		ahead:   rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Minute, -3 * time.Minute, 90 * time.Minute, -777 * time.Millisecond}).Draw(t, "ahead"),
		shift:   rapid.SampledFrom([]time.Duration{0, 0, 400 * time.Millisecond, -400 * time.Millisecond}).Draw(t, "shift"),
		undated: rapid.IntRange(0, 9).Draw(t, "undated") == 0,
	}
	for range rapid.IntRange(1, 14).Draw(t, "deeds") {
		d := deed{
			kind: rapid.SampledFrom([]string{"change", "change", "change", "change", "other", "restart", "list", "anew", "gone", "superseded", "tokens"}).Draw(t, "kind"),
			user: rapid.SampledFrom([]string{"a@x.test", "b@x.test"}).Draw(t, "user"), wait: wait.Draw(t, "wait"),
		}
		if d.kind == "change" || d.kind == "superseded" {
			d.troubles = rapid.SliceOfN(name, 0, 3).Draw(t, "troubles")
			d.dies = rapid.IntRange(-4, 2).Draw(t, "dies")
		}
		h.deeds = append(h.deeds, d)
	}
	return h
}

// world plays a history. It keeps the promises that the engine makes to a target: one attempt at a time for a user, marks on
// disk, the prior mark given back.
type world struct {
	t      *testing.T
	org    *oktatest.Org
	key    seal.Secret
	target *Target
	trail  []string             // what to say when the law is broken
	others map[string]time.Time // when another party set the user's password last

	mu     sync.Mutex
	script []string
}

func (w *world) restart() {
	if w.target != nil {
		w.target.Close()
	}
	c := DefaultConfig()
	c.URL, c.ClientID, c.Key, c.Timeout = w.org.URL(), "client", w.key, 5*time.Second
	x, err := New(c, Environment{DialContext: w.org.DialContext})
	require.NoError(w.t, err)
	w.target = x
}

// change brings a change to the target as the engine does. It returns whether it was said to be applied.
func (w *world) change(d deed, password string, attempts int) bool {
	w.mu.Lock()
	w.script = d.troubles
	w.mu.Unlock()
	var prior, onDisk *target.Mark
	for n := range attempts {
		answer := w.target.Apply(w.t.Context(), target.Job{
			ID: password, UserName: d.user, Password: seal.Secret(password), Prior: prior, Provision: true,
			Attributes:  map[string]string{"givenName": "A", "sn": "B", "mail": d.user},
			BeforeWrite: func(_ context.Context, m target.Mark) error { onDisk = &m; return nil },
		})
		w.trail = append(w.trail, fmt.Sprintf("  %v %s attempt %d: %s %s %s prior=%v mark=%v", time.Now().Format("15:04:05.000"), password, n, answer.Class, answer.Reason, answer.Detail, prior, onDisk))
		switch {
		case answer.Class == target.Applied:
			return true
		case answer.Unsettled:
			prior = &answer.Mark
		case answer.Settled:
			prior = nil
		case answer.Class == target.Permanent || answer.Class == target.Missing:
			return false
		}
		if n == d.dies {
			w.restart()
			prior = onDisk
			w.list() // As an engine does that keeps warm.
		}
		if n+1 < attempts {
			time.Sleep(2 * time.Second << min(n, 3))
		}
	}
	return false
}

// play returns how the law was broken, or "".
func play(t *testing.T, key seal.Secret, h history) (broken string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, org: oktatest.Start(), key: key, others: map[string]time.Time{}}
		w.org.Ahead, w.org.Undated, w.org.Shift = h.ahead, h.undated, h.shift
		w.org.Client = func(string) string { return "" }
		w.org.Script = func(call string, _ int, _ string) *oktatest.Step {
			w.mu.Lock()
			defer w.mu.Unlock()
			if call != "write" && call != "create" || len(w.script) == 0 {
				return nil
			}
			step := troubles[w.script[0]]
			w.script = w.script[1:]
			return step
		}
		w.org.Add("a@x.test", "b@x.test")
		w.restart()
		time.Sleep(time.Minute)
		for i, d := range h.deeds {
			w.trail = append(w.trail, fmt.Sprintf("%v %+v", time.Now().Format("15:04:05.000"), d))
			if broken = w.do(d, fmt.Sprintf("Password-%d", i)); broken != "" {
				break
			}
			time.Sleep(d.wait)
		}
		w.target.Close()
		w.org.Stop()
		if broken != "" {
			for _, line := range w.trail {
				broken += "\n" + line
			}
		}
	})
	return broken
}

func (w *world) list() {
	for _, err := range w.target.People(w.t.Context()) {
		require.NoError(w.t, err)
	}
}

func (w *world) do(d deed, password string) string {
	switch d.kind {
	case "restart":
		w.restart()
		time.Sleep(time.Minute)
	case "tokens":
		w.org.ExpireTokens()
	case "other":
		if w.org.User(d.user).ID == "" {
			w.org.Add(d.user)
		}
		w.org.Reset(d.user, "theirs-"+password)
		w.others[d.user] = time.Now()
	case "list":
		w.list()
	case "gone":
		w.org.Remove(d.user)
	case "anew":
		w.org.Remove(d.user)
		w.org.Add(d.user)
		w.others[d.user] = time.Now()
	case "superseded":
		// One attempt, and then the next change of this user: whether this one was applied is nobody's question any more.
		w.change(d, password, 1)
	case "change":
		// The law excepts another party who writes less than about three seconds, and one second of dates, before us.
		excepted := time.Since(w.others[d.user]) < 5*time.Second
		said := w.change(d, password, 9)
		count := 0
		for _, e := range w.org.Applied() {
			if e.Password == password {
				count++
			}
		}
		switch {
		case !said:
			return fmt.Sprintf("%s was never applied", password)
		case count > 1:
			return fmt.Sprintf("%s was applied %d times", password, count)
		case !excepted && (count == 0 || w.org.User(d.user).Password != password):
			return fmt.Sprintf("%s was said to be applied, and %s has %s", password, d.user, w.org.User(d.user).Password)
		}
	}
	return ""
}

// TestTheLaw plays random histories: lost answers before and after a write or a creation was carried out, an org whose clock is
// minutes off or whose answers have no Date, dates of whole seconds, restarts, another party, users who go and come, tokens that
// expire, listings in between. Nothing but the law keeps a change from being applied twice: the org has no history.
func TestTheLaw(t *testing.T) {
	_, _, key := ecKey(t)
	for range 5 {
		rapid.Check(t, func(r *rapid.T) {
			if broken := play(t, key, drawHistory(r)); broken != "" {
				r.Fatal(broken)
			}
		})
	}
}

// TestTwoWritesWithinASecondAreToldApart: the listing shows the date of our own write, and the next change comes within the same
// second of the org's clock. A write that then shows the same date could not be told from one that was lost.
func TestTwoWritesWithinASecondAreToldApart(t *testing.T) {
	_, _, key := ecKey(t)
	for name, undated := range map[string]bool{"by the clock": false, "without a clock": true} {
		t.Run(name, func(t *testing.T) {
			broken := play(t, key, history{undated: undated, deeds: []deed{
				{kind: "change", user: "a@x.test", dies: -1, wait: 3 * time.Millisecond},
				{kind: "list", wait: 3 * time.Millisecond},
				{kind: "change", user: "a@x.test", dies: -1, troubles: []string{"lose"}, wait: 3 * time.Millisecond},
				{kind: "list", wait: 3 * time.Millisecond},
				{kind: "change", user: "a@x.test", dies: -1, troubles: []string{"lose"}},
			}})
			require.Empty(t, broken)
		})
	}
}
