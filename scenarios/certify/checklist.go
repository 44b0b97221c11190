package certify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/syncer/preflight"
)

// point is one line of the go-live checklist and where its proof comes from.
type point struct {
	title      string
	scenarios  []string // ids of scenarios, with *
	invariants []string // checks that must hold in every run
	findings   []string // ids of what the preflight of the customer's folder may find against it
	load       bool     // the criteria of the load test
	refused    bool     // no change of the load may be refused for policy
	todo       string   // what remains for people; without any proof of the run the whole point
	command    string
	atOrg      *task // what remains for people where the target is an org, instead
}

// task is something that only people can do, and the command that shows it.
type task struct{ todo, command string }

// checklist is the deployment checklist of the migration guide, in its order: policies, access, hook, engine, people,
// operations, load, roll-out.
var checklist = []point{
	{
		title: "Password policies match: what the source accepts, the target accepts", scenarios: []string{
			"idcs/policy-*", "idcs/history-*", "okta/policy-*", "okta/minimum-age-*", "okta/history-*", "ds/policy-*",
		}, refused: true,
		findings: []string{"F01", "P02", "P03", "P04"},
		todo:     "compare with the policies that your domain has now", command: "seatrial forecast --idm-conf DIR --config sync.yaml",
		atOrg: &task{"rehearse with the policy that your org has now", "seatrial certify --target okta --target-policy policy.json"},
	},
	{
		title:     "The engine's client or token has the grant, the scope and the role that it needs",
		scenarios: []string{"idcs/client-*", "engine/dry-run-*", "okta/happy-path-as-*", "okta/api-token-*", "okta/client-*", "okta/scope-*", "ds/right-*", "ds/service-account-*"},
		findings:  []string{"F10", "P05", "P06", "P07", "P17"},
		todo:      "look users up in your domain without writing", command: "seatrial sync run --config sync.yaml --dry-run",
	},
	{
		title: "Secrets are sealed at rest, wiped when they have served, and never shown", scenarios: []string{
			"engine/seal-*", "ds/starttls-*", "ds/handshake-*", "ds/certificate-*", "idcs/certificate-*", "okta/certificate-*",
		}, invariants: []string{invariants.NoLeak},
		findings: []string{"P08", "P09", "P20", "P21"},
	},
	{
		title:    "IDM loads its configuration, and the hook sees every password change before it is hashed",
		findings: []string{"F05", "F09", "P01", "P10", "P11", "P12", "P13", "P16", "P40", "P41"},
		todo:     "change a password at the source and find it in the engine's audit trail", command: "seatrial preflight --idm-conf DIR",
	},
	{
		title: "A change is acknowledged only when it is durable, and survives any crash", scenarios: []string{"engine/restart-*", "engine/cut-*", "ds/cut-*", "ds/changelog-*", "ds/changed-*", "ds/comparison-*", "ds/cookie-*"}, invariants: []string{invariants.NothingLost},
		todo: "kill the engine on the machine that it will run on", command: "seatrial loadtest crash",
	},
	{
		title: "The newest password wins, and none is written twice", scenarios: []string{
			"idcs/happy-path", "idcs/odd-user-names", "idcs/password-usable-*", "idcs/two-changes-*", "idcs/older-*", "idcs/burst-*", "idcs/answer-lost-*",
			"okta/happy-path", "okta/odd-user-names", "okta/same-short-name", "okta/two-changes-*", "okta/older-*", "okta/answer-lost-*",
			"ds/fail-over-*", "ds/rehash-*", "ds/two-changes-*", "ds/moved-*",
		},
		invariants: []string{invariants.NewestWins, invariants.NoStaleWrite, invariants.OneWrite}, findings: []string{"F12", "P22", "P26"},
	},
	{
		title: "Tokens are shared, renewed in time, and dropped when they are refused", scenarios: []string{
			"idcs/token-*", "idcs/clock-*", "okta/token-expired-*", "okta/token-renewed-*", "okta/token-endpoint-*",
		}, invariants: []string{invariants.TokenDiscipline},
		findings: []string{"P23"},
	},
	{
		title: "Passing failures are retried with growing waits, refusals are not", scenarios: []string{
			"idcs/outage*", "idcs/timeout-*", "idcs/connection-*", "idcs/slow-*", "okta/outage*", "okta/timeout-*", "okta/read-only-*", "okta/still-*",
			"okta/passing-by-*", "okta/refused-by-*", "ds/busy-*", "ds/slow-*",
		},
		invariants: []string{invariants.RetryDiscipline}, findings: []string{"F04", "F33", "P19", "P24", "P27", "P28"},
	},
	{
		title: "The target's rate limits are kept", scenarios: []string{"idcs/throttled-*", "okta/throttled-*", "okta/token-share", "okta/concurrent-*"},
		todo: "find out the type of your domain, and rehearse with its limits", command: "seatrial sim --tier free",
		atOrg: &task{"find out the plan of your org and the share of your token, and rehearse with its limits", "seatrial sim --run okta --plan free"},
	},
	{
		title: "What cannot be applied is parked with its reason, and can be listed and replayed", scenarios: []string{"idcs/poison-*", "engine/parked-*", "engine/deadline-*", "okta/disconnected-*", "okta/replayed-*", "ds/poison-*"},
		findings: []string{"F07", "F08", "P14", "P15", "P18", "P25"},
	},
	{
		title: "Users without a password to set are known: federated, deactivated, missing", scenarios: []string{
			"idcs/federated-*", "idcs/deactivated-*", "idcs/unknown-*", "idcs/user-deleted-*", "idcs/provisioning-*",
			"okta/federated-*", "okta/jit-*", "okta/repair*", "okta/org2org-*", "okta/statuses", "okta/deactivated-*", "okta/unknown-*", "okta/provisioning-*", "ds/newcomers-*",
		},
		findings: []string{"F11"}, todo: "list who lives in the domain only", command: "seatrial sync pull --config sync.yaml --out people.csv",
	},
	{
		title: "Users hear of it when their password does not arrive", scenarios: []string{"engine/mail-*", "engine/strict-*"}, findings: []string{"F13"},
		todo: "send yourself a reset mail through your own server", command: "seatrial sync report --audit audit.jsonl",
	},
	{
		title: "Every outcome is audited once, and somebody is woken: metrics, and alerts above 5 % of failures", invariants: []string{invariants.OneAudit},
		findings: []string{"F06", "P30", "P31", "P32", "P33", "P34"},
		todo:     "load the alert rules into your Prometheus and see one fire", command: "promtool check rules docker/alerts.yaml",
	},
	{title: "A hundred changes at once, and a steady rate, meet the criteria", load: true},
	{
		title: "A pilot comes first, then 10 %, 50 %, 100 % of the users, with a way back", scenarios: []string{"engine/rollout-*"},
		todo: "rehearse your pilot, then hold it", command: "seatrial pilot --idm-conf DIR",
	},
}

// remains is what a point leaves to people, for the targets that were rehearsed.
func (p point) remains(targets []string) task {
	common := task{p.todo, p.command}
	switch {
	case p.atOrg == nil || !slices.Contains(targets, sim.Okta):
		return common
	case len(targets) == 1:
		return *p.atOrg
	}
	return task{common.todo + "; " + p.atOrg.todo, common.command + "; " + p.atOrg.command}
}

// judgeChecklist fills the checklist with what the run has shown. folder is what the preflight found; nil without one.
func judgeChecklist(r reports.Report, folder *preflight.Report, targets []string) []reports.Item {
	items := make([]reports.Item, 0, len(checklist))
	for i, p := range checklist {
		e := evidence{report: r}
		e.scenarios(p.scenarios)
		e.invariants(p.invariants)
		e.folder(p.findings, folder)
		if p.load {
			e.load()
		}
		if p.refused {
			e.refused()
		}
		left := p.remains(targets)
		item := reports.Item{Number: i + 1, Title: p.title, Evidence: e.texts, Own: e.own, Todo: left.todo, Command: left.command}
		item.Verdict = e.verdict(p)
		items = append(items, item)
	}
	return items
}

// readFolder lets the preflight look at the customer's folder.
func readFolder(dir string) (*preflight.Report, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // No folder, no findings.
	}
	found, err := preflight.Run(dir)
	if err != nil {
		return nil, &UsageError{fmt.Errorf("--idm-conf: %w", err)}
	}
	return &found, nil
}

// evidence is what speaks for and against a point.
type evidence struct {
	report             reports.Report
	texts, own         []string
	good, bad, unknown int
}

func (e *evidence) note(v reports.Verdict, format string, args ...any) {
	switch v {
	case reports.Passed:
		e.good++
	case reports.Failed:
		e.bad++
	default:
		e.unknown++
	}
	e.texts = append(e.texts, fmt.Sprintf(format, args...))
}

func (e *evidence) verdict(p point) reports.Verdict {
	switch {
	case e.bad > 0 || len(e.own) > 0:
		return reports.Failed
	case e.unknown > 0:
		return reports.Void
	case e.good > 0:
		return reports.Passed
	case p.todo != "":
		return reports.Attest
	default:
		return reports.Void
	}
}

// scenarios sums up those that match, and names those that did not pass.
func (e *evidence) scenarios(patterns []string) {
	var passed []string
	for _, s := range e.report.Suite.Scenarios {
		if !slices.ContainsFunc(patterns, func(pattern string) bool { ok, _ := path.Match(pattern, s.ID); return ok }) {
			continue
		}
		if s.Verdict == reports.Passed {
			passed = append(passed, s.ID)
			continue
		}
		verdict := s.Verdict
		if s.Severity == reports.Minor {
			verdict = reports.Passed // it is remarked upon elsewhere
		}
		e.note(verdict, "scenario %s: %s", s.ID, s.Verdict)
	}
	switch len(passed) {
	case 0:
	case 1:
		e.note(reports.Passed, "1 scenario passed: %s", passed[0])
	default:
		e.note(reports.Passed, "%d scenarios passed: %s", len(passed), strings.Join(passed, ", "))
	}
}

// invariants counts the runs in which a check held.
func (e *evidence) invariants(names []string) {
	for _, name := range names {
		held, broken, void := 0, 0, 0
		count := func(checks []reports.Check) {
			for _, c := range checks {
				switch {
				case c.Name != name || c.Kind != reports.Invariant:
				case c.Verdict == reports.Passed:
					held++
				case c.Verdict == reports.Failed:
					broken++
				default:
					void++
				}
			}
		}
		for _, s := range e.report.Suite.Scenarios {
			count(s.Checks)
		}
		for _, l := range e.report.Load {
			count(l.Checks)
		}
		switch {
		case broken > 0:
			e.note(reports.Failed, "%s was broken in %d of %d runs", name, broken, held+broken+void)
		case held > 0 && void > 0:
			e.note(reports.Passed, "%s held in %d runs, and could not be seen in %d", name, held, void)
		case held > 0:
			e.note(reports.Passed, "%s held in %d of %d runs", name, held, held)
		}
	}
}

// folder takes what was found in the customer's folder: what will fail there decides, what may fail is told.
func (e *evidence) folder(ids []string, folder *preflight.Report) {
	if folder == nil || len(ids) == 0 {
		return
	}
	clean := true
	for _, f := range folder.Findings {
		if !slices.Contains(ids, f.ID) {
			continue
		}
		text := fmt.Sprintf("%s: %s %s", f.Where(), f.ID, f.Problem)
		switch f.Severity {
		case preflight.WillFail:
			clean = false
			e.own = append(e.own, text)
		case preflight.MayFail, preflight.Advice:
			clean = false
			e.texts = append(e.texts, string(f.Severity)+": "+text)
		}
	}
	if clean {
		e.note(reports.Passed, "nothing against it was found in %s", folder.Folder)
	}
}

func (e *evidence) load() {
	for _, l := range e.report.Load {
		for _, c := range l.Criteria {
			verdict := reports.Passed
			switch {
			case l.Verdict == reports.Void:
				verdict = reports.Void
			case !c.Met:
				verdict = reports.Failed
			}
			e.note(verdict, "load %s: %s %s, wanted %s", l.Name, c.Name, c.Got, c.Want)
		}
	}
}

// refused: a change of the load that the target refuses for policy is one that the source accepted.
func (e *evidence) refused() {
	planned, refused := 0, 0
	for _, l := range e.report.Load {
		planned += l.Planned
		for text, n := range l.Errors {
			if strings.Contains(text, "policy") {
				refused += n
			}
		}
	}
	switch {
	case planned == 0:
	case refused == 0:
		e.note(reports.Passed, "0 of %d changes under load were refused for policy", planned)
	default:
		e.note(reports.Failed, "%d of %d changes under load were refused for policy", refused, planned)
	}
}
