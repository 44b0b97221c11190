package ldap

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// passwords are a user's, in order; each hash belongs to one of them.
type passwords struct {
	last  map[string]int // by user, the number of the newest one
	which map[string]int // by user and hash, the number
}

func (p *passwords) hash(user string, number, variant int) string {
	h := hash(fmt.Sprintf("%s-%d-%d", user, number, variant))
	p.which[user+" "+h] = number
	return h
}

// TestTheNewestArrivesAndNothingOldAfterIt is the law, whatever changes, ends, lags and is trimmed in between.
func TestTheNewestArrivesAndNothingOldAfterIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		strategy := rapid.SampledFrom([]string{ChangeNumber, Cookie, Timestamps}).Draw(rt, "strategy")
		kinds := []string{"change", "change", "change", "rehash", "add", "crash", "kill", "down 0", "down 1", "up", "trim", "long wait"}
		if strategy != Timestamps { // Which cannot see what comes late.
			kinds = append(kinds, "lag 1", "catch up")
		}
		steps := rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 12).Draw(rt, "steps")
		picks := rapid.SliceOfN(rapid.IntRange(0, 3), len(steps), len(steps)).Draw(rt, "users")
		pauses := rapid.SliceOfN(rapid.SampledFrom([]time.Duration{10 * time.Millisecond, 6 * time.Second}), len(steps), len(steps)).Draw(rt, "pauses")
		var broken string
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, strategy)
			r.config.PageSize, r.config.Interval = 3, "2s"
			broken = play(r, steps, picks, pauses)
			r.close()
		})
		if broken != "" {
			rt.Fatal(broken)
		}
	})
}

func play(r *rig, steps []string, picks []int, pauses []time.Duration) string {
	d := r.directory
	p := &passwords{last: map[string]int{}, which: map[string]int{}}
	users := []string{"ann", "bob", "cid", "dan"}
	for _, u := range users {
		d.AddWith(u, p.hash(u, 0, 0))
	}
	r.start()
	r.settle()
	change := func(u string) {
		p.last[u]++
		d.SetPassword(u, p.hash(u, p.last[u], 0))
	}
	for i, step := range steps {
		u := users[picks[i]]
		switch step {
		case "change":
			change(u)
		case "rehash":
			d.Rehash(u, p.hash(u, p.last[u], i+1))
		case "add":
			u = fmt.Sprint("new", i)
			users = append(users, u)
			p.last[u] = 1
			d.AddWith(u, p.hash(u, 1, 0))
		case "crash": // The engine has the change, and the disk has not.
			r.settle()
			r.stop()
			before := snapshot(r, r.config.State)
			change(u)
			r.start()
			r.settle()
			r.stop()
			for name, data := range before {
				require.NoError(r, os.WriteFile(filepath.Join(r.config.State, name), data, 0o600))
			}
			r.start()
		case "kill":
			r.restart()
		case "down 0":
			d.Server(0).Down(true)
		case "down 1":
			d.Server(1).Down(true)
		case "up":
			d.Server(0).Down(false)
			d.Server(1).Down(false)
		case "lag 1":
			d.Lag(1, true)
		case "catch up":
			d.Lag(1, false)
		case "trim":
			d.Server(0).Trim(1)
			d.Server(1).Trim(1)
		case "long wait":
			time.Sleep(3 * time.Minute)
		}
		time.Sleep(pauses[i])
	}
	d.Server(0).Down(false)
	d.Server(1).Down(false)
	d.Lag(1, false)
	time.Sleep(5 * time.Minute)
	got := map[string]int{}
	for _, c := range r.engine.changes {
		number, ok := p.which[c.UserName+" "+string(c.Hash)]
		// Who has forgotten what was delivered cannot know a rehash of it.
		if !ok || number < got[c.UserName] || number == got[c.UserName] && !slices.Contains(steps, "crash") {
			return fmt.Sprintf("%s: password %d after %d; %s\n%s", c.UserName, number, got[c.UserName], strings.Join(steps, ", "), r.logs)
		}
		got[c.UserName] = number
	}
	for _, u := range users {
		if got[u] != p.last[u] {
			return fmt.Sprintf("%s: password %d instead of %d; %s\n%s", u, got[u], p.last[u], strings.Join(steps, ", "), r.logs)
		}
	}
	return ""
}
