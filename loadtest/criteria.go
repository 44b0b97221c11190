package loadtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/seatrial/seatrial/reports"
)

// Criteria are what a load must meet.
type Criteria struct {
	// Success is the least share of the planned changes, 0…1, that the target must have accepted in time.
	Success float64
	// Mean and P95 are the most that the latency of the applied changes from the due time may be.
	Mean, P95 time.Duration
	// MinConcurrency is how many changes of a burst must have been in flight at once; with fewer the burst is void.
	MinConcurrency int
}

// DefaultCriteria are the published targets of the migration guide: 98.7 % success, 2.3 s on average, 4.1 s at the 95th
// percentile, with 100 changes at once.
func DefaultCriteria() Criteria {
	return Criteria{Success: .987, Mean: 2300 * time.Millisecond, P95: 4100 * time.Millisecond, MinConcurrency: 100}
}

// Validate reports every mistake with its key.
func (c Criteria) Validate() error {
	var errs []error
	for _, m := range c.mistakes() {
		errs = append(errs, m)
	}
	return errors.Join(errs...)
}

type mistake struct{ key, text string }

func (m mistake) Error() string { return m.key + ": " + m.text }

func (c Criteria) mistakes() []mistake {
	var all []mistake
	add := func(wrong bool, key, format string, args ...any) {
		if wrong {
			all = append(all, mistake{key, fmt.Sprintf(format, args...)})
		}
	}
	add(!(c.Success > 0 && c.Success <= 1), "success", "%v is not a share above 0 and up to 1; 98.7 %% is 0.987", c.Success)
	add(c.Mean <= 0, "mean", "%v is not above 0; write it like 2.3s", c.Mean)
	add(c.P95 <= 0, "p95", "%v is not above 0; write it like 4.1s", c.P95)
	add(c.Mean > 0 && c.P95 > 0 && c.P95 < c.Mean/20, "p95", "%v is impossible with a mean of %v", c.P95, c.Mean)
	add(c.MinConcurrency < 1, "min_concurrency", "%d is below 1", c.MinConcurrency)
	return all
}

// ReadCriteria reads a YAML file with the keys success, mean, p95 and min_concurrency; one that is missing has its
// default. Unknown keys and values that make no sense are errors with file and line.
func ReadCriteria(path string) (Criteria, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the path is the caller's choice: it is what the function is for
	if err != nil {
		return Criteria{}, err
	}
	return parseCriteria(path, data)
}

// criteriaFile is the file's form: text where YAML would be too lenient.
type criteriaFile struct {
	Success        *float64 `yaml:"success"`
	Mean           *string  `yaml:"mean"`
	P95            *string  `yaml:"p95"`
	MinConcurrency *int     `yaml:"min_concurrency"`
}

func parseCriteria(path string, data []byte) (Criteria, error) {
	c := DefaultCriteria()
	var file criteriaFile
	decoder := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return Criteria{}, fmt.Errorf("%s:%s", path, position(err))
	}
	var further any
	if err := decoder.Decode(&further); !errors.Is(err, io.EOF) {
		return Criteria{}, fmt.Errorf("%s: has a second document; one is enough", path)
	}
	var all []mistake
	duration := func(key string, text *string, into *time.Duration) {
		if text == nil {
			return
		}
		d, err := time.ParseDuration(*text)
		if err != nil {
			all = append(all, mistake{key, fmt.Sprintf("%q is not a span of time; write it like 2.3s or 450ms", *text)})
			return
		}
		*into = d
	}
	if file.Success != nil {
		c.Success = *file.Success
	}
	if file.MinConcurrency != nil {
		c.MinConcurrency = *file.MinConcurrency
	}
	duration("mean", file.Mean, &c.Mean)
	duration("p95", file.P95, &c.P95)
	if len(all) == 0 {
		all = c.mistakes()
	}
	var errs []error
	for _, m := range all {
		errs = append(errs, fmt.Errorf("%s:%d: %w", path, lineOf(data, m.key), m))
	}
	if err := errors.Join(errs...); err != nil {
		return Criteria{}, err
	}
	return c, nil
}

// position turns an error of the YAML library into "line:column: message".
func position(err error) string {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		at := syntax.GetToken().Position
		return fmt.Sprintf("%d:%d: %s", at.Line, at.Column, syntax.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return " " + first
}

// lineOf is the line that sets a key; 1 when none does. The keys stand at the top level, so their lines begin with them.
func lineOf(data []byte, key string) int {
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		if rest, found := strings.CutPrefix(strings.Trim(line, " \"'"), key); found && strings.HasPrefix(strings.TrimLeft(rest, "\"' "), ":") {
			return number
		}
	}
	return 1
}

// judge compares what was measured.
func (c Criteria) judge(s Shape, l reports.Load) []reports.Criterion {
	share := 0.0
	if l.Planned > 0 {
		share = float64(l.Applied) / float64(l.Planned)
	}
	list := []reports.Criterion{{
		Name: "success rate", Want: fmt.Sprintf(">= %s %%", percent(c.Success)), Got: percent(share) + " %", Met: share >= c.Success,
	}}
	latency := func(name string, want, got time.Duration) {
		criterion := reports.Criterion{Name: name, Want: "<= " + want.String(), Got: got.Round(time.Millisecond).String(), Met: got <= want}
		if l.Applied == 0 {
			criterion.Got, criterion.Met = "nothing was applied", false
		}
		list = append(list, criterion)
	}
	latency("mean latency", c.Mean, l.FromIntended.Mean)
	latency("p95 latency", c.P95, l.FromIntended.P95)
	if s.Burst > 0 {
		list = append(list, reports.Criterion{
			Name: "in flight at once", Want: fmt.Sprintf(">= %d", c.MinConcurrency), Got: fmt.Sprint(l.Concurrency), Met: l.Concurrency >= c.MinConcurrency,
		})
	}
	return list
}

// percent shows a share with as many decimals as tell it from its neighbours, but never rounds up to a threshold that was
// missed: it cuts.
func percent(share float64) string {
	text := fmt.Sprintf("%.6f", share*100)
	whole, decimals, _ := strings.Cut(text, ".")
	decimals = strings.TrimRight(decimals[:2], "0")
	if decimals == "" {
		return whole
	}
	return whole + "." + decimals
}
