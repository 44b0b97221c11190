package scenarios

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/okta"
)

// setProvider says where the passwords of users are. Those who come here again have none yet.
func (r *run) setProvider(provider string, list []*person) error {
	for _, p := range list {
		p.elsewhere = provider != okta.OKTA
	}
	r.overtake()
	names := r.note(list, func(u *control.User) { u.Federated = provider == okta.FEDERATION || provider == okta.SOCIAL })
	_, err := r.control.SetProvider(r.ctx, targetOkta, provider, names...)
	return err
}

// disconnect is the button of the console that parts users from their identity provider.
func (r *run) disconnect(list []*person) error {
	for _, p := range list {
		p.elsewhere = false
	}
	names := r.note(list, func(u *control.User) { u.Federated = false })
	_, err := r.control.Disconnect(r.ctx, targetOkta, names...)
	return err
}

// setStatus moves users to where they stand in their life. Deprovisioned ones take no password; of the others the org's
// switches say what a password does to them.
func (r *run) setStatus(status string, list []*person) error {
	for _, p := range list {
		p.blocked = status == string(okta.Deprovisioned)
	}
	r.overtake()
	names := r.note(list, func(u *control.User) {
		u.Locked = status == string(okta.LockedOut)
		u.Active = !slices.Contains([]string{string(okta.Deprovisioned), string(okta.Suspended), string(okta.Staged)}, status)
	})
	_, err := r.control.SetStatus(r.ctx, targetOkta, status, names...)
	return err
}

// signInElsewhere signs users in through the org's identity provider, which creates those who are not there.
func (r *run) signInElsewhere(list []*person) error {
	for _, p := range list {
		in, err := r.control.SignInThroughIdP(r.ctx, targetOkta, idpName, p.UserName, map[string]string{
			"login": p.UserName, "email": p.PrimaryEmail(), "firstName": p.GivenName, "lastName": p.FamilyName,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", p.UserName, err)
		}
		p.elsewhere = in.User.Federated
		if in.Created {
			p.newcomer = false
			r.before = append(r.before, in.User)
		}
	}
	r.overtake()
	return nil
}

// idpName is the identity provider that an org has for jit.
const idpName = "Company sign-in"

// part picks users by number and name, or draws a share of the generated ones who are not taken.
func (r *run) part(p Part, taken map[*person]bool) []*person {
	list := r.pick(p.Users)
	if p.Percent > 0 {
		generated := r.residents[:r.target.place().Users]
		free := slices.DeleteFunc(slices.Clone(generated), func(p *person) bool { return taken[p] })
		r.jitter.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
		list = free[:min(p.of(len(generated)), len(free))]
	}
	for _, one := range list {
		taken[one] = true
	}
	return list
}
