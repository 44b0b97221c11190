package okta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// PolicyJSON is the settings of the default password policy, in the form of Okta's Policy API.
func (s *Server) PolicyJSON() any {
	list := s.policies.Load().list
	return list[len(list)-1].Settings
}

// SetPolicyJSON replaces the settings of the default policy: {complexity, age, lockout}; what is absent restricts nothing.
func (s *Server) SetPolicyJSON(text []byte) error {
	settings, err := decodeSettings(text)
	if err != nil {
		return err
	}
	return s.SetPolicy(settings)
}

// decodeSettings refuses names that Okta does not have: a typo must not weaken a policy in silence.
func decodeSettings(text []byte) (PasswordSettings, error) {
	settings := PasswordSettings{Complexity: Complexity{ExcludeAttributes: []string{}}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&settings)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		return PasswordSettings{}, fmt.Errorf("%w: okta.policy: %w", ErrInvalid, err)
	}
	return settings, nil
}

// SetGroupPolicyJSON gives groups, by id or name, a password policy of their own, or replaces the one of that name. A priority
// of 0 is the policy's present one, or the last before the default policy.
func (s *Server) SetGroupPolicyJSON(name string, priority int, groups []string, text []byte) error {
	settings, err := decodeSettings(text)
	if err != nil {
		return err
	}
	p := PasswordPolicy{Name: name, Provider: OKTA}
	list := s.Policies()
	if at := slices.IndexFunc(list, func(one PasswordPolicy) bool { return one.Name == name }); at >= 0 {
		p = list[at]
	}
	if p.System {
		return fmt.Errorf("%w: okta.policy.name: %q is the default policy, which is for everybody", ErrInvalid, name)
	}
	p.Settings, p.Groups = settings, nil
	if priority > 0 {
		p.Priority = priority
	}
	all := s.groups.all()
	for i, group := range groups {
		at := slices.IndexFunc(all, func(one Group) bool { return one.ID == group || one.Name == group })
		if at < 0 {
			return fmt.Errorf("%w: okta.policy.groups[%d]: there is no group %q", ErrInvalid, i, group)
		}
		p.Groups = append(p.Groups, all[at].ID)
	}
	_, err = s.PutPolicy(p)
	return err
}

// RemoveGroupPolicy deletes the policy of that name; it is false when there is none, and for the default policy.
func (s *Server) RemoveGroupPolicy(name string) bool {
	for _, one := range s.Policies() {
		if one.Name == name {
			return s.RemovePolicy(one.ID) == nil
		}
	}
	return false
}

// GroupPoliciesJSON lists the policies before the default one, the groups by their ids.
func (s *Server) GroupPoliciesJSON() []harness.GroupPolicy {
	list := s.Policies()
	all := make([]harness.GroupPolicy, 0, len(list)-1)
	for _, one := range list {
		if !one.System {
			all = append(all, harness.GroupPolicy{Name: one.Name, Priority: one.Priority, Groups: one.Groups, Policy: one.Settings})
		}
	}
	return all
}

// vendorRules are the names of Okta's policy for the rules of the kernel's.
var vendorRules = map[policy.Rule]string{
	policy.RuleMinLength: "minLength", policy.RuleMaxLength: "maxLength", policy.RuleMinLowerCase: "minLowerCase",
	policy.RuleMinUpperCase: "minUpperCase", policy.RuleMinNumerals: "minNumber", policy.RuleMinSpecialChars: "minSymbol",
	policy.RuleDisallowedSubstrings: "excludeUsername", policy.RuleFirstNameDisallowed: "excludeAttributes",
	policy.RuleLastNameDisallowed: "excludeAttributes", policy.RuleDictionaryWordDisallowed: "dictionary",
}

// words are what Okta says of a broken rule.
func (t *PasswordSettings) words(rule policy.Rule) string {
	if rule == policy.RuleDictionaryWordDisallowed {
		return tooCommon
	}
	return t.requirements()
}

// CheckPassword tells which rules of the policy that applies to a user a password would break, history and age included, which
// hold for users and for administrators with strict=true.
func (s *Server) CheckPassword(userName string, candidate secret.Value) ([]harness.Violation, error) {
	p, ok := s.people.ByUserName(userName)
	if !ok {
		return nil, fmt.Errorf("%w: %q", people.ErrNotFound, userName)
	}
	a, m := s.view(&p)
	settings := &s.policyFor(&p, &a).Settings
	all := []harness.Violation{}
	who := policy.Subject{UserName: m["login"], GivenName: m["firstName"], FamilyName: m["lastName"]}
	for _, v := range settings.Complexity.Rules(m["login"]).Check(candidate, who) {
		all = append(all, harness.Violation{Rule: vendorRules[v.Rule], Limit: v.Limit, Text: settings.words(v.Rule)})
	}
	if len(all) > 0 {
		return all, nil // judge would say the same again
	}
	add := func(rule string, limit int, w passwordWrite) {
		w.value, w.digest = candidate, s.kernel.Digester.Digest(candidate)
		if text := settings.judge(&w, &p.Credential, subjectOf(m), s.kernel.Clock.Now()); text != "" {
			all = append(all, harness.Violation{Rule: rule, Limit: limit, Text: text})
		}
	}
	add("historyCount", settings.Age.HistoryCount, passwordWrite{demands: demands{history: true}})
	add("minAgeMinutes", settings.Age.MinAgeMinutes, passwordWrite{demands: demands{minAge: true}})
	return all, nil
}
