package certify

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func readCriteria(file string) (loadtest.Criteria, error) {
	if file == "" {
		return loadtest.DefaultCriteria(), nil
	}
	criteria, err := loadtest.ReadCriteria(file)
	if err != nil {
		return criteria, &UsageError{fmt.Errorf("--criteria: %w", err)}
	}
	return criteria, nil
}

func (in *inputs) noteCriteria(c loadtest.Criteria, file string) {
	if file == "" {
		file = embedded
	}
	in.note("criteria", fmt.Sprintf("success at least %.4g %%, mean at most %v, p95 at most %v, %d at once",
		c.Success*100, c.Mean, c.P95, c.MinConcurrency), file)
}

// noteLoad says what is put on each target: the same, one after the other.
func (in *inputs) noteLoad(o Options) {
	value, from := fmt.Sprintf("%d changes at once, then %g a second for %v", o.Load.Burst, o.Load.Rate, o.Load.For), embedded
	if len(o.targets()) > 1 {
		value += ", on each target in turn"
	}
	if d := DefaultOptions().Load; o.Load != d {
		from = "--burst, --rate, --for"
	}
	in.note("load", value, from)
}

// load builds the stage at a target over real sockets and puts both shapes on it.
func (in *inputs) load(
	ctx context.Context, o Options, target string, criteria loadtest.Criteria, engine sut.Factory, p *progress,
) (loads []reports.Load, switches []reports.Switch, err error) {
	at := "" // in the names of shapes, where there are several targets
	if len(o.targets()) > 1 {
		at = target + " "
	}
	p.step(fmt.Sprintf("load test: preparing %d users of %s", len(in.people), vendors[target]), 1, 1)
	setting := loadtest.DefaultSetting()
	if target == sim.Okta {
		setting = loadtest.SettingAtOrg()
	} else {
		setting.Scope, setting.World = in.scope, in.tenant
	}
	setting.Seed, setting.People = random.Seed(o.Seed), in.people
	setting.Source, setting.Policy = in.sourceFor(target), in.book(target)
	setting.Latency = loadtest.LatencyOf(o.Load.P50, o.Load.P95)
	setting.System = engine
	stage, err := loadtest.Build(ctx, setting)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stage.Close(context.WithoutCancel(ctx))) }()
	if stage.Refused > 0 {
		in.list = append(in.list, reports.Input{
			What: "users", Value: "left out", From: vendors[target],
			Problem: fmt.Sprintf("%d of %d were refused on creation; the first: %v", stage.Refused, len(in.people), stage.Refusal),
		})
	}
	if switches, err = stage.Switches(ctx); err != nil {
		return nil, nil, err
	}
	plan := stage.Plan()
	plan.Criteria = criteria
	plan.Shapes = []loadtest.Shape{
		{Name: at + "burst", Burst: o.Load.Burst},
		{Name: at + "rate", Rate: o.Load.Rate, For: o.Load.For},
	}
	loads, err = stage.Run(ctx, plan, func(e loadtest.Event) {
		if e.Phase == loadtest.Sending {
			p.step("load test: "+e.Shape, e.Ended, e.Planned)
		}
	})
	return loads, switches, err
}

// tenant gives the simulated domain the name and the client of the customer's; the client's secret is made up.
func (in *inputs) tenant(c *sim.Config) {
	c.IDCS.Host, c.IDCS.Policy = in.host, in.target
	client := idcs.DefaultClient()
	client.ID = in.clientID
	client.Secret = secret.New(c.Seed.Stream("certify/client secret").Hex(40))
	c.IDCS.Clients = []oauth.Client{client}
}
