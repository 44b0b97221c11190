package okta

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/web"
)

// bodyLimit is ours; Okta publishes none for the Users API.
const bodyLimit = 1 << 20

// call is one request on its way through the org.
type call struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	x     *journal.Exchange
	query url.Values
	who   principal
	// id is that of the path: a user's id or login, a group's or policy's id. other is a second one behind it.
	id, other string
	// base is the org's address as this client wrote it.
	base string
}

func (s *Server) newCall(w http.ResponseWriter, r *http.Request) *call {
	return &call{s: s, w: w, r: r, x: journal.From(r.Context()), base: web.Address(r)}
}

// endpoint is one method of one route.
type endpoint struct {
	route     string
	operation string
	right     right
	open      bool // no token needed
	serve     func(*call) error
}

// harmlessPosts are POST and yet no write of what the read-only mode protects.
var harmlessPosts = []string{"log_in", "token", "recovery"}

// writes tells whether the endpoint changes something.
func (e endpoint) writes(r *http.Request) bool {
	return web.Method(r) != http.MethodGet && !slices.Contains(harmlessPosts, e.operation)
}

// table is the routes, by path; a path may have {id} as its fourth part and {other} as its sixth.
type table map[string]map[string]endpoint

func (t table) add(method, path, operation string, needs right, serve func(*call) error) {
	t.put(method, path, endpoint{operation: operation, right: needs, serve: serve})
}

func (t table) put(method, path string, e endpoint) {
	e.route = method + " " + path
	if t[path] == nil {
		t[path] = map[string]endpoint{}
	}
	t[path][method] = e
}

func newTable() table {
	t := table{}
	mountTokens(t)
	mountUsers(t)
	mountLifecycle(t)
	mountPasswords(t)
	mountAuthentication(t)
	mountPolicies(t)
	mountGroups(t)
	mountLogs(t)
	mountBlocks(t)
	mountHooks(t)
	mountIdPs(t)
	mountApps(t)
	mountAppUsers(t)
	mountFeatures(t)
	mountConnections(t)
	return t
}

// find returns the methods of a path, and the ids in it.
func (t table) find(path string) (methods map[string]endpoint, id, other string) {
	if methods = t[path]; methods != nil {
		return methods, "", ""
	}
	parts := strings.Split(path, "/") // "", "api", "v1", "users", id, …
	if len(parts) < 5 || len(parts) > 9 || parts[4] == "" {
		return nil, "", ""
	}
	id, parts[4] = parts[4], "{id}"
	if methods = t[strings.Join(parts, "/")]; methods != nil {
		return methods, id, ""
	}
	if len(parts) < 7 || parts[6] == "" {
		return nil, id, ""
	}
	other, parts[6] = parts[6], "{other}"
	return t[strings.Join(parts, "/")], id, other
}

// elsewhere are beginnings of paths that the real API has and the simulator has not.
var elsewhere = []string{
	"/api/v1/apps", "/api/v1/idps", "/api/v1/meta", "/api/v1/sessions", "/api/v1/authenticators", "/api/v1/org", "/api/v1/zones",
	"/api/v1/authn/", "/api/v1/groups/", "/api/v1/users/", "/api/v1/policies/", "/api/v1/principal-rate-limits", "/oauth2/",
	"/api/v1/mappings", "/api/v1/features", "/api/v1/trustedOrigins", "/api/v1/eventHooks", "/api/v1/inlineHooks/",
}

// identify notes the route, the operation and the user of the path.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Okta-Request-Id"] = []string{s.ids.request()}
		if methods, id, _ := s.routes.find(r.URL.Path); methods != nil {
			if e, ok := methods[web.Method(r)]; ok {
				x := journal.From(r.Context())
				x.Route, x.Operation = e.route, e.operation
				x.User = s.userOfPath(r.URL.Path, id)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// userOfPath is the login of the user whom a path names.
func (s *Server) userOfPath(path, id string) string {
	if id == "" || !strings.HasPrefix(path, usersPath+"/") {
		return ""
	}
	if found, ok := s.lookUp(id); ok {
		return s.people.UserName(found)
	}
	return ""
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := s.newCall(w, r)
	if err := c.serve(); err != nil && !errors.Is(err, errAnswered) {
		c.refuse(err)
	}
}

// errAnswered ends a request whose refusal is on the wire already.
var errAnswered = errors.New("answered")

func (c *call) serve() error {
	path := c.r.URL.Path
	methods, id, other := c.s.routes.find(path)
	if methods == nil {
		return c.nothingHere(path)
	}
	e, ok := methods[web.Method(c.r)]
	if !ok {
		return refuse(wrongMethod).surprising("%s has no method %s", path, c.r.Method)
	}
	c.id, c.other = id, other
	c.query = c.r.URL.Query()
	if !e.open {
		if err := c.authenticate(); err != nil {
			return err
		}
		if err := c.authorize(e.right); err != nil {
			return err
		}
		if err := c.accepts(); err != nil {
			return err
		}
	}
	if c.s.ReadOnly() && e.writes(c.r) {
		return refuse(readOnlyMode)
	}
	return e.serve(c)
}

// licensed are beginnings of paths of features that an org has only with a licence of their own.
var licensed = []string{"/api/v1/realms", "/api/v1/realm-assignments", "/governance/"}

func (c *call) nothingHere(path string) error {
	if slices.ContainsFunc(elsewhere, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
		return refuse(notSimulated).surprising("%s may exist at Okta and is not simulated", path)
	}
	if slices.ContainsFunc(licensed, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
		return refuse(noFeature)
	}
	return refuse(noSuchPath).surprising("there is nothing at %s", path)
}

// accepts judges the Accept header: the API speaks JSON only.
func (c *call) accepts() error {
	header := c.r.Header.Get("Accept")
	if header == "" {
		return nil
	}
	for part := range strings.SplitSeq(header, ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json", "application/*", "*/*":
			return nil
		}
	}
	return refuse(acceptMismatch)
}

// body reads a JSON body.
func (c *call) body() ([]byte, error) {
	contentType := c.r.Header.Get("Content-Type")
	if contentType == "" {
		return nil, refuse(headersNotSet)
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
		if c.s.is(wrongContentType, "E0000012") {
			return nil, refuse(noMediaType)
		}
		return nil, refuse(contentTypeMismatch)
	}
	return c.read()
}

// read reads a body of any type, up to the limit.
func (c *call) read() ([]byte, error) {
	body, err := web.Body(c.r, bodyLimit)
	if err != nil {
		return nil, refuse(malformedBody)
	}
	return body, nil
}

// flag reads a parameter that is true or false.
func (c *call) flag(name string, otherwise bool) (bool, error) {
	text := c.query.Get(name)
	switch {
	case text == "":
		return otherwise, nil
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, refuse(typeMismatch, strconv.Quote(name)+" is neither true nor false")
}
