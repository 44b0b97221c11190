package okta

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
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
