package loadtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/scenarios/virtualtime"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/population"
)

func persons(n int) (list []people.Person) {
	for p := range population.Generate(7, n) {
		list = append(list, p)
	}
	return list
}

// tampered is an engine between whose hook and the world somebody stands.
type tampered struct {
	sut.System
	submit func(ctx context.Context, c sut.Change, pass func(context.Context, sut.Change) (string, error)) (string, error)
}

func (t tampered) Submit(ctx context.Context, c sut.Change) (string, error) {
	return t.submit(ctx, c, t.System.Submit)
}

type submitFunc = func(ctx context.Context, c sut.Change, pass func(context.Context, sut.Change) (string, error)) (string, error)

func tampering(submit submitFunc) sut.Factory {
	return func(p sut.Place) (sut.System, error) {
		system, err := sut.Engine(nil)(p)
		return tampered{system, submit}, err
	}
}

// rehearse builds a stage in virtual time and runs a plan on it.
func rehearse(t *testing.T, population int, system sut.Factory, adjust func(*Plan)) (loads []reports.Load, events []Event, err error) {
	t.Helper()
	broke := virtualtime.Run(func() {
		ctx := t.Context()
		s := DefaultSetting()
		s.Seed, s.Network, s.People = 7, network.Memory(), persons(population)
		if system != nil {
			s.System = system
		}
		var stage *Stage
		if stage, err = Build(context.WithoutCancel(ctx), s); err != nil {
			return
		}
		plan := stage.Plan()
		plan.Criteria.MinConcurrency = 20
		plan.Shapes = []Shape{{Name: "burst", Burst: 20}}
		adjust(&plan)
		var broken error
		loads, broken = stage.Run(context.Background(), plan, func(e Event) { events = append(events, e) })
		err = errors.Join(broken, stage.Close(context.Background()))
	})
	require.NoError(t, broke)
	return loads, events, err
}

func verdicts(checks []reports.Check) map[string]reports.Verdict {
	m := map[string]reports.Verdict{}
	for _, c := range checks {
		m[c.Name] = c.Verdict
	}
	return m
}

func TestOurEnginePassesABurstAndARate(t *testing.T) {
	loads, events, err := rehearse(t, 60, nil, func(p *Plan) {
		p.Shapes = []Shape{{Name: "burst", Burst: 20}, {Name: "rate", Rate: 10, For: 4 * time.Second}}
	})
	require.NoError(t, err)
	require.Len(t, loads, 2)
	for _, l := range loads {
		assert.Equal(t, reports.Passed, l.Verdict, "%v %v", l.Reasons, l.Checks)
		assert.Equal(t, []int{l.Planned, l.Planned, l.Planned, 0, 0}, []int{l.Sent, l.Accepted, l.Applied, l.Refused, l.Lost})
		assert.Len(t, l.Checks, 9)
		assert.Len(t, l.Points, l.Planned)
		assert.Positive(t, l.FromSent.P50, "the target takes its time")
		assert.GreaterOrEqual(t, l.FromIntended.Mean, l.FromSent.Mean)
		assert.Empty(t, l.Failures)
	}
	assert.Equal(t, 20, loads[0].Concurrency, "a burst is in flight as a whole")
	assert.InDelta(t, 10, loads[1].SentRate, .01)
	assert.Equal(t, Event{Shape: "burst", Phase: WarmingUp, Planned: 20}, events[0])
	assert.Equal(t, Event{Shape: "rate", Phase: Judging, Planned: 40, Ended: 40}, events[len(events)-1])
}

func TestAChangeThatTheEngineSwallowsFailsTheLoad(t *testing.T) {
	var mu sync.Mutex
	seen, swallowed := 0, ""
	loads, _, err := rehearse(t, 40, tampering(func(ctx context.Context, c sut.Change, pass func(context.Context, sut.Change) (string, error)) (string, error) {
		mu.Lock()
		seen++
		swallow := seen == 12
		if swallow {
			swallowed = c.UserName
		}
		mu.Unlock()
		if swallow {
			return "acknowledged-and-gone", nil
		}
		return pass(ctx, c)
	}), func(p *Plan) { p.Criteria.Success = .9 })
	require.NoError(t, err)
	l := loads[0]
	assert.Equal(t, reports.Failed, l.Verdict, "95 %% is success enough, but an acknowledged change is lost")
	assert.Equal(t, []int{20, 19, 1}, []int{l.Accepted, l.Applied, l.Lost})
	assert.Equal(t, map[string]int{"not applied within 30s": 1}, l.Errors)
	assert.Equal(t, reports.Failed, verdicts(l.Checks)["nothing-lost"])
	for _, c := range l.Criteria {
		assert.True(t, c.Met, c.Name)
	}
	require.NotEmpty(t, l.Failures)
	assert.Equal(t, swallowed, l.Failures[0].User)
	assert.Contains(t, l.Failures[0].Summary, "nothing-lost: "+swallowed)
}

func TestAnEngineThatTurnsChangesAwayIsReportedInItsOwnWords(t *testing.T) {
	loads, _, err := rehearse(t, 40, tampering(func(_ context.Context, c sut.Change, _ func(context.Context, sut.Change) (string, error)) (string, error) {
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, &sut.SubmitError{Status: 503, Message: "draining"})
	}), func(*Plan) {})
	require.NoError(t, err)
	l := loads[0]
	assert.Equal(t, []int{20, 0, 0}, []int{l.Sent, l.Accepted, l.Applied})
	assert.Equal(t, map[string]int{"not taken by the engine: hook answered 503: draining": 20}, l.Errors)
	assert.NotEqual(t, reports.Passed, l.Verdict)
	assert.LessOrEqual(t, len(l.Failures), failuresShown)
}

func TestARefusalByTheTargetIsNoLoss(t *testing.T) {
	weak := 0
	loads, _, err := rehearse(t, 40, nil, func(p *Plan) {
		strong := p.Password
		p.Password = func(u User) (secret.Value, error) {
			if weak++; weak == 10 {
				return secret.New("short"), nil
			}
			return strong(u)
		}
	})
	require.NoError(t, err)
	l := loads[0]
	assert.Equal(t, []int{20, 19, 1, 0}, []int{l.Accepted, l.Applied, l.Refused, l.Lost})
	require.Len(t, l.Errors, 1)
	const words = "refused by the target: policy: The password does not meet the password policy. The password must have at least 12 characters."
	for text, n := range l.Errors {
		assert.Contains(t, text, words, "the target's own words")
		assert.Equal(t, 1, n)
	}
	assert.Equal(t, reports.Failed, l.Verdict)
	for name, v := range verdicts(l.Checks) {
		assert.Equal(t, reports.Passed, v, name)
	}
	require.Len(t, l.Failures, 1)
	assert.Contains(t, l.Failures[0].Summary, "Change 5: "+words, "the fifth after five to warm up")
	require.NotEmpty(t, l.Failures[0].Exchanges, "what the target answered")
	last := l.Failures[0].Exchanges[len(l.Failures[0].Exchanges)-1]
	assert.Equal(t, "refused: policy", last.Note)
	assert.NotContains(t, last.Request, "short", "no password in a report")
}

func TestAPopulationThatIsTooSmallMakesAShapeVoid(t *testing.T) {
	submitted := false
	loads, _, err := rehearse(t, 24, tampering(func(ctx context.Context, c sut.Change, pass func(context.Context, sut.Change) (string, error)) (string, error) {
		submitted = true
		return pass(ctx, c)
	}), func(*Plan) {})
	require.NoError(t, err)
	assert.Equal(t, reports.Void, loads[0].Verdict)
	assert.Equal(t, []string{"the shape needs 25 users of its own, 20 for its changes and 5 to warm up, and the population has 24; make the shape smaller or add users"}, loads[0].Reasons)
	assert.False(t, submitted, "nothing is sent for a shape that can prove nothing")
}

func TestABurstBelowTheLeastConcurrencyIsVoid(t *testing.T) {
	loads, _, err := rehearse(t, 40, nil, func(p *Plan) { p.Criteria.MinConcurrency = 21 })
	require.NoError(t, err)
	assert.Equal(t, reports.Void, loads[0].Verdict)
	assert.Equal(t, []string{"a burst of 20 cannot have the 21 changes in flight at once that the criteria ask for (min_concurrency)"}, loads[0].Reasons)
}

func TestUsersAreOnlyUsedAgainByALaterShape(t *testing.T) {
	times := map[string]int{}
	var mu sync.Mutex
	loads, _, err := rehearse(t, 25, tampering(func(ctx context.Context, c sut.Change, pass func(context.Context, sut.Change) (string, error)) (string, error) {
		mu.Lock()
		times[c.UserName]++
		mu.Unlock()
		return pass(ctx, c)
	}), func(p *Plan) {
		p.Shapes = []Shape{{Name: "first", Burst: 20}, {Name: "second", Burst: 20}}
	})
	require.NoError(t, err)
	for _, l := range loads {
		assert.Equal(t, reports.Passed, l.Verdict, "the second shape knows the passwords that the first one set: %v", l.Checks)
	}
	assert.Len(t, times, 25)
	for user, n := range times {
		assert.Equal(t, 2, n, user)
	}
}

func TestTwoUsersWithOnePasswordAreRefused(t *testing.T) {
	loads, _, err := rehearse(t, 40, nil, func(p *Plan) {
		p.Password = func(User) (secret.Value, error) { return secret.New("Correct-Horse-7"), nil }
	})
	require.ErrorContains(t, err, "were given the same password")
	assert.Equal(t, reports.Void, loads[0].Verdict)
}

func TestARunThatIsCutShortIsVoid(t *testing.T) {
	var loads []reports.Load
	var err error
	require.NoError(t, virtualtime.Run(func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s := DefaultSetting()
		s.Seed, s.Network, s.People = 7, network.Memory(), persons(40)
		stage, failed := Build(ctx, s)
		if err = failed; err != nil {
			return
		}
		plan := stage.Plan()
		plan.Shapes = []Shape{{Name: "rate", Rate: 1, For: 30 * time.Second}}
		time.AfterFunc(10*time.Second, cancel)
		loads, err = stage.Run(ctx, plan, nil)
		_ = stage.Close(context.Background())
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, loads, 1)
	assert.Equal(t, reports.Void, loads[0].Verdict)
	assert.True(t, strings.HasPrefix(loads[0].Reasons[0], "the run broke off: "), loads[0].Reasons)
}

func TestPeopleWhomTheTargetRefusesAreLeftOut(t *testing.T) {
	require.NoError(t, virtualtime.Run(func() {
		s := DefaultSetting()
		s.Seed, s.Network, s.People = 7, network.Memory(), persons(9)
		s.People = append(s.People, s.People[4]) // a user name that is there already
		stage, err := Build(context.Background(), s)
		if assert.NoError(t, err) {
			assert.Len(t, stage.Users, 9)
			assert.Equal(t, 1, stage.Refused)
			assert.ErrorContains(t, stage.Refusal, s.People[4].UserName)
			assert.NoError(t, stage.Close(context.Background()))
		}
	}))
}
