package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// patchedPasswords is P26.
// Source: Oracle, REST API for identity domains: an administrator's PATCH marks the password as to be changed; UserPasswordChanger does not.
func patchedPasswords(p *project) {
	for _, r := range p.requests {
		if r.setsPassword() && r.method != "POST" && strings.Contains(r.path, "Users") {
			p.found("P26", r.at(),
				"A password that is set by "+r.method+" counts as set by an administrator: at the next sign-in Oracle makes the user choose another one, and the two sides differ again.",
				"Use PUT /admin/v1/UserPasswordChanger/{id} with {schemas, password, bypassNotification: true}.")
		}
	}
}

// unknownUsers is F11.
func unknownUsers(p *project) {
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if call.Name == "openidm.read" && len(call.Args) > 0 {
				p.readByName(s, call.Args[0])
			}
		}
		for _, r := range p.requests {
			if r.script == s && strings.Contains(r.path, "Users/") {
				p.readByName(s, r.entry("path").Value)
			}
		}
		if p.writes(s) && !p.creates(s) {
			p.droppedUsers(s)
		}
	}
}

// readByName reports a resource whose id is a user's name.
func (p *project) readByName(s *script, resource code.Span) {
	s.Strings(resource, func(i int, value string) {
		name := ""
		switch {
		case strings.HasSuffix(value, "user/\x00") || strings.HasSuffix(value, "Users/\x00"):
			if holes := s.Holes(i); len(holes) > 0 {
				name = s.Name(holes[len(holes)-1])
			}
		case (strings.HasSuffix(value, "user/") || strings.HasSuffix(value, "Users/")) && s.precedes(i, "+"):
			name = s.Name(s.operand(i + 2))
		}
		if lower := strings.ToLower(name); strings.HasSuffix(lower, "username") || strings.HasSuffix(lower, "login") {
			p.found("F11", s.at(i),
				fmt.Sprintf("%s stands where the id belongs: ids are not names, so the answer is null (or 404), and what follows fails for every new user.", name),
				`Ask with a filter, openidm.query("managed/user", [_queryFilter: …userName eq …]), or hand the id over.`)
		}
	})
}

// creates tells whether a script creates users at the target.
func (p *project) creates(s *script) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool {
		return r.script == s && r.method == "POST" && strings.HasSuffix(strings.TrimRight(r.path, "/"), "Users")
	})
}

// droppedUsers reports "not found" that ends in the log, where nothing creates the user and nothing is kept for later.
func (p *project) droppedUsers(s *script) {
	for _, branch := range s.Ifs {
		if !s.has(branch.Cond, "!") || branch.Cond.To-branch.Cond.From != 2 || !s.has(branch.Then, "return") || s.keeps(branch.Then) {
			continue
		}
		given, ok := s.Given(s.Tokens[branch.Cond.From+1].Text, branch.At)
		if !ok {
			continue
		}
		for _, call := range s.CallsIn(given) {
			fn := s.functionNamed(call.Name)
			if fn == nil || !s.Says(fn.Body, "username eq") {
				continue
			}
			p.foundAs(MayFail, "F11", s.at(branch.At),
				"A user whom the target does not have yet is only logged: nothing here creates him, and no record is kept, so his password is lost when the account appears.",
				"Keep the change until the user exists, or create him with his attributes and this password in one request.")
		}
	}
}
