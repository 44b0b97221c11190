package docker

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/seal"
)

// engineMetrics are the metrics that a running engine has, by name, each with the values of its labels.
func engineMetrics(t *testing.T) map[string]map[string][]string {
	t.Helper()
	dir := t.TempDir()
	c := syncer.DefaultConfig()
	c.Hook.Listen, c.Hook.Token = "127.0.0.1:0", seal.Secret("sixteen characters")
	c.Queue.Dir, c.Audit = filepath.Join(dir, "queue"), filepath.Join(dir, "audit.jsonl")
	c.Seal = seal.Config{KeyFile: filepath.Join(dir, "key"), Generate: true}
	c.IDCS.URL, c.IDCS.ClientID, c.IDCS.ClientSecret = "http://127.0.0.1:1", "client", seal.Secret("secret")         // Nobody is there.
	c.LDAP.URLs, c.LDAP.BindDN, c.LDAP.Password = []string{"ldaps://127.0.0.1:1"}, "uid=sync", seal.Secret("secret") // Nobody there, too.
	c.LDAP.Base, c.LDAP.State = "dc=example,dc=com", filepath.Join(dir, "directory")
	registry := prometheus.NewRegistry()
	e, err := syncer.New(c, syncer.Environment{Registry: registry})
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, e.Stop(t.Context())) })
	families, err := registry.Gather()
	require.NoError(t, err)
	known := map[string]map[string][]string{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "idm_") {
			continue // of the metrics page itself
		}
		labels := map[string][]string{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
			}
		}
		names := []string{f.GetName()}
		if f.GetType().String() == "HISTOGRAM" {
			names = []string{f.GetName() + "_bucket", f.GetName() + "_sum", f.GetName() + "_count"}
			labels["le"] = []string{"10"}
		}
		for _, name := range names {
			known[name] = labels
		}
	}
	return known
}

// selected are the series that an expression asks for. It must be PromQL.
func selected(t *testing.T, expression string) []*parser.VectorSelector {
	t.Helper()
	tree, err := parser.ParseExpr(expression)
	require.NoError(t, err, expression)
	var list []*parser.VectorSelector
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			list = append(list, s)
		}
		return nil
	})
	return list
}

// exists checks that an engine shows what an expression asks for: the metric, its labels, and values that they can have. A
// reason that is misspelt would make a rule that never fires.
func exists(t *testing.T, known map[string]map[string][]string, expression string) {
	t.Helper()
	for _, s := range selected(t, expression) {
		labels, found := known[s.Name]
		if !assert.True(t, found, "no engine has the metric %s of %s", s.Name, expression) {
			continue
		}
		for _, m := range s.LabelMatchers {
			if m.Name == "__name__" || m.Name == "target_system" {
				continue
			}
			values, found := labels[m.Name]
			assert.True(t, found, "%s has no label %s", s.Name, m.Name)
			for alternative := range strings.SplitSeq(m.Value, "|") {
				assert.Contains(t, values, alternative, "%s: %s", s.Name, m)
			}
		}
	}
}

func TestAlertsAskForMetricsThatTheEngineHas(t *testing.T) {
	known := engineMetrics(t)
	for _, r := range rules(t) {
		exists(t, known, r.Expr)
		assert.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
		assert.NotEmpty(t, r.Annotations["description"], r.Alert)
	}
}

func TestTheDashboardShowsEveryMetric(t *testing.T) {
	type target struct{ Expr string }
	var dashboard struct {
		Panels []struct {
			ID          int
			Title, Type string
			Targets     []target
			GridPos     struct{ X, Y, W, H int }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
		Annotations struct{ List []target }
	}
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &dashboard))
	variables := strings.NewReplacer("$__rate_interval", "5m", "$target", ".*")
	known := engineMetrics(t)
	shown, ids, titles := map[string]bool{}, map[int]bool{}, map[string]bool{}
	for _, p := range dashboard.Panels {
		assert.NotEmpty(t, p.Targets, p.Title)
		assert.False(t, ids[p.ID] || titles[p.Title], "%s: twice", p.Title)
		ids[p.ID], titles[p.Title] = true, true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, "%s: wider than the page", p.Title)
		for _, q := range dashboard.Panels {
			assert.False(t, p.ID < q.ID && p.GridPos.X < q.GridPos.X+q.GridPos.W && q.GridPos.X < p.GridPos.X+p.GridPos.W &&
				p.GridPos.Y < q.GridPos.Y+q.GridPos.H && q.GridPos.Y < p.GridPos.Y+p.GridPos.H, "%s lies on %s", p.Title, q.Title)
		}
		for _, x := range p.Targets {
			expression := variables.Replace(x.Expr)
			assert.NotContains(t, expression, "$", "an unknown variable")
			exists(t, known, expression)
			for _, s := range selected(t, expression) {
				shown[s.Name] = true
			}
		}
	}
	for _, a := range dashboard.Annotations.List {
		selected(t, a.Expr)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		assert.True(t, shown[name], "no panel shows %s", name)
	}
	for _, r := range rules(t) {
		for _, panel := range regexp.MustCompile(`panel "([^"]+)"`).FindAllStringSubmatch(r.Annotations["description"], -1) {
			assert.True(t, titles[panel[1]], "%s names the panel %q", r.Alert, panel[1])
		}
	}
}
