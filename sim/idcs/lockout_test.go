package idcs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// lockModel is the life of a lock in the words of Oracle's documents, kept as simply as can be.
type lockModel struct {
	limit    int
	duration time.Duration // 0: until an administrator
	unlocks  bool          // a new password ends a lock

	now      time.Time
	failures int
	byAdmin  bool
	until    time.Time // of a lock by failures; zero when there is none
	forGood  bool
}

func (m *lockModel) locked() bool {
	return m.byAdmin || m.forGood || !m.until.IsZero() && m.now.Before(m.until)
}

func (m *lockModel) open() { m.failures, m.byAdmin, m.forGood, m.until = 0, false, false, time.Time{} }

func (m *lockModel) logIn(right bool) string {
	if m.locked() {
		return "locked"
	}
	if !m.until.IsZero() { // it has run out: the count begins anew
		m.open()
	}
	if right {
		m.open()
		return ""
	}
	if m.failures++; m.limit > 0 && m.failures >= m.limit {
		m.forGood = m.duration == 0
		m.until = m.now.Add(m.duration)
	}
	return "wrong_password"
}

// The lock-out, driven through the wire by any sequence of log-ins, locks, new passwords and passing time, does what the
// model does, and tells so.
func TestLockoutFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.SampledFrom([]int{0, 1, 3, 5}).Draw(rt, "maxIncorrectAttempts")
		minutes := rapid.SampledFrom([]int{0, 5, 30}).Draw(rt, "lockoutDuration")
		unlocks := rapid.Bool().Draw(rt, "a new password unlocks")
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{
			"right", "wrong", "wrong", "wrong", "wrong", "wrong", "grant", "wait", "wait long", "lock", "unlock", "write",
		}), 1, 40).Draw(rt, "steps")
		d := newDomain(t, func(c *idcs.Config) { c.TokenLifetime = 365 * 24 * time.Hour })
		d.rules(t, func(p *policy.Policy) {
			p.MaxIncorrectAttempts, p.LockoutDuration, p.NumPasswordsInHistory = limit, minutes, 0
		})
		if unlocks {
			d.set(t, "lockedWrite", "unlock")
		}
		m := &lockModel{limit: limit, duration: time.Duration(minutes) * time.Minute, unlocks: unlocks, now: d.Clock().Now()}
		for i, step := range steps {
			got, want := "", ""
			pass := func(by time.Duration) {
				d.Clock().Turn(by)
				m.now = m.now.Add(by)
			}
			switch step {
			case "right", "wrong":
				password := firstPassword
				if step == "wrong" {
					password = "wrong"
				}
				a := d.ask(t, "login", http.MethodPost, "/admin/v1/PasswordAuthenticator", body("PasswordAuthenticator", map[string]any{
					"mappingAttribute": "userName", "mappingAttributeValue": "bjensen", "password": password,
				}))
				want = m.logIn(step == "right")
				if got = d.last(t).Reason; (a.status == 201) != (want == "") {
					rt.Fatalf("step %d, %s: status %d with %q", i, step, a.status, want)
				}
			case "grant":
				d.signIn(t, "portal", "bjensen", "wrong", myScopes)
				got, want = d.last(t).Reason, m.logIn(false)
			case "wait":
				pass(4 * time.Minute)
			case "wait long":
				pass(31 * time.Minute)
			case "lock", "unlock":
				require.Equal(t, 201, d.ask(t, "engine", http.MethodPost, "/admin/v1/UserLockedStateChanger",
					body("UserLockedStateChanger", map[string]any{"userId": d.user.ID, "locked": step == "lock"})).status)
				if step == "unlock" {
					m.open()
				} else {
					m.byAdmin = true
				}
			case "write":
				require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(firstPassword)).status)
				if m.failures = 0; unlocks {
					m.open()
				}
			}
			if got != want {
				rt.Fatalf("step %d of %v, %s: %q, want %q", i, steps, step, got, want)
			}
			state, _ := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)[userState].(map[string]any)
			shown, _ := state["locked"].(map[string]any)
			if shown["on"] != m.locked() {
				rt.Fatalf("step %d of %v, %s: shown as locked: %v, want %v", i, steps, step, shown["on"], m.locked())
			}
			if reason := map[bool]any{true: 1.0, false: 0.0}[m.byAdmin]; m.locked() && shown["reason"] != reason {
				rt.Fatalf("step %d of %v, %s: reason %v, want %v", i, steps, step, shown["reason"], reason)
			}
			if probe := d.logsIn(t, firstPassword).Reason == "locked"; probe != m.locked() {
				rt.Fatalf("step %d of %v, %s: the probe says %v", i, steps, step, probe)
			}
		}
	})
}

// After a lock has run out, a user has all his attempts again.
func TestTheCountBeginsAnew(t *testing.T) {
	d := newDomain(t)
	fail := func(times int) {
		for range times {
			d.signIn(t, "portal", "bjensen", "wrong", myScopes)
		}
	}
	fail(5)
	assert.Equal(t, "locked", d.logsIn(t, firstPassword).Reason)
	d.Clock().Turn(30 * time.Minute)
	fail(4)
	assert.Equal(t, "wrong_password", d.logsIn(t, "wrong").Reason)
	fail(1)
	assert.Equal(t, "locked", d.logsIn(t, firstPassword).Reason)
}

// The policy of a user's group decides when he is locked out.
func TestLockoutByTheGroupsPolicy(t *testing.T) {
	d := newDomain(t)
	d.join(t, "Staff", d.user)
	require.NoError(t, d.SetGroupPolicy(idcs.GroupPolicy{Name: "staff", Groups: []string{"Staff"}, Policy: policy.Policy{MaxIncorrectAttempts: 2, LockoutDuration: 5}}))
	for range 2 {
		d.signIn(t, "portal", "bjensen", "wrong", myScopes)
	}
	assert.Equal(t, "locked", d.logsIn(t, firstPassword).Reason)
	d.Clock().Turn(5 * time.Minute)
	assert.True(t, d.logsIn(t, firstPassword).OK)
}
