package idcs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// look finds the user by name. One whom we have written to under that name may be too new for the search, and is then read
// by his id. Nil is nobody; not ok means that the answer ends the attempt.
func (a *attempt) look(ctx context.Context) (*user, target.Answer, bool) {
	u, answer, ok := a.find(ctx)
	if ok && u == nil && a.job.Prior != nil {
		return a.read(ctx, a.job.Prior.User)
	}
	return u, answer, ok
}

// find searches by name.
func (a *attempt) find(ctx context.Context) (*user, target.Answer, bool) {
	began := time.Now()
	r, answer, ok := a.send(ctx, http.MethodGet, usersPath+"?"+findQuery(a.job.UserName), nil)
	if !ok {
		return nil, answer, false
	}
	if r.status != http.StatusOK || r.err != nil || r.html {
		return nil, a.answer(callFind, r), false
	}
	users, err := readUsers(r.body, a.job.UserName)
	switch {
	case err != nil:
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: " + err.Error()}, false
	case len(users) > 1:
		return nil, target.Answer{Class: target.Permanent, Reason: target.Duplicate, Detail: "find: several users of this name"}, false
	case len(users) == 0:
		return nil, target.Answer{}, true
	}
	a.target.known.saw(users[0], began)
	return &users[0], target.Answer{}, true
}

// read reads a user by id. One of another name is nobody.
func (a *attempt) read(ctx context.Context, id string) (*user, target.Answer, bool) {
	began := time.Now()
	path := usersPath + "/" + url.PathEscape(id) + "?" + url.Values{"attributes": {shown}}.Encode()
	r, answer, ok := a.send(ctx, http.MethodGet, path, nil)
	switch {
	case !ok:
		return nil, answer, false
	case r.status == http.StatusNotFound && !r.html:
		return nil, target.Answer{}, true
	case r.status != http.StatusOK || r.err != nil || r.html:
		return nil, a.answer(callFind, r), false
	}
	var found resource
	if err := json.Unmarshal(r.body, &found); err != nil || found.ID != id {
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: not a user"}, false
	}
	u := found.user()
	if !strings.EqualFold(u.userName, a.job.UserName) {
		return nil, target.Answer{}, true
	}
	a.target.known.saw(u, began)
	return &u, target.Answer{}, true
}

// create makes the user and looks at him: the answer to the write to come is judged by the date. A domain may find new users
// only after a while, so he is read by the id that the answer holds.
func (a *attempt) create(ctx context.Context) (*user, target.Answer, bool) {
	body, err := newUser(a.job.UserName, a.job.Attributes, a.target.config.CreateAttributes)
	if err != nil {
		return nil, target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: "create: idcs.createAttributes is not JSON"}, false
	}
	r, answer, ok := a.send(ctx, http.MethodPost, usersPath, body)
	if !ok {
		return nil, answer, false
	}
	if r.status != http.StatusCreated && r.status != http.StatusConflict {
		return nil, a.answer(callCreate, r), false
	}
	var created resource
	if r.status == http.StatusCreated && json.Unmarshal(r.body, &created) == nil && created.ID != "" {
		u, answer, ok := a.read(ctx, created.ID)
		if !ok || u != nil {
			return u, answer, ok
		}
	}
	// 409: somebody else was quicker, or the answer to our own earlier request was lost.
	u, answer, ok := a.find(ctx)
	if ok && u == nil {
		if r.status == http.StatusConflict {
			return nil, a.answer(callCreate, r), false
		}
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "create: 201, but the user is not found yet"}, false
	}
	return u, answer, ok
}
