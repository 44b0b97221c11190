package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	promql "github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// alertRules is P30 to P34, for each file that has groups of Prometheus rules.
func alertRules(p *project) {
	recorded := map[string]bool{}
	var all []alertRule
	for _, f := range p.tree.files {
		if !strings.HasSuffix(f.path, ".yaml") && !strings.HasSuffix(f.path, ".yml") {
			continue
		}
		for _, r := range p.rulesOf(f) {
			recorded[r.record] = true
			all = append(all, r)
		}
	}
	told := map[string]bool{}
	for _, r := range all {
		p.expression(r, recorded, told)
	}
}

// alertRule is one rule of a file.
type alertRule struct {
	file         *file
	record       string
	expr         string
	line, column int // where the expression begins
	block        bool
}

// rulesOf reads the rules of a file in Prometheus' own form, or of a PrometheusRule of Kubernetes.
func (p *project) rulesOf(f *file) []alertRule {
	tree, err := parser.ParseBytes([]byte(f.text), 0)
	if err != nil {
		if strings.Contains(f.text, "\ngroups:") || strings.HasPrefix(f.text, "groups:") {
			p.found("P30", p.line(f.path, 0, 0), "The file is not YAML, so Prometheus loads none of its rules: "+firstLine(err)+".", "Correct the syntax; `promtool check rules` tells the same.")
		}
		return nil
	}
	var rules []alertRule
	for _, doc := range tree.Docs {
		root := member(doc.Body, "groups")
		own := root != nil
		if !own {
			root = member(member(doc.Body, "spec"), "groups")
		}
		if root == nil {
			continue
		}
		if own {
			p.loads(f)
		}
		for _, group := range items(root) {
			for _, rule := range items(member(group, "rules")) {
				expr := member(rule, "expr")
				if expr == nil {
					continue
				}
				r := alertRule{file: f, expr: scalar(expr), line: expr.GetToken().Position.Line, column: expr.GetToken().Position.Column}
				if literal, ok := expr.(*ast.LiteralNode); ok {
					r.block, r.line = true, literal.Start.Position.Line+1
				}
				r.record = scalar(member(rule, "record"))
				rules = append(rules, r)
			}
		}
	}
	return rules
}

// loads lets Prometheus' own parser read the file.
func (p *project) loads(f *file) {
	_, errs := rulefmt.Parse([]byte(f.text), false)
	for _, err := range errs {
		line, text := 0, firstLine(err)
		if _, scanned := fmt.Sscanf(text, "%d:", &line); scanned != nil {
			line = 0
		}
		semantic := (*rulefmt.Error)(nil)
		if errors.As(err, &semantic) {
			text = firstLine(errors.Unwrap(semantic))
		}
		p.found("P30", p.line(f.path, line, 0), "Prometheus does not load this file: "+text+". None of its alerts ever fires.", "Correct it; `promtool check rules` tells the same.")
	}
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func member(node ast.Node, key string) ast.Node {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return nil
	}
	for _, value := range mapping.Values {
		if value.Key.GetToken().Value == key {
			return value.Value
		}
	}
	return nil
}

func items(node ast.Node) []ast.Node {
	if sequence, ok := node.(*ast.SequenceNode); ok {
		return sequence.Values
	}
	return nil
}

func scalar(node ast.Node) string {
	switch n := node.(type) {
	case nil:
		return ""
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.StringNode:
		return n.Value
	default:
		return n.GetToken().Value
	}
}

// at is the place of an offset into the rule's expression.
func (r alertRule) at(p *project, offset posrange.Pos) place {
	line := r.line
	if r.block {
		line += strings.Count(r.expr[:min(int(offset), len(r.expr))], "\n")
		at := p.line(r.file.path, line, 1)
		at.column = len(at.text) - len(strings.TrimLeft(at.text, " ")) + 1
		return at
	}
	return p.line(r.file.path, line, r.column)
}

// expression judges one rule's expression.
func (p *project) expression(r alertRule, recorded, told map[string]bool) {
	expr, err := promql.ParseExpr(r.expr)
	if err != nil {
		return // rulefmt has told it
	}
	ratios := false
	promql.Inspect(expr, func(node promql.Node, path []promql.Node) error {
		switch n := node.(type) {
		case *promql.BinaryExpr:
			if n.Op == promql.DIV && n.VectorMatching != nil {
				ratios = true
				p.ratio(r, n)
			}
		case *promql.Call:
			if (n.Func.Name == "rate" || n.Func.Name == "increase" || n.Func.Name == "irate") && !ratios && !summed(path) {
				p.found("P32", r.at(p, n.PosRange.Start),
					"This rate is of each series by itself (each status, each instance): the threshold is compared with parts, and few of many failures pass below it.",
					"Put sum(…) around it, with by (…) for the labels that are meant; for histogram_quantile, sum by (le).")
			}
		case *promql.VectorSelector:
			p.exported(r, n, recorded, told)
		}
		return nil
	})
}

// summed tells whether one of the nodes around is an aggregation.
func summed(path []promql.Node) bool {
	return slices.ContainsFunc(path, func(n promql.Node) bool {
		_, ok := n.(*promql.AggregateExpr)
		return ok
	})
}

// ratio is P31 and P34.
func (p *project) ratio(r alertRule, division *promql.BinaryExpr) {
	left, right := sideOf(division.LHS), sideOf(division.RHS)
	if left.selector == nil || right.selector == nil {
		return
	}
	at := r.at(p, division.PositionRange().Start)
	if left.selector.Name == right.selector.Name {
		for _, m := range left.selector.LabelMatchers {
			if m.Name == labels.MetricName || narrows(right.selector, m) || !left.keeps(m.Name) || !right.keeps(m.Name) || !pairs(division.VectorMatching, m.Name) {
				continue
			}
			p.found("P31", at, fmt.Sprintf(
				"The sides pair by equal labels, so %s=%q on the left meets %s=%q on the right: failures are divided by failures, the ratio is 1 at any rate of failures, and the alert fires at the first one.",
				m.Name, m.Value, m.Name, m.Value),
				"Sum both sides before dividing: sum(rate(failures)) / sum(rate(all)).")
			return
		}
	}
	if !guarded(division.RHS) {
		p.found("P34", at, "When nothing happens this is 0/0, which is no number: the alert is silent then, also when changes have stopped arriving.",
			"Add an alert on the absence of changes, and guard the ratio with … and sum(rate(all)) > 0.")
	}
}

// side is one side of a division: its selector, and what aggregations leave of its labels.
type side struct {
	selector *promql.VectorSelector
	layers   []*promql.AggregateExpr
}

func sideOf(expr promql.Expr) side {
	s := side{}
	for {
		switch e := expr.(type) {
		case *promql.ParenExpr:
			expr = e.Expr
		case *promql.Call:
			if len(e.Args) == 0 {
				return s
			}
			expr = e.Args[0]
		case *promql.AggregateExpr:
			s.layers = append(s.layers, e)
			expr = e.Expr
		case *promql.MatrixSelector:
			expr = e.VectorSelector
		case *promql.VectorSelector:
			s.selector = e
			return s
		default:
			return s
		}
	}
}

// keeps tells whether the side's result still has a label.
func (s side) keeps(label string) bool {
	for _, layer := range s.layers {
		if slices.Contains(layer.Grouping, label) == layer.Without {
			return false
		}
	}
	return true
}

// narrows tells whether a selector has the same condition.
func narrows(s *promql.VectorSelector, m *labels.Matcher) bool {
	return slices.ContainsFunc(s.LabelMatchers, func(other *labels.Matcher) bool { return other.Name == m.Name })
}

// pairs tells whether a division compares a label of its sides.
func pairs(m *promql.VectorMatching, label string) bool {
	return slices.Contains(m.MatchingLabels, label) == m.On
}

// guarded tells whether a divisor cannot be zero.
func guarded(expr promql.Expr) bool {
	safe := false
	promql.Inspect(expr, func(node promql.Node, _ []promql.Node) error {
		switch n := node.(type) {
		case *promql.BinaryExpr:
			safe = safe || n.Op.IsComparisonOperator() || n.Op == promql.LOR
		case *promql.Call:
			safe = safe || n.Func.Name == "clamp_min"
		}
		return nil
	})
	return safe
}

// exported is P33, once for each metric of a file: only names of this domain are judged, others may come from anywhere.
func (p *project) exported(r alertRule, selector *promql.VectorSelector, recorded, told map[string]bool) {
	name := selector.Name
	if !strings.Contains(name, "password_sync") || recorded[name] {
		return
	}
	base := name
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base = strings.TrimSuffix(base, suffix)
	}
	if slices.ContainsFunc(p.scripts, func(s *script) bool { return s.Says(s.All(), base, "/v1/changes") }) {
		return // a script counts by itself, or an engine carries the changes and exports these names
	}
	key := r.file.path + " " + base
	if told[key] {
		return
	}
	told[key] = true
	p.found("P33", r.at(p, selector.PosRange.Start),
		fmt.Sprintf("Nothing in this folder exports %s, and IDM has no such metric of its own: the alert never fires.", base),
		"Export it, or let an engine that does carry the changes (`seatrial sync` exports idm_password_sync_total and others).")
}
