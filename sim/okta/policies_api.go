package okta

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const policiesPath = "/api/v1/policies"

func mountPolicies(t table) {
	t.add(http.MethodGet, policiesPath, "policy", readPolicies, (*call).listPolicies)
	t.add(http.MethodPost, policiesPath, "policy", writePolicies, settled((*call).createPolicy))
	t.add(http.MethodGet, policiesPath+"/{id}", "policy", readPolicies, (*call).readPolicy)
	t.add(http.MethodPut, policiesPath+"/{id}", "policy", writePolicies, settled((*call).replacePolicy))
	t.add(http.MethodDelete, policiesPath+"/{id}", "policy", writePolicies, settled((*call).deletePolicy))
	t.add(http.MethodPost, policiesPath+"/{id}/lifecycle/activate", "policy", writePolicies, settled((*call).activatePolicy))
	t.add(http.MethodPost, policiesPath+"/{id}/lifecycle/deactivate", "policy", writePolicies, settled((*call).deactivatePolicy))
	t.add(http.MethodGet, policiesPath+"/{id}/rules", "policy", readPolicies, (*call).policyRules)
}

// settled lets a change of policies through unless their priorities are being reconciled.
func settled(change func(*call) error) func(*call) error {
	return func(c *call) error {
		if c.s.is(policyWrites, "reconciling") {
			return refuse(reconciling)
		}
		return change(c)
	}
}

// policyBody is a password policy in a request. Absent settings keep what the default policy of Okta's has.
type policyBody struct {
	Type        string  `json:"type"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Status      string  `json:"status"`
	Priority    int     `json:"priority"`
	Conditions  struct {
		People struct {
			Groups struct {
				Include []string `json:"include"`
			} `json:"groups"`
		} `json:"people"`
		Provider struct {
			Provider string `json:"provider"`
		} `json:"authProvider"`
	} `json:"conditions"`
	Settings struct {
		Password json.RawMessage `json:"password"`
	} `json:"settings"`
}

// adoptPolicy reads a request into a policy.
func (c *call) adoptPolicy(p PasswordPolicy) (PasswordPolicy, error) {
	var b policyBody
	if err := c.decodeBody(&b); err != nil {
		return p, err
	}
	if b.Type != "PASSWORD" {
		return p, refuse(notSimulated).surprising("policies of type %q are not simulated", b.Type)
	}
	// A list that is decoded into another overwrites it: what is in force keeps its own.
	p.Settings.Complexity.ExcludeAttributes = slices.Clone(p.Settings.Complexity.ExcludeAttributes)
	p.Settings.Lockout.Channels = slices.Clone(p.Settings.Lockout.Channels)
	if len(b.Settings.Password) > 0 {
		if err := decode(b.Settings.Password, &p.Settings); err != nil {
			return p, err
		}
	}
	for _, id := range b.Conditions.People.Groups.Include {
		if _, ok := c.s.groups.find(id); !ok {
			return p, refuse(notFound, id, "UserGroup")
		}
	}
	p.Name, p.Priority, p.Groups, p.Provider = b.Name, b.Priority, b.Conditions.People.Groups.Include, b.Conditions.Provider.Provider
	p.Inactive = b.Status == "INACTIVE"
	if b.Description != nil {
		p.Description = *b.Description
	}
	return p, nil
}

// putPolicy stores a policy and answers with it.
func (c *call) putPolicy(p PasswordPolicy) error {
	stored, err := c.s.PutPolicy(p)
	switch {
	case errors.Is(err, people.ErrNotFound):
		return noPolicy(c.id)
	case err != nil:
		text := strings.TrimPrefix(err.Error(), ErrInvalid.Error()+": okta.policy.")
		field, _, _ := strings.Cut(text, ":")
		return refuse(validation, field).because(text)
	}
	return c.sendJSON(c.policyDocument(&stored))
}

func noPolicy(id string) error { return refuse(notFound, id, "Policy") }

// policy finds the policy of the path.
func (c *call) policy() (PasswordPolicy, error) {
	for _, one := range c.s.Policies() {
		if one.ID == c.id {
			return one, nil
		}
	}
	return PasswordPolicy{}, noPolicy(c.id)
}

func (c *call) listPolicies() error {
	switch c.query.Get("type") {
	case "":
		return refuse(missingParameter)
	case "PASSWORD":
	default:
		return refuse(notSimulated).surprising("policies of type %q are not simulated", c.query.Get("type"))
	}
	list := []object{}
	for _, one := range c.s.Policies() {
		list = append(list, c.policyDocument(&one))
	}
	c.w.Header()["Link"] = []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	return c.sendJSON(list)
}

func (c *call) createPolicy() error {
	p, err := c.adoptPolicy(PasswordPolicy{Settings: DefaultSettings()})
	if err != nil {
		return err
	}
	return c.putPolicy(p)
}

func (c *call) readPolicy() error {
	p, err := c.policy()
	if err != nil {
		return err
	}
	return c.sendJSON(c.policyDocument(&p))
}

func (c *call) replacePolicy() error {
	old, err := c.policy()
	if err != nil {
		return err
	}
	p, err := c.adoptPolicy(PasswordPolicy{ID: old.ID, Settings: old.Settings, DenyChange: old.DenyChange})
	if err != nil {
		return err
	}
	return c.putPolicy(p)
}

func (c *call) deletePolicy() error {
	switch err := c.s.RemovePolicy(c.id); {
	case errors.Is(err, people.ErrNotFound):
		return noPolicy(c.id)
	case err != nil:
		return refuse(roleTooSmall)
	}
	c.send(http.StatusNoContent, nil)
	return nil
}

func (c *call) activatePolicy() error { return c.setInactive(false) }

func (c *call) deactivatePolicy() error { return c.setInactive(true) }

func (c *call) setInactive(inactive bool) error {
	p, err := c.policy()
	if err != nil {
		return err
	}
	if p.System {
		return refuse(roleTooSmall)
	}
	p.Inactive = inactive
	if _, err := c.s.PutPolicy(p); err != nil {
		return noPolicy(c.id)
	}
	c.send(http.StatusNoContent, nil)
	return nil
}

// policyRules shows the one rule that a policy has here: whether its users may change their passwords.
func (c *call) policyRules() error {
	p, err := c.policy()
	if err != nil {
		return err
	}
	access := "ALLOW"
	if p.DenyChange {
		access = "DENY"
	}
	allow := object{{"access", "ALLOW"}}
	return c.sendJSON([]object{{
		{"id", p.rule},
		{"status", "ACTIVE"},
		{"name", "Default Rule"},
		{"priority", 1},
		{"system", p.System},
		{"created", stamp(p.Created)},
		{"lastUpdated", stamp(p.LastUpdated)},
		{"conditions", object{{"network", object{{"connection", "ANYWHERE"}}}}},
		{"actions", object{
			{"passwordChange", object{{"access", access}}}, {"selfServicePasswordReset", allow}, {"selfServiceUnlock", object{{"access", "DENY"}}},
		}},
		{"type", "PASSWORD"},
	}})
}

// recoverySettings are those recorded of default policies: shown, not obeyed but for the hour that a link lasts.
var recoverySettings = object{{"factors", object{
	{"recovery_question", object{{"status", "ACTIVE"}, {"properties", object{{"complexity", object{{"minLength", 4}}}}}}},
	{"okta_email", object{{"status", "ACTIVE"}, {"properties", object{{"recoveryToken", object{{"tokenLifetimeMinutes", 60}}}}}}},
	{"okta_sms", object{{"status", "INACTIVE"}}},
	{"okta_call", object{{"status", "INACTIVE"}}},
}}}

// policyDocument is a policy in the recorded order.
func (c *call) policyDocument(p *PasswordPolicy) object {
	status := "ACTIVE"
	if p.Inactive {
		status = "INACTIVE"
	}
	settings := p.Settings
	if settings.Complexity.ExcludeAttributes == nil {
		settings.Complexity.ExcludeAttributes = []string{}
	}
	if settings.Lockout.Channels == nil {
		settings.Lockout.Channels = []string{}
	}
	groups := p.Groups
	if groups == nil {
		groups = []string{}
	}
	self := c.base + policiesPath + "/" + p.ID
	return object{
		{"id", p.ID},
		{"status", status},
		{"name", p.Name},
		{"description", p.Description},
		{"priority", p.Priority},
		{"system", p.System},
		{"conditions", object{
			{"people", object{{"groups", object{{"include", groups}}}}}, {"authProvider", object{{"provider", p.Provider}}},
		}},
		{"created", stamp(p.Created)},
		{"lastUpdated", stamp(p.LastUpdated)},
		{"settings", object{{"password", settings}, {"recovery", recoverySettings}, {"delegation", object{{"options", object{{"skipUnlock", false}}}}}}},
		{"_links", object{
			{"self", object{{"href", self}}}, {"rules", object{{"href", self + "/rules"}}},
		}},
		{"type", "PASSWORD"},
	}
}
