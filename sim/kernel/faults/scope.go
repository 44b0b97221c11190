package faults

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// route is a parsed Scope.Route.
type route struct{ method, path string }

// parseRoute takes "PATCH /admin/v1/Users/*", "/oauth2/*", "*" or nothing.
func parseRoute(text string) (route, error) {
	if text == "" || text == "*" {
		return route{"*", "*"}, nil
	}
	r := route{method: "*", path: text}
	if method, path, found := strings.Cut(text, " "); found {
		r = route{strings.ToUpper(method), path}
	}
	letters := func(c rune) bool { return (c < 'A' || c > 'Z') && c != '*' }
	if r.method == "" || strings.ContainsFunc(r.method, letters) || !strings.HasPrefix(r.path, "/") && !strings.HasPrefix(r.path, "*") || strings.Contains(r.path, " ") {
		return r, fmt.Errorf("%q is neither a path (/admin/v1/Users/*) nor a method and a path (PATCH /admin/v1/Users/*)", text)
	}
	return r, nil
}

func (r route) covers(request *http.Request) bool {
	return journal.Glob(r.method, request.Method) && journal.Glob(r.path, request.URL.Path)
}

// subject asks the vendor whose request it is, at most once and only when a rule wants to know.
type subject struct {
	vendor       Vendor
	request      *http.Request
	known        bool
	user, client string
}

func (s *subject) fits(scope Scope) bool {
	if scope.User == "" && scope.Client == "" {
		return true
	}
	if !s.known {
		s.user, s.client = s.vendor.Subject(s.request)
		s.known = true
	}
	return (scope.User == "" || strings.EqualFold(scope.User, s.user)) && (scope.Client == "" || scope.Client == s.client)
}
