package certify_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/certify"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut/flawed"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/target"
)

func TestDocumentsShowFilesThatCanBeRead(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, d := range readDocuments(t) {
		for _, f := range d.fences {
			if f.language != "yaml" {
				continue
			}
			seen++
			path := filepath.Join(t.TempDir(), f.name(t))
			require.NoError(t, os.WriteFile(path, []byte(f.text), 0o600))
			switch f.name(t) {
			case "sync.yaml":
				c, source, err := syncer.ReadConfig(path, func(string) (string, bool) { return "sixteen characters", true })
				require.NoError(t, err, f)
				require.NoError(t, source.Locate(c.Validate()), f)
				d := syncer.DefaultConfig()
				assert.Equal(t,
					[]any{d.Hook.Listen, d.IDCS.Door, d.IDCS.Timeout, d.Retry, d.Schedule, d.Rounds, d.Concurrency, d.Provision},
					[]any{c.Hook.Listen, c.IDCS.Door, c.IDCS.Timeout, c.Retry, c.Schedule, c.Rounds, c.Concurrency, c.Provision},
					"%s: the example shows the defaults", f)
			case "okta.yaml":
				c, source, err := syncer.ReadConfig(path, func(string) (string, bool) { return "sixteen-characters", true })
				require.NoError(t, err, f)
				require.NoError(t, source.Locate(c.Validate()), f)
				d := syncer.DefaultConfig().Okta
				assert.Equal(t,
					[]any{d.Timeout, d.Remember, d.Strict, d.Create, d.Login, d.LoginSuffix},
					[]any{c.Okta.Timeout, c.Okta.Remember, c.Okta.Strict, c.Okta.Create, c.Okta.Login, c.Okta.LoginSuffix},
					"%s: the example shows the defaults", f)
			case "criteria.yaml":
				c, err := loadtest.ReadCriteria(path)
				require.NoError(t, err, f)
				assert.Equal(t, loadtest.DefaultCriteria(), c, "%s: the example shows the defaults", f)
			default:
				_, err := scenarios.Parse(f.String(), []byte(f.text))
				require.NoError(t, err)
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 4)
}

// spelled are numbers in words, from two; one is no number in most sentences.
var spelled = []string{"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// facts are the phrases of README.md that hold a number, made from the code.
func facts() []string {
	o, c, p := certify.DefaultOptions(), loadtest.DefaultCriteria(), policy.Standard()
	code := func(v reports.Verdict) int { return reports.Report{Verdict: v}.ExitCode() }
	return []string{
		fmt.Sprintf("generated people, %d unless you say otherwise", o.Population),
		fmt.Sprintf("(%d to %d characters)", p.MinLength, p.MaxLength),
		fmt.Sprintf("%v and %v by default", o.Load.P50, o.Load.P95),
		fmt.Sprintf("`success: %v`, `mean: %v`, `p95: %v`", c.Success, c.Mean, c.P95),
		fmt.Sprintf("| %d | certified, passed |", max(code(reports.Certified), code(reports.Passed))),
		fmt.Sprintf("| %d | not certified, failed |", max(code(reports.NotCertified), code(reports.Failed))),
		fmt.Sprintf("| %d | wrong usage or unreadable input;", (&certify.UsageError{}).ExitCode()),
		fmt.Sprintf("| %d | void:", code(reports.Void)),
		fmt.Sprintf("the same %s checks", spelled[len(invariants.Check(invariants.History{}))-2]),
		fmt.Sprintf("%d changes at once, then %v a second for %v", o.Load.Burst, o.Load.Rate, o.Load.For),
	}
}

func TestEveryNumberOfTheFrontPageComesFromTheCode(t *testing.T) {
	t.Parallel()
	prose := strings.Join(strings.Fields(documentOf(t, "README.md").prose), " ")
	for _, fact := range facts() {
		assert.Contains(t, prose, fact, "README.md: the code says so")
		prose = strings.ReplaceAll(prose, fact, "")
	}
	number := regexp.MustCompile(`(?i)(?:^|[^\w-])(\d[\d.,]*\w*|` + strings.Join(spelled, `\b|`) + `\b)`)
	for _, found := range number.FindAllStringIndex(prose, -1) {
		around := prose[max(0, found[0]-30):min(len(prose), found[1]+30)]
		t.Errorf("README.md: where does the number in %q come from? Add it to facts()", around)
	}
}

func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	simulator, engine, language := documentOf(t, "sim/README.md"), documentOf(t, "syncer/README.md"), documentOf(t, "scenarios/README.md")

	var kinds []string
	_, enum, _ := strings.Cut(control.Schema, "enum FaultKind {")
	enum, _, _ = strings.Cut(enum, "}")
	for name := range strings.FieldsSeq(enum) {
		kinds = append(kinds, "`"+name+"`")
	}
	var documented []string
	for _, row := range simulator.table(t, "kind") {
		documented = append(documented, row[0])
	}
	assert.Equal(t, kinds, documented, "kinds of faults")

	var reasons, checks []string
	for _, reason := range target.Reasons() {
		reasons = append(reasons, string(reason))
	}
	assert.ElementsMatch(t, reasons, engine.column(t, "reason"), "reasons")
	for _, check := range invariants.Check(invariants.History{}) {
		checks = append(checks, check.Name)
	}
	assert.Equal(t, checks, language.column(t, "check"), "invariants")
	assert.ElementsMatch(t, members(reflect.TypeFor[scenarios.Step]()), language.column(t, "step"), "steps")
	assert.ElementsMatch(t, members(reflect.TypeFor[scenarios.Expectation]()), language.column(t, "expectation"), "expectations")
	assert.Len(t, flawed.Kinds(), 17, "scenarios/README.md counts the flawed engines in words")

	var top []string
	for _, name := range documentOf(t, "reports/README.md").column(t, "member") {
		if !strings.Contains(name, ".") {
			top = append(top, name)
		}
	}
	assert.ElementsMatch(t, members(reflect.TypeFor[reports.Report]()), top, "members of the report")
}

// members are the names of a struct's fields in JSON.
func members(of reflect.Type) []string {
	var names []string
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func TestTheSimulatorHasWhatItsDocumentLists(t *testing.T) {
	t.Parallel()
	d := documentOf(t, "sim/README.md")
	config := sim.DefaultConfig()
	config.Run = sim.Simulators()
	world, err := sim.New(config, network.Memory())
	require.NoError(t, err)
	require.NoError(t, world.Start(t.Context()))
	defer func() { assert.NoError(t, world.Stop(t.Context())) }()

	for target, table := range map[string]string{sim.IDCS: "", sim.Okta: "okta ", sim.DS: "ds "} {
		var want []string
		for _, s := range world.Target(target).Switches() {
			want = append(want, fmt.Sprintf("| `%s` | `%s` | %s |", s.Name, strings.Join(s.Options, "`, `"), s.Note))
		}
		var got []string
		for _, row := range d.table(t, table+"switch") {
			got = append(got, "| "+strings.Join(row, " | ")+" |")
		}
		assert.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"), "sim/README.md: the table of each %sswitch", table)

		if target == sim.DS {
			continue // it has operations, which sim/ds lists
		}
		fill := strings.NewReplacer("{id}", "x", "{other}", "y")
		for _, endpoint := range d.column(t, table+"endpoint") {
			method, path, _ := strings.Cut(endpoint, " ")
			request, err := http.NewRequestWithContext(t.Context(), method, world.URL(target)+fill.Replace(path), nil)
			require.NoError(t, err)
			answer, err := world.HTTPClient().Do(request)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			assert.NotContains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}, answer.StatusCode, endpoint)
		}
	}
}
