package preflight

import (
	"fmt"
	"io/fs"
	"os"
)

// checks are all the rules, as functions over a folder. One of them may answer for several ids.
var checks = []func(*project){
	brokenFiles, sourcePolicy, unknownScopes, clearSecrets, propertiesInScripts, schedules,
	requestValue, missingScripts, evalWithObject, hookEvents, firstPasswords, managedForm, onlyLogged,
	auditEntries, unfoundRecords, emptyJobs, shiftedUpdates, unrecorded,
	invisibleNames, basicHeaders, retries, lostReturns, waitsInRequest, silentHandlers, unordered,
	timeouts, addresses, trustAll, loggedSecrets, urlSecrets, filters, tokenCaches, contentTypes, patchedPasswords, unknownUsers,
	alertRules, unread,
}

// Run reads the IDM project folder dir and reports what is wrong with it. Links that lead out of it are not followed. The
// error is a folder that is none of an IDM project, or cannot be opened.
func Run(dir string) (Report, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, fmt.Errorf("project folder: %w", err)
	}
	defer func() { _ = root.Close() }() // it was only read
	report, err := check(root.FS())
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", dir, err)
	}
	report.Folder = dir
	return report, nil
}

func check(fsys fs.FS) (Report, error) {
	p, err := open(fsys)
	if err != nil {
		return Report{}, err
	}
	for _, rule := range checks {
		rule(p)
	}
	report := Report{Findings: p.findings, Read: []string{}}
	if report.Findings == nil {
		report.Findings = []Finding{}
	}
	for _, f := range p.tree.files {
		report.Read = append(report.Read, f.path)
	}
	report.sort()
	for i, f := range report.Findings {
		last := i+1 == len(report.Findings) || report.Findings[i+1].ID != f.ID || report.Findings[i+1].File != f.File
		if more := p.counts[f.ID+" "+f.File] - maxAlike; last && more > 0 {
			report.Findings[i].Problem += fmt.Sprintf(" (And %d more like this in the file.)", more)
		}
	}
	return report, nil
}

// unread is P40 and P41: what the other rules could not look into.
func unread(p *project) {
	for _, f := range p.tree.told {
		f.Severity = ruleOf(f.ID).Severity
		p.findings = append(p.findings, f)
	}
	for _, s := range p.scripts {
		if len(s.Problems) == 0 {
			continue
		}
		problem := s.Problems[0] // the others are usually its echo
		at := place{file: s.Path, line: problem.Line, column: problem.Column}
		if s.inline != nil {
			at = *s.inline
		} else if problem.Line <= len(s.lines) {
			at.text = s.lines[problem.Line-1]
		}
		p.found("P41", at, "The script cannot be made out from here ("+problem.Message+"), so what preflight says about it may be incomplete; IDM may not load it either.",
			"Correct it, or look at it yourself.")
	}
}
