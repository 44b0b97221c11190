package loadtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func TestCriteriaFile(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want Criteria
		err  string // the whole text
	}{
		"all four":        {text: "success: 0.95\nmean: 1s\np95: 2500ms\nmin_concurrency: 40\n", want: Criteria{.95, time.Second, 2500 * time.Millisecond, 40}},
		"one, the rest":   {text: "# ours\np95: 3s\n", want: Criteria{.987, 2300 * time.Millisecond, 3 * time.Second, 100}},
		"empty":           {text: "", want: DefaultCriteria()},
		"unknown key":     {text: "success: 0.9\np99: 3s\n", err: `c.yaml:2:1: unknown field "p99"`},
		"twice":           {text: "mean: 1s\nmean: 2s\n", err: `c.yaml:2:1: mapping key "mean" already defined at [1:1]`},
		"per cent":        {text: "\nsuccess: 98.7\n", err: "c.yaml:2: success: 98.7 is not a share above 0 and up to 1; 98.7 % is 0.987"},
		"no share at all": {text: "success: .nan\n", err: "c.yaml:1: success: NaN is not a share above 0 and up to 1; 98.7 % is 0.987"},
		"bare number":     {text: "success: 0.9\nmean: 2.3\n", err: `c.yaml:2: mean: "2.3" is not a span of time; write it like 2.3s or 450ms`},
		"negative":        {text: "p95: -1s\n", err: "c.yaml:1: p95: -1s is not above 0; write it like 4.1s"},
		"several":         {text: "success: 0\nmin_concurrency: 0\n", err: "c.yaml:1: success: 0 is not a share above 0 and up to 1; 98.7 % is 0.987\nc.yaml:2: min_concurrency: 0 is below 1"},
		"text as number":  {text: "min_concurrency: many\n", err: "c.yaml:1:18: cannot unmarshal string into Go struct field criteriaFile.MinConcurrency of type int"},
		"not YAML":        {text: "success: [0.9\n", err: "c.yaml:1:10: sequence end token ']' not found"},
		"two documents":   {text: "mean: 1s\n---\nmean: 2s\n", err: "c.yaml: has a second document; one is enough"},
		"a list":          {text: "- mean\n", err: "c.yaml:1:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseCriteria("c.yaml", []byte(test.text))
			if test.err != "" {
				require.Error(t, err)
				assert.Contains(t, err.Error(), test.err)
				assert.Zero(t, got)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func FuzzCriteria(f *testing.F) {
	f.Add([]byte("success: 0.95\nmean: 1s\np95: 2500ms\nmin_concurrency: 40\n"))
	f.Add([]byte("? - : \n\t{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCriteria("c.yaml", data)
		if err == nil {
			require.NoError(t, c.Validate(), "what was read is usable")
		}
	})
}

func TestCriteriaAreMetExactlyAtTheThreshold(t *testing.T) {
	c := DefaultCriteria()
	load := func(applied int, mean, p95 time.Duration, concurrency int) reports.Load {
		return reports.Load{Planned: 1000, Applied: applied, Concurrency: concurrency, FromIntended: reports.Latency{Mean: mean, P95: p95}}
	}
	for name, test := range map[string]struct {
		load reports.Load
		met  []bool
		got  []string
	}{
		"at each threshold": {load(987, c.Mean, c.P95, 100), []bool{true, true, true, true}, []string{"98.7 %", "2.3s", "4.1s", "100"}},
		"just beyond each":  {load(986, c.Mean+1, c.P95+1, 99), []bool{false, false, false, false}, []string{"98.6 %", "2.3s", "4.1s", "99"}},
		"nothing applied":   {load(0, 0, 0, 150), []bool{false, false, false, true}, []string{"0 %", "nothing was applied", "nothing was applied", "150"}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, got := range c.judge(Shape{Burst: 1000}, test.load) {
				assert.Equal(t, test.met[i], got.Met, got.Name)
				assert.Equal(t, test.got[i], got.Got, got.Name)
			}
			assert.Len(t, c.judge(Shape{Rate: 1}, test.load), 3, "a rate has no least concurrency")
		})
	}
}

func TestAPercentageIsNeverRoundedUpToAThresholdThatWasMissed(t *testing.T) {
	for share, want := range map[float64]string{1: "100", .987: "98.7", .98699: "98.69", .9999999: "99.99", 0: "0", .5: "50", 149. / 150: "99.33"} {
		assert.Equal(t, want, percent(share))
	}
}
