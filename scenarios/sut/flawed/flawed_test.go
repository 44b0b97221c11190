package flawed_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
	"github.com/seatrial/seatrial/scenarios/virtualtime"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// One bad day that gives every flaw its chance, against the real simulator in virtual time.
func TestEveryFlawIsRejectedByName(t *testing.T) {
	t.Parallel()
	for _, kind := range append(flawed.Kinds(), flawed.Kind{Flaw: flawed.None}) {
		t.Run(string(kind.Flaw), func(t *testing.T) {
			t.Parallel()
			history := badDay(t, flawed.Engine(kind.Flaw))
			verdicts := map[string]reports.Check{}
			for _, c := range invariants.Check(history) {
				verdicts[c.Name] = c
				t.Logf("%-16s %-6s %s", c.Name, c.Verdict, c.Detail)
			}
			for _, name := range kind.Fails {
				assert.Equal(t, reports.Failed, verdicts[name].Verdict, "%s: %s", name, verdicts[name].Detail)
			}
			if len(kind.Fails) == 0 { // the correct engine, and the one that is honest about what it does not do
				for name, c := range verdicts {
					assert.Equal(t, reports.Passed, c.Verdict, "%s: %s", name, c.Detail)
				}
				created := 0
				for _, e := range history.Entries {
					if e.Operation == "create" {
						created++
					}
				}
				assert.Equal(t, kind.Flaw == flawed.None, created == 1, "%d users created", created)
			}
		})
	}
}

// The same bad day for our own engine, over its hook, with its queue on disk.
func TestOurEngineHasNoneOfThem(t *testing.T) {
	t.Parallel()
	history := badDay(t, sut.Engine(nil))
	for _, c := range invariants.Check(history) {
		assert.Equal(t, reports.Passed, c.Verdict, "%s: %s", c.Name, c.Detail)
	}
	artifacts := map[string]int{}
	for _, a := range history.Artifacts {
		kind, _, _ := strings.Cut(a.Name, "/")
		artifacts[kind] += len(a.Data)
	}
	for _, kind := range []string{sut.ArtifactLog, sut.ArtifactAudit, sut.ArtifactMetrics, sut.ArtifactResponses, "queue"} {
		assert.Positive(t, artifacts[kind], "nothing to search in %s", kind)
	}
}

const changer = "PUT /admin/v1/UserPasswordChanger/*"

type day struct {
	world   *sim.World
	dir     string
	system  sut.System
	history invariants.History
}

func badDay(t *testing.T, factory sut.Factory) invariants.History {
	t.Helper()
	d := &day{dir: t.TempDir()}
	var err error
	require.NoError(t, virtualtime.Run(func() { err = d.run(factory) }))
	require.NoError(t, err)
	return d.history
}

func (d *day) run(factory sut.Factory) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	if d.world, err = sim.New(sim.DefaultConfig(), network.Memory()); err != nil {
		return err
	}
	if err = d.world.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = d.world.Stop(ctx) }()
	if err = d.people(ctx); err != nil {
		return err
	}
	if d.system, err = factory(sut.Place{
		Network: d.world.Network(), Authority: d.world.Authority(), URL: d.world.URL("idcs"), Host: "engine.test", Dir: d.dir, Seed: random.Seed(7),
		ClientID: d.world.ClientID(), ClientSecret: d.world.ClientSecret(), Provision: true,
	}); err != nil {
		return err
	}
	if err = d.system.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = d.system.Stop(ctx) }()
	if err = d.steps(ctx); err != nil {
		return err
	}
	return d.observe(ctx)
}

const users = 12

func name(i int) string { return fmt.Sprintf("user%02d", i) }

func (d *day) people(ctx context.Context) error {
	d.history.Initial = map[string]secret.Value{}
	d.history.Provisioning = map[string]bool{"newcomer": true}
	var list []control.UserInput
	for i := range users {
		d.history.Initial[name(i)] = secret.New(fmt.Sprintf("Quiet-Harbour-%02d-before", i))
		list = append(list, control.UserInput{
			UserName: name(i), GivenName: "Given", FamilyName: "Family", DisplayName: "Given Family",
			Email: name(i) + "@example.com", Password: d.history.Initial[name(i)], Federated: i == 3,
		})
	}
	if _, err := d.world.Control().Populate(ctx, "idcs", list); err != nil {
		return err
	}
	before, err := d.world.Control().Users(ctx, "idcs")
	d.history.UsersBefore = before
	return err
}

func (d *day) change(ctx context.Context, user, password string, acceptable bool) error {
	n := len(d.history.Changes)
	c := invariants.Change{
		Number: n, TransactionID: fmt.Sprintf("tx-%03d", n), User: user, Password: secret.New(password), Submitted: time.Now(), Acceptable: acceptable,
	}
	id, err := d.system.Submit(ctx, sut.Change{
		TransactionID: c.TransactionID, UserName: user, Password: c.Password,
		Attributes: map[string]string{"givenName": "New", "sn": "Comer", "mail": user + "@example.com"},
	})
	if err != nil {
		return err
	}
	c.ID, c.Acked, c.Acknowledged = id, true, time.Now()
	d.history.Changes = append(d.history.Changes, c)
	return nil
}

// steps are the bad day.
func (d *day) steps(ctx context.Context) error {
	c := d.world.Control()
	for _, fault := range []control.FaultInput{
		{ID: "weather", Kind: "latency", Latency: &control.LatencyInput{Min: 20 * time.Millisecond, Max: 60 * time.Millisecond}},
		{ID: "lost", Kind: "lose_answer", First: 1, Route: changer, User: name(4)},
		{ID: "once", Kind: "status", Status: 503, First: 1, Route: changer, User: name(5)},
		{ID: "cut", Kind: "reset", First: 1, Route: "GET /admin/v1/Users", User: name(6)},
		{ID: "throttled", Kind: "status", Status: 429, RetryAfter: 30 * time.Second, First: 1, Route: changer, User: name(7)},
	} {
		if _, err := c.AddFault(ctx, "idcs", fault); err != nil {
			return err
		}
	}
	type step struct {
		user, password string
		no             bool // cannot be accepted
		wait           time.Duration
	}
	for _, s := range []step{
		{user: name(1), password: "Brisk-Westerly-4711-a"},
		{user: name(8), password: "Brisk-Westerly-4711-b"},
		{user: name(9), password: "Brisk-Westerly-4711-c", wait: time.Minute},
		{user: name(2), password: "short1A", no: true},
		{user: name(3), password: "Brisk-Westerly-4711-d", no: true},
		{user: name(4), password: "Brisk-Westerly-4711-e", wait: time.Minute},
		{user: name(5), password: "Brisk-Westerly-4711-f", wait: 500 * time.Millisecond},
		{user: name(5), password: "Brisk-Westerly-4711-g"},
		{user: name(6), password: "Brisk-Westerly-4711-h", wait: time.Minute},
		{user: name(7), password: "Brisk-Westerly-4711-i", wait: time.Minute},
		{user: "newcomer", password: "Brisk-Westerly-4711-j", wait: time.Minute},
	} {
		if err := d.change(ctx, s.user, s.password, !s.no); err != nil {
			return err
		}
		time.Sleep(s.wait)
	}
	if _, err := c.ExpireTokens(ctx, "idcs", ""); err != nil {
		return err
	}
	for i := 8; i < users; i++ {
		if err := d.change(ctx, name(i), fmt.Sprintf("Fair-Tide-2024-%02d-x", i), true); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Hour)
	return nil
}

// observe gathers what a runner would gather.
func (d *day) observe(ctx context.Context) error {
	c, h := d.world.Control(), &d.history
	outcomes, err := d.system.Outcomes(ctx)
	if err != nil {
		return err
	}
	if h.Artifacts, err = d.system.Artifacts(); err != nil {
		return err
	}
	for _, a := range h.Artifacts {
		if a.Name == sut.ArtifactAudit {
			if h.Audit, err = invariants.ReadAudit(a.Data); err != nil {
				return err
			}
		}
	}
	var attempts []control.LogInInput
	for user, password := range h.Initial {
		h.Probes = append(h.Probes, invariants.Probe{User: user, Change: -1})
		attempts = append(attempts, control.LogInInput{UserName: user, Password: password})
	}
	for i := range h.Changes {
		change := &h.Changes[i]
		digests, err := c.Digests(ctx, change.Password)
		if err != nil {
			return err
		}
		change.Digest = digests[0]
		for _, o := range outcomes {
			if o.TransactionID == change.TransactionID {
				change.State, change.Reason, change.Attempts, change.Finished = o.State, o.Reason, o.Attempts, o.Finished
				change.Outcomes++
			}
		}
		h.Probes = append(h.Probes, invariants.Probe{User: change.User, Change: i})
		attempts = append(attempts, control.LogInInput{UserName: change.User, Password: change.Password})
	}
	answers, err := c.LogIns(ctx, "idcs", attempts)
	if err != nil {
		return err
	}
	for i, a := range answers {
		h.Probes[i].OK, h.Probes[i].MustChange, h.Probes[i].Reason = a.OK, a.MustChange, a.Reason
	}
	journal, err := c.JournalAll(ctx, control.JournalQuery{Target: "idcs"})
	if err != nil {
		return err
	}
	h.Entries, h.Dropped = journal.Entries, journal.Dropped
	h.UsersAfter, err = c.Users(ctx, "idcs")
	h.AuditObservable, h.OutcomesObservable = true, true
	h.Secrets = append(sut.Secrets(d.system), d.world.ClientSecret())
	h.Retries, h.TokenLifetime = invariants.Promised(), time.Hour
	return err
}
