package forecast

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/idmconf"
)

// IDMRule is an entry of a property's policies, as IDM configures it.
type IDMRule struct {
	ID     string          `json:"policyId"`
	Params json.RawMessage `json:"params,omitempty"`

	place string
}

// IDM is what ForgeRock IDM demands of the password of managed/user.
type IDM struct {
	Rules   []IDMRule
	Remarks []string
}

// NewIDMRule makes a rule of IDM's. Place is told where the rule is spoken of: a file and line, or a flag.
func NewIDMRule(id string, params any, place string) IDMRule {
	r := IDMRule{ID: id, place: place}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // an expression shall stay readable
	if params == nil {
		return r
	}
	if err := encoder.Encode(params); err == nil { // what came from JSON, or is a map of texts and numbers, always encodes
		r.Params = bytes.TrimSpace(b.Bytes())
	}
	return r
}

// String is the entry as it stands in a file.
func (r IDMRule) String() string {
	params := ""
	if len(r.Params) > 0 {
		params = `, "params": ` + string(r.Params)
	}
	return fmt.Sprintf(`{"policyId": %q%s}`, r.ID, params)
}

// DefaultIDM is what IDM demands as it is delivered. Source: ForgeRock IDM, conf/managed.json of the default project.
func DefaultIDM() IDM {
	return IDM{Rules: []IDMRule{
		NewIDMRule("minimum-length", map[string]int{"minLength": 8}, "IDM's default"),
		NewIDMRule("at-least-X-capitals", map[string]int{"numCaps": 1}, "IDM's default"),
		NewIDMRule("at-least-X-numbers", map[string]int{"numNums": 1}, "IDM's default"),
		NewIDMRule("cannot-contain-others", map[string][]string{"disallowedFields": {"userName", "givenName", "sn"}}, "IDM's default"),
	}}
}

// Set replaces the rule of the same id, or adds it.
func (m *IDM) Set(rule IDMRule) {
	m.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r IDMRule) bool { return r.ID == rule.ID })
	m.Rules = append(m.Rules, rule)
}

const (
	managedFile = "conf/managed.json"
	policyFile  = "conf/policy.json"
)

// ReadIDM reads what IDM enforces, from the two files in which it looks. What IDM itself would not read counts as not
// there, and a remark says so. The error is a folder that is no project's.
func ReadIDM(folder fs.FS) (IDM, error) {
	if info, err := fs.Stat(folder, "conf"); err != nil || !info.IsDir() {
		return IDM{}, errors.New("not an IDM project folder: it has no folder conf")
	}
	var m IDM
	managed, configured := m.managed(folder)
	merged := mergeRules(m.policyFile(folder), managed)
	if !configured && len(merged) == 0 {
		m.Remarks = append(m.Remarks, "assumed: IDM's default policy, because the folder does not say what IDM enforces")
		m.Rules = DefaultIDM().Rules
		return m, nil
	}
	m.Rules = merged
	return m, nil
}

func (m *IDM) remark(format string, arguments ...any) {
	m.Remarks = append(m.Remarks, fmt.Sprintf(format, arguments...))
}

// read parses a file; what cannot be parsed is a remark.
func (m *IDM) read(folder fs.FS, name string) (idmconf.Document, bool) {
	data, err := idmconf.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return idmconf.Document{}, false
	}
	var doc idmconf.Document
	if err == nil {
		doc, err = idmconf.Parse(name, data)
	}
	if err != nil {
		m.remark("%s: %v; IDM does not load it, so it counts as not there", name, err)
		return doc, false
	}
	return doc, true
}

// managed takes the policies from the password property of managed/user, its JSON schema's keywords included.
// Configured tells that the file says what there is, be it nothing. Source: ForgeRock IDM, bin/defaults/script/policy.js,
// getAdditionalPolicies.
func (m *IDM) managed(folder fs.FS) (rules []IDMRule, configured bool) {
	doc, ok := m.read(folder, managedFile)
	if !ok {
		return nil, false
	}
	objects, ok := doc.Object()["objects"].([]any)
	if !ok {
		m.remark(`%s: has no list "objects"; IDM finds no managed objects in it`, managedFile)
		return nil, false
	}
	for i, item := range objects {
		object, _ := item.(map[string]any)
		if object["name"] != "user" {
			continue
		}
		at := fmt.Sprintf("/objects/%d/schema/properties/password", i)
		schema, _ := object["schema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		password, ok := properties["password"].(map[string]any)
		if !ok {
			m.remark("%s: managed/user has no property password", place(doc, fmt.Sprintf("/objects/%d", i)))
			return nil, true
		}
		if n, ok := password["minLength"].(float64); ok {
			rules = append(rules, NewIDMRule("minimum-length", map[string]float64{"minLength": n}, place(doc, at+"/minLength")))
		}
		if text, ok := password["pattern"].(string); ok {
			rules = append(rules, NewIDMRule("regexpMatches", map[string]string{"regexp": text}, place(doc, at+"/pattern")))
		}
		for _, kind := range []string{"conditionalPolicies", "fallbackPolicies"} {
			if list, ok := password[kind].([]any); ok && len(list) > 0 {
				m.remark("%s: %s depend on the user and are not compared", place(doc, at+"/"+kind), kind)
			}
		}
		return append(rules, m.list(doc, password["policies"], at+"/policies")...), true
	}
	m.remark("%s: has no managed object user", managedFile)
	return nil, false
}

// policyFile takes the policies that conf/policy.json has for the password of managed/user.
func (m *IDM) policyFile(folder fs.FS) []IDMRule {
	doc, ok := m.read(folder, policyFile)
	if !ok {
		return nil
	}
	resources, _ := doc.Object()["resources"].([]any)
	for i, item := range resources {
		resource, _ := item.(map[string]any)
		name, _ := resource["resource"].(string)
		if !matchesUser(name) {
			continue
		}
		properties, _ := resource["properties"].([]any)
		for j, item := range properties {
			if property, _ := item.(map[string]any); property["name"] == "password" {
				return m.list(doc, property["policies"], fmt.Sprintf("/resources/%d/properties/%d/policies", i, j))
			}
		}
		break // IDM takes the first resource that matches
	}
	if doc.Has("/policies") {
		m.remark("%s: IDM reads resources[].properties[].policies and ignores policies at the top of the file", place(doc, "/policies"))
	}
	return nil
}

// matchesUser compares as IDM does: as many parts, each equal or an asterisk.
func matchesUser(resource string) bool {
	parts := strings.Split(resource, "/")
	return len(parts) == 3 && (parts[0] == "managed" || parts[0] == "*") && (parts[1] == "user" || parts[1] == "*")
}

func place(doc idmconf.Document, pointer string) string {
	return fmt.Sprintf("%s:%d", doc.File, doc.Position(pointer).Line)
}

func (m *IDM) list(doc idmconf.Document, list any, pointer string) []IDMRule {
	items, _ := list.([]any)
	var rules []IDMRule
	for i, item := range items {
		at := fmt.Sprintf("%s/%d", pointer, i)
		object, _ := item.(map[string]any)
		id, ok := object["policyId"].(string)
		if !ok {
			m.remark("%s: a policy without policyId", place(doc, at))
			continue
		}
		rules = append(rules, NewIDMRule(id, object["params"], place(doc, at+"/policyId")))
	}
	return rules
}

// mergeRules puts the policies of managed.json over those of policy.json: one of the same id replaces. Where both files have
// policies, IDM thereby also lets a later one of managed.json replace an earlier one. Source: ForgeRock IDM, policy.js,
// mergePolicies, which is not asked when policy.json has none.
func mergeRules(old, additional []IDMRule) []IDMRule {
	if len(old) == 0 {
		return additional
	}
	merged := slices.Clone(old)
	for _, rule := range additional {
		known := false
		for i := range merged {
			if merged[i].ID == rule.ID {
				merged[i], known = rule, true
			}
		}
		if !known {
			merged = append(merged, rule)
		}
	}
	return merged
}
