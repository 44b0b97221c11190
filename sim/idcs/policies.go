package idcs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	policiesPath      = "/admin/v1/PasswordPolicies"
	defaultPolicyID   = "PasswordPolicy"
	defaultPolicyName = "PasswordPolicy" // the built-in id is sourced, that the name is the same is not
)

func mountPolicies(t table) {
	t.add(http.MethodGet, policiesPath, "policy", everyClient, (*call).listPolicies)
	t.add(http.MethodGet, policiesPath+"/{id}", "policy", everyClient, (*call).readPolicy)
	t.add(http.MethodPut, policiesPath+"/{id}", "policy", mayWritePolicies, (*call).replacePolicy)
	t.add(http.MethodPatch, policiesPath+"/{id}", "policy", mayWritePolicies, (*call).patchPolicy)
}

// passwordPolicy is the domain's default policy and when it was written.
type passwordPolicy struct {
	rules    policy.Policy
	modified time.Time
	version  int
}

func (s *Server) storePolicy(rules policy.Policy) {
	next := &passwordPolicy{rules: rules, modified: s.kernel.Clock.Now(), version: 1}
	if old := s.policy.Load(); old != nil {
		next.version = old.version + 1
	}
	s.policy.Store(next)
}

// builtIn are the policies that Oracle has beside the default one; nobody can change them.
func builtIn(id string) (policy.Policy, string, bool) {
	switch id {
	case "SimplePasswordPolicy":
		return policy.Simple(), "Simple", true
	case "StandardPasswordPolicy":
		return policy.Standard(), "Standard", true
	}
	return policy.Policy{}, "", false
}

// policyResource is a policy in the wire form.
func (c *call) policyResource(id string) (map[string]any, error) {
	stored := c.s.policy.Load()
	rules, strength, fixed := builtIn(id)
	policyName := strings.ToLower(id[:1]) + id[1:]
	switch {
	case fixed:
	case id == defaultPolicyID:
		rules, strength, policyName = stored.rules, "Custom", defaultPolicyName
	default:
		return nil, refuse(noSuchPolicy, id)
	}
	m, err := rulesOf(rules)
	if err != nil {
		return nil, err
	}
	m["schemas"], m["id"], m["name"], m["passwordStrength"] = []any{policySchema}, id, policyName, strength
	m["meta"] = map[string]any{
		"resourceType": "PasswordPolicy", "location": c.base + policiesPath + "/" + id,
		"lastModified": stamp(stored.modified), "version": fmt.Sprintf("%032x", stored.version),
	}
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
	var list []any
	for _, id := range []string{defaultPolicyID, "SimplePasswordPolicy", "StandardPasswordPolicy"} {
		m, err := c.policyResource(id)
		if err != nil {
			return err
		}
		list = append(list, m)
	}
	c.x.ShowBodies()
	return c.sendJSON(http.StatusOK, scim.NewListResponse(list, len(list), 1, defaultCount))
}

func (c *call) readPolicy() error {
	m, err := c.policyResource(c.id)
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	return c.sendJSON(http.StatusOK, m)
}

func (c *call) replacePolicy() error {
	body, err := c.body()
	if err != nil {
		return err
	}
	m, err := decodeObject(body)
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	if err := requireSchema(m, policySchema); err != nil {
		return err
	}
	return c.writePolicy(m)
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
	before, err := c.policyResource(c.id)
	if err != nil {
		return err
	}
	after, err := op.Apply(before)
	if err != nil {
		return patchRefusal(err)
	}
	return c.writePolicy(after)
}

// notRules are attributes of the resource that are no rules.
var notRules = map[string]bool{
	"schemas": true, "id": true, "ocid": true, "name": true, "meta": true, "description": true, "externalId": true,
	"priority": true, "groups": true, "passwordStrength": true, "configuredPasswordPolicyRules": true,
	"forcePasswordReset": true, "passwordExpireWarning": true, "dictionaryLocation": true, "dictionaryDelimiter": true,
}

// writePolicy makes a resource the default policy.
func (c *call) writePolicy(m map[string]any) error {
	if _, _, fixed := builtIn(c.id); fixed {
		return refuse(policyNotModifiable, c.id)
	}
	if c.id != defaultPolicyID {
		return refuse(noSuchPolicy, c.id)
	}
	rules := maps.Clone(m)
	maps.DeleteFunc(rules, func(key string, _ any) bool { return notRules[key] })
	encoded, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	p, err := policy.Decode(encoded)
	if err != nil {
		return refuse(invalidValue, "the password policy", err.Error())
	}
	if err := p.Validate(); err != nil {
		return refuse(invalidValue, "the password policy", err.Error())
	}
	c.s.storePolicy(p)
	after, err := c.policyResource(c.id)
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusOK, after)
}

// policyDetail joins the texts of broken rules.
func (s *Server) policyDetail(broken []policy.Violation) string {
	list := make([]string, 0, len(broken)+1)
	if s.is(policyDetail, "sentence") {
		list = append(list, "The password does not meet the password policy.")
	}
	for _, v := range broken {
		list = append(list, RuleText(v))
		if s.is(policyDetail, "first") {
			break
		}
	}
	return strings.Join(list, " ")
}

// RuleText is Oracle's sentence for a broken rule, where a production client of the real service quotes it (lengths,
// numerals, case, names, history); the others are in its manner, and ours.
func RuleText(v policy.Violation) string {
	many := func(format, noun string) string {
		if v.Limit != 1 {
			noun += "s"
		}
		return fmt.Sprintf(format, v.Limit, noun)
	}
	switch v.Rule {
	case policy.RuleMinLength:
		return "The password must have at least " + strconv.Itoa(v.Limit) + " characters."
	case policy.RuleMaxLength:
		return "The password cannot exceed " + strconv.Itoa(v.Limit) + " characters."
	case policy.RuleMinNumerals:
		return many("The password must have at least %d numeric %s.", "character")
	case policy.RuleMinLowerCase:
		return many("The password must have at least %d lowercase %s.", "character")
	case policy.RuleMinUpperCase:
		return many("The password must have at least %d uppercase %s.", "character")
	case policy.RuleFirstNameDisallowed:
		return "The password cannot contain the first name of the user."
	case policy.RuleLastNameDisallowed:
		return "The password cannot contain the last name of the user."
	case policy.RuleUserNameDisallowed:
		return "The password cannot contain the username of the user."
	case policy.RuleNumPasswordsInHistory:
		return many("The password cannot repeat the most recent %d %s.", "password")
	case policy.RuleMinAlphas:
		return many("The password must have at least %d alphabetic %s.", "character")
	case policy.RuleMinAlphaNumerals:
		return many("The password must have at least %d alphanumeric %s.", "character")
	case policy.RuleMinSpecialChars:
		return many("The password must have at least %d special %s.", "character")
	case policy.RuleMaxSpecialChars:
		return many("The password cannot have more than %d special %s.", "character")
	case policy.RuleMinUniqueChars:
		return many("The password must have at least %d unique %s.", "character")
	case policy.RuleMaxRepeatedChars:
		return many("The password cannot repeat a character more than %d %s.", "time")
	case policy.RuleDistinctCharacters:
		return many("The password must have at least %d %s that the current one has not.", "character")
	case policy.RuleStartsWithAlphabet:
		return "The password must start with a letter."
	case policy.RuleRequiredChars:
		return "The password must contain the characters " + v.Value + "."
	case policy.RuleAllowedChars:
		return "The password can contain only the characters " + v.Value + "."
	case policy.RuleDisallowedChars:
		return "The password cannot contain the characters " + v.Value + "."
	case policy.RuleDisallowedSubstrings:
		return "The password cannot contain " + v.Value + "."
	case policy.RuleDisallowedUserAttributeValues:
		return "The password cannot contain the value of " + v.Value + " of the user."
	case policy.RuleDictionaryWordDisallowed:
		return "The password cannot be a dictionary word."
	case policy.RuleMinPasswordAge:
		return many("The password cannot be changed within %d %s of the last change.", "hour")
	case policy.RuleMinCharacterSets:
		return many("The password must have characters of at least %d character %s.", "set")
	}
	return "The password breaks the rule " + string(v.Rule) + "."
}
