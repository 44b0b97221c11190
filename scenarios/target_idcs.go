package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// givenDomain is an Oracle identity domain.
type givenDomain struct{ *GivenDomain }

func (givenDomain) name() string         { return targetIDCS }
func (d givenDomain) place() *GivenPlace { return &d.GivenPlace }

func (d givenDomain) rules() rulebook.Book {
	if d.Policy != nil {
		return d.Policy.Book
	}
	return rulebook.Oracles{Policy: policy.Standard()}
}

func (d givenDomain) configure(c *sim.Config, seed random.Seed) {
	c.IDCS.Tier = d.Tier
	if d.Visibility != nil {
		c.IDCS.Visibility = time.Duration(*d.Visibility)
	}
	if len(d.ClientRoles) > 0 {
		client := idcs.DefaultClient()
		client.Secret, client.Roles = secret.New(seed.Stream("scenarios/client").Hex(40)), d.ClientRoles
		c.IDCS.Clients = []oauth.Client{client}
	}
}

func (givenDomain) byClient() bool { return true }

func (givenDomain) furnish(*run) error { return nil }

func (givenDomain) house(*run) error { return nil }

func (d givenDomain) lint(l *linter, n *node) {
	for i, role := range d.ClientRoles {
		if !slices.Contains(idcs.Roles(), role) {
			l.found.add(n.find("client_roles", i).at, "client_roles: there is no app role %q%s", role, didYouMean(role, idcs.Roles()))
		}
	}
}

func (d givenDomain) words() []string {
	var lines []string
	if d.Tier != "" {
		lines = append(lines, fmt.Sprintf("The domain has the rate limits of the type %s.", d.Tier))
	}
	if len(d.ClientRoles) > 0 {
		lines = append(lines, fmt.Sprintf("The engine's client has the app roles %s.", strings.Join(d.ClientRoles, ", ")))
	}
	return lines
}
