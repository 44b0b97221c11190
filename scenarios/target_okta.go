package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/okta"
)

// givenOrg is an Okta org.
type givenOrg struct {
	*GivenOrg
	scenario Scenario
}

func (givenOrg) name() string         { return targetOkta }
func (o givenOrg) place() *GivenPlace { return &o.GivenPlace }

func (o givenOrg) rules() rulebook.Book {
	if o.Policy != nil {
		return o.Policy.Book
	}
	return rulebook.Oktas{PasswordSettings: okta.DefaultSettings()}
}

// byClient tells whether the engine is a service application; else it has an API token.
func (o givenOrg) byClient() bool { return o.Credential == "client" }

func (o givenOrg) configure(c *sim.Config, _ random.Seed) {
	c.Run = []string{targetOkta}
	if o.scenario.Given.Spoke != nil {
		c.Run = append(c.Run, sim.Spoke)
	}
	c.Okta.Plan = cmp.Or(o.Plan, c.Okta.Plan)
	c.Okta.TokenShare = cmp.Or(o.TokenShare, c.Okta.TokenShare)
}

// furnish sets the limits, and the identity provider that somebody signs in through.
func (o givenOrg) furnish(r *run) error {
	if o.scenario.has(func(s Step) bool { return s.JIT != nil }) {
		// An administrator has set it up long ago: just-in-time provisioning and account linking are on.
		_, err := r.world.Okta().AddIdP(okta.IdentityProvider{Type: "SAML2", Name: idpName, Policy: okta.DefaultIdPPolicy()})
		if err != nil {
			return fmt.Errorf("identity provider: %w", err)
		}
	}
	if o.ConcurrentLimit == 0 {
		return nil
	}
	return r.control.SetConcurrentLimit(r.ctx, targetOkta, o.ConcurrentLimit)
}

// house says whose password is elsewhere and who is not active.
func (o givenOrg) house(r *run) error {
	taken := map[*person]bool{}
	each := func(parts map[string]Part, share bool, do func(name string, list []*person)) {
		for _, name := range sortedKeys(parts) {
			if part := parts[name]; part.Percent > 0 == share {
				do(name, r.part(part, taken))
			}
		}
	}
	var errs []error
	provide := func(provider string, list []*person) {
		errs = append(errs, r.setProvider(provider, list))
	}
	stand := func(status string, list []*person) {
		errs = append(errs, r.setStatus(status, list))
	}
	for _, share := range []bool{false, true} { // Who is named comes first; a share is drawn from those who are left.
		each(o.Providers, share, provide)
		each(o.Statuses, share, stand)
	}
	if o.scenario.Given.Spoke != nil {
		errs = append(errs, r.pairUp(*o.scenario.Given.Spoke))
	}
	return errors.Join(errs...)
}

func (o givenOrg) lint(l *linter, n *node) {
	known := func(field string, parts map[string]Part, names []string) {
		for _, name := range sortedKeys(parts) {
			at := n.find(field)
			if !slices.Contains(names, name) {
				l.found.add(at.key(name), "%s: there is no %q%s", field, name, orKnown(name, names))
			}
			if parts[name].Percent == 0 {
				l.users(parts[name].Users, at.find(name))
			}
		}
	}
	known("providers", o.Providers, oktaProviders[1:])
	known("statuses", o.Statuses, oktaStatuses)
}

// What Okta calls where a password is, and where a user stands.
var (
	oktaProviders = []string{okta.OKTA, okta.FEDERATION, okta.SOCIAL, okta.ActiveDirectory, okta.LDAP}
	oktaStatuses  = []string{
		string(okta.Staged), string(okta.Provisioned), string(okta.Active), string(okta.Recovery), string(okta.LockedOut),
		string(okta.PasswordExpired), string(okta.Suspended), string(okta.Deprovisioned),
	}
)

func (o givenOrg) words() []string {
	var lines []string
	if o.Plan != "" {
		lines = append(lines, fmt.Sprintf("The org has the rate limits of the plan %s.", o.Plan))
	}
	if o.TokenShare > 0 {
		lines = append(lines, fmt.Sprintf("The engine may use %d %% of each limit.", o.TokenShare))
	}
	if o.ConcurrentLimit > 0 {
		lines = append(lines, fmt.Sprintf("The org takes %d requests at a time.", o.ConcurrentLimit))
	}
	for _, provider := range sortedKeys(o.Providers) {
		lines = append(lines, fmt.Sprintf("Of them, %s sign in through %s.", partWords(o.Providers[provider]), provider))
	}
	for _, status := range sortedKeys(o.Statuses) {
		lines = append(lines, fmt.Sprintf("Of them, %s are %s.", partWords(o.Statuses[status]), status))
	}
	if o.byClient() {
		lines = append(lines, "The engine is a service application of the org, with a key of its own.")
	}
	return lines
}

func partWords(p Part) string {
	if p.Percent > 0 {
		return p.String()
	}
	return peopleWords(p.Users)
}

// ofOkta: some steps are for an org only.
func (l *linter) ofOkta(s Step, n *node) {
	only := map[string]bool{
		"set_provider": s.SetProvider != nil, "set_status": s.SetStatus != nil, "disconnect": s.Disconnect != nil, "jit": s.JIT != nil,
		"assign": s.Assign != nil, "unassign": s.Unassign != nil,
		"read_only": s.ReadOnly != nil, "repair": s.Repair != nil,
	}
	for _, name := range sortedKeys(only) {
		if only[name] && l.scenario.target().name() != targetOkta {
			l.found.add(n.key(name), "%s: is for an Okta org; write given: {okta: {users: 20}}", name)
		}
	}
	for name, there := range map[string]bool{"assign": s.Assign != nil, "unassign": s.Unassign != nil} {
		if there && l.scenario.Given.Spoke == nil {
			l.found.add(n.key(name), "%s: there is no spoke; write given: {spoke: {}}", name)
		}
	}
	switch {
	case s.Assign != nil:
		l.users(*s.Assign, n.find("assign"))
	case s.Unassign != nil:
		l.users(*s.Unassign, n.find("unassign"))
	case s.SetProvider != nil:
		l.users(s.SetProvider.Users, n.find("set_provider", "users"))
	case s.SetStatus != nil:
		l.users(s.SetStatus.Users, n.find("set_status", "users"))
	case s.Repair != nil:
		l.users(s.Repair.Users, n.find("repair", "users"))
	case s.JIT != nil:
		l.users(*s.JIT, n.find("jit"))
	}
}
