package okta

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// IdentityProvider is another system whose users sign in here. Its policy decides what a sign-in does to the users of the org.
type IdentityProvider struct {
	ID string
	// Type is SAML2, OIDC, or the name of a social provider: it decides whether users made by a sign-in are FEDERATION or SOCIAL.
	Type     string
	Name     string
	Inactive bool
	Policy   IdPPolicy
	// Protocol is how the two talk; the simulator keeps it and does not read it.
	Protocol             json.RawMessage
	Created, LastUpdated time.Time
}

// The actions of a policy: just-in-time provisioning and account linking are on or off.
const (
	Auto     = "AUTO"
	Disabled = "DISABLED"
)

// IdPPolicy is what a sign-in does, in the form of Okta's Identity Providers API.
type IdPPolicy struct {
	Provisioning Provisioning `json:"provisioning"`
	AccountLink  AccountLink  `json:"accountLink"`
	Subject      IdPSubject   `json:"subject"`
	MaxClockSkew int          `json:"maxClockSkew"`
}

// Provisioning is just-in-time provisioning.
type Provisioning struct {
	// Action creates who is not known: Auto or Disabled.
	Action string `json:"action"`
	// ProfileMaster makes the provider the source of profiles: each sign-in updates the profile, and nobody else may.
	ProfileMaster bool          `json:"profileMaster"`
	Groups        IdPGroups     `json:"groups"`
	Conditions    IdPConditions `json:"conditions"`
}

// IdPGroups is what becomes of the groups of who is created: NONE, or ASSIGN and which.
type IdPGroups struct {
	Action      string   `json:"action"`
	Assignments []string `json:"assignments,omitempty"`
}

// IdPConditions is what a sign-in does to users who may not sign in.
type IdPConditions struct {
	Deprovisioned IdPCondition `json:"deprovisioned"`
	Suspended     IdPCondition `json:"suspended"`
}

// IdPCondition is NONE, or REACTIVATE and UNSUSPEND respectively.
type IdPCondition struct {
	Action string `json:"action"`
}

// AccountLink is what becomes of a user who is here already and whom the provider does not know yet.
type AccountLink struct {
	Filter *IdPFilter `json:"filter"`
	Action string     `json:"action"`
}

// IdPFilter limits the users who may be linked to the members of groups.
type IdPFilter struct {
	Groups struct {
		Include []string `json:"include"`
	} `json:"groups"`
}

// IdPSubject is how somebody who signs in is recognised.
type IdPSubject struct {
	UserNameTemplate UserNameTemplate `json:"userNameTemplate"`
	// Filter is a regular expression for names that are to be trusted; nil trusts all.
	Filter *string `json:"filter"`
	// MatchType is USERNAME, EMAIL, USERNAME_OR_EMAIL or CUSTOM_ATTRIBUTE.
	MatchType      string `json:"matchType"`
	MatchAttribute string `json:"matchAttribute,omitempty"`
}

// UserNameTemplate is an expression; the simulator knows idpuser.<attribute> and saml.subjectNameId.
type UserNameTemplate struct {
	Template string `json:"template"`
}

// DefaultIdPPolicy is what Okta's example of a SAML provider shows: just-in-time provisioning, profile sourcing and account
// linking are all on, which is the setting that gets in the way of a password push.
func DefaultIdPPolicy() IdPPolicy {
	none := IdPCondition{Action: "NONE"}
	return IdPPolicy{
		Provisioning: Provisioning{
			Action: Auto, ProfileMaster: true, Groups: IdPGroups{Action: "NONE"}, Conditions: IdPConditions{Deprovisioned: none, Suspended: none},
		},
		AccountLink: AccountLink{Action: Auto},
		Subject:     IdPSubject{UserNameTemplate: UserNameTemplate{Template: "idpuser.subjectNameId"}, MatchType: "USERNAME"},
	}
}

// validate reports every mistake, as field and text.
func (p *IdPPolicy) validate() (causes []string) {
	oneOf := func(field, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			causes = append(causes, field+": must be one of "+strings.Join(allowed, ", "))
		}
	}
	oneOf("policy.provisioning.action", p.Provisioning.Action, Auto, Disabled)
	oneOf("policy.provisioning.groups.action", p.Provisioning.Groups.Action, "NONE", "ASSIGN")
	oneOf("policy.provisioning.conditions.deprovisioned.action", p.Provisioning.Conditions.Deprovisioned.Action, "NONE", "REACTIVATE")
	oneOf("policy.provisioning.conditions.suspended.action", p.Provisioning.Conditions.Suspended.Action, "NONE", "UNSUSPEND")
	oneOf("policy.accountLink.action", p.AccountLink.Action, Auto, Disabled)
	oneOf("policy.subject.matchType", p.Subject.MatchType, "USERNAME", "EMAIL", "USERNAME_OR_EMAIL", "CUSTOM_ATTRIBUTE")
	if (p.Subject.MatchAttribute == "") == (p.Subject.MatchType == "CUSTOM_ATTRIBUTE") {
		causes = append(causes, "policy.subject.matchAttribute: must be set with the matchType CUSTOM_ATTRIBUTE, and only then")
	}
	if _, ok := p.Subject.attribute(); !ok {
		causes = append(causes, "policy.subject.userNameTemplate.template: this simulator knows idpuser.<attribute> and saml.subjectNameId")
	}
	if f := p.Subject.Filter; f != nil {
		if _, err := regexp.Compile(*f); err != nil {
			causes = append(causes, "policy.subject.filter: is not a regular expression")
		}
	}
	return causes
}

// attribute is what the template takes the name from; "" is the subject itself.
func (s *IdPSubject) attribute() (string, bool) {
	template := strings.TrimSuffix(strings.TrimPrefix(s.UserNameTemplate.Template, "${"), "}")
	if template == "saml.subjectNameId" || template == "idpuser.subjectNameId" || template == "idpuser.externalId" {
		return "", true
	}
	name, ok := strings.CutPrefix(template, "idpuser.")
	return name, ok && name != "" && !strings.ContainsAny(name, " .+()")
}

// provider is what becomes of the users whom the identity provider creates (Okta, OpenAPI, ProvisioningAction).
func (p *IdentityProvider) provider() Provider {
	if p.Type == "SAML2" || p.Type == "X509" {
		return Provider{FEDERATION, FEDERATION}
	}
	return Provider{SOCIAL, SOCIAL}
}

// idpTypes are those that the simulator takes: the protocol is not simulated, so the type matters for the provider only.
var idpTypes = []string{"SAML2", "OIDC", "GOOGLE", "MICROSOFT", "FACEBOOK", "LINKEDIN", "APPLE", "OKTA_INTEGRATION"}

// idpLink ties a user to somebody at an identity provider.
type idpLink struct {
	user, externalID     string
	profile              map[string]string
	masters              bool // the provider has taken the profile over
	created, lastUpdated time.Time
}

// idpStore are the identity providers in the order of their creation, and their links by provider and user.
type idpStore struct {
	mu    sync.RWMutex
	list  []IdentityProvider
	links map[string]map[string]idpLink
}

func newIdPStore() *idpStore { return &idpStore{links: map[string]map[string]idpLink{}} }

func (t *idpStore) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = nil
	clear(t.links)
}

func (t *idpStore) all() []IdentityProvider {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.list)
}

func (t *idpStore) find(idOrName string) (IdentityProvider, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at := t.at(idOrName)
	if at < 0 {
		return IdentityProvider{}, false
	}
	return t.list[at], true
}

func (t *idpStore) at(idOrName string) int {
	if at := slices.IndexFunc(t.list, func(one IdentityProvider) bool { return one.ID == idOrName }); at >= 0 {
		return at
	}
	return slices.IndexFunc(t.list, func(one IdentityProvider) bool { return one.Name == idOrName })
}

// add is false when the name is taken.
func (t *idpStore) add(p IdentityProvider) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at(p.Name) >= 0 {
		return false
	}
	t.list = append(t.list, p)
	return true
}

func (t *idpStore) change(idOrName string, f func(*IdentityProvider) error) (IdentityProvider, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.at(idOrName)
	if at < 0 {
		return IdentityProvider{}, refuse(notFound, idOrName, "IdentityProvider")
	}
	next := t.list[at]
	if err := f(&next); err != nil {
		return IdentityProvider{}, err
	}
	if other := t.at(next.Name); other >= 0 && other != at {
		return IdentityProvider{}, nameIsTaken()
	}
	t.list = slices.Clone(t.list)
	t.list[at] = next
	return next, nil
}

func (t *idpStore) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(slices.Clone(t.list), func(one IdentityProvider) bool { return one.ID == id })
	delete(t.links, id)
}

func (t *idpStore) link(idp string, l idpLink) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.links[idp] == nil {
		t.links[idp] = map[string]idpLink{}
	}
	t.links[idp][l.user] = l
}

func (t *idpStore) linkOf(idp, user string) (idpLink, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	l, ok := t.links[idp][user]
	return l, ok
}

// linkTo finds the user who is somebody's at a provider.
func (t *idpStore) linkTo(idp, externalID string) (idpLink, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, l := range t.links[idp] {
		if l.externalID == externalID {
			return l, true
		}
	}
	return idpLink{}, false
}

// linksOf are the links of a provider by the ids of their users.
func (t *idpStore) linksOf(idp string) []idpLink {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := slices.Collect(maps.Values(t.links[idp]))
	slices.SortFunc(list, func(a, b idpLink) int { return strings.Compare(a.user, b.user) })
	return list
}

// of are the providers that a user is linked to.
func (t *idpStore) of(user string) []IdentityProvider {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []IdentityProvider
	for _, p := range t.list {
		if _, linked := t.links[p.ID][user]; linked {
			list = append(list, p)
		}
	}
	return list
}

// unlink is false when there was no link.
func (t *idpStore) unlink(idp, user string) (idpLink, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.links[idp][user]
	delete(t.links[idp], user)
	return l, ok
}

// mastered tells whether some provider has taken the user's profile over.
func (t *idpStore) mastered(user string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, links := range t.links {
		if links[user].masters {
			return true
		}
	}
	return false
}

// forget unlinks a user everywhere.
func (t *idpStore) forget(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, links := range t.links {
		delete(links, user)
	}
}

// AddIdP adds an identity provider, with the rules of the API but for the protocol, which may be missing.
func (s *Server) AddIdP(p IdentityProvider) (IdentityProvider, error) {
	p.ID, p.Created = s.ids.next("0oa"), s.now()
	p.LastUpdated = p.Created
	if err := p.validate(); err != nil {
		return IdentityProvider{}, fmt.Errorf("%w: identity provider %q: %w", ErrInvalid, p.Name, err)
	}
	if !s.idps.add(p) {
		return IdentityProvider{}, fmt.Errorf("%w: identity provider %q is there already", ErrInvalid, p.Name)
	}
	return p, nil
}

// IdPs are the identity providers of the org.
func (s *Server) IdPs() []IdentityProvider { return s.idps.all() }

// SetIdPPolicy replaces the policy of an identity provider, found by id or name.
func (s *Server) SetIdPPolicy(idOrName string, policy IdPPolicy) error {
	_, err := s.idps.change(idOrName, func(p *IdentityProvider) error {
		p.Policy, p.LastUpdated = policy, s.now()
		return p.validate()
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func (p *IdentityProvider) validate() error {
	var causes []string
	if strings.TrimSpace(p.Name) == "" || len(p.Name) > 100 {
		causes = append(causes, "name: must be between 1 and 100 characters")
	}
	if !slices.Contains(idpTypes, p.Type) {
		causes = append(causes, "type: must be one of "+strings.Join(idpTypes, ", "))
	}
	if causes = append(causes, p.Policy.validate()...); causes == nil {
		return nil
	}
	field, _, _ := strings.Cut(causes[0], ":")
	return refuse(validation, field).because(causes...)
}

func nameIsTaken() error {
	return refuse(validation, "name").because("name: An object with this field already exists in the current organization")
}
