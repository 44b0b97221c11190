package loadtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestChangesAreDueByTheShapeAlone(t *testing.T) {
	burst, rate, third := Shape{Burst: 150}, Shape{Rate: 25, For: 10 * time.Second}, Shape{Rate: 3, For: time.Second}
	assert.Equal(t, 150, burst.Changes())
	assert.Zero(t, burst.due(149))
	assert.Equal(t, 250, rate.Changes())
	assert.Equal(t, 9960*time.Millisecond, rate.due(249))
	assert.Equal(t, []time.Duration{0, 333333333, 666666667}, []time.Duration{third.due(0), third.due(1), third.due(2)}, "to the nearest nanosecond")
	assert.Equal(t, "150 changes at once", burst.String())
	assert.Equal(t, "25 changes a second for 10s", rate.String())
}

func TestDueTimesAreEvenAndWithinTheShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Shape{Rate: rapid.Float64Range(1, 1000).Draw(t, "rate"), For: time.Duration(rapid.Int64Range(int64(2*time.Second), int64(time.Minute)).Draw(t, "for"))}
		gap := time.Duration(float64(time.Second) / s.Rate)
		last := -gap
		for i := range s.Changes() {
			due := s.due(i)
			assert.InDelta(t, gap, due-last, 2, "change %d", i)
			last = due
		}
		assert.Less(t, last, s.For)
	})
}

func valid() Plan {
	p := DefaultPlan()
	p.Users = []User{{Name: "ann"}, {Name: "bob"}}
	p.Password = func(User) (secret.Value, error) { return secret.Value{}, nil }
	return p
}

func TestPlanNamesEveryMistake(t *testing.T) {
	require.NoError(t, valid().Validate())
	for name, test := range map[string]struct {
		spoil func(*Plan)
		want  string
	}{
		"no shape":      {func(p *Plan) { p.Shapes = nil }, "shapes: there is none, so nothing would be sent"},
		"no name":       {func(p *Plan) { p.Shapes[0].Name = "" }, "shapes[0].name: is empty"},
		"one name":      {func(p *Plan) { p.Shapes[1].Name = "burst" }, `shapes[1].name: "burst" is the name of another shape, too`},
		"two in one":    {func(p *Plan) { p.Shapes[0].Rate = 1 }, "shapes[0]: is a burst and a rate; make two shapes of it"},
		"negative":      {func(p *Plan) { p.Shapes[0].Burst = -1 }, "shapes[0].burst: -1 is below 0"},
		"no rate":       {func(p *Plan) { p.Shapes[1].Rate = 0 }, "shapes[1].rate: 0 is not within 0.1…10000"},
		"no time":       {func(p *Plan) { p.Shapes[1].For = 0 }, "shapes[1].for: 0s is not above 0"},
		"too many":      {func(p *Plan) { p.Shapes[1].For = 24 * time.Hour }, "shapes[1]: 25 changes a second for 24h0m0s are more than 1000000 changes"},
		"hardly any":    {func(p *Plan) { p.Shapes[1].For = 40 * time.Millisecond }, "shapes[1]: 25 changes a second for 40ms are fewer than 2 changes, which is no rate"},
		"user twice":    {func(p *Plan) { p.Users[1].Name = "ann" }, `users[1].name: "ann" is there already; each change needs a user of its own`},
		"nameless user": {func(p *Plan) { p.Users[0].Name = "" }, "users[0].name: is empty"},
		"no passwords":  {func(p *Plan) { p.Password = nil }, "password: is missing: a function that makes the new passwords"},
		"no target":     {func(p *Plan) { p.Target = "" }, "target: is empty; idcs and okta are there"},
		"no patience":   {func(p *Plan) { p.Timeout = 0 }, "timeout: 0s is not above 0"},
		"criteria":      {func(p *Plan) { p.Criteria.Success = 2 }, "criteria: success: 2 is not a share above 0 and up to 1; 98.7 % is 0.987"},
	} {
		t.Run(name, func(t *testing.T) {
			p := valid()
			test.spoil(&p)
			assert.EqualError(t, p.Validate(), test.want)
		})
	}
}
