package idcs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
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

// history is what a domain and its engine live through.
type history struct {
	ahead    time.Duration
	undated  bool
	dateless bool
	shift    time.Duration // the clock that dates passwords against the one that dates answers
	deeds    []deed
}

var (
	troubles = map[string]*idcstest.Step{
		"none": nil, "cut": {Cut: true}, "lose": {Lose: true}, "hang": {Hang: true}, "503": {Status: 503}, "504": {Status: 504, HTML: true},
		"429": {Status: 429}, "slow": {Delay: 3 * time.Second}, "slow and lost": {Delay: 3 * time.Second, Lose: true},
	}
	waits = []time.Duration{
		3 * time.Millisecond, 300 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 7 * time.Second, time.Minute, 11 * time.Minute,
	}
)

func drawHistory(t *rapid.T) history {
	name := rapid.SampledFrom([]string{"none", "none", "cut", "lose", "hang", "503", "504", "429", "slow", "slow and lost"})
	wait := rapid.SampledFrom(waits)
	h := history{
		ahead:   rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Minute, -3 * time.Minute, 90 * time.Minute, -777 * time.Millisecond}).Draw(t, "ahead"),
		undated: rapid.IntRange(0, 9).Draw(t, "undated") == 0, dateless: rapid.IntRange(0, 9).Draw(t, "dateless") == 0,
		shift: rapid.SampledFrom([]time.Duration{0, 0, 400 * time.Millisecond, -400 * time.Millisecond}).Draw(t, "shift"),
	}
	for range rapid.IntRange(1, 14).Draw(t, "deeds") {
		d := deed{
			kind: rapid.SampledFrom([]string{"change", "change", "change", "change", "other", "restart", "list", "anew", "superseded"}).Draw(t, "kind"),
			user: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "user"), wait: wait.Draw(t, "wait"),
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
	domain *idcstest.Domain
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
	c.URL, c.ClientID, c.ClientSecret, c.Timeout = w.domain.URL(), w.domain.ClientID, seal.Secret(w.domain.ClientSecret), 5*time.Second
	x, err := New(c, Environment{DialContext: w.domain.DialContext})
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
			ID: password, UserName: d.user, Password: seal.Secret(password), Prior: prior,
			BeforeWrite: func(_ context.Context, m target.Mark) error { onDisk = &m; return nil },
		})
		w.trail = append(w.trail, fmt.Sprintf("  %s attempt %d: %s %s %s prior=%v mark=%v", password, n, answer.Class, answer.Reason, answer.Detail, prior, onDisk))
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
func play(t *testing.T, h history) (broken string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, domain: idcstest.Start(), others: map[string]time.Time{}}
		w.domain.Ahead, w.domain.Undated, w.domain.Dateless, w.domain.Shift = h.ahead, h.undated, h.dateless, h.shift
		w.domain.Remember = 4
		w.domain.Script = func(call string, _ int, _ string) *idcstest.Step {
			w.mu.Lock()
			defer w.mu.Unlock()
			if call != "write" || len(w.script) == 0 {
				return nil
			}
			step := troubles[w.script[0]]
			w.script = w.script[1:]
			return step
		}
		if !h.dateless {
			w.domain.Remember = 0 // Then nothing but the law keeps a change from being applied twice.
		}
		w.domain.Add("a", "b")
		w.restart()
		time.Sleep(time.Minute)
		for i, d := range h.deeds {
			w.trail = append(w.trail, fmt.Sprintf("%v %+v", time.Now().Format("15:04:05.000"), d))
			if broken = w.do(d, fmt.Sprintf("Password-%d", i)); broken != "" {
				break
			}
			time.Sleep(d.wait) // Longer than a millisecond, as fine as dates are: the engine sees to that, too.
		}
		w.target.Close()
		w.domain.Stop()
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
	case "other":
		w.domain.Reset(d.user, "theirs-"+password)
		w.others[d.user] = time.Now()
	case "list":
		w.list()
	case "anew":
		w.domain.Remove(d.user)
		w.domain.Add(d.user)
	case "superseded":
		// One attempt, and then the next change of this user: whether this one was applied is nobody's question any more.
		w.change(d, password, 1)
	case "change":
		// The law excepts another party who writes less than about three seconds before us.
		excepted := time.Since(w.others[d.user]) < 4*time.Second
		said := w.change(d, password, 9)
		count := 0
		for _, e := range w.domain.Applied() {
			if e.Password == password {
				count++
			}
		}
		switch {
		case !said:
			return fmt.Sprintf("%s was never applied", password)
		case count > 1:
			return fmt.Sprintf("%s was applied %d times", password, count)
		case !excepted && (count == 0 || w.domain.User(d.user).Password != password):
			return fmt.Sprintf("%s was said to be applied, and %s has %s", password, d.user, w.domain.User(d.user).Password)
		}
	}
	return ""
}

// TestTheLaw plays random histories: lost answers before and after the write was applied, a domain whose clock is minutes
// off, whose answers have no Date or whose users show none, restarts, another party, users made anew, listings in between.
func TestTheLaw(t *testing.T) {
	for range 8 { // A hundred histories each, by default; the rarest mistakes take hundreds to show.
		rapid.Check(t, func(r *rapid.T) {
			if broken := play(t, drawHistory(r)); broken != "" {
				r.Fatal(broken)
			}
		})
	}
}
