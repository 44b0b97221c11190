package okta

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// createPath makes a user who can sign in at once; without activate he would wait as STAGED.
const createPath = usersPath + "?activate=true"

// Create makes the user: with the password of the change, which is then applied, or with one that nobody knows.
func (x *api) Create(ctx context.Context, a *rest.Attempt) (*rest.User, target.Answer, bool) {
	if x.config.Create == CreateWithTemporary {
		return x.createWithTemporary(ctx, a)
	}
	body, err := newUser(a.UserName(), a.Job().Attributes, a.Job().Password)
	if err != nil {
		return nil, malformed(err), false
	}
	// The mark has no id and no date: whatever user of this name shows up afterwards with a date, he had none before.
	r, answer := a.Set(ctx, rest.CallCreate|rest.CallWrite, target.Mark{}, rest.Request{Method: http.MethodPost, Path: createPath, Body: body})
	if answer.Wrote && isLogin(codeOf(r)) {
		return x.whoIsThere(ctx, a, answer)
	}
	return nil, answer, false
}

// createWithTemporary sets a password that the policy takes, so that the user is there and active when the real one is refused.
func (x *api) createWithTemporary(ctx context.Context, a *rest.Attempt) (*rest.User, target.Answer, bool) {
	password := x.policy.temporary(ctx, a)
	defer password.Wipe()
	body, err := newUser(a.UserName(), a.Job().Attributes, password)
	if err != nil {
		return nil, malformed(err), false
	}
	defer clear(body)
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodPost, Path: createPath, Body: body})
	switch {
	case !ok:
		return nil, answer, false
	case isLogin(codeOf(r)):
		return x.whoIsThere(ctx, a, a.Answer(rest.CallCreate, r))
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		answer = a.Answer(rest.CallCreate, r)
		if answer.Reason == target.Policy {
			x.policy.forget()
			answer.Detail += ", the temporary password"
		}
		return nil, answer, false
	}
	if created, err := readUser(r.Body); err == nil && r.Err == nil {
		u := created.user()
		return &u, target.Answer{}, true
	}
	u, answer, ok := a.Find(ctx)
	if ok && u == nil {
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "create: 200, but the user is not found yet"}, false
	}
	return u, answer, ok
}

func isLogin(code string) bool { return code == codeLogin || code == codeTaken }

// whoIsThere looks for the user whose login is refused: somebody else was quicker, or the answer to our own earlier request was
// lost.
func (x *api) whoIsThere(ctx context.Context, a *rest.Attempt, refusal target.Answer) (*rest.User, target.Answer, bool) {
	u, answer, ok := a.Find(ctx)
	if ok && u == nil {
		return nil, refusal, false
	}
	return u, answer, ok
}

func malformed(err error) target.Answer {
	return target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: "create: " + err.Error()}
}

// profileNames are Okta's names of the attributes that sources send (Okta, Users API, profile).
var profileNames = map[string]string{
	"givenName": "firstName", "sn": "lastName", "mail": "email", "displayName": "displayName", "title": "title",
	"telephoneNumber": "primaryPhone", "mobile": "mobilePhone", "employeeNumber": "employeeNumber", "departmentNumber": "department",
	"preferredLanguage": "preferredLanguage",
}

// newUser is the body that creates a user. The buffer has room for the password from the start.
func newUser(login string, attributes map[string]string, password seal.Secret) ([]byte, error) {
	p := map[string]string{"login": login}
	for theirs, ours := range profileNames {
		if value := attributes[theirs]; value != "" {
			p[ours] = value
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	body := append(make([]byte, 0, len(data)+128+6*len(password)), `{"profile":`...)
	body = append(append(body, data...), `,"credentials":{"password":{"value":`...)
	return append(rest.AppendQuoted(body, password), `}}}`...), nil
}
