package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// Fix is a way to make a federated user one whose password is the hub's.
type Fix string

// The two that Okta documents ("Password push from Org2Org fails for federated users").
const (
	// FixConvert keeps the user: he is unlinked from his identity providers, and a reset without a provider makes him OKTA.
	FixConvert Fix = "convert"
	// FixRecreate deletes him and makes him anew, with his profile and his groups.
	FixRecreate Fix = "recreate"
)

// repairScopes are what a service application needs for a repair beside okta.users.manage.
var repairScopes = []string{"okta.users.manage", "okta.idps.manage", "okta.groups.manage", "okta.policies.read"}

// NewRepairer builds a target for repairs, which ask for more than changes do. It does not connect.
func NewRepairer(c Config, e Environment) (*Repairer, error) {
	if len(c.Scopes) == 0 {
		c.Scopes = repairScopes
	}
	t, err := New(c, e)
	if err != nil {
		return nil, err
	}
	return &Repairer{target: t}, nil
}

// Repairer looks at federated users and makes them the hub's own. It is for one caller at a time.
type Repairer struct {
	target *Target
	salt   int // keeps the timers of its requests apart
}

// Close ends token requests under way and closes idle connections.
func (r *Repairer) Close() { r.target.Close() }

// IdentityProvider is one of the hub's, or the link of a user to it.
type IdentityProvider struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// JIT: a sign-in through it makes users, who are federated.
	JIT bool `json:"jit"`
	// Links: a sign-in through it links users who are there already.
	Links bool `json:"links"`
	// Masters: a sign-in through it makes it the source of the user's profile.
	Masters bool `json:"masters"`
}

// Undoes tells whether a sign-in through the provider undoes a repair.
func (p IdentityProvider) Undoes() bool { return p.JIT || p.Masters }

// Group is a group that a user is in.
type Group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kind is OKTA_GROUP, whose members are the org's to choose; APP_GROUP and BUILT_IN have theirs by themselves.
	Kind string `json:"kind"`
}

// groupOfTheOrg is the kind whose members can be set (Okta, Groups API).
const groupOfTheOrg = "OKTA_GROUP"

// Case is a user as he is before a repair, and what is needed to make him anew.
type Case struct {
	Login     string             `json:"login"`
	ID        string             `json:"id"`
	Status    string             `json:"status"`
	Provider  string             `json:"provider"`
	Profile   profile            `json:"profile,omitempty"`
	Providers []IdentityProvider `json:"identityProviders"`
	Groups    []Group            `json:"groups"`
	Apps      []string           `json:"apps"`
}

// federated tells whether there is something to repair: an identity provider has his password, or is still linked.
func (c Case) federated() bool {
	return c.Provider == providerFederation || c.Provider == providerSocial
}

// Step is one request of a repair.
type Step struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Why    string `json:"why"`
	// Gone: that the thing is not there any more is as good as an answer.
	Gone bool `json:"-"`
	body func(ctx context.Context) ([]byte, error)
}

// Errors of a repair that are about one user.
var (
	// ErrNobody says that the hub has no such user.
	ErrNobody = errors.New("the hub has no such user")
	// ErrNotFederated says that his password is the hub's already.
	ErrNotFederated = errors.New("not federated: his password is the hub's already")
	// ErrDirectory says that his password is that of a directory.
	ErrDirectory = errors.New("his password is that of a directory; synchronise into the directory, or take him out of its integration")
)

// Login is the hub's name of a user of ours.
func (r *Repairer) Login(userName string) (string, error) {
	return (&api{config: r.target.config}).UserName(target.Job{UserName: userName, Attributes: map[string]string{"mail": userName}})
}

// Providers lists the hub's identity providers (Okta, Identity Providers API; inactive ones let nobody in).
func (r *Repairer) Providers(ctx context.Context) ([]IdentityProvider, error) {
	return r.providers(ctx, "/api/v1/idps?limit=200")
}

func (r *Repairer) providers(ctx context.Context, path string) ([]IdentityProvider, error) {
	var found []IdentityProvider
	for path != "" {
		reply, err := r.get(ctx, path)
		if err != nil {
			return nil, err
		}
		var page []struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			Status string `json:"status"`
			Policy struct {
				Provisioning struct {
					Action string `json:"action"`
					Master bool   `json:"profileMaster"`
				} `json:"provisioning"`
				AccountLink struct {
					Action string `json:"action"`
				} `json:"accountLink"`
			} `json:"policy"`
		}
		if json.Unmarshal(reply.Body, &page) != nil {
			return nil, fmt.Errorf("GET %s: the answer is not a list of identity providers", path)
		}
		for _, p := range page {
			active := p.Status != "INACTIVE"
			found = append(found, IdentityProvider{
				ID: p.ID, Name: p.Name, JIT: active && p.Policy.Provisioning.Action == "AUTO",
				Links: active && p.Policy.AccountLink.Action == "AUTO", Masters: active && p.Policy.Provisioning.Master,
			})
		}
		path = nextPage(reply)
	}
	return found, nil
}

// Look finds out what a user is. It changes nothing.
func (r *Repairer) Look(ctx context.Context, login string) (Case, error) {
	reply, answer, err := r.send(ctx, rest.Request{Method: http.MethodGet, Path: userPath(login)})
	switch {
	case err != nil:
		return Case{}, err
	case answer.Class == target.Missing:
		return Case{}, ErrNobody
	case answer.Class != "":
		return Case{}, refused(http.MethodGet, userPath(login), answer)
	}
	u, err := readUser(reply.Body)
	if err != nil {
		return Case{}, err
	}
	if !strings.EqualFold(u.Profile.text("login"), login) {
		return Case{}, ErrNobody
	}
	c := Case{Login: u.Profile.text("login"), ID: u.ID, Status: u.Status, Provider: u.provider(), Profile: u.Profile}
	if c.Providers, err = r.providers(ctx, userPath(u.ID)+"/idps"); err != nil {
		return c, err
	}
	switch {
	case c.Provider == providerAD || c.Provider == providerLDAP:
		return c, ErrDirectory
	case !c.federated() && len(c.Providers) == 0:
		return c, ErrNotFederated
	}
	if c.Groups, err = r.groups(ctx, u.ID); err != nil {
		return c, err
	}
	c.Apps, err = r.apps(ctx, u.ID)
	return c, err
}

func (r *Repairer) groups(ctx context.Context, id string) (list []Group, err error) {
	for path := userPath(id) + "/groups"; path != ""; {
		reply, err := r.get(ctx, path)
		if err != nil {
			return nil, err
		}
		var page []struct {
			ID      string  `json:"id"`
			Type    string  `json:"type"`
			Profile profile `json:"profile"`
		}
		if json.Unmarshal(reply.Body, &page) != nil {
			return nil, fmt.Errorf("GET %s: the answer is not a list of groups", path)
		}
		for _, g := range page {
			list = append(list, Group{g.ID, g.Profile.text("name"), g.Type})
		}
		path = nextPage(reply)
	}
	return list, nil
}

// apps are the labels of the links on his home page: what he is assigned to, as far as it is shown.
func (r *Repairer) apps(ctx context.Context, id string) ([]string, error) {
	path := userPath(id) + "/appLinks"
	reply, answer, err := r.send(ctx, rest.Request{Method: http.MethodGet, Path: path})
	switch {
	case err != nil:
		return nil, err
	case answer.Class == target.Missing: // Who is deactivated has none.
		return nil, nil
	case answer.Class != "":
		return nil, refused(http.MethodGet, path, answer)
	}
	var links []struct {
		Label string `json:"label"`
	}
	if json.Unmarshal(reply.Body, &links) != nil {
		return nil, fmt.Errorf("GET %s: the answer is not a list of links", path)
	}
	var labels []string
	for _, l := range links {
		labels = append(labels, l.Label)
	}
	return labels, nil
}

// Blocked says why a fix cannot be done to a user; "" says that it can.
func (c Case) Blocked(f Fix) string {
	switch {
	case f == FixRecreate && !c.federated():
		return "his password is the hub's, and only links are left: converting him is enough"
	case f == FixRecreate || !c.federated():
		return ""
	}
	switch c.Status {
	case deprovisioned:
		return "he is deactivated, and only active users can be converted: activate him first, or recreate him"
	case "STAGED":
		// Reported of guardian/gateway, pull request 2830: E0000017.
		return "he is staged, and a reset is refused then: activate him first, or recreate him"
	}
	return ""
}

// Costs says what a user loses.
func (c Case) Costs(f Fix) (costs []string) {
	names := make([]string, 0, len(c.Providers))
	for _, p := range c.Providers {
		names = append(names, p.Name)
	}
	if len(names) > 0 {
		costs = append(costs, "signs in with his password, not through "+strings.Join(names, ", ")+"; a link must be made anew")
	}
	if f == FixConvert {
		return costs
	}
	costs = append(costs, "a new id; factors, recovery question and sessions are gone")
	var lost []string
	for _, g := range c.Groups {
		if g.Kind == "APP_GROUP" {
			lost = append(lost, g.Name)
		}
	}
	if len(lost) > 0 {
		costs = append(costs, "membership in groups of applications and directories: "+strings.Join(lost, ", "))
	}
	if len(c.Apps) > 0 {
		costs = append(costs, "assignments to applications, but for those that come with groups: "+strings.Join(c.Apps, ", "))
	}
	return costs
}

// groupIDs are those that a user who is made anew is put into.
func (c Case) groupIDs() (ids []string) {
	for _, g := range c.Groups {
		if g.Kind == groupOfTheOrg {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// mostGroups may be named when a user is made (E0000093 beyond).
const mostGroups = 20

// Steps are the requests that a fix makes, in their order.
func (r *Repairer) Steps(c Case, f Fix) (steps []Step) {
	for _, p := range c.Providers {
		steps = append(steps, Step{
			Method: http.MethodDelete, Path: "/api/v1/idps/" + url.PathEscape(p.ID) + "/users/" + url.PathEscape(c.ID),
			Why: "unlink him from " + p.Name, Gone: true,
		})
	}
	if f == FixConvert {
		if c.federated() {
			steps = append(steps, Step{
				Method: http.MethodPost, Path: userPath(c.ID) + "/lifecycle/reset_password?sendEmail=false",
				Why: "without a provider he becomes OKTA, and has no password yet",
			})
		}
		return steps
	}
	if c.Status != deprovisioned {
		steps = append(steps, Step{Method: http.MethodDelete, Path: userPath(c.ID), Why: "the first one deactivates", Gone: true})
	}
	steps = append(steps, Step{Method: http.MethodDelete, Path: userPath(c.ID), Why: "the second one deletes", Gone: true})
	return append(steps, r.creation(c)...)
}

// creation makes the user anew. He gets a password that nobody knows, so that he is active at once and nobody is mailed.
func (r *Repairer) creation(c Case) []Step {
	groups := c.groupIDs()
	first := groups[:min(len(groups), mostGroups)]
	why := "make him anew, with his profile, a password that nobody knows and " + count(len(first), "group")
	steps := []Step{{Method: http.MethodPost, Path: createPath, Why: why, body: func(ctx context.Context) ([]byte, error) {
		return r.newBody(ctx, c, first)
	}}}
	for _, id := range groups[len(first):] {
		steps = append(steps, Step{Method: http.MethodPut, Path: groupPath(id, newID), Why: "one more group"})
	}
	return steps
}

// newID stands in a path for the id of a user who is not made yet.
const newID = "NEW-ID"

func groupPath(group, user string) string {
	return "/api/v1/groups/" + url.PathEscape(group) + "/users/" + url.PathEscape(user)
}

func (r *Repairer) newBody(ctx context.Context, c Case, groups []string) ([]byte, error) {
	kept := profile{}
	for name, value := range c.Profile {
		if value != nil {
			kept[name] = value
		}
	}
	password := (&policies{log: r.target.Log()}).temporary(ctx, r.target.Attempt())
	defer password.Wipe()
	head, err := json.Marshal(struct {
		Profile profile  `json:"profile"`
		Groups  []string `json:"groupIds,omitempty"`
	}{kept, slices.Clone(groups)})
	if err != nil {
		return nil, err
	}
	body := append(make([]byte, 0, len(head)+128+6*len(password)), head[:len(head)-1]...)
	body = append(body, `,"credentials":{"password":{"value":`...)
	return append(rest.AppendQuoted(body, password), `}}}`...), nil
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (r *Repairer) get(ctx context.Context, path string) (rest.Reply, error) {
	reply, answer, err := r.send(ctx, rest.Request{Method: http.MethodGet, Path: path})
	if err == nil && answer.Class != "" {
		err = refused(http.MethodGet, path, answer)
	}
	return reply, err
}

func (r *Repairer) send(ctx context.Context, q rest.Request) (rest.Reply, target.Answer, error) {
	r.salt++
	reply, answer, err := r.target.Try(ctx, q, r.salt)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", q.Method, q.Path, err)
	}
	return reply, answer, err
}

func refused(method, path string, a target.Answer) error {
	_, what, _ := strings.Cut(a.Detail, ": ")
	err := fmt.Errorf("%s %s: %s (%s)", method, path, what, a.Reason)
	if a.Reason == target.Forbidden {
		return fmt.Errorf("%w; a repair needs an administrator's token, or the scopes %s", err, strings.Join(repairScopes, ", "))
	}
	return err
}
