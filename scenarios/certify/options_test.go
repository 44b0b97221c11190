package certify

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOptionsValidate(t *testing.T) {
	require.NoError(t, DefaultOptions().Validate())
	cases := map[string]struct {
		change func(*Options)
		want   string
	}{
		"negative population": {func(o *Options) { o.Population = -1 }, "--population: -1"},
		"nobody":              {func(o *Options) { o.Population = 0 }, "--population: 0 leaves nobody"},
		"no folder":           {func(o *Options) { o.Out = "" }, "--out:"},
		"no burst":            {func(o *Options) { o.Load.Burst = 0 }, "--burst: 0"},
		"no rate":             {func(o *Options) { o.Load.Rate = 0 }, "--rate: 0"},
		"no time":             {func(o *Options) { o.Load.For = time.Millisecond }, "--for: 1ms"},
		"percentiles crossed": {func(o *Options) { o.Load.P95 = time.Millisecond }, "--latency-p95: 1ms is below"},
		"negative latency":    {func(o *Options) { o.Load.P50 = -time.Second }, "--latency-p50: -1s"},
		"negative workers":    {func(o *Options) { o.Workers = -1 }, "--parallel: -1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := DefaultOptions()
			c.change(&o)
			assert.ErrorContains(t, o.Validate(), c.want)
		})
	}
	o := DefaultOptions()
	o.Population, o.Load.Burst = -1, 0
	err := o.Validate()
	require.ErrorContains(t, err, "--population")
	assert.ErrorContains(t, err, "--burst", "all mistakes at once")
}

func TestCommandThatRepeatsTheRun(t *testing.T) {
	o := DefaultOptions()
	assert.Equal(t, "seatrial certify --seed 1", o.command())
	o.Users, o.Population, o.Load.For = "people of o'brien.ldif", 0, 8*time.Second
	assert.Equal(t, `seatrial certify --users 'people of o'\''brien.ldif' --population 0 --for 8s --seed 1`, o.command())
}

func TestProgressIntoAFile(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	for i := range 101 {
		p.step("scenarios", i, 100)
	}
	p.step("load", 0, 8)
	p.step("load", 8, 8)
	p.end()
	assert.Equal(t, "scenarios 25/100\nscenarios 50/100\nscenarios 75/100\nscenarios 100/100\nload 8/8\n", out.String())
}
