package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// push is one attempt at a task: everything as it is when the attempt begins.
type push struct {
	s        *Server
	task     *task
	app      application
	to       appUser
	assigned bool // false once the application was taken away
	who      people.Person
	hub      *hub
}

// newPush is false when nothing is left to be done: the application is gone, or a push was overtaken by the end of the assignment.
func (s *Server) newPush(t *task) (*push, bool) {
	p := &push{s: s, task: t}
	var known, there bool
	if p.app, known = s.apps.find(t.app); !known {
		return nil, false
	}
	if p.to, p.assigned, known = s.apps.byID(t.assignment); !known || !p.assigned && t.Kind != Deactivate {
		return nil, false
	}
	if p.who, there = s.people.ByID(t.user); !there && t.Kind != Deactivate {
		return nil, false
	}
	p.hub = s.hubOf(&p.app)
	return p, true
}

// noMatch is a user whom the other org does not have, and whom the application may not create there (Okta, Troubleshoot
// provisioning).
func noMatch() error { return &refusedPush{text: "Matching user not found.", bare: true} }

func (p *push) run(ctx context.Context) error {
	switch p.task.Kind {
	case PushUser:
		return p.user(ctx)
	case PushProfile:
		return p.linked(p.profile)(ctx)
	case PushPassword:
		return p.linked(p.password)(ctx)
	case Deactivate:
		if p.to.externalID == "" { // it never got there
			return nil
		}
		return p.hub.ask(ctx, http.MethodPost, p.path()+"/lifecycle/deactivate", nil, nil)
	case Reactivate:
		return p.linked(p.reactivate)(ctx)
	}
	return fmt.Errorf("%w: no task is of kind %q", ErrInvalid, p.task.Kind)
}

func (p *push) linked(do func(context.Context) error) func(context.Context) error {
	if p.to.externalID == "" {
		return func(context.Context) error { return noMatch() }
	}
	return do
}

func (p *push) path() string { return usersPath + "/" + url.PathEscape(p.to.externalID) }

// start is what a new user of the other org begins with (Okta, What do the Org2Org initial status options do).
type start struct{ activate, password bool }

var initialStatuses = map[string]start{
	"active_with_pass": {true, true}, "active_without_pass": {true, false},
	"pending_with_pass": {false, true}, "pending_without_pass": {false, false},
}

// initialStatus reads the attribute; without one it is active_with_pass. The words of the error are Okta's (Org2Org error,
// Invalid value for initialStatus field), where a mapping had put the login there.
func (p *push) initialStatus() (start, error) {
	value := "active_with_pass"
	if raw, ok := p.to.profile["initialStatus"]; ok && string(raw) != "null" {
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
	}
	if s, ok := initialStatuses[value]; ok {
		return s, nil
	}
	return start{}, &refusedPush{text: value + " is an Invalid Value for initialStatus field (code notOneOf)"}
}

// remoteUser is a user of the other org, as far as it matters here.
type remoteUser struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
}

// user finds the user by login and links, or creates.
func (p *push) user(ctx context.Context) error {
	begin, err := p.initialStatus()
	if err != nil {
		return err
	}
	var found remoteUser
	err = p.hub.ask(ctx, http.MethodGet, usersPath+"/"+url.PathEscape(p.to.userName), nil, &found)
	refused, _ := errors.AsType[*refusedPush](err)
	switch {
	case err == nil:
		return p.link(ctx, found)
	case refused == nil || refused.status != http.StatusNotFound:
		return err
	case !p.app.features.creates():
		return noMatch()
	}
	return p.create(ctx, begin)
}

func (p *push) create(ctx context.Context, begin start) error {
	body := object{{"profile", p.attributes()}}
	if begin.password {
		body = append(body, passwordMember(p.made()))
	}
	path := usersPath + "?activate=false"
	if begin.activate {
		path = usersPath + "?activate=true"
	}
	var created remoteUser
	if err := p.hub.ask(ctx, http.MethodPost, path, body, &created); err != nil {
		return err
	}
	p.found(created.ID, begin.password)
	return nil
}

// link takes a user who is there already. The link is kept also when what follows fails: that is why an unassignment later
// deactivates a user whom the push could not set a password for.
func (p *push) link(ctx context.Context, found remoteUser) error {
	p.found(found.ID, false)
	if found.Status == Deprovisioned && p.s.is(reassignedUser, "reactivate") {
		if err := p.reactivate(ctx); err != nil {
			return err
		}
	}
	if p.app.features.updates() {
		if err := p.profile(ctx); err != nil {
			return err
		}
	}
	if p.app.features.Update.Password.Status != enabled || p.s.is(linkedPassword, "skip") {
		return nil
	}
	return p.set(ctx, p.made())
}

// found remembers whom the assignment is linked to. The password that came with it, if any, is not the user's own.
func (p *push) found(id string, withPassword bool) {
	now := p.s.now()
	p.to, _ = p.s.apps.changeUser(p.to.id, func(u *appUser) {
		u.externalID, u.pushed = id, secret.Digest{}
		u.move(appUserProvisioned, now)
		if withPassword {
			u.passwordChanged = now
		}
	})
}

func (p *push) reactivate(ctx context.Context) error {
	return p.hub.ask(ctx, http.MethodPost, p.path()+"/lifecycle/activate?sendEmail=false", nil, nil)
}

func (p *push) profile(ctx context.Context) error {
	return p.hub.ask(ctx, http.MethodPost, p.path(), object{{"profile", p.attributes()}}, nil)
}

// attributes is the profile for the other org: every attribute of the base schema.
func (p *push) attributes() profile {
	m := profile{"login": p.to.userName}
	for name, value := range profileOf(&p.who) {
		if name != "login" && slices.Contains(baseAttributes, name) {
			m[name] = value
		}
	}
	return m
}

// password pushes the user's password as it is now, or a random one, as the application is set up.
func (p *push) password(ctx context.Context) error {
	if !p.app.features.syncs() {
		return p.set(ctx, p.made())
	}
	if p.who.Credential.Password.Empty() {
		return &refusedPush{text: "there is no password to push"}
	}
	digest := p.who.Credential.Digest
	if err := p.set(ctx, p.who.Credential.Password); err != nil {
		return err
	}
	p.s.apps.changeUser(p.to.id, func(u *appUser) { u.pushed = digest })
	return nil
}

func (p *push) set(ctx context.Context, value secret.Value) error {
	path := p.path()
	if p.s.is(pushStrict, "yes") {
		path += "?strict=true"
	}
	if err := p.hub.ask(ctx, http.MethodPost, path, object{passwordMember(value)}, nil); err != nil {
		return err
	}
	p.s.apps.changeUser(p.to.id, func(u *appUser) { u.passwordChanged = p.s.now() })
	return nil
}

func passwordMember(value secret.Value) member {
	return member{"credentials", object{{"password", object{{"value", value.Reveal()}}}}}
}

// generated is the length of a generated password (Okta, Password sync to applications): letters and digits, so that it fails a
// policy that wants a symbol, or more characters.
const generated = 16

// made is a password that nobody knows. Where the password of this org is synchronised it stands in for one that this org has not
// seen yet, and follows this org's policy: one that the other org's policy refuses is the mismatch that Okta describes (Org2Org
// provisioning error, "requirements were not met"), and making this policy as strict as the other is the cure that it names.
func (p *push) made() secret.Value {
	rules := Complexity{MinLength: generated, MinLowerCase: 1, MinUpperCase: 1, MinNumber: 1}
	a, m := p.s.view(&p.who)
	if p.app.features.syncs() {
		own := p.s.policyFor(&p.who, &a).Settings.Complexity
		rules.MinSymbol, rules.MinLength = own.MinSymbol, max(generated, own.MinLength)
		rules.ExcludeUsername, rules.ExcludeAttributes = own.ExcludeUsername, own.ExcludeAttributes
	}
	for {
		text := letters(p.s.random, rules.MinLength)
		if rules.MinSymbol > 0 {
			at := p.s.random.IntN(rules.MinLength)
			text = text[:at] + string("!#$%*+-?@_"[p.s.random.IntN(10)]) + text[at+1:]
		}
		value := secret.New(text)
		if meets, _ := rules.check(value, subjectOf(m)); meets {
			return value
		}
	}
}
