package oktatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is what goes back.
type answer struct {
	status int
	header map[string]string
	body   any // nil is none
	html   bool
}

func (a answer) send(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	switch {
	case a.html:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, "<html><body>no</body></html>")
	case a.body == nil:
		w.WriteHeader(a.status)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body) //nolint:errchkjson // A reader who has gone is no news to the fake.
	}
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// refuse is Okta's envelope, whose five members are always there.
func refuse(status int, code, summary string, causes ...string) answer {
	list := []any{}
	for _, c := range causes {
		list = append(list, map[string]any{"errorSummary": c})
	}
	return answer{status: status, body: map[string]any{
		"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaeAAAAAAAAAAAAAAAAAAAAAA", "errorCauses": list,
	}}
}

// refusal is that of a script. Its detail becomes the one cause, whose field is told in the summary.
func refusal(s *Step) answer {
	a := answer{status: s.Status, html: s.HTML, header: map[string]string{}}
	if s.Message != "" && !s.HTML {
		field, _, _ := strings.Cut(s.Detail, ":")
		if s.Detail == "" {
			a = refuse(s.Status, s.Message, "no")
		} else {
			a = refuse(s.Status, s.Message, "Api validation failed: "+field, s.Detail)
		}
		a.header = map[string]string{}
	}
	if s.RetryAfter != "" {
		a.header["Retry-After"] = s.RetryAfter
	}
	return a
}

func (o *Org) act(e *Exchange, r *http.Request) answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Call == "token" {
		return o.grant(e)
	}
	if refused, bad := o.authenticate(e.Token); bad {
		return refused
	}
	u := o.find(e.User)
	switch e.Call {
	case "list":
		return o.page(r)
	case "create":
		return o.create(e, r.URL.Query(), u)
	case "policies":
		return ok([]any{map[string]any{"status": "ACTIVE", "settings": map[string]any{
			"password": map[string]any{"complexity": map[string]any{"minLength": o.MinLength}},
		}}})
	case "get idps", "delete idps":
		return o.providers(r)
	case "put groups":
		return o.join(r)
	}
	if u == nil {
		return refuse(404, "E0000007", "Not found: Resource not found: "+e.User+" (User)")
	}
	switch e.Call {
	case "find":
		return ok(render(u))
	case "write":
		return o.write(e, u, r.URL.Query().Get("strict") == "true")
	}
	return o.lifecycle(e.Call, u)
}

func (o *Org) authenticate(header string) (answer, bool) {
	scheme, text, _ := strings.Cut(header, " ")
	switch {
	case scheme == "SSWS" && text == o.Token:
		return answer{}, false
	case scheme == "SSWS":
		return refuse(401, "E0000011", "Invalid token provided"), true
	case scheme == "Bearer" && time.Now().Before(o.tokens[text]):
		return answer{}, false
	case scheme == "Bearer":
		return answer{status: 401, header: map[string]string{"Www-Authenticate": `Bearer realm="http://hub.test", error="invalid_token"`}}, true
	}
	return refuse(403, "E0000005", "Invalid session"), true
}

func (o *Org) grant(e *Exchange) answer {
	form, _ := url.ParseQuery(e.Body)
	if o.Client == nil {
		return answer{status: 401, body: map[string]any{"error": "invalid_client"}}
	}
	if code := o.Client(form.Get("client_assertion")); code != "" {
		return answer{status: 401, body: map[string]any{"error": code, "error_description": "no"}}
	}
	text := fmt.Sprintf("access-%d", o.counts["token"])
	o.tokens[text] = time.Now().Add(o.Lifetime)
	return ok(map[string]any{"access_token": text, "token_type": "Bearer", "expires_in": int(o.Lifetime.Seconds()), "scope": form.Get("scope")})
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

// render is a user as the org shows one.
func render(u *User) map[string]any {
	credentials := map[string]any{"provider": map[string]any{"type": u.Provider, "name": u.Provider}}
	if u.Password != "" {
		credentials["password"] = map[string]any{}
	}
	return map[string]any{
		"id": u.ID, "status": u.Status, "created": stamp(u.Created), "passwordChanged": stamp(u.SetAt), "profile": u.Profile,
		"credentials": credentials,
	}
}

// page is a part of all users in the order of their ids, with a link to the next one.
func (o *Org) page(r *http.Request) answer {
	query := r.URL.Query()
	wanted := func(u *User) bool { return (u.Status == "DEPROVISIONED") == query.Has("filter") }
	if quoted, is := strings.CutPrefix(query.Get("filter"), "profile.login eq "); is {
		login, _ := strconv.Unquote(quoted)
		wanted = func(u *User) bool { return u.Login == login }
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if limit = min(limit, o.Page); err != nil {
		limit = o.Page
	}
	found := []any{}
	last, more := "", false
	for _, u := range o.users {
		if !wanted(u) || u.ID <= query.Get("after") {
			continue
		}
		if more = len(found) == limit; more {
			break
		}
		found, last = append(found, render(u)), u.ID
	}
	a := ok(found)
	if more {
		query.Set("after", last)
		a.header = map[string]string{"Link": `<http://another.host.test/api/v1/users?` + query.Encode() + `>; rel="next"`}
	}
	return a
}

func (o *Org) create(e *Exchange, query url.Values, there *User) answer {
	var in body
	_ = json.Unmarshal([]byte(e.Body), &in)
	switch {
	case there != nil:
		return refuse(400, "E0000001", "Api validation failed: login", "login: An object with this field already exists in the current organization")
	case !strings.Contains(e.User, "@"):
		return refuse(400, "E0000001", "Api validation failed: login", "login: Username must be in the form of an email address")
	case in.Profile["firstName"] == "":
		return refuse(400, "E0000001", "Api validation failed: firstName", "firstName: The field cannot be left blank")
	}
	u := &User{
		ID: o.newID("00u"), Login: e.User, Profile: in.Profile, Provider: "OKTA", Status: "STAGED", Created: o.now(), Groups: in.GroupIDs,
	}
	if e.Password != "" {
		if cause := o.judge(e, u, false); cause != "" {
			return refuse(400, "E0000001", "Api validation failed: password", "password: "+cause)
		}
		o.set(u, e.Password)
		e.Applied = true
	}
	if query.Get("activate") != "false" {
		u.Status = map[bool]string{true: "ACTIVE", false: "PROVISIONED"}[e.Password != ""]
	}
	o.users = append(o.users, u)
	return ok(render(u))
}

func (o *Org) judge(e *Exchange, u *User, strict bool) string {
	if o.Policy != nil {
		if cause := o.Policy(u.Login, e.Password); cause != "" {
			return cause
		}
	}
	if strict && slices.Contains(u.History[:min(o.Remember, len(u.History))], e.Password) {
		return "Password has been used too recently"
	}
	return ""
}

func (o *Org) write(e *Exchange, u *User, strict bool) answer {
	switch {
	case u.Provider != "OKTA" && u.Provider != "IMPORT":
		return refuse(400, "E0000001", "Api validation failed: password", "password: "+o.FederatedCause)
	case u.Status == "DEPROVISIONED":
		return refuse(403, "E0000038", "This operation is not allowed in the user's current status.")
	}
	if cause := o.judge(e, u, strict); cause != "" {
		return refuse(400, "E0000001", "Api validation failed: password", "password: "+cause)
	}
	o.set(u, e.Password)
	e.Applied = true
	if u.Status != "STAGED" && u.Status != "SUSPENDED" {
		u.Status = "ACTIVE"
	}
	return ok(render(u))
}
