package faults

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// request is what a route is about: of HTTP the method and the path, of LDAP the operation and the DN.
type request struct{ method, path string }

// route is a parsed Scope.Route.
type route struct {
	method, path string
	// folded routes do not know capitals: those of LDAP.
	folded bool
}

// parseRoute takes "PATCH /admin/v1/Users/*", "/oauth2/*", "*" or nothing.
func parseRoute(text string) (route, error) {
	if text == "" || text == "*" {
		return route{method: "*", path: "*"}, nil
	}
	r := route{method: "*", path: text}
	if method, path, found := strings.Cut(text, " "); found {
		r = route{method: strings.ToUpper(method), path: path}
	}
	letters := func(c rune) bool { return (c < 'A' || c > 'Z') && c != '*' }
	if r.method == "" || strings.ContainsFunc(r.method, letters) || !strings.HasPrefix(r.path, "/") && !strings.HasPrefix(r.path, "*") || strings.Contains(r.path, " ") {
		return r, fmt.Errorf("%q is neither a path (/admin/v1/Users/*) nor a method and a path (PATCH /admin/v1/Users/*)", text)
	}
	return r, nil
}

// parseLDAPRoute takes "BIND", "MODIFY uid=*,ou=People,dc=example,dc=com", "*,ou=People,dc=example,dc=com", "*" or nothing. A
// pattern of DNs is compared with the DN as the client wrote it, but for capitals.
func parseLDAPRoute(text string) (route, error) {
	r := route{method: "*", path: "*", folded: true}
	if text == "" {
		return r, nil
	}
	first, rest, found := strings.Cut(text, " ")
	operation := strings.ToUpper(first)
	other := func(c rune) bool { return (c < 'A' || c > 'Z') && c != '_' && c != '*' }
	switch {
	case !strings.ContainsFunc(operation, other):
		r.method = operation
		if found {
			r.path = strings.ToLower(rest)
		}
	case strings.Contains(text, "="):
		r.path = strings.ToLower(text)
	default:
		return r, noLDAPRoute(text)
	}
	if r.path != "" && !strings.ContainsAny(r.path, "=*:") { // a colon is of "u:bjensen", whose password is modified
		return r, noLDAPRoute(text)
	}
	return r, nil
}

func noLDAPRoute(text string) error {
	return fmt.Errorf("%q is neither an operation (%s), a DN (uid=*,ou=People,dc=example,dc=com), nor the one and the other", text, list(ldapOperations))
}

// checkRoute refuses what no request has: a rule that never acts looks like a simulator without faults.
func (p protocol) checkRoute(text string) error {
	r, err := p.route(text)
	if err != nil || p.operations == nil || slices.ContainsFunc(p.operations, func(o string) bool { return journal.Glob(r.method, o) }) {
		return err
	}
	return noLDAPRoute(text)
}

func (r route) covers(q request) bool {
	if r.folded {
		q = request{strings.ToUpper(q.method), strings.ToLower(q.path)}
	}
	return journal.Glob(r.method, q.method) && journal.Glob(r.path, q.path)
}

// subject asks whose request it is, at most once and only when a rule wants to know.
type subject struct {
	ask          func() (user, client string)
	known        bool
	user, client string
}

func (s *subject) fits(scope Scope) bool {
	if scope.User == "" && scope.Client == "" {
		return true
	}
	if !s.known {
		s.user, s.client = s.ask()
		s.known = true
	}
	return (scope.User == "" || strings.EqualFold(scope.User, s.user)) && (scope.Client == "" || scope.Client == s.client)
}
