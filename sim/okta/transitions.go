package okta

import (
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// transitionTime is how long an asynchronous deactivation lasts. Okta says that it depends on how much there is to take away.
const transitionTime = 5 * time.Second

// asynchronous tells whether the client wants its answer before the work is done (Okta, OpenAPI, deactivateUser).
func (c *call) asynchronous() bool {
	for _, header := range c.r.Header["Prefer"] {
		for one := range strings.SplitSeq(header, ",") {
			if strings.EqualFold(strings.TrimSpace(one), "respond-async") {
				return true
			}
		}
	}
	return false
}

// deactivation is the write that the request asks for: at once, or begun. Its event is written when it begins.
func (c *call) deactivation() func(*people.Person, *Account, profile) error {
	if !c.asynchronous() {
		return c.s.deactivate
	}
	return func(_ *people.Person, a *Account, _ profile) error {
		if a.Status == Deprovisioned {
			return refuse(wrongStatus)
		}
		a.Transitioning, a.transitionEnds = Deprovisioned, c.s.kernel.Clock.Now().Add(transitionTime)
		return nil
	}
}

// settle ends a deactivation whose time has come: whoever looks finds it done, nobody has to wait for it.
func (s *Server) settle(p *people.Person, a *Account) {
	if a.Transitioning != Deprovisioned || a.transitionEnds.IsZero() || s.kernel.Clock.Now().Before(a.transitionEnds) {
		return
	}
	end := a.transitionEnds
	a.Transitioning, a.transitionEnds = "", time.Time{}
	s.takeAway(p, a, end.Truncate(time.Second))
}

// leaving tells whether a user is deactivated, or about to be.
func (a *Account) leaving() bool {
	return a.Status == Deprovisioned || a.Transitioning == Deprovisioned
}

// takeAway is what a deactivation does.
func (s *Server) takeAway(p *people.Person, a *Account, at time.Time) {
	if s.is(deactivatedSecret, "clear") {
		dropPassword(p, a)
	}
	p.Credential.Unlock()
	a.move(Deprovisioned, at)
}

// blocks are what keeps a user from signing in (Okta, OpenAPI, listUserBlocks). That only a lock-out is one is unverified.
func blocks(a *Account) []object {
	if a.Status == LockedOut {
		return []object{{{"type", "DEVICE_BASED"}, {"appliesTo", "ANY_DEVICES"}}}
	}
	return []object{}
}

func mountBlocks(t table) {
	t.add(http.MethodGet, userPath+"/blocks", "read", readUsers, (*call).userBlocks)
}

func (c *call) userBlocks() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(id)
	if !ok {
		return noUser(c.id)
	}
	a, _ := c.s.view(&p)
	return c.sendJSON(blocks(&a))
}
