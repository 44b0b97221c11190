package okta

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// usersPath is the collection of users.
const usersPath = "/api/v1/users"

// resource is a user as the org sends it, as far as anything here asks for it.
type resource struct {
	ID              string  `json:"id"`
	Status          string  `json:"status"`
	Created         string  `json:"created"`
	PasswordChanged *string `json:"passwordChanged"`
	Profile         profile `json:"profile"`
	Credentials     struct {
		Password *struct{} `json:"password"`
		Provider provider  `json:"provider"`
	} `json:"credentials"`
}

type provider struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// profile holds whatever attributes the org's schema has.
type profile map[string]any

func (p profile) text(name string) string {
	s, _ := p[name].(string)
	return s
}

// The statuses and providers that are asked for (Okta, Users API).
const (
	deprovisioned      = "DEPROVISIONED"
	providerOkta       = "OKTA"
	providerImport     = "IMPORT"
	providerFederation = "FEDERATION"
	providerSocial     = "SOCIAL"
	providerAD         = "ACTIVE_DIRECTORY"
	providerLDAP       = "LDAP"
)

// federated tells whether the user's password is not the org's: FEDERATION and SOCIAL support none, and that of a directory's
// user is the directory's. IMPORT is a hash that becomes Okta's own at the first sign-in.
func (r resource) federated() bool {
	switch r.Credentials.Provider.Type {
	case providerOkta, providerImport, "":
		return false
	}
	return true
}

// provider is its type, in words that the log may show.
func (r resource) provider() string {
	switch t := r.Credentials.Provider.Type; t {
	case providerOkta, providerImport, providerFederation, providerSocial, providerAD, providerLDAP:
		return t
	}
	return "unknown"
}

func (r resource) user() rest.User {
	u := rest.User{ID: r.ID, Name: r.Profile.text("login")}
	if r.PasswordChanged != nil {
		u.State = *r.PasswordChanged
	}
	switch {
	case r.federated():
		u.Barred, u.Detail, u.Remedy = target.Federated, "provider "+r.provider(), remedyFor(r.provider())
	case r.Status == deprovisioned:
		u.Barred, u.Detail, u.Remedy = target.Inactive, "status "+deprovisioned, remedyDeprovisioned
	}
	return u
}

// What a person can do about changes that are parked.
const (
	remedyFederated = "the hub user signs in at an identity provider and has no password of the hub's: " +
		"`seatrial sync okta repair --plan` tells what to do about it; then replay the change"
	remedyDirectory = "the hub user's password is that of his directory: synchronise into the directory, or take him out of " +
		"the directory integration at the hub"
	remedyDeprovisioned = "the hub user is deactivated: activate him at the hub, then replay the change"
	remedyStatus        = "the hub user's status does not allow it: let him finish activation, or unsuspend him, then replay the change"
	remedyScope         = "the service application lacks a scope: grant it okta.users.manage, then replay the change"
	remedyRole          = "the token's administrator or the application lacks a role that may manage these users"
)

func remedyFor(provider string) string {
	if provider == providerAD || provider == providerLDAP {
		return remedyDirectory
	}
	return remedyFederated
}

// api is the Users API of an org.
type api struct {
	config Config
	policy *policies
}

// UserName is the login, made as the configuration says.
func (x *api) UserName(j target.Job) (string, error) {
	login := j.UserName
	if x.config.Login == LoginMail {
		if login = j.Attributes["mail"]; login == "" {
			return "", errors.New("okta.login is mail, and the change has no attribute mail")
		}
	}
	if !strings.Contains(login, "@") {
		login += x.config.LoginSuffix
	}
	return login, nil
}

// Find asks for the user of a login. Okta also takes an id or a login without its domain; a user of another login is nobody.
func (x *api) Find(ctx context.Context, a *rest.Attempt, login string) (*rest.User, target.Answer, bool) {
	if strings.ContainsAny(login, "/?") {
		return x.filter(ctx, a, login)
	}
	u, answer, ok := x.Read(ctx, a, login)
	if u != nil && !strings.EqualFold(u.Name, login) {
		u = nil
	}
	return u, answer, ok
}

// filter finds a login that cannot stand in a path, however it is escaped: "logins with a / or ? can only be fetched by id" (Okta,
// Users API, get user). A filter compares the case, too.
func (x *api) filter(ctx context.Context, a *rest.Attempt, login string) (*rest.User, target.Answer, bool) {
	expression := `profile.login eq "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(login) + `"`
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodGet, Path: usersPath + "?" + url.Values{"filter": {expression}}.Encode()})
	switch {
	case !ok:
		return nil, answer, false
	case !r.Whole(http.StatusOK):
		return nil, a.Answer(rest.CallFind, r), false
	}
	var list []resource
	if err := json.Unmarshal(r.Body, &list); err != nil {
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: " + errNoUser.Error()}, false
	}
	if len(list) == 0 || list[0].ID == "" {
		return nil, target.Answer{}, true
	}
	u := list[0].user()
	return &u, target.Answer{}, true
}

// Read asks for the user of an id or a login.
func (x *api) Read(ctx context.Context, a *rest.Attempt, id string) (*rest.User, target.Answer, bool) {
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodGet, Path: userPath(id)})
	switch {
	case !ok:
		return nil, answer, false
	case r.Status == http.StatusNotFound && codeOf(r) == "E0000007":
		return nil, target.Answer{}, true
	case !r.Whole(http.StatusOK):
		return nil, a.Answer(rest.CallFind, r), false
	}
	found, err := readUser(r.Body)
	if err != nil {
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: " + err.Error()}, false
	}
	u := found.user()
	return &u, target.Answer{}, true
}

func userPath(id string) string { return usersPath + "/" + url.PathEscape(id) }

var errNoUser = errors.New("the answer is not a user")

func readUser(body []byte) (resource, error) {
	var r resource
	if json.Unmarshal(body, &r) != nil || r.ID == "" || r.Profile.text("login") == "" {
		return resource{}, errNoUser
	}
	return r, nil
}

// Write is the administrator's set of a password, which asks for no old one (Okta, Users API, update user; POST leaves alone
// what is not sent).
func (x *api) Write(userID string, password seal.Secret) rest.Request {
	path := userPath(userID)
	if x.config.Strict {
		path += "?strict=true"
	}
	return rest.Request{Method: http.MethodPost, Path: path, Body: appendCredentials(make([]byte, 0, 128+6*len(password)), password)}
}

// appendCredentials appends a body that is nothing but a password. The buffer does not grow: a body that grows would leave
// pieces of the password behind.
func appendCredentials(to []byte, password seal.Secret) []byte {
	to = append(to, `{"credentials":{"password":{"value":`...)
	to = rest.AppendQuoted(to, password)
	return append(to, `}}}`...)
}

// HistoryOnly reads the causes of a refusal.
func (x *api) HistoryOnly(r rest.Reply) bool { return historyOnly(r.Body) }

// Describe says what can be done about a refusal.
func (x *api) Describe(_ rest.Call, r rest.Reply, answer *target.Answer) {
	if answer.Class != target.Permanent {
		return
	}
	switch answer.Reason { //nolint:exhaustive // The others speak for themselves.
	case target.Federated:
		answer.Remedy = remedyFederated
	case target.Inactive:
		answer.Remedy = remedyStatus
	case target.Forbidden:
		answer.Remedy = remedyRole
		if codeOf(r) == noScope {
			answer.Remedy = remedyScope
		}
	}
}
