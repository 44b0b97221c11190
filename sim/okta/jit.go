package okta

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Assertion is what an identity provider says of somebody who signs in through it.
type Assertion struct {
	// Subject is the NameID of a SAML assertion, or sub of an ID token.
	Subject string
	// Attributes are those of the profile: email, firstName, lastName and others.
	Attributes map[string]string
}

// FederatedSignIn is what a sign-in through an identity provider came to.
type FederatedSignIn struct {
	User people.Person
	// Created, Linked and Updated tell what it did beside signing in.
	Created, Linked, Updated bool
}

// ErrNotSignedIn is wrapped by every refusal of SignInThroughIdP.
var ErrNotSignedIn = errors.New("not signed in")

var errReadOnly = errors.New("the org is in read only mode")

// SignInThroughIdP signs somebody in through an identity provider of the org, by its id or name: the door behind which users are
// created, linked and updated just in time, as the provider's policy says. The messages between the two are not simulated.
//
// Somebody who is created so has no password here and never gets one by a push: he is FEDERATION (or SOCIAL). Somebody who was
// here before stays what he was, unless the switch idpSignIn says otherwise, but with profileMaster his profile is the provider's
// from now on, and pushes of it fail (Okta, Can we use API provisioning and SAML JIT).
func (s *Server) SignInThroughIdP(idp string, a Assertion) (FederatedSignIn, error) {
	p, ok := s.idps.find(idp)
	if !ok {
		return FederatedSignIn{}, fmt.Errorf("%w: there is no identity provider %q", ErrInvalid, idp)
	}
	s.writes.Lock()
	defer s.writes.Unlock()
	in, err := s.admit(&p, a)
	if err != nil {
		s.note(eventThroughIdP, nil, "FAILURE", err.Error(), p.target())
		return FederatedSignIn{}, fmt.Errorf("%w: %s: %w", ErrNotSignedIn, a.Subject, err)
	}
	s.note(eventThroughIdP, &in.User, "SUCCESS", "", p.target())
	s.note(eventSessionStart, &in.User, "SUCCESS", "")
	return in, nil
}

// admit finds, links or creates the user. The caller holds writes.
func (s *Server) admit(p *IdentityProvider, a Assertion) (FederatedSignIn, error) {
	if p.Inactive {
		return FederatedSignIn{}, errors.New("the identity provider is inactive")
	}
	login, err := nameOf(p, a)
	if err != nil {
		return FederatedSignIn{}, err
	}
	if l, linked := s.idps.linkTo(p.ID, a.Subject); linked && s.people.UserName(l.user) != "" {
		return s.enter(p, a, l.user)
	}
	id, err := s.match(p, login)
	switch {
	case err != nil:
		return FederatedSignIn{}, err
	case id == "":
		return s.createJustInTime(p, a, login)
	}
	if _, linked := s.idps.linkOf(p.ID, id); !linked {
		if err := s.mayLink(p, id); err != nil {
			return FederatedSignIn{}, err
		}
	}
	return s.enter(p, a, id)
}

// nameOf is the transformed name of somebody at the provider.
func nameOf(p *IdentityProvider, a Assertion) (string, error) {
	login := a.Subject
	if name, _ := p.Policy.Subject.attribute(); name != "" {
		login = a.Attributes[name]
	}
	if login == "" {
		return "", errors.New("the assertion has no user name")
	}
	if f := p.Policy.Subject.Filter; f != nil {
		pattern, err := regexp.Compile("^(?:" + *f + ")$")
		if err != nil || !pattern.MatchString(login) {
			return "", errors.New("the user name does not match the filter of the identity provider")
		}
	}
	return login, nil
}

// match finds the user whom a name means; "" is nobody.
func (s *Server) match(p *IdentityProvider, name string) (string, error) {
	subject := &p.Policy.Subject
	if subject.MatchType == "USERNAME" || subject.MatchType == "USERNAME_OR_EMAIL" {
		if id, ok := s.index.owner(name); ok {
			return id, nil
		}
	}
	attribute := "email"
	switch subject.MatchType {
	case "USERNAME":
		return "", nil
	case "CUSTOM_ATTRIBUTE":
		attribute = subject.MatchAttribute
	}
	found := ""
	for person := range s.people.All() {
		if strings.EqualFold(profileOf(&person)[attribute], name) {
			if found != "" {
				return "", errors.New("more than one user matches")
			}
			found = person.ID
		}
	}
	return found, nil
}

// mayLink asks the account link policy.
func (s *Server) mayLink(p *IdentityProvider, id string) error {
	link := &p.Policy.AccountLink
	if link.Action != Auto {
		return errors.New("the user exists, and the account link policy links nobody")
	}
	person, ok := s.people.ByID(id)
	if !ok {
		return people.ErrNotFound
	}
	if f := link.Filter; f != nil && !slices.ContainsFunc(f.Groups.Include, func(group string) bool { return s.groups.has(&person, group) }) {
		return errors.New("the user exists, and is in no group that the account link policy names")
	}
	return nil
}

// createJustInTime makes a user of somebody whom only the provider knows.
func (s *Server) createJustInTime(p *IdentityProvider, a Assertion, login string) (FederatedSignIn, error) {
	jit := &p.Policy.Provisioning
	if jit.Action != Auto {
		return FederatedSignIn{}, errors.New("the user is unknown, and just-in-time provisioning is off")
	}
	m := s.asserted(profile{"login": login}, a)
	if m["email"] == "" && looksLikeEmail(login) {
		m["email"] = login
	}
	if err := s.checkProfile(m); err != nil {
		return FederatedSignIn{}, err
	}
	if s.ReadOnly() {
		s.note(eventJITReadOnly, nil, "FAILURE", errReadOnly.Error(), p.target())
		return FederatedSignIn{}, errReadOnly
	}
	now := s.now()
	account := Account{
		Status: Active, Provider: p.provider(), Activated: now, StatusChanged: now, LastUpdated: now, LastLogin: now,
		Mastered: jit.ProfileMaster,
	}
	person := people.Person{Created: now}
	if jit.Groups.Action == "ASSIGN" {
		person.Groups = slices.Clone(jit.Groups.Assignments)
	}
	created, err := s.insert(person, account, m)
	if err != nil {
		return FederatedSignIn{}, err
	}
	s.linkNow(p, created.ID, a, now)
	s.note(eventCreate, &created, "SUCCESS", "")
	s.note(eventActivate, &created, "SUCCESS", "")
	return FederatedSignIn{User: created, Created: true, Linked: true}, nil
}

// asserted is a profile with the attributes of an assertion. What the org's profile does not have is passed over, as Okta's
// mappings do.
func (s *Server) asserted(old profile, a Assertion) profile {
	next := maps.Clone(old)
	for name, value := range a.Attributes {
		known := slices.Contains(baseAttributes, name) || slices.Contains(s.config.Attributes, name)
		if known && name != "login" && value != "" {
			next[name] = value
		}
	}
	return next
}

// enter signs in a user who is here.
func (s *Server) enter(p *IdentityProvider, a Assertion, id string) (FederatedSignIn, error) {
	jit := &p.Policy.Provisioning
	var in FederatedSignIn
	if s.ReadOnly() { // who is known comes in, and leaves no trace
		user, ok := s.people.ByID(id)
		if account, _ := s.view(&user); !ok || slices.Contains([]Status{Deprovisioned, Suspended, Staged}, account.Status) {
			return FederatedSignIn{}, errReadOnly
		}
		return FederatedSignIn{User: user}, nil
	}
	now := s.now()
	var before people.Person
	user, err := s.update(id, func(person *people.Person) error {
		before = *person
		account, m := s.view(person)
		switch {
		case account.Status == Deprovisioned && jit.Conditions.Deprovisioned.Action == "REACTIVATE",
			account.Status == Suspended && jit.Conditions.Suspended.Action == "UNSUSPEND":
			account.move(Active, now)
		case account.Status == Deprovisioned, account.Status == Suspended, account.Status == Staged:
			return fmt.Errorf("the user is %s", account.Status)
		}
		if jit.ProfileMaster {
			account.Mastered = true
			if next := s.asserted(m, a); !maps.Equal(next, m) {
				if err := s.checkProfile(next); err != nil {
					return err
				}
				m, account.LastUpdated, in.Updated = next, now, true
			}
		}
		if account.Provider.Type == OKTA && s.is(idpSignIn, "federate") {
			dropPassword(person, &account)
			account.Provider, account.Question, account.LastUpdated = p.provider(), "", now
			account.PasswordChanged = time.Time{}
			account.move(Active, now)
		}
		account.LastLogin = now
		keep(person, account, m)
		return nil
	})
	if err != nil {
		return FederatedSignIn{}, err
	}
	s.noticed(&before, &user)
	in.User = user
	in.Linked = s.linkNow(p, id, a, now)
	if in.Updated {
		s.note(eventUpdateProfile, &user, "SUCCESS", "")
	}
	return in, nil
}
