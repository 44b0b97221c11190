package idcs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// Find searches by name.
func (api) Find(ctx context.Context, a *rest.Attempt, userName string) (*rest.User, target.Answer, bool) {
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodGet, Path: usersPath + "?" + findQuery(userName)})
	if !ok {
		return nil, answer, false
	}
	if !r.Whole(http.StatusOK) {
		return nil, a.Answer(rest.CallFind, r), false
	}
	users, err := readUsers(r.Body, userName)
	switch {
	case err != nil:
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: " + err.Error()}, false
	case len(users) > 1:
		return nil, target.Answer{Class: target.Permanent, Reason: target.Duplicate, Detail: "find: several users of this name"}, false
	case len(users) == 0:
		return nil, target.Answer{}, true
	}
	return &users[0], target.Answer{}, true
}

// Read reads a user by id.
func (api) Read(ctx context.Context, a *rest.Attempt, id string) (*rest.User, target.Answer, bool) {
	path := usersPath + "/" + url.PathEscape(id) + "?" + url.Values{"attributes": {shown}}.Encode()
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodGet, Path: path})
	switch {
	case !ok:
		return nil, answer, false
	case r.Status == http.StatusNotFound && !r.HTML:
		return nil, target.Answer{}, true
	case !r.Whole(http.StatusOK):
		return nil, a.Answer(rest.CallFind, r), false
	}
	var found resource
	if err := json.Unmarshal(r.Body, &found); err != nil || found.ID != id {
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: not a user"}, false
	}
	u := found.user()
	return &u, target.Answer{}, true
}

// Create makes the user and looks at him: the answer to the write to come is judged by the date. A domain may find new users
// only after a while, so he is read by the id that the answer holds.
func (x api) Create(ctx context.Context, a *rest.Attempt) (*rest.User, target.Answer, bool) {
	body, err := newUser(a.UserName(), a.Job().Attributes, x.config.CreateAttributes)
	if err != nil {
		return nil, target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: "create: idcs.createAttributes is not JSON"}, false
	}
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodPost, Path: usersPath, Body: body})
	if !ok {
		return nil, answer, false
	}
	if r.Status != http.StatusCreated && r.Status != http.StatusConflict {
		return nil, a.Answer(rest.CallCreate, r), false
	}
	var created resource
	if r.Status == http.StatusCreated && json.Unmarshal(r.Body, &created) == nil && created.ID != "" {
		u, answer, ok := a.Read(ctx, created.ID)
		if !ok || u != nil {
			return u, answer, ok
		}
	}
	// 409: somebody else was quicker, or the answer to our own earlier request was lost.
	u, answer, ok := a.Find(ctx)
	if ok && u == nil {
		if r.Status == http.StatusConflict {
			return nil, a.Answer(rest.CallCreate, r), false
		}
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "create: 201, but the user is not found yet"}, false
	}
	return u, answer, ok
}
