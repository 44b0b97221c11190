package oktatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
)

// Step is what goes wrong with one request; Message is an errorCode and Detail its one cause.
type Step = idcstest.Step

// Exchange is one request as the org saw it. Its calls are token, find, list, policies, create, write, and those of a repair.
type Exchange = idcstest.Exchange

// User is a user of the org.
type User struct {
	ID, Login, Password, Status, Provider string
	Profile                               map[string]string
	SetAt, Created                        time.Time // SetAt is zero without a password
	History                               []string
	Groups                                []string // ids
	IDPs                                  []string // ids of those that he is linked with
}

// Group is a group of the org.
type Group struct{ ID, Name, Type string }

// IDP is an identity provider of the org.
type IDP struct {
	ID, Name    string
	JIT, Master bool
}

// Org is the fake. Set its fields before traffic.
type Org struct {
	// Token is the API token that is taken.
	Token string
	// Client verifies the assertion of a token request; nil refuses all. It returns an error code, or "".
	Client func(assertion string) string
	// Lifetime is that of access tokens.
	Lifetime time.Duration
	// Script decides about the n-th (from 1) request of its call.
	Script func(call string, n int, user string) *Step
	// Policy refuses a password with a cause.
	Policy func(login, password string) string
	// MinLength is what the policies tell.
	MinLength int
	// Remember is the number of passwords that may not be used again under strict.
	Remember int
	// Ahead is the org's clock minus ours; it dates passwords and answers.
	Ahead time.Duration
	// Shift is the clock that dates passwords minus the one that dates answers.
	Shift time.Duration
	// Undated leaves the Date out of answers.
	Undated bool
	// Page is the longest page of a listing. Default 200.
	Page int
	// FederatedCause is the cause when a password is set for a federated user. Default "Password".
	FederatedCause string
	// Converted is the status after a conversion to OKTA. Default PROVISIONED.
	Converted string

	*idcstest.Listener
	server *http.Server
	mu     sync.Mutex
	users  []*User
	groups []Group
	idps   []IDP
	log    []Exchange
	counts map[string]int
	ids    int
	tokens map[string]time.Time
}

// Start serves an org. Stop ends it.
func Start() *Org {
	o := &Org{ //nolint:gosec // A token that opens nothing.
		Token: "00-token-of-the-test", Lifetime: time.Hour, MinLength: 8, Page: 200, FederatedCause: "Password", Converted: "PROVISIONED",
		Listener: idcstest.Listen(), counts: map[string]int{}, tokens: map[string]time.Time{},
	}
	o.server = &http.Server{Handler: o, ReadHeaderTimeout: time.Hour}
	go func() { _ = o.server.Serve(o.Listener) }()
	return o
}

// URL is where the org is.
func (o *Org) URL() string { return "http://hub.test" }

// Stop closes all connections.
func (o *Org) Stop() { _ = o.server.Close() }

func (o *Org) now() time.Time { return time.Now().Add(o.Ahead) }

// newID never gives an id twice.
func (o *Org) newID(prefix string) string {
	o.ids++
	return fmt.Sprintf("%s%017d", prefix, o.ids)
}

// Add makes active users with an initial password.
func (o *Org) Add(logins ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, login := range logins {
		now := o.now()
		o.users = append(o.users, &User{
			ID: o.newID("00u"), Login: login, Password: "initial", Status: "ACTIVE", Provider: "OKTA", Created: now,
			SetAt: now.Add(o.Shift).Truncate(time.Second), History: []string{"initial"},
			Profile: map[string]string{"login": login, "email": login, "firstName": "Given", "lastName": "Family"},
		})
	}
}

// Federate makes a user sign in elsewhere; he has no password here then.
func (o *Org) Federate(login string, idps ...string) {
	o.Edit(login, func(u *User) {
		u.Provider, u.Password, u.SetAt, u.History, u.IDPs = "FEDERATION", "", time.Time{}, nil, idps
	})
}

// AddGroup makes a group with members and returns its id.
func (o *Org) AddGroup(name, kind string, members ...string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := Group{o.newID("00g"), name, kind}
	o.groups = append(o.groups, g)
	for _, m := range members {
		u := o.find(m)
		u.Groups = append(u.Groups, g.ID)
	}
	return g.ID
}

// AddIDP makes an identity provider and returns its id.
func (o *Org) AddIDP(name string, jit, master bool) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := IDP{o.newID("0oa"), name, jit, master}
	o.idps = append(o.idps, p)
	return p.ID
}

// Remove deletes a user.
func (o *Org) Remove(login string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users = slices.DeleteFunc(o.users, func(u *User) bool { return strings.EqualFold(u.Login, login) })
}

// Reset sets a password as another party does, past the log.
func (o *Org) Reset(login, password string) {
	o.Edit(login, func(u *User) { o.set(u, password) })
}

func (o *Org) set(u *User, password string) {
	u.Password, u.SetAt, u.History = password, o.now().Add(o.Shift).Truncate(time.Second), append([]string{password}, u.History...)
}

// Edit changes a user.
func (o *Org) Edit(login string, change func(*User)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o.find(login))
}

// User returns a user as he is.
func (o *Org) User(login string) User {
	o.mu.Lock()
	defer o.mu.Unlock()
	if u := o.find(login); u != nil {
		return *u
	}
	return User{}
}

// find knows ids and logins.
func (o *Org) find(key string) *User {
	for _, u := range o.users {
		if u.ID == key || strings.EqualFold(u.Login, key) {
			return u
		}
	}
	return nil
}

// ExpireTokens makes every access token given out so far invalid.
func (o *Org) ExpireTokens() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.tokens)
}

// Log returns the exchanges of some calls, of all when none is named.
func (o *Org) Log(calls ...string) []Exchange {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.log), func(e Exchange) bool { return len(calls) > 0 && !slices.Contains(calls, e.Call) })
}

// Applied are the requests whose password was taken.
func (o *Org) Applied() []Exchange {
	return slices.DeleteFunc(o.Log("create", "write"), func(e Exchange) bool { return !e.Applied })
}

// ServeHTTP answers as the script says.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // The caller died in the middle of it.
	}
	e := Exchange{At: time.Now(), Body: string(body), Header: r.Header.Clone(), Path: r.Method + " " + r.URL.RequestURI()}
	e.Token = r.Header.Get("Authorization")
	o.mu.Lock()
	o.read(&e, r)
	o.counts[e.Call]++
	n := o.counts[e.Call]
	o.mu.Unlock()
	step := &Step{}
	if o.Script != nil {
		if s := o.Script(e.Call, n, e.User); s != nil {
			step = s
		}
	}
	o.trouble(r, &e, step)
	for name, value := range step.Header {
		w.Header().Set(name, value)
	}
	if o.Undated {
		w.Header()["Date"] = nil
	} else {
		w.Header().Set("Date", o.now().UTC().Format(http.TimeFormat))
	}
	if step.Status != 0 {
		e.Status = step.Status
		o.record(e)
		refusal(step).send(w)
		return
	}
	answer := o.act(&e, r)
	if step.Lose {
		o.record(e)
		panic(http.ErrAbortHandler)
	}
	e.Status = answer.status
	o.record(e)
	answer.send(w)
}

// trouble lets a request wait, or end.
func (o *Org) trouble(r *http.Request, e *Exchange, step *Step) {
	if step.Delay > 0 {
		select {
		case <-time.After(step.Delay):
		case <-r.Context().Done():
		}
	}
	if step.Hang {
		<-r.Context().Done()
	}
	if step.Cut || step.Hang {
		o.record(*e)
		panic(http.ErrAbortHandler)
	}
}

func (o *Org) record(e Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log = append(o.log, e)
}

// body is what a request about a user may hold.
type body struct {
	Profile     map[string]string `json:"profile"`
	GroupIDs    []string          `json:"groupIds"`
	Credentials struct {
		Password struct {
			Value string `json:"value"`
		} `json:"password"`
	} `json:"credentials"`
}

// read fills in what the request is about.
func (o *Org) read(e *Exchange, r *http.Request) {
	var content body
	_ = json.Unmarshal([]byte(e.Body), &content)
	e.Password = content.Credentials.Password.Value
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range parts {
		parts[i], _ = url.PathUnescape(parts[i])
	}
	if len(parts) > 3 && parts[2] == "users" {
		e.User = parts[3]
		if u := o.find(parts[3]); u != nil {
			e.User = u.Login
		}
	}
	e.Call = callOf(r.Method, parts)
	if e.Call == "create" {
		e.User = content.Profile["login"]
	}
}

func callOf(method string, parts []string) string {
	switch path := strings.Join(parts, "/"); {
	case path == "oauth2/v1/token":
		return "token"
	case len(parts) < 3 || parts[0] != "api":
		return "nothing"
	case parts[2] == "policies":
		return "policies"
	case parts[2] == "idps" || parts[2] == "groups":
		return strings.ToLower(method) + " " + parts[2]
	case len(parts) > 4:
		return parts[len(parts)-1]
	case len(parts) == 3 && method == http.MethodGet:
		return "list"
	case len(parts) == 3:
		return "create"
	case method == http.MethodGet:
		return "find"
	case method == http.MethodDelete:
		return "delete"
	}
	return "write"
}
