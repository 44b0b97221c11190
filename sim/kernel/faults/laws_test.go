package faults

import (
	"math"
	"slices"
	"sort"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newSet(seed uint64) *Set { return NewSet(random.Seed(seed).Stream("faults")) }

// decide lets a rule see n requests at one instant and returns on which it acts.
func decide(a *active, n int) []bool {
	now := a.added
	acts := make([]bool, n)
	for i := range acts {
		acts[i] = a.meet(now) && a.act(now)
	}
	return acts
}

func force(t require.TestingT, s *Set, r Rule) *active {
	status, err := s.Add(r)
	require.NoError(t, err)
	rules := *s.rules.Load()
	return rules[slices.IndexFunc(rules, func(a *active) bool { return a.ID == status.ID })]
}

func count(acts []bool) (n int) {
	for _, acted := range acts {
		if acted {
			n++
		}
	}
	return n
}

func TestShareIsAShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSet(rapid.Uint64().Draw(t, "seed"))
		p := rapid.Float64Range(0, 1).Draw(t, "share")
		const n = 2000
		if fired := count(decide(force(t, s, Rule{Kind: KindReset, Trigger: Trigger{Share: new(0.0)}}), n)); fired != 0 {
			t.Fatalf("share 0 fired %d times", fired)
		}
		if fired := count(decide(force(t, s, Rule{Kind: KindReset, Trigger: Trigger{Share: new(1.0)}}), n)); fired != n {
			t.Fatalf("share 1 fired %d times of %d", fired, n)
		}
		fired := count(decide(force(t, s, Rule{Kind: KindReset, Trigger: Trigger{Share: new(p)}}), n))
		if spread := 6*math.Sqrt(n*p*(1-p)) + 1; math.Abs(float64(fired)-n*p) > spread {
			t.Fatalf("share %v fired %d times of %d", p, fired, n)
		}
	})
}

func TestSkipEveryFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trigger := Trigger{
			Skip:  rapid.IntRange(0, 10).Draw(t, "skip"),
			Every: rapid.IntRange(0, 5).Draw(t, "every"),
			First: rapid.IntRange(0, 5).Draw(t, "first"),
		}
		a := force(t, newSet(1), Rule{Kind: KindReset, Trigger: trigger})
		fired := 0
		for i, acted := range decide(a, 60) {
			number := i + 1 - trigger.Skip // of those not skipped
			want := number > 0 && number%max(trigger.Every, 1) == 0 && (trigger.First == 0 || fired < trigger.First)
			if acted != want {
				t.Fatalf("%+v: request %d: acted %v, want %v", trigger, i+1, acted, want)
			}
			if acted {
				fired++
			}
		}
		if status := a.status(); status.Seen != 60 || status.Fired != uint64(fired) {
			t.Fatalf("seen %d of 60, fired %d of %d", status.Seen, status.Fired, fired)
		}
	})
}

func TestTheSeedDecides(t *testing.T) {
	rule := Rule{ID: "a", Kind: KindLatency, Latency: Latency{Max: time.Hour}, Trigger: Trigger{Share: new(0.5)}}
	run := func(seed uint64, before, after []Rule) (acts []bool, delays []time.Duration) {
		s := newSet(seed)
		for _, r := range before {
			force(t, s, r)
		}
		a := force(t, s, rule)
		for _, r := range after {
			force(t, s, r)
		}
		others := *s.rules.Load()
		for range 200 {
			for _, other := range others { // all see each request, in the order in which they act
				acted := other.meet(other.added) && other.act(other.added)
				if acted && other.Kind == KindLatency {
					if delay := other.Latency.draw(other.delays); other == a {
						delays = append(delays, delay)
					}
				}
				if other == a {
					acts = append(acts, acted)
				}
			}
		}
		return acts, delays
	}
	acts, delays := run(7, nil, nil)
	assert.InDelta(t, 100, count(acts), 40)
	again, delaysAgain := run(7, nil, nil)
	assert.Equal(t, acts, again)
	assert.Equal(t, delays, delaysAgain)

	another := Rule{Kind: KindLatency, Latency: Latency{Median: 1, P95: 2}, Trigger: Trigger{Share: new(0.3)}}
	again, delaysAgain = run(7, []Rule{another}, []Rule{another, {Kind: KindReset, Trigger: Trigger{Share: new(0.9)}}})
	assert.Equal(t, acts, again, "other rules shift nothing")
	assert.Equal(t, delays, delaysAgain, "other rules shift nothing")

	s := newSet(7)
	one := decide(force(t, s, Rule{ID: "one", Kind: KindReset, Trigger: Trigger{Share: new(0.5)}}), 200)
	two := decide(force(t, s, Rule{ID: "two", Kind: KindReset, Trigger: Trigger{Share: new(0.5)}}), 200)
	assert.NotEqual(t, one, two, "rules of one set have numbers of their own")

	different, _ := run(8, nil, nil)
	assert.NotEqual(t, acts, different)
}

func TestLatenciesFollowTheirDistribution(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		latency Latency
		want    map[float64]time.Duration
		within  float64
	}{
		"constant": {Latency{Value: 5 * ms}, map[float64]time.Duration{0: 5 * ms, 50: 5 * ms, 100: 5 * ms}, 0},
		"uniform":  {Latency{Min: 100 * ms, Max: 300 * ms}, map[float64]time.Duration{0: 100 * ms, 25: 150 * ms, 50: 200 * ms, 90: 280 * ms, 100: 300 * ms}, 0.02},
		"lognormal": {
			Latency{Median: 120 * ms, P95: 450 * ms},
			map[float64]time.Duration{5: 32 * ms, 50: 120 * ms, 95: 450 * ms, 99: 778 * ms},
			0.08,
		},
		"lognormal without a spread":  {Latency{Median: 120 * ms, P95: 120 * ms}, map[float64]time.Duration{0: 120 * ms, 100: 120 * ms}, 0},
		"lognormal with its tail cut": {Latency{Median: 120 * ms, P95: 450 * ms, Max: 500 * ms}, map[float64]time.Duration{95: 450 * ms, 99: 500 * ms, 100: 500 * ms}, 0.08},
		"percentiles": {
			Latency{Min: 20 * ms, Percentiles: map[float64]time.Duration{50: 120 * ms, 95: 450 * ms, 99: 1200 * ms}},
			map[float64]time.Duration{0: 20 * ms, 25: 70 * ms, 50: 120 * ms, 95: 450 * ms, 97: 825 * ms, 99.5: 1200 * ms, 100: 1200 * ms},
			0.08,
		},
		"percentiles with a maximum": {
			Latency{Max: 5000 * ms, Percentiles: map[float64]time.Duration{50: 100 * ms}},
			map[float64]time.Duration{25: 50 * ms, 50: 100 * ms, 75: 2550 * ms, 100: 5000 * ms},
			0.08,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := force(t, newSet(3), Rule{Kind: KindLatency, Latency: tt.latency})
			const n = 20_000
			samples := make([]time.Duration, n)
			for i := range samples {
				samples[i] = a.Latency.draw(a.delays)
			}
			slices.Sort(samples)
			for p, want := range tt.want {
				got := samples[min(int(p/100*n), n-1)]
				assert.InDelta(t, float64(want), float64(got), float64(want)*tt.within+1, "p%v: got %v, want %v", p, got, want)
			}
		})
	}
}

func TestTheQuantileCurveGoesThroughItsPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfNDistinct(rapid.IntRange(0, 1_000_000), 2, 6, rapid.ID).Draw(t, "values")
		sort.Ints(values)
		l := Latency{Min: time.Duration(values[0]), Percentiles: map[float64]time.Duration{}}
		ps := rapid.SliceOfNDistinct(rapid.IntRange(1, 99), len(values)-1, len(values)-1, rapid.ID).Draw(t, "percentiles")
		sort.Ints(ps)
		for i, p := range ps {
			l.Percentiles[float64(p)] = time.Duration(values[i+1])
		}
		if err := (Rule{Kind: KindLatency, Latency: l}).Validate(); err != nil {
			t.Fatal(err)
		}
		for p, want := range l.Percentiles {
			if got := l.quantile(p); got != want {
				t.Fatalf("at %v: got %v, want %v", p, got, want)
			}
		}
		before := time.Duration(-1)
		for p := range 101 {
			d := l.quantile(float64(p))
			if d < before || d < l.Min || d > time.Duration(values[len(values)-1]) {
				t.Fatalf("at %d: %v after %v", p, d, before)
			}
			before = d
		}
	})
}

func TestABucketNeverOvergrants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.1, 50).Draw(t, "rate")
		burst := rapid.IntRange(1, 20).Draw(t, "burst")
		a := force(t, newSet(1), Rule{Kind: KindThrottle, Throttle: Throttle{Rate: rate, Burst: burst}})
		now, granted := a.added, 0
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "ms")) * time.Millisecond)
			if !a.act(now) {
				granted++
			}
			if most := float64(burst) + rate*now.Sub(a.added).Seconds(); float64(granted) > most+1e-6 {
				t.Fatalf("%d granted after %v, at most %v may be", granted, now.Sub(a.added), most)
			}
		}
	})
}

func TestTheWindowOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := force(t, newSet(1), Rule{Kind: KindReset, Trigger: Trigger{From: 10 * time.Second, Until: 20 * time.Second}})
		for _, tt := range []struct {
			after time.Duration
			want  bool
		}{{0, false}, {10*time.Second - 1, false}, {10 * time.Second, true}, {20*time.Second - 1, true}, {20 * time.Second, false}, {time.Hour, false}} {
			assert.Equal(t, tt.want, a.meet(a.added.Add(tt.after)), "after %v", tt.after)
		}
		assert.Equal(t, uint64(2), a.status().Seen, "closed windows see nothing")
	})
}

func TestSetKeepsItsRulesInOrder(t *testing.T) {
	s := newSet(1)
	p := 0.5
	points := map[float64]time.Duration{50: time.Second}
	for _, r := range []Rule{
		{Kind: KindLoseAnswer},
		{Kind: KindReset, Trigger: Trigger{Share: &p}},
		{ID: "mine", Kind: KindStatus, Status: 500},
		{Kind: KindLatency, Latency: Latency{Percentiles: points}},
		{Kind: KindReset},
	} {
		_, err := s.Add(r)
		require.NoError(t, err)
	}
	ids := func() (list []string) {
		for _, status := range s.List() {
			list = append(list, status.ID)
		}
		return list
	}
	assert.Equal(t, []string{"latency-1", "mine", "reset-1", "reset-2", "lose_answer-1"}, ids())

	p, points[50] = 1, 0
	assert.InDelta(t, 0.5, *s.List()[2].Trigger.Share, 0, "the caller's variable is not the rule's")
	assert.Equal(t, time.Second, s.List()[0].Latency.Percentiles[50])

	_, err := s.Add(Rule{ID: "mine", Kind: KindReset})
	require.ErrorContains(t, err, `faults.id: "mine" is in use`)
	_, err = s.Add(Rule{ID: "bad"})
	require.ErrorContains(t, err, "faults.kind")

	assert.Equal(t, 2, s.Remove("mine", "reset-1", "unknown"))
	assert.Equal(t, []string{"latency-1", "reset-2", "lose_answer-1"}, ids())
	assert.Equal(t, 3, s.Remove())
	assert.Empty(t, ids())
	assert.Zero(t, s.Remove())
}
