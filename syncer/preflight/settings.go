package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/idmconf"
	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// brokenFiles is P01.
func brokenFiles(p *project) {
	for _, b := range p.broken {
		at, why := place{file: b.file.path}, b.err.Error()
		if syntax := (*idmconf.SyntaxError)(nil); errors.As(b.err, &syntax) {
			at, why = p.line(b.file.path, syntax.Line, syntax.Column), syntax.Message
		}
		p.found("P01", at, "The file is not JSON: "+why+". IDM does not load it, and goes on with its defaults.",
			"Take the comment out (a member \"_comment\" is allowed), or correct the syntax.")
	}
}

// withoutComments blanks the comments of a JSON text, so that all else keeps its place.
func withoutComments(text string) string {
	out := []byte(text)
	inString := false
	for i := 0; i < len(out); i++ {
		switch {
		case inString && out[i] == '\\':
			i++
		case out[i] == '"':
			inString = !inString
		case inString:
		case strings.HasPrefix(text[i:], "//"):
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i:], "*/")
			if end < 0 {
				return text
			}
			for stop := i + end + 2; i < stop; i++ {
				if out[i] != '\n' {
					out[i] = ' '
				}
			}
			i--
		}
	}
	return string(out)
}

// sourcePolicy is P02, P03, P04 and F01.
func sourcePolicy(p *project) {
	inForce := idmconf.DefaultPolicy()
	at, judged := place{file: "conf/policy.json"}, false
	for _, doc := range p.docs {
		if doc.File != "conf/policy.json" && doc.File != "conf/managed.json" {
			continue
		}
		policy, valid, findings := idmconf.ReadPolicy(doc) // valid: IDM reads it
		valid = valid && !slices.ContainsFunc(p.broken, func(b broken) bool { return b.file.path == doc.File })
		for _, f := range findings {
			where := p.line(f.File, f.Line, f.Column)
			switch f.Kind {
			case idmconf.Ignored:
				p.found("P02", where, "IDM reads policies at resources[].properties[].policies (or with the property in managed.json) and ignores these: it enforces its default, "+
					idmconf.DefaultPolicy().String()+".", "Move them to where IDM reads them.")
			case idmconf.UnknownPolicy:
				p.unknownPolicy(where, f.Problem, valid)
			case idmconf.Unusable:
				p.found("P04", where, f.Problem+".", "Give the parameter as IDM's policy takes it.")
			case idmconf.Taken, idmconf.Missing, idmconf.NotJSON, idmconf.Unreadable:
			}
			if f.Value != "" {
				at, judged = where, true
			}
		}
		if policy != nil && valid {
			inForce = *policy
		}
	}
	for _, b := range p.broken {
		if b.file.path == "conf/policy.json" {
			judged = true
		}
	}
	if gaps := gaps(inForce); judged && len(gaps) > 0 {
		p.found("F01", at, "What IDM enforces ("+inForce.String()+") lets through what an identity domain by default refuses: "+strings.Join(gaps, ", ")+
			". Such a change is kept by IDM and refused by the target.",
			"Make the source as strict as the target; `seatrial forecast` compares the two and shows a password for each gap.")
	}
}

func (p *project) unknownPolicy(at place, problem string, inForce bool) {
	const fix = "Use one of IDM's own policies, or add a script that defines this one (additionalFiles)."
	if !strings.Contains(problem, "Unknown policy") {
		problem += `; IDM's policy script throws "Unknown policy"`
	}
	if !inForce {
		p.foundAs(MayFail, "P03", at, "As soon as IDM reads this file: "+problem+".", fix)
		return
	}
	p.found("P03", at, problem+": every change is refused.", fix)
}

// gaps are what a source policy lets through and the default of an identity domain does not: 12 to 40 characters with an
// upper-case letter, a lower-case letter and a number, without the user's names. Source: default policy of a tenancy, as
// printed in Oracle's learning labs; a domain can have another one.
func gaps(source idmconf.Policy) []string {
	const shortest, longest = 12, 40
	var gaps []string
	if source.MinLength < shortest {
		gaps = append(gaps, fmt.Sprintf("fewer than %d characters", shortest))
	}
	if source.MaxLength == 0 || source.MaxLength > longest {
		gaps = append(gaps, fmt.Sprintf("more than %d characters", longest))
	}
	if source.Capitals == 0 && source.MinSets < 3 {
		gaps = append(gaps, "no capital")
	}
	if source.Numbers == 0 && source.MinSets < 3 {
		gaps = append(gaps, "no number")
	}
	if !slices.Contains(source.Fields, "userName") {
		gaps = append(gaps, "the user's own name")
	}
	return gaps
}

// scopes are the scopes of Oracle's administration API.
// Sources: Oracle, Scopes; the introspection of a token for all scopes.
var scopes = []string{
	"__myscopes__", "t.users", "t.users_r", "t.user.security", "t.user.manager", "t.user.manager.security", "t.helpdesk.user",
	"t.helpdesk.security", "t.user.resetpassword", "t.user.changepassword", "t.user.forgotpassword", "t.user.verifyemail",
	"t.user.mecreate", "t.user.signin", "t.user.authenticate", "t.user.me", "t.user.lockedstatechanger", "t.bulk", "t.bulk.user",
	"t.groups", "t.groups_r", "t.settings", "t.policy", "t.grants", "t.app", "t.mfa", "t.audit_r", "t.security.client", "g.all_r",
}

const scopePrefix = "urn:opc:idm:"

// unknownScopes is P05.
func unknownScopes(p *project) {
	look := func(at place, value string) {
		for scope := range strings.FieldsSeq(value) {
			name, ok := strings.CutPrefix(scope, scopePrefix)
			if !ok || strings.ContainsRune(name, code.Hole) || strings.HasPrefix(name, "role.") || slices.Contains(scopes, name) {
				continue
			}
			p.found("P05", at, fmt.Sprintf("Oracle has no scope %s: the token comes without it (or not at all), and every call answers 401 or 403.", scope),
				"Ask for "+scopePrefix+"__myscopes__ and give the application the role User Administrator"+nearScope(name)+".")
		}
	}
	for _, doc := range p.docs {
		doc.Visit(func(m idmconf.Member) {
			if value, ok := m.Value.(string); ok {
				look(p.member(doc, m.Pointer), value)
			}
		})
	}
	for _, s := range p.scripts {
		s.Strings(s.All(), func(i int, value string) { look(s.at(i), value) })
	}
}

// nearScope names the scopes that a wrong one may have meant.
func nearScope(name string) string {
	var near []string
	for _, scope := range scopes {
		if edits(scope, name) <= 3 {
			return "; " + scopePrefix + scope + " was probably meant"
		}
		for _, word := range words(name) {
			if len(word) > 4 && strings.Contains(scope, word) && !slices.Contains(near, scope) {
				near = append(near, scope)
			}
		}
	}
	if len(near) == 0 || len(near) > 5 {
		return ""
	}
	return "; the nearest names that exist are " + strings.Join(near, ", ")
}

// clearSecrets is P08.
func clearSecrets(p *project) {
	for _, s := range p.vault.found {
		at := p.line(s.file, s.line, s.column)
		p.found("P08", at, s.name+" stands here in clear: whoever sees a copy of this folder (a backup, a repository) can use it.",
			"Put the value into a property or secret store, write &{its.name} (in scripts identityServer.getProperty), and change the secret: this one is known now.")
	}
}

// propertiesInScripts is P17.
// Source: Ping Identity, Property value substitution: configuration files; scripts have identityServer.getProperty.
func propertiesInScripts(p *project) {
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			for _, arg := range call.Args {
				value, ok := s.Value(arg)
				if ok && strings.HasPrefix(value, "&{") && call.Method() != "getProperty" {
					p.property(s, arg.From, value)
				}
			}
		}
		for _, set := range s.Sets {
			if value, ok := s.Value(set.Value); ok && strings.HasPrefix(value, "&{") && s.inline == nil {
				p.property(s, set.Value.From, value)
			}
		}
	}
}

func (p *project) property(s *script, i int, value string) {
	if s.inline != nil { // the text of an inline script is configuration, where values are put in
		return
	}
	name := strings.TrimSuffix(strings.TrimPrefix(value, "&{"), "}")
	p.found("P17", s.at(i), "IDM puts values into configuration files, not into scripts: these very characters, "+value+", are used as the value.",
		fmt.Sprintf(`Use identityServer.getProperty("%s").`, name))
}
