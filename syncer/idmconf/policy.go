package idmconf

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Policy is the source's password policy, in IDM's own terms. A zero field means no restriction.
type Policy struct {
	MinLength     int      // minimum-length
	MaxLength     int      // maximum-length
	Capitals      int      // at-least-X-capitals
	Numbers       int      // at-least-X-numbers
	Fields        []string // cannot-contain-others: user attributes whose value may not occur
	Forbidden     []string // cannot-contain-characters
	CharacterSets []string // required-character-sets: "uppercase:A-Z"
	MinSets       int      // how many of the sets must occur
}

// DefaultPolicy is what IDM enforces on managed/user passwords when nothing is configured.
// Source: ForgeRock IDM, conf/managed.json of the default project.
func DefaultPolicy() Policy {
	return Policy{MinLength: 8, Capitals: 1, Numbers: 1, Fields: []string{"userName", "givenName", "sn"}}
}

// String lists the restrictions.
func (p Policy) String() string {
	var parts []string
	number := func(n int, form string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(form, n))
		}
	}
	number(p.MinLength, "at least %d characters")
	number(p.MaxLength, "at most %d characters")
	number(p.Capitals, "%d capital")
	number(p.Numbers, "%d number")
	if p.MinSets > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d character sets", p.MinSets, len(p.CharacterSets)))
	}
	if len(p.Fields) > 0 {
		parts = append(parts, "without "+strings.Join(p.Fields, ", "))
	}
	if len(p.Forbidden) > 0 {
		parts = append(parts, "without the characters "+strings.Join(p.Forbidden, " "))
	}
	if len(parts) == 0 {
		return "no restriction"
	}
	return strings.Join(parts, ", ")
}

const policyFile = "conf/policy.json"

// knownPolicies are the policies that IDM has, and those that its newer versions add.
// Source: ForgeRock IDM, bin/defaults/script/policy.js; Ping Identity, Default policy reference.
var knownPolicies = []string{
	"required", "not-empty", "not-null", "unique", "valid-username", "no-internal-user-conflict", "minimum-length",
	"maximum-length", "minimum-number", "maximum-number", "valid-number", "at-least-X-capitals", "at-least-X-numbers",
	"cannot-contain-others", "cannot-contain-characters", "cannot-contain-duplicates", "regexpMatches", "valid-type",
	"valid-array-items", "valid-query-filter", "valid-email-address-format", "valid-name-format", "valid-phone-format",
	"valid-date", "valid-formatted-date", "valid-time", "valid-datetime", "valid-duration", "valid-temporal-constraints",
	"mapping-exists", "max-attempts-triggers-lock-cooldown", "re-auth-required",
}

// rule is one policy as IDM configures it.
type rule struct {
	ID     string          `json:"policyId"`
	Params json.RawMessage `json:"params"`
	path   string
}

// policy takes the rules for the password property, from the form that IDM reads (resources, properties, policies) or
// from the published guide's form (policies at the top), which IDM itself ignores: then its default is what is enforced.
func (r *reader) policy() {
	const what = "source policy"
	instead := "IDM's default: " + DefaultPolicy().String()
	r.project.Policy = DefaultPolicy()
	doc, ok := r.read(policyFile, what, instead)
	if !ok {
		return
	}
	policy, inForce, findings := ReadPolicy(doc)
	if policy != nil && inForce {
		r.project.Policy, r.project.PolicyInForce = *policy, true
	}
	for _, f := range findings {
		r.found(f)
	}
}

// ReadPolicy takes the rules for the password out of a policy file: nil when there are none. inForce tells whether they stand
// where IDM reads them.
func ReadPolicy(doc Document) (policy *Policy, inForce bool, findings []Finding) {
	const what = "source policy"
	rules, ignoredByIDM := doc.passwordRules()
	if len(rules) == 0 {
		return nil, false, []Finding{{
			What: what, File: doc.File, Instead: "IDM's default: " + DefaultPolicy().String(),
			Problem: "has no policies for the property password of managed/user",
		}}
	}
	policy = &Policy{}
	for _, rule := range rules {
		if problem, instead := policy.add(rule); problem != "" {
			at := doc.finding(what, rule.path)
			at.Kind, at.Problem, at.Instead = Unusable, problem, instead
			if !slices.Contains(knownPolicies, rule.ID) {
				at.Kind = UnknownPolicy
			}
			findings = append(findings, at)
		}
	}
	taken := doc.finding(what, rules[0].path)
	taken.Value = policy.String()
	if ignoredByIDM {
		taken.Kind = Ignored
		taken.Problem = "IDM reads policies at resources[].properties[].policies and ignores them at the top of the file"
		taken.Instead = "IDM's default: " + DefaultPolicy().String()
	}
	return policy, !ignoredByIDM, append(findings, taken)
}

func (d Document) passwordRules() (rules []rule, ignoredByIDM bool) {
	collect := func(list any, path string) {
		items, _ := list.([]any)
		for i, item := range items {
			at := fmt.Sprintf("%s/%d", path, i)
			one := rule{path: at}
			if encoded, err := json.Marshal(item); err == nil {
				_ = json.Unmarshal(encoded, &one) // an unreadable rule keeps an empty id and is reported as unknown
			}
			if d.Has(at + "/policyId") {
				one.path = at + "/policyId"
			}
			rules = append(rules, one)
		}
	}
	root := d.Object()
	resources, _ := root["resources"].([]any)
	for i, item := range resources {
		resource, _ := item.(map[string]any)
		name, _ := resource["resource"].(string)
		if strings.TrimSuffix(name, "/*") != "managed/user" {
			continue
		}
		properties, _ := resource["properties"].([]any)
		for j, item := range properties {
			if property, _ := item.(map[string]any); property["name"] == "password" {
				collect(property["policies"], fmt.Sprintf("/resources/%d/properties/%d/policies", i, j))
			}
		}
	}
	objects, _ := root["objects"].([]any) // conf/managed.json keeps the policies with the property
	for i, item := range objects {
		object, _ := item.(map[string]any)
		schema, _ := object["schema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		if password, _ := properties["password"].(map[string]any); object["name"] == "user" {
			collect(password["policies"], fmt.Sprintf("/objects/%d/schema/properties/password/policies", i))
		}
	}
	if len(rules) > 0 {
		return rules, false
	}
	collect(root["policies"], "/policies")
	return rules, true
}

// add takes one rule over. When something is wrong with it, add says what, and what is used in its place.
func (p *Policy) add(r rule) (problem, instead string) {
	const nothing = "nothing"
	var params struct {
		MinLength, MaxLength, NumCaps, NumNums, MinSets *int
		DisallowedFields, ForbiddenChars, CharacterSets list
	}
	if len(r.Params) > 0 {
		if err := json.Unmarshal(r.Params, &params); err != nil {
			return fmt.Sprintf("the parameters of %s cannot be read: %v", r.ID, err), nothing
		}
	}
	number := func(value *int, name string, into *int) (string, string) {
		if value == nil || *value < 0 {
			return fmt.Sprintf("%s needs the parameter %s, a number from 0", r.ID, name), nothing
		}
		*into = *value
		return "", ""
	}
	switch r.ID {
	case "required", "not-empty", "valid-type": // any password that is written meets these
		return "", ""
	case "minimum-length":
		return number(params.MinLength, "minLength", &p.MinLength)
	case "maximum-length":
		return number(params.MaxLength, "maxLength", &p.MaxLength)
	case "at-least-X-capitals":
		return number(params.NumCaps, "numCaps", &p.Capitals)
	case "at-least-X-numbers":
		return number(params.NumNums, "numNums", &p.Numbers)
	case "cannot-contain-others":
		p.Fields = params.DisallowedFields
		return "", ""
	case "cannot-contain-characters":
		p.Forbidden = params.ForbiddenChars
		return "", ""
	case "required-character-sets":
		return p.characterSets(params.CharacterSets, params.MinSets)
	case "regexpMatches", "re-auth-required", "cannot-contain-duplicates":
		return r.ID + " is not rehearsed", nothing
	default:
		return fmt.Sprintf("policy %q is not known", r.ID), nothing
	}
}

// characterSets takes a rule that the published guides use and IDM does not have.
// Source: ForgeRock IDM, bin/defaults/script/policy.js, which throws "Unknown policy" for it.
func (p *Policy) characterSets(sets []string, least *int) (problem, instead string) {
	if least == nil || *least < 0 || *least > len(sets) {
		return fmt.Sprintf("required-character-sets needs minSets, a number from 0 to the %d sets it lists", len(sets)), "nothing"
	}
	p.CharacterSets, p.MinSets = sets, *least
	return `required-character-sets is none of IDM's own policies: without a script that adds it IDM fails with "Unknown policy"`,
		"the sets as the file means them"
}

// list is a JSON array of texts, or one text with commas, as IDM accepts for field lists.
type list []string

// UnmarshalJSON reads either form.
func (l *list) UnmarshalJSON(data []byte) error {
	var many []string
	if json.Unmarshal(data, &many) == nil {
		*l = many
		return nil
	}
	var one string
	if err := json.Unmarshal(data, &one); err != nil {
		return fmt.Errorf("neither a list of texts nor a text: %s", data)
	}
	*l = slices.DeleteFunc(strings.Split(one, ","), func(s string) bool { return s == "" })
	return nil
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
