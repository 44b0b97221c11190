package preflight

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// requestValue is F05.
// Source: ForgeRock IDM, ManagedObjectSet.prepareScriptBindings: request is the CREST request, which has content (create, PUT)
// or patchOperations (PATCH).
func requestValue(p *project) {
	for _, s := range p.scripts {
		for i := range s.Tokens {
			if s.Tokens[i].Is("request") && !s.follows(i, ".", "?.", "var", "let", "const", "def", "function", "new") &&
				s.precedes(i, ".", "?.") && i+2 < len(s.Tokens) && s.Tokens[i+2].Is("value") && !s.parameter(i) {
				p.found("F05", s.at(i),
					"request.value does not exist in IDM, so the condition is never true: the local password changes, nothing is sent, and nothing is logged.",
					"Compare newObject.password with oldObject.password: onUpdate gets both decrypted. (Requests have content or patchOperations.)")
				break
			}
		}
	}
}

// parameter tells whether the name at i is a parameter of a function around it.
func (s *script) parameter(i int) bool {
	for fn := range s.Around(i) {
		if slices.ContainsFunc(fn.Params, func(param int) bool { return s.Tokens[param].Text == s.Tokens[i].Text }) {
			return true
		}
	}
	return false
}

// missingScripts is P11.
func missingScripts(p *project) {
	missing := func(at place, what, file string) {
		// Names without a folder are looked for among the product's own scripts too, which are not part of a project.
		if !strings.HasPrefix(file, "script/") || !fs.ValidPath(file) {
			return
		}
		if _, err := fs.Stat(p.fsys, file); err != nil {
			p.found("P11", at, fmt.Sprintf("%s names %s, which is not in the folder: IDM fails whenever it is to run it.", what, file),
				"Add the script, or correct the name"+p.near(file)+".")
		}
	}
	for _, h := range p.hooks {
		missing(p.member(h.doc, h.pointer+"/file"), h.event, h.path)
	}
	for _, s := range p.scripts {
		for _, e := range p.evals(s) {
			missing(s.at(e.fileAt), "The call", e.file)
		}
	}
}

// near names the script of the folder that is most like a missing one.
func (p *project) near(file string) string {
	best, distance := "", len(file)/3
	for _, s := range p.scripts {
		if d := edits(s.Path, file); s.inline == nil && d <= distance {
			best, distance = s.Path, d
		}
	}
	if best == "" {
		return ""
	}
	return "; the folder has " + best
}

// evalWithObject is P16. Source: ForgeRock IDM, ScriptRegistryService: source is the script's text, globals its variables.
func evalWithObject(p *project) {
	for _, s := range p.scripts {
		for _, e := range p.evals(s) {
			for _, entry := range e.entries {
				if entry.Key == "source" && !entry.Value.Empty() && s.Tokens[entry.Value.From].Is("{", "[") {
					p.found("P16", s.at(entry.At),
						"source must be the text of a script, and gets an object: IDM refuses the call, and the called script never gets these values.",
						"Put the values into globals; in the called script they are variables of these names.")
				}
			}
		}
	}
}

// hookEvents is P12: what a hook can see and when it runs.
// Source: ForgeRock IDM, ManagedObjectSet: policies, onUpdate (decrypted), onValidate, onStore, encryption, write, postUpdate
// with what the repository answered (encrypted), implicit synchronisation.
func hookEvents(p *project) {
	for _, s := range p.scripts {
		for _, h := range s.events {
			if h.object == "" || !p.sends(s) {
				continue
			}
			at := p.member(h.doc, h.pointer)
			switch h.event {
			case "onUpdate", "onCreate":
				p.found("P12", at, h.event+" runs before IDM has stored the change: when the write then fails, the target has a password that IDM does not have.",
					"Hand the change to a queue that looks again before it sends, or use the post hook and decrypt the password there.")
			case "postUpdate", "postCreate":
				if i, ok := s.readsPassword(); ok && !s.Says(s.All(), "decrypt") {
					p.foundAs(WillFail, "P12", s.at(i), "In "+h.event+" the object is as it was stored, so this password is an encrypted object and not the text: the target refuses it, or takes the wrong one.",
						"Use openidm.decrypt on the value; a hashed password cannot be had here at all, only in onUpdate.")
				}
			case "onRead", "onRetrieve", "onValidate", "onStore", "onDelete", "postDelete", "onSync":
				p.foundAs(WillFail, "P12", at, h.event+" is not where a password changes: it runs at other times, or more than once for one change.",
					"Move the hook to onUpdate and onCreate.")
			}
		}
	}
}

// readsPassword finds the first read of the new object's password.
func (s *script) readsPassword() (int, bool) {
	for i := range s.Tokens {
		if s.Tokens[i].Is("newObject", "object") && s.precedes(i, ".", "?.") && i+2 < len(s.Tokens) && s.Tokens[i+2].Is("password") {
			return i, true
		}
	}
	return 0, false
}

// firstPasswords is P13.
func firstPasswords(p *project) {
	var update *hook
	for _, h := range p.hooks {
		if h.object == "" || h.path == "" || !p.sends(p.scriptAt(h.path)) {
			continue
		}
		switch h.event {
		case "onCreate", "postCreate":
			return
		case "onUpdate", "postUpdate":
			update = &h
		}
	}
	if update != nil {
		p.found("P13", p.member(update.doc, update.pointer),
			"Only changes are sent: a user who is created with a password cannot sign in at the target until he changes it.",
			"Add the same script to onCreate (or postCreate).")
	}
}

// managedForm is P10. Source: ForgeRock IDM, ManagedObjectService.activate reads the list "objects" and nothing else.
func managedForm(p *project) {
	for _, doc := range p.docs {
		if doc.File != "conf/managed.json" {
			continue
		}
		if _, ok := doc.Object()["objects"].([]any); !ok {
			at := "/managed"
			if !doc.Has(at) {
				at = ""
			}
			p.found("P10", p.member(doc, at),
				"IDM reads managed objects from the list \"objects\", which is not here: as it stands there is no managed/user at all, and its hooks never run.",
				`Put the hook into the user object of {"objects": [{"name": "user", "onUpdate": {…}, …}]}.`)
		}
	}
}

// onlyLogged is F13: in a hook, or in what it calls, a failure that ends in the log.
func onlyLogged(p *project) {
	for _, s := range p.scripts {
		if len(p.evals(s)) == 0 || !p.sends(s) {
			continue
		}
		for _, branch := range s.Ifs {
			if s.failureTest(branch.Cond) && s.logsOnly(branch.Then) {
				p.lenient(s, branch.At)
			}
		}
		for _, try := range s.Tries {
			for _, c := range try.Catches {
				if len(s.CallsIn(try.Body)) > 0 && s.logsOnly(c.Body) {
					p.lenient(s, c.At)
				}
			}
		}
	}
}

func (p *project) lenient(s *script, i int) {
	p.found("F13", s.at(i),
		"When the target refuses or is away, the failure is only logged: IDM has the new password, the target keeps the old one until somebody reads the log.",
		"Leave a durable record that is retried (an engine with a queue: POST /v1/changes of `seatrial sync`), or throw, so that the user sees that the change failed.")
}

// failureTest tells whether a condition asks for a result that was no success.
func (s *script) failureTest(cond code.Span) bool {
	for i := cond.From; i < cond.To; i++ {
		if s.Tokens[i].Is("success") && s.Tokens[cond.From].Is("!") {
			return true
		}
	}
	return false
}

// logsOnly tells whether a block does nothing but log.
func (s *script) logsOnly(block code.Span) bool {
	logs := 0
	for _, call := range s.CallsIn(block) {
		switch name := call.Name; {
		case strings.HasPrefix(name, "logger."), strings.HasPrefix(name, "log."), strings.HasPrefix(name, "console."), name == "println":
			logs++
		case strings.HasPrefix(name, "JSON."), strings.HasPrefix(name, "."), name == "String", strings.HasSuffix(name, ".toString"):
		default:
			return false
		}
	}
	for i := block.From; i < block.To; i++ {
		if s.Tokens[i].Is("throw") {
			return false
		}
	}
	return logs > 0
}

// edits is the Levenshtein distance of two short texts.
func edits(a, b string) int {
	const long = 200
	if len(a) > long || len(b) > long {
		return long
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
