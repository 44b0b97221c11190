package preflight

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// request is an HTTP request that a script makes: with Groovy's HTTPBuilder, or through IDM's external/rest.
type request struct {
	script  *script
	call    code.Call
	method  string // "PATCH"
	path    string // of the URL, or all of it, with code.Hole for expressions
	pathAt  int    // its token
	entries []code.Entry
}

var verbs = []string{"get", "post", "put", "patch", "delete", "head"}

func requestsOf(s *script) []request {
	var all []request
	for _, call := range s.Calls {
		r := request{script: s, call: call, pathAt: call.At}
		verb := strings.ToLower(call.Method())
		switch {
		case slices.Contains(verbs, verb) && strings.Contains(call.Name, "."):
			r.method = strings.ToUpper(verb)
			for _, arg := range call.Args {
				r.entries = append(r.entries, s.Entries(arg)...)
			}
			if len(call.Args) == 1 && len(r.entries) == 0 {
				r.entries, _ = s.Map(call.Args[0])
			}
		case verb == "request" && !call.Block.Empty(): // http.request(PATCH, JSON) { uri.path = … }
			if len(call.Args) > 0 {
				r.method = s.Tokens[call.Args[0].To-1].Text
			}
			for _, set := range s.Sets {
				if call.Block.Holds(set.At) {
					r.entries = append(r.entries, code.Entry{Key: strings.TrimPrefix(set.Name, "uri."), At: set.At, Value: set.Value})
				}
			}
		case isAction(s, call, "external/rest"):
			if len(call.Args) > 2 {
				r.entries, _ = s.Map(call.Args[2])
			}
			if method, ok := s.Value(r.entry("method").Value); ok {
				r.method = strings.ToUpper(method)
			}
		default:
			continue
		}
		for _, key := range []string{"path", "uri", "url"} {
			if at := r.entry(key).Value; !at.Empty() {
				r.pathAt = at.From
				s.Strings(at, func(_ int, value string) { r.path += value })
			}
		}
		if r.path != "" {
			all = append(all, r)
		}
	}
	return all
}

// isAction tells whether a call is openidm.action on a resource.
func isAction(s *script, call code.Call, resource string) bool {
	if call.Name != "openidm.action" || len(call.Args) == 0 {
		return false
	}
	value, _ := s.Value(call.Args[0])
	return value == resource
}

// entry is the member of the request with a name; its value is empty when there is none.
func (r request) entry(key string) code.Entry {
	for _, e := range r.entries {
		if e.Key == key {
			return e
		}
	}
	return code.Entry{}
}

// body is what the request sends, also when it was put into a variable before.
func (r request) body() code.Span {
	value := r.entry("body").Value
	if given, ok := r.script.Given(r.script.Name(value), r.call.At); ok {
		return given
	}
	return value
}

// setsPassword tells whether the request writes a user's password.
func (r request) setsPassword() bool {
	switch r.method {
	case "PATCH", "PUT", "POST":
	default:
		return false
	}
	return strings.Contains(r.path, "PasswordChanger") || strings.Contains(r.path, "Users") && r.script.Says(r.body(), "password")
}

// at is where the request stands.
func (r request) at() place { return r.script.at(r.call.At) }

// sends tells whether a script writes passwords to the target, itself or through a script that it calls.
func (p *project) sends(s *script) bool {
	if s == nil {
		return false
	}
	for _, r := range p.requests {
		if r.script == s && r.setsPassword() {
			return true
		}
	}
	for _, e := range p.evals(s) {
		if called := p.scriptAt(e.file); called != nil && called != s && p.writes(called) {
			return true
		}
	}
	return false
}

// writes tells whether a script itself writes passwords to the target.
func (p *project) writes(s *script) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool { return r.script == s && r.setsPassword() })
}

// eval is a call of one script by another.
type eval struct {
	call    code.Call
	entries []code.Entry
	file    string // the script's file
	fileAt  int
}

func (p *project) evals(s *script) []eval {
	var all []eval
	for _, call := range s.Calls {
		if !isAction(s, call, "script") || len(call.Args) < 3 {
			continue
		}
		e := eval{call: call}
		e.entries, _ = s.Map(call.Args[2])
		for _, entry := range e.entries {
			if entry.Key == "file" {
				e.file, _ = s.Value(entry.Value)
				e.fileAt = entry.Value.From
			}
		}
		all = append(all, e)
	}
	return all
}

// scriptAt is the script in a file, nil when there is none.
func (p *project) scriptAt(path string) *script {
	for _, s := range p.scripts {
		if s.Path == path && s.inline == nil {
			return s
		}
	}
	return nil
}
