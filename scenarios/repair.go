package scenarios

import (
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/okta"
)

// repair is an operator who makes federated users the org's own again, as `sync okta repair --apply` does.
func (r *run) repair(s Repair) error {
	c := okta.DefaultConfig()
	c.URL = r.place.URL
	if r.place.ClientID == "" {
		c.Token = seal.Secret(r.place.OktaToken.Reveal())
	} else {
		c.ClientID, c.Key = r.place.ClientID, seal.Secret(r.place.ClientKey.Reveal())
	}
	hub, err := okta.NewRepairer(c, okta.Environment{DialContext: r.place.Network.DialContext, RootCAs: r.place.Authority.Pool()})
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	defer hub.Close()
	for _, p := range r.pick(s.Users) {
		found, err := hub.Look(r.ctx, p.UserName)
		if err == nil {
			err = hub.Apply(r.ctx, found, okta.Fix(s.fix()), func(okta.Step, int) error { return nil })
		}
		if err != nil {
			r.checks = append(r.checks, broken("users can be repaired", p.UserName+": "+err.Error()))
			continue
		}
		p.elsewhere = false
		r.repaired[strings.ToLower(p.UserName)] = true
		r.note([]*person{p}, func(u *control.User) { u.Federated = false })
	}
	return nil
}

// fix is convert unless something else is written.
func (s Repair) fix() string {
	if s.Fix == "" {
		return string(okta.FixConvert)
	}
	return s.Fix
}
