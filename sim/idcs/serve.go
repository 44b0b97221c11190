package idcs

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/web"
)

// bodyLimit is Oracle's limit of a payload (REST API for identity domains, Status Codes, 413).
const bodyLimit = 1 << 20

// call is one request on its way through the domain.
type call struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	x     *journal.Exchange
	ecid  string
	token oauth.Token
	id    string // the last part of the path, for routes with one
	// base is the domain's address as this client wrote it; locations lead back the way it came.
	base string
}

func (s *Server) newCall(w http.ResponseWriter, r *http.Request) *call {
	return &call{s: s, w: w, r: r, x: journal.From(r.Context()), ecid: s.nextECID(), base: web.Address(r)}
}

// endpoint is one method of one route.
type endpoint struct {
	route     string
	operation string
	roles     []string // who may; nil is every client with a valid token
	open      bool     // no access token needed
	serve     func(*call) error
}

// table is the routes: those of a fixed path, and those whose path ends with an id.
type table struct {
	fixed, withID map[string]methods
}

// methods is what a route takes.
type methods map[string]endpoint

func (t table) add(method, path, operation string, roles []string, serve func(*call) error) {
	t.put(method, path, endpoint{operation: operation, roles: roles, serve: serve})
}

func (t table) put(method, path string, e endpoint) {
	e.route = method + " " + path
	routes := t.fixed
	if before, ok := strings.CutSuffix(path, "/{id}"); ok {
		routes, path = t.withID, before
	}
	if routes[path] == nil {
		routes[path] = methods{}
	}
	routes[path][method] = e
}

func newTable() table {
	t := table{fixed: map[string]methods{}, withID: map[string]methods{}}
	mountTokens(t)
	mountUsers(t)
	mountPasswords(t)
	mountPolicies(t)
	mountGroups(t)
	mountApps(t)
	mountDiscovery(t)
	mountBulk(t)
	mountMe(t)
	mountResets(t)
	mountStates(t)
	return t
}

// find returns the methods of a path, and the id in it.
func (t table) find(path string) (m methods, id string) {
	if m = t.fixed[path]; m != nil {
		return m, ""
	}
	cut := strings.LastIndexByte(path, '/')
	if cut < 0 || cut == len(path)-1 {
		return nil, ""
	}
	return t.withID[path[:cut]], path[cut+1:]
}

// elsewhere are collections of the real API that the simulator does not have.
var elsewhere = []string{
	"ResourceTypeSchemaAttributes", "AuditEvents", "Settings", "IdentitySettings", "HTTPAuthenticator", "Asserter",
	"MePasswordRecoveryFactorValidator", "MeEmailVerifier", "UserTokens", "UserTokenValidator", "AppTemplates",
}

var elsewherePaths = []string{
	"/oauth2/v1/authorize", "/oauth2/v1/device", "/oauth2/v1/userinfo",
}

// identify notes the route, the operation and the user of the path.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if methods, id := s.routes.find(r.URL.Path); methods != nil {
			if e, ok := methods[web.Method(r)]; ok {
				x := journal.From(r.Context())
				x.Route, x.Operation = e.route, e.operation
				if id != "" {
					x.User = s.people.UserName(plainID(id))
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := s.newCall(w, r)
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
}

func (c *call) serve() error {
	path := c.r.URL.Path
	methods, id := c.s.routes.find(path)
	if methods == nil {
		return c.nothingHere(path)
	}
	e, ok := methods[web.Method(c.r)]
	if !ok {
		allow := allowed(methods)
		c.w.Header()["Allow"] = []string{allow}
		if c.r.Method == http.MethodOptions {
			c.w.Header()["Access-Control-Allow-Methods"] = []string{allow}
			c.send(http.StatusOK, nil, nil)
			return nil
		}
		return refuse(wrongMethod, c.r.Method, path).surprising("%s has no method %s", path, c.r.Method)
	}
	c.id = id
	if !e.open {
		if err := c.authenticate(); err != nil {
			return err
		}
		if err := c.authorize(e.roles); err != nil {
			return err
		}
	}
	return e.serve(c)
}

// authorize compares the token's roles with those of the endpoint. A token of the consumer scope opens no admin API
// (Oracle, Working with Scopes).
func (c *call) authorize(roles []string) error {
	held := holdsOne(c.token.Roles, roles) ||
		slices.Contains(roles, authenticatedClient) && c.s.is(authenticatedRows, "read")
	if held && !slices.Contains(c.token.Scopes, consumerScope) {
		return nil
	}
	status, err := strconv.Atoi(c.s.switches.Value(missingRole))
	if err != nil {
		return fmt.Errorf("switch %s: %w", missingRole, err)
	}
	return refuse(notAuthorized).as(status)
}

func (c *call) nothingHere(path string) error {
	rest, admin := strings.CutPrefix(path, "/admin/v1/")
	collection, _, _ := strings.Cut(rest, "/")
	if admin && slices.Contains(elsewhere, collection) || slices.Contains(elsewherePaths, path) {
		return refuse(notSimulated, path).surprising("%s exists at Oracle and is not simulated", path)
	}
	return refuse(noSuchRoute, path).surprising("there is nothing at %s", path)
}

func allowed(methods methods) string {
	// The order of a captured answer.
	list := make([]string, 0, len(methods)+1)
	for _, m := range []string{http.MethodPatch, http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		if _, ok := methods[m]; ok {
			list = append(list, m)
		}
	}
	return strings.Join(append(list, http.MethodOptions), ",")
}

// authenticate finds out whose token it is.
func (c *call) authenticate() error {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return refuse(invalidBearer)
	}
	text, ok := web.Credential(header, "Bearer")
	if !ok {
		c.x.Token = string(oauth.Unknown)
		return refuse(invalidBearer)
	}
	if c.mayRepeat(text) {
		c.x.Secret(secret.New(text))
	}
	token, state := c.s.issuer.Verify(text)
	c.x.Token, c.x.Client = string(state), token.Client
	if state == oauth.Valid || state == oauth.Revoked && c.s.is(revokedToken, "accept") {
		c.token = token
		return nil
	}
	return refuse(invalidBearer)
}

// mayRepeat tells whether the request is large enough to hold its token outside of the Authorization header, which the
// journal never shows. Looking for a kilobyte in all its spellings would cost each request more than all the rest.
func (c *call) mayRepeat(token string) bool {
	size := len(token)
	if c.r.ContentLength < 0 || c.r.ContentLength >= int64(size) || len(c.r.URL.RawQuery) >= size || len(c.r.URL.Path) >= size {
		return true
	}
	for name, values := range c.r.Header {
		for _, value := range values {
			if len(value) >= size && name != "Authorization" {
				return true
			}
		}
	}
	return false
}

// body reads a JSON body.
func (c *call) body() ([]byte, error) {
	contentType := c.r.Header.Get("Content-Type")
	if contentType != "application/json" && contentType != "application/scim+json" {
		media, _, err := mime.ParseMediaType(contentType)
		if err != nil || media != "application/json" && media != "application/scim+json" {
			return nil, refuse(wrongMediaType, contentType)
		}
	}
	return c.read()
}

// read reads a body of any type, up to the limit.
func (c *call) read() ([]byte, error) {
	body, err := web.Body(c.r, bodyLimit)
	switch {
	case errors.Is(err, web.ErrTooLarge):
		return nil, refuse(tooLarge, bodyLimit)
	case err != nil:
		return nil, refuse(malformedJSON, err.Error())
	}
	return body, nil
}

// nextECID is the execution context id of a request: Oracle's handle on an exchange, in headers and OAuth errors.
func (s *Server) nextECID() string {
	n := strconv.FormatUint(s.requests.Add(1), 36)
	return s.names.ecid + "0000000"[:max(0, 7-len(n))] + n
}

// names are the identifiers that a domain has all its life.
type names struct {
	tenant, domainOCID, compartmentOCID, tenancyOCID, ecid string
}

func newNames(host string, seed random.Seed) names {
	stream := seed.Stream("idcs.names")
	ocid := func(kind string) string {
		return "ocid1." + kind + ".oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaa" + stream.Hex(32)
	}
	tenant, _, _ := strings.Cut(host, ".")
	return names{
		tenant: tenant, domainOCID: ocid("domain"), compartmentOCID: ocid("compartment"), tenancyOCID: ocid("tenancy"),
		ecid: stream.Hex(8) + "^",
	}
}
