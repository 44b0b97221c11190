package idcs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	policiesPath      = "/admin/v1/PasswordPolicies"
	defaultPolicyID   = "PasswordPolicy"
	defaultPolicyName = "PasswordPolicy" // the built-in id is sourced, that the name is the same is not
	simplePolicyID    = "SimplePasswordPolicy"
	standardPolicyID  = "StandardPasswordPolicy"
)

func mountPolicies(t table) {
	t.add(http.MethodGet, policiesPath, "policy", everyClient, (*call).listPolicies)
	t.add(http.MethodPost, policiesPath, "policy", mayWritePolicies, (*call).createPolicy)
	t.add(http.MethodPost, policiesPath+"/.search", "policy", everyClient, (*call).searchPolicies)
	t.add(http.MethodGet, policiesPath+"/{id}", "policy", everyClient, (*call).readPolicy)
	t.add(http.MethodPut, policiesPath+"/{id}", "policy", mayWritePolicies, (*call).replacePolicy)
	t.add(http.MethodPatch, policiesPath+"/{id}", "policy", mayWritePolicies, (*call).patchPolicy)
	t.add(http.MethodDelete, policiesPath+"/{id}", "policy", mayWritePolicies, (*call).deletePolicy)
}

// policySettings are the attributes of a policy, for views and filters. The rules among them are judged when a policy is
// decoded, which knows what each must be.
var policySettings = newSchema(policySchema, slices.Concat(common(), []attribute{
	one(text, "name").immutable().always(), one(text, "description"), one(text, "externalId"), one(number, "priority"),
	listOf("groups", one(text, "value").caseExact(), one(text, "display"), one(text, "$ref")),
	one(text, "passwordStrength"), one(number, "passwordExpireWarning"),
	listOf("configuredPasswordPolicyRules", texts("key", "value")...).readOnly().onRequest(),
	one(flag, "forcePasswordReset").writeOnly(),
	one(anything, "dictionaryLocation"), one(anything, "dictionaryDelimiter"), one(anything, "dictionary"),
	one(anything, "passwordExpiresAfter"), one(anything, "maxIncorrectAttempts"), one(anything, "lockoutDuration"),
	one(anything, "characterSets"),
}, ruleRows()), nil, nil)

func ruleRows() []attribute {
	var rows []attribute
	for _, rule := range policy.Rules() {
		rows = append(rows, one(anything, string(rule)))
	}
	return rows
}

// builtIn are the policies that Oracle has beside the default one; nobody can change them.
func builtIn(id string) (passwordPolicy, bool) {
	switch id {
	case simplePolicyID:
		return passwordPolicy{id: id, name: "simplePasswordPolicy", strength: "Simple", rules: policy.Simple()}, true
	case standardPolicyID:
		return passwordPolicy{id: id, name: "standardPasswordPolicy", strength: "Standard", rules: policy.Standard()}, true
	}
	return passwordPolicy{}, false
}

// policyByID finds a policy, built in or not.
func (s *Server) policyByID(id string) (*passwordPolicy, error) {
	set := s.policies.Load()
	if p := set.find(id); p != nil {
		return p, nil
	}
	p, ok := builtIn(id)
	if !ok {
		return nil, refuse(noSuchPolicy, id)
	}
	p.modified, p.version = set.standard.modified, 1
	return &p, nil
}

// policyResource is a policy in the wire form, with all that may be asked for.
func (c *call) policyResource(p *passwordPolicy) (map[string]any, error) {
	m, err := rulesOf(p.rules)
	if err != nil {
		return nil, err
	}
	rules := configuredRules(m)
	m["schemas"], m["id"], m["name"], m["passwordStrength"] = []any{policySchema}, p.id, p.name, p.strength
	put(m, "description", p.description)
	put(m, "externalId", p.externalID)
	if p.warning > 0 {
		m["passwordExpireWarning"] = float64(p.warning)
	}
	if p.priority > 0 {
		m["priority"] = float64(p.priority)
	}
	var groups []any
	for _, id := range p.groups {
		if display, ok := c.s.groupName(id); ok {
			groups = append(groups, map[string]any{"value": id, "display": display, "$ref": c.base + "/admin/v1/Groups/" + id})
		}
	}
	if groups != nil {
		m["groups"] = groups
	}
	if rules != nil {
		m["configuredPasswordPolicyRules"] = rules
	}
	meta := map[string]any{
		"resourceType": "PasswordPolicy", "location": c.base + policiesPath + "/" + p.id,
		"lastModified": stamp(p.modified), "version": fmt.Sprintf("%032x", p.version),
	}
	if p.priority > 0 {
		meta["created"] = stamp(p.created)
	}
	m["meta"] = meta
	return m, nil
}

func rulesOf(p policy.Policy) (map[string]any, error) {
	encoded, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, json.Unmarshal(encoded, &m)
}

func (c *call) listPolicies() error {
	q, err := c.query(policySettings)
	if err != nil {
		return err
	}
	return c.answerPolicies(q)
}

func (c *call) searchPolicies() error {
	q, err := c.queryByPost(policySettings)
	if err != nil {
		return err
	}
	return c.answerPolicies(q)
}

// answerPolicies lists the default policy, those for groups by priority, and the built-in ones, unless the search has
// another order.
func (c *call) answerPolicies(q search) error {
	set := c.s.policies.Load()
	all := append([]*passwordPolicy{set.standard}, set.ranked...)
	for _, id := range []string{simplePolicyID, standardPolicyID} {
		p, err := c.s.policyByID(id)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	var found []map[string]any
	for _, p := range all {
		m, err := c.policyResource(p)
		if err != nil {
			return err
		}
		if q.filter == nil || q.filter.Match(m, policySettings) {
			found = append(found, m)
		}
	}
	if q.sortBy != nil {
		slices.SortStableFunc(found, func(a, b map[string]any) int {
			x, _ := scim.Lookup(a, *q.sortBy)
			y, _ := scim.Lookup(b, *q.sortBy)
			if q.descending {
				x, y = y, x
			}
			return compareValues(x, y, q.exact)
		})
	}
	page := found[min(q.start-1, len(found)):]
	var list []any
	for _, m := range page[:min(q.count, len(page))] {
		list = append(list, scim.Project(m, q.view.attributes, q.view.sets, policySettings.returned))
	}
	return c.sendJSON(http.StatusOK, scim.NewListResponse(list, len(found), q.start, q.count))
}

func (c *call) readPolicy() error {
	p, err := c.s.policyByID(c.id)
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	return c.sendPolicy(http.StatusOK, p)
}

func (c *call) sendPolicy(status int, p *passwordPolicy) error {
	v, err := c.view()
	if err != nil {
		return err
	}
	m, err := c.policyResource(p)
	if err != nil {
		return err
	}
	return c.sendJSON(status, scim.Project(m, v.attributes, v.sets, policySettings.returned))
}

func (c *call) createPolicy() error {
	m, err := c.document(policySchema)
	if err != nil {
		return err
	}
	draft, err := c.s.draftPolicy(m, passwordPolicy{id: c.s.ids.Hex(idLength)})
	if err != nil {
		return err
	}
	return c.storePolicy(http.StatusCreated, draft, m)
}

func (c *call) replacePolicy() error {
	m, err := c.document(policySchema)
	if err != nil {
		return err
	}
	return c.rewritePolicy(func(map[string]any) (map[string]any, error) { return m, nil })
}

func (c *call) patchPolicy() error {
	body, err := c.body()
	if err != nil {
		return err
	}
	op, err := scim.DecodePatch(body)
	if err != nil {
		return patchRefusal(err)
	}
	c.x.ShowBodies()
	return c.rewritePolicy(func(before map[string]any) (map[string]any, error) {
		after, err := op.Apply(before)
		if err != nil {
			return nil, patchRefusal(err)
		}
		return after, nil
	})
}

// rewritePolicy puts what change makes of a policy in its place.
func (c *call) rewritePolicy(change func(before map[string]any) (map[string]any, error)) error {
	if _, fixed := builtIn(c.id); fixed {
		return refuse(policyNotModifiable, c.id)
	}
	old, err := c.s.policyByID(c.id)
	if err != nil {
		return err
	}
	before, err := c.policyResource(old)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	draft, err := c.s.draftPolicy(after, passwordPolicy{id: old.id, name: old.name, priority: old.priority})
	if err != nil {
		return err
	}
	return c.storePolicy(http.StatusOK, draft, after)
}

func (c *call) storePolicy(status int, draft passwordPolicy, m map[string]any) error {
	stored, err := c.s.putPolicy(draft)
	if err != nil {
		return err
	}
	if force, _ := m["forcePasswordReset"].(bool); force {
		c.s.forceReset(stored.id)
	}
	if status == http.StatusCreated {
		c.w.Header()["Location"] = []string{c.base + policiesPath + "/" + stored.id}
	}
	return c.sendPolicy(status, stored)
}

func (c *call) deletePolicy() error {
	if _, fixed := builtIn(c.id); fixed || c.id == defaultPolicyID {
		return refuse(policyNotModifiable, c.id)
	}
	if err := c.s.dropPolicy(c.id); err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil, nil)
	return nil
}

// notRules are attributes of the resource that are no rules.
var notRules = map[string]bool{
	"schemas": true, "id": true, "ocid": true, "name": true, "meta": true, "description": true, "externalId": true,
	"priority": true, "groups": true, "passwordStrength": true, "configuredPasswordPolicyRules": true,
	"forcePasswordReset": true, "passwordExpireWarning": true, "dictionaryLocation": true, "dictionaryDelimiter": true,
}

// draftPolicy reads a resource. What is to be known of the policy beforehand is in p.
func (s *Server) draftPolicy(m map[string]any, p passwordPolicy) (passwordPolicy, error) {
	for key := range notRules {
		if value, ok := m[key]; ok && key != "meta" {
			if err := policySettings.check(key, value); err != nil {
				return p, err
			}
		}
	}
	name, _ := m["name"].(string)
	switch {
	case p.name == "" && name == "":
		return p, refuse(missingAttributes, "name")
	case p.name != "" && name != "" && name != p.name:
		return p, refuse(readOnlyAttribute, "name")
	case p.name == "":
		p.name = name
	}
	p.description, _ = m["description"].(string)
	p.externalID, _ = m["externalId"].(string)
	if days, ok := m["passwordExpireWarning"].(float64); ok {
		p.warning = int(days)
	}
	if err := s.draftRank(m, &p); err != nil {
		return p, err
	}
	return p, draftRules(m, &p)
}

// draftRank reads for whom the policy is.
func (s *Server) draftRank(m map[string]any, p *passwordPolicy) error {
	priority, ranked := m["priority"].(float64)
	list, _ := m["groups"].([]any)
	if p.id == defaultPolicyID {
		if ranked || len(list) > 0 {
			return refuse(invalidValue, "priority, groups", "the default policy is for whom no other is meant and has neither")
		}
		return nil
	}
	if ranked {
		if p.priority = int(priority); priority != float64(p.priority) || p.priority < 1 || p.priority > mostPolicies {
			return refuse(invalidValue, "priority", fmt.Sprintf("it is a whole number from 1 to %d", mostPolicies))
		}
	}
	for _, item := range list {
		content, _ := item.(map[string]any)
		id, _ := content["value"].(string)
		if id == "" {
			return refuse(missingAttributes, "groups.value")
		}
		if _, ok := s.groupName(id); !ok {
			return refuse(policyGroupReference, id)
		}
		if !slices.Contains(p.groups, id) {
			p.groups = append(p.groups, id)
		}
	}
	return nil
}

// draftRules reads the rules. The strengths Simple and Standard have rules of their own.
func draftRules(m map[string]any, p *passwordPolicy) error {
	rules := maps.Clone(m)
	maps.DeleteFunc(rules, func(key string, _ any) bool { return notRules[key] })
	encoded, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	if p.rules, err = policy.Decode(encoded); err == nil {
		err = p.rules.Validate()
	}
	if err != nil {
		return refuse(invalidValue, "the password policy", err.Error())
	}
	p.strength = "Custom"
	if strength, ok := m["passwordStrength"].(string); ok {
		p.strength = strength
	}
	switch p.strength {
	case "Custom":
		return nil
	case "Simple", "Standard":
		fixed, _ := builtIn(p.strength + "PasswordPolicy")
		own, err := rulesOf(fixed.rules)
		if err != nil {
			return err
		}
		if given, err := rulesOf(p.rules); err != nil || len(given) > 0 && !maps.EqualFunc(given, own, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			return refuse(invalidValue, "passwordStrength", p.strength+" has rules of its own; with others it is Custom")
		}
		p.rules = fixed.rules
		return nil
	}
	return refuse(invalidValue, "passwordStrength", "it is "+strings.Join([]string{"Simple", "Standard", "Custom"}, ", "))
}
