package idcstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// User is a user of the domain.
type User struct {
	ID, UserName, Password, GivenName, FamilyName, Mail string
	Inactive, Federated                                 bool
	SetAt, Created                                      time.Time
	History                                             []string
}

// Exchange is one request as the domain saw it.
type Exchange struct {
	At       time.Time
	Call     string // "token", "find", "list", "read", "create", "write"
	User     string
	Password string
	Token    string
	Status   int // 0: no answer was sent
	Applied  bool
	Body     string
	Header   http.Header
	Path     string
}

// Step is what goes wrong with one request. Nil means nothing.
type Step struct {
	Status     int
	Message    string // messageId of the error envelope
	Detail     string
	HTML       bool
	RetryAfter string
	Header     map[string]string // of the answer, also when nothing goes wrong
	Delay      time.Duration     // before anything else
	Hang       bool              // until the client goes
	Cut        bool              // no answer, nothing done
	Lose       bool              // done, no answer
}

// Domain is the fake. Set its fields before traffic.
type Domain struct {
	ClientID, ClientSecret string
	Lifetime               time.Duration
	// Script decides about the n-th (from 1) request of its call.
	Script func(call string, n int, user string) *Step
	// Policy refuses a password with a sentence.
	Policy func(user, password string) string
	// Remember is the number of passwords that may not be used again.
	Remember int
	// Dateless hides lastSuccessfulSetDate.
	Dateless bool
	// Ahead is the domain's clock minus ours; it dates passwords and answers.
	Ahead time.Duration
	// Shift is the clock that dates passwords minus the one that dates answers.
	Shift time.Duration
	// Undated leaves the Date out of answers.
	Undated bool
	// Page is the longest page of a listing. Default 1000.
	Page int
	// Visibility is how long a new user is found by his id only.
	Visibility time.Duration

	*Listener
	server *http.Server
	mu     sync.Mutex
	users  map[string]*User
	log    []Exchange
	counts map[string]int
	ids    int
	tokens map[string]time.Time
}

// Start serves a domain. Stop ends it.
func Start() *Domain {
	d := &Domain{
		ClientID: "client", ClientSecret: "client-secret-of-the-test", Lifetime: time.Hour, Listener: Listen(),
		users: map[string]*User{}, counts: map[string]int{}, tokens: map[string]time.Time{},
	}
	d.server = &http.Server{Handler: d, ReadHeaderTimeout: time.Hour}
	go func() { _ = d.server.Serve(d.Listener) }()
	return d
}

// URL is where the domain is.
func (d *Domain) URL() string { return "http://idcs.test" }

// Stop closes all connections.
func (d *Domain) Stop() { _ = d.server.Close() }

// Add makes a user with an initial password.
func (d *Domain) Add(names ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range names {
		d.users[strings.ToLower(n)] = &User{
			ID: d.newID(), UserName: n, Password: "initial", SetAt: d.now().Add(d.Shift), History: []string{"initial"},
		}
	}
}

// newID never gives an id twice.
func (d *Domain) newID() string {
	d.ids++
	return fmt.Sprintf("id-%03d", d.ids)
}

// now is what the domain's clock shows.
func (d *Domain) now() time.Time { return time.Now().Add(d.Ahead) }

// Remove deletes a user.
func (d *Domain) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.users, strings.ToLower(name))
}

// Rename gives a user another name.
func (d *Domain) Rename(from, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.users[strings.ToLower(from)]
	delete(d.users, strings.ToLower(from))
	u.UserName = to
	d.users[strings.ToLower(to)] = u
}

// Reset sets a password as another party does, past the log.
func (d *Domain) Reset(name, password string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.users[strings.ToLower(name)]
	u.Password, u.SetAt, u.History = password, d.now().Add(d.Shift), append([]string{password}, u.History...)
}

// Edit changes a user.
func (d *Domain) Edit(name string, change func(*User)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d.users[strings.ToLower(name)])
}

// User returns a user as it is.
func (d *Domain) User(name string) User {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u := d.users[strings.ToLower(name)]; u != nil {
		return *u
	}
	return User{}
}

// ExpireTokens makes every token given out so far invalid.
func (d *Domain) ExpireTokens() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.tokens)
}

// Log returns the exchanges of some calls, of all when none is named.
func (d *Domain) Log(calls ...string) []Exchange {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.log), func(e Exchange) bool { return len(calls) > 0 && !slices.Contains(calls, e.Call) })
}

// Applied are the writes that were taken.
func (d *Domain) Applied() []Exchange {
	return slices.DeleteFunc(d.Log("write"), func(e Exchange) bool { return !e.Applied })
}

var filter = regexp.MustCompile(`^userName eq (".*")$`)

// ServeHTTP answers as the script says.
func (d *Domain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // The caller died in the middle of it.
	}
	e := Exchange{At: time.Now(), Body: string(body), Header: r.Header.Clone(), Path: r.URL.RequestURI()}
	e.Token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	d.mu.Lock()
	d.read(&e, r)
	d.counts[e.Call]++
	n := d.counts[e.Call]
	d.mu.Unlock()
	step := &Step{}
	if d.Script != nil {
		if s := d.Script(e.Call, n, e.User); s != nil {
			step = s
		}
	}
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
		d.record(e)
		panic(http.ErrAbortHandler)
	}
	for name, value := range step.Header {
		w.Header().Set(name, value)
	}
	if d.Undated {
		w.Header()["Date"] = nil
	} else {
		w.Header().Set("Date", d.now().UTC().Format(http.TimeFormat))
	}
	if step.Status != 0 {
		if step.RetryAfter != "" {
			w.Header().Set("Retry-After", step.RetryAfter)
		}
		e.Status = step.Status
		d.record(e)
		refuse(w, step.Status, step.Message, step.Detail, step.HTML)
		return
	}
	status, answer := d.act(&e, r)
	if step.Lose {
		d.record(e)
		panic(http.ErrAbortHandler)
	}
	e.Status = status
	d.record(e)
	answer(w)
}

func (d *Domain) record(e Exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, e)
}

// read fills in what the request is about.
func (d *Domain) read(e *Exchange, r *http.Request) {
	var content struct {
		UserName   string
		Password   string
		Operations []struct{ Value string }
	}
	_ = json.Unmarshal([]byte(e.Body), &content)
	switch p := r.URL.Path; {
	case p == "/oauth2/v1/token":
		e.Call = "token"
	case p == "/admin/v1/Users" && r.Method == http.MethodGet && !r.URL.Query().Has("filter"):
		e.Call = "list"
	case p == "/admin/v1/Users" && r.Method == http.MethodGet:
		e.Call = "find"
		if m := filter.FindStringSubmatch(r.URL.Query().Get("filter")); m != nil {
			_ = json.Unmarshal([]byte(m[1]), &e.User)
		}
	case p == "/admin/v1/Users" && r.Method == http.MethodPost:
		e.Call, e.User, e.Password = "create", content.UserName, content.Password
	default:
		e.Call, e.Password = "write", content.Password
		if r.Method == http.MethodGet {
			e.Call = "read"
		}
		if len(content.Operations) == 1 {
			e.Password = content.Operations[0].Value
		}
		id := p[strings.LastIndexByte(p, '/')+1:]
		for _, u := range d.users {
			if u.ID == id {
				e.User = u.UserName
			}
		}
	}
}

func (d *Domain) act(e *Exchange, r *http.Request) (int, func(http.ResponseWriter)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Call == "token" {
		return d.grant(e, r)
	}
	if end, ok := d.tokens[e.Token]; !ok || time.Now().After(end) {
		return 401, func(w http.ResponseWriter) { refuse(w, 401, "", "", true) }
	}
	u := d.users[strings.ToLower(e.User)]
	switch e.Call {
	case "find":
		if u == nil || time.Since(u.Created) < d.Visibility {
			return 200, d.list(0, 50)
		}
		return 200, d.list(1, 50, u)
	case "list":
		return 200, d.page(r.URL.Query())
	case "create":
		if u != nil {
			return 409, func(w http.ResponseWriter) { refuse(w, 409, "", "exists", false) }
		}
		var in struct {
			Name   struct{ GivenName, FamilyName string }
			Emails []struct{ Value string }
		}
		_ = json.Unmarshal([]byte(e.Body), &in)
		if len(in.Emails) == 0 {
			return 400, func(w http.ResponseWriter) {
				refuse(w, 400, "error.identity.user.primaryEmailNotSpecified", "The primary email must be specified.", false)
			}
		}
		u = &User{
			ID: d.newID(), UserName: e.User, GivenName: in.Name.GivenName, FamilyName: in.Name.FamilyName, Mail: in.Emails[0].Value,
			Created: time.Now(),
		}
		d.users[strings.ToLower(e.User)] = u
		created := d.render(u)
		return 201, func(w http.ResponseWriter) { reply(w, 201, created) }
	}
	if u == nil {
		return 404, func(w http.ResponseWriter) { refuse(w, 404, "", "no such user", false) }
	}
	if e.Call == "read" {
		found := d.render(u)
		return 200, func(w http.ResponseWriter) { reply(w, 200, found) }
	}
	refusal := ""
	if u.Federated {
		return 400, func(w http.ResponseWriter) { refuse(w, 400, "error.something.undocumented", "no", false) }
	}
	if d.Policy != nil {
		refusal = d.Policy(u.UserName, e.Password)
	}
	if refusal == "" && slices.Contains(u.History[:min(d.Remember, len(u.History))], e.Password) {
		refusal = fmt.Sprintf("The password cannot repeat the most recent %d passwords.", d.Remember)
	}
	if refusal != "" {
		return 400, func(w http.ResponseWriter) {
			refuse(w, 400, "error.identity.passwordmgmt.pwdpolicyViolation", refusal, false)
		}
	}
	u.Password, u.SetAt, e.Applied = e.Password, d.now().Add(d.Shift), true
	u.History = append([]string{e.Password}, u.History...)
	id := u.ID
	return 200, func(w http.ResponseWriter) { reply(w, 200, map[string]any{"id": id}) }
}

func (d *Domain) grant(e *Exchange, r *http.Request) (int, func(http.ResponseWriter)) {
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if id != d.ClientID || secret != d.ClientSecret {
		return 401, func(w http.ResponseWriter) {
			reply(w, 401, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed."})
		}
	}
	text := fmt.Sprintf("token-%d", d.counts["token"])
	d.tokens[text] = time.Now().Add(d.Lifetime)
	e.Token = text
	return 200, func(w http.ResponseWriter) {
		reply(w, 200, map[string]any{"access_token": text, "token_type": "Bearer", "expires_in": int(d.Lifetime.Seconds())})
	}
}
