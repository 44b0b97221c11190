package forecast

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Domain is what an identity domain demands of new passwords.
type Domain struct {
	// Policies are those that apply to somebody: the domain's default, then those of groups, the first in rank first.
	Policies []DomainPolicy
	Remarks  []string
}

// DomainPolicy is a password policy of the domain.
type DomainPolicy struct {
	Policy
	ID       string
	Default  bool     // it holds for everybody for whom no other does
	Priority int      // 1 is the first in rank; 0 is none
	Groups   []string // the names of the groups for whose members it holds, or the ids of those whose names are not shown
	groups   []string // names and ids
}

// Applicable is the policy for a member of the groups, by name or id: the first in rank, else the default. Source: Oracle,
// Managing Password Policies: a user of several groups gets the policy with the highest priority.
func (d Domain) Applicable(groups []string) DomainPolicy {
	for _, p := range d.Policies {
		if !p.Default && slices.ContainsFunc(p.groups, func(own string) bool {
			return slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, own) })
		}) {
			return p
		}
	}
	return d.Policies[0]
}

// defaultPolicy is the id of the policy that holds by itself. Every domain also has SimplePasswordPolicy and
// StandardPasswordPolicy, which are for nobody unless they have groups.
const defaultPolicy = "PasswordPolicy"

// wirePolicy is a PasswordPolicy in Oracle's attribute names. Zero and absent mean no restriction. Source: Oracle, REST API
// for identity domains, schema urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy.
type wirePolicy struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Priority int    `json:"priority"`
	Groups   []struct {
		Value   string `json:"value"`
		Display string `json:"display"`
	} `json:"groups"`

	MinLength, MaxLength                        int
	MinAlphas, MinNumerals, MinAlphaNumerals    int
	MinSpecialChars, MaxSpecialChars            int
	MinLowerCase, MinUpperCase                  int
	MinUniqueChars, MaxRepeatedChars            int
	DistinctCharacters, NumPasswordsInHistory   int
	MinPasswordAge                              int
	StartsWithAlphabet                          bool
	RequiredChars, AllowedChars                 string
	DisallowedChars                             string
	DisallowedSubstrings                        []string
	FirstNameDisallowed, LastNameDisallowed     bool
	UserNameDisallowed                          bool
	DisallowedUserAttributeValues               []string
	DictionaryWordDisallowed                    bool
	CharacterSets                               []string // not Oracle's: the form in which this project's own scenarios write sets
	MinCharacterSets                            int
	DictionaryLocation, Description, ExternalID string
}

// silent are attributes of the resource that demand nothing of a new password.
var silent = []string{
	"schemas", "id", "ocid", "name", "meta", "description", "externalId", "priority", "groups", "passwordStrength",
	"configuredPasswordPolicyRules", "forcePasswordReset", "passwordExpireWarning", "passwordExpiresAfter",
	"maxIncorrectAttempts", "lockoutDuration", "dictionaryLocation", "dictionaryDelimiter", "dictionary", "tags",
	"domainOcid", "compartmentOcid", "tenancyOcid", "idcsCreatedBy", "idcsLastModifiedBy", "idcsPreventedOperations",
	"idcsLastUpgradedInRelease", "deleteInProgress",
}

var demanding = []string{
	"minLength", "maxLength", "minAlphas", "minNumerals", "minAlphaNumerals", "minSpecialChars", "maxSpecialChars",
	"minLowerCase", "minUpperCase", "minUniqueChars", "maxRepeatedChars", "distinctCharacters", "numPasswordsInHistory",
	"minPasswordAge", "startsWithAlphabet", "requiredChars", "allowedChars", "disallowedChars", "disallowedSubstrings",
	"firstNameDisallowed", "lastNameDisallowed", "userNameDisallowed", "disallowedUserAttributeValues",
	"dictionaryWordDisallowed", "characterSets", "minCharacterSets",
}

// ReadDomain reads what GET /admin/v1/PasswordPolicies answers, or one PasswordPolicy, or only its rules, or a list of
// policies.
func ReadDomain(data []byte) (Domain, error) {
	var d Domain
	resources, err := resourcesOf(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if err != nil {
		return d, err
	}
	var all []DomainPolicy
	for i, resource := range resources {
		p, err := d.read(resource)
		if err != nil {
			if len(resources) > 1 {
				err = fmt.Errorf("policy %d of %d: %w", i+1, len(resources), err)
			}
			return d, err
		}
		all = append(all, p)
	}
	if len(all) == 1 {
		all[0].Default = true
		d.Policies = all
		return d, nil
	}
	byDefault := slices.IndexFunc(all, func(p DomainPolicy) bool { return p.ID == defaultPolicy })
	if byDefault < 0 {
		return d, fmt.Errorf("none of the %d policies has the id %q, which is the domain's default: save all that "+
			"GET /admin/v1/PasswordPolicies answers", len(all), defaultPolicy)
	}
	all[byDefault].Default = true
	d.Policies = []DomainPolicy{all[byDefault]}
	ranked := slices.DeleteFunc(all, func(p DomainPolicy) bool { return p.Default || len(p.groups) == 0 })
	slices.SortStableFunc(ranked, func(a, b DomainPolicy) int {
		return cmp.Compare(cmp.Or(a.Priority, longest), cmp.Or(b.Priority, longest))
	})
	d.Policies = append(d.Policies, ranked...)
	return d, nil
}

// resourcesOf finds the policies in the forms that there are.
func resourcesOf(data []byte) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
	} else {
		var answer struct {
			Resources *[]json.RawMessage `json:"Resources"`
			Total     int                `json:"totalResults"`
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, fmt.Errorf("not a password policy: %w", err)
		}
		switch {
		case answer.Resources == nil:
			list = []json.RawMessage{data}
		case answer.Total > len(*answer.Resources):
			return nil, fmt.Errorf("the list has only %d of %d policies: ask for all with ?count=%d", len(*answer.Resources), answer.Total, answer.Total)
		default:
			list = *answer.Resources
		}
	}
	if len(list) == 0 {
		return nil, errors.New("there is no password policy in it")
	}
	return list, nil
}

func (d *Domain) read(data []byte) (DomainPolicy, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return DomainPolicy{}, errors.New("a password policy is a JSON object")
	}
	var w wirePolicy
	if err := json.Unmarshal(data, &w); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return DomainPolicy{}, fmt.Errorf("%s: a JSON %s is not what belongs there", wrong.Field, wrong.Value)
		}
		return DomainPolicy{}, err
	}
	if name, ok := members["name"]; ok && w.Name == "" {
		return DomainPolicy{}, fmt.Errorf("name: %s is no name", name)
	}
	p := DomainPolicy{ID: w.ID, Priority: w.Priority, Policy: Policy{Name: cmp.Or(w.Name, w.ID, "the target's policy")}}
	for _, g := range w.Groups {
		p.Groups = append(p.Groups, cmp.Or(g.Display, g.Value))
		for _, name := range []string{g.Display, g.Value} {
			if name != "" {
				p.groups = append(p.groups, name)
			}
		}
	}
	known := slices.Concat(silent, demanding)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, name) {
			if i := slices.IndexFunc(demanding, func(rule string) bool { return near(rule, name) }); i >= 0 {
				return p, fmt.Errorf("%s: no such attribute; did you mean %q?", name, demanding[i])
			}
			d.Remarks = append(d.Remarks, fmt.Sprintf("%s: the attribute %s is not known here and not compared", p.Name, name))
		}
	}
	return p, p.take(w)
}

// near tells a misspelt name, which would silently be no rule.
func near(name, misspelt string) bool {
	if strings.EqualFold(name, misspelt) {
		return true
	}
	a, b := []rune(strings.ToLower(name)), []rune(strings.ToLower(misspelt))
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b) // two letters exchanged
}

// take turns the attributes into rules, in Oracle's order.
func (p *DomainPolicy) take(w wirePolicy) error {
	var mistakes []error
	add := func(id, text string, d demand) { p.Rules = append(p.Rules, Rule{ID: id, Text: text, demand: d}) }
	number := func(id string, n int, use func(n int)) {
		switch {
		case n < 0 || n > longest:
			mistakes = append(mistakes, fmt.Errorf("%s: %d is not within 0…%d", id, n, longest))
		case n > 0:
			use(n)
		}
	}
	least := func(id string, n int, of class) {
		number(id, n, func(n int) {
			name := of.name
			if n == 1 {
				name = strings.NewReplacer("letters", "letter", "digits", "digit", "characters", "character").Replace(name)
			}
			add(id, fmt.Sprintf("at least %d %s", n, name), atLeast(n, of))
		})
	}
	most := func(id string, n int, of class) {
		number(id, n, func(n int) { add(id, fmt.Sprintf("at most %d %s", n, of.name), atMost(n, of)) })
	}
	least("minLength", w.MinLength, anything)
	most("maxLength", w.MaxLength, anything)
	least("minAlphas", w.MinAlphas, letters)
	least("minNumerals", w.MinNumerals, digits)
	least("minAlphaNumerals", w.MinAlphaNumerals, alphaNumerals)
	least("minSpecialChars", w.MinSpecialChars, specials)
	most("maxSpecialChars", w.MaxSpecialChars, specials)
	least("minLowerCase", w.MinLowerCase, lowerCase)
	least("minUpperCase", w.MinUpperCase, upperCase)
	number("minUniqueChars", w.MinUniqueChars, func(n int) {
		add("minUniqueChars", fmt.Sprintf("at least %d different %s", n, plural(n, "character", "characters")), distinct{n})
	})
	number("maxRepeatedChars", w.MaxRepeatedChars, func(n int) {
		add("maxRepeatedChars", fmt.Sprintf("no character more than %d %s in a row", n, plural(n, "time", "times")), run{n})
	})
	if w.StartsWithAlphabet {
		add("startsWithAlphabet", "begins with a letter", first{letters})
	}
	if w.RequiredChars != "" {
		add("requiredChars", "has each of "+w.RequiredChars, every{w.RequiredChars})
	}
	if w.AllowedChars != "" {
		add("allowedChars", "only characters of "+w.AllowedChars, atMost(0, not(oneOf(w.AllowedChars))))
	}
	if w.DisallowedChars != "" {
		add("disallowedChars", "none of "+w.DisallowedChars, atMost(0, oneOf(w.DisallowedChars)))
	}
	for i, text := range w.DisallowedSubstrings {
		if text == "" {
			mistakes = append(mistakes, fmt.Errorf("disallowedSubstrings: entry %d is empty and would refuse every password", i+1))
			continue
		}
		add("disallowedSubstrings", "without "+text+" in any case", without{text, true})
	}
	p.takeNames(w)
	if w.MinCharacterSets > 0 {
		var classes []class
		for _, text := range w.CharacterSets {
			c, err := characterSet(text)
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("characterSets: %w", err))
			}
			classes = append(classes, c)
		}
		if w.MinCharacterSets > len(classes) {
			mistakes = append(mistakes, fmt.Errorf("minCharacterSets: %d is above the number of characterSets, %d", w.MinCharacterSets, len(classes)))
		}
		add("minCharacterSets", fmt.Sprintf("%d of %d character sets", w.MinCharacterSets, len(classes)), sets{classes, w.MinCharacterSets, len(classes)})
	}
	number("numPasswordsInHistory", w.NumPasswordsInHistory, func(n int) { p.History = n })
	number("minPasswordAge", w.MinPasswordAge, func(n int) {
		p.Beyond = append(p.Beyond, Unknown{
			"minPasswordAge", fmt.Sprintf("the target has a minimum age of %d", n),
			"it depends on when somebody last changed the password; Oracle states neither the unit nor whether changes by an administrator count",
		})
	})
	number("distinctCharacters", w.DistinctCharacters, func(n int) {
		p.Beyond = append(p.Beyond, Unknown{
			"distinctCharacters", fmt.Sprintf("the target wants %d characters that the old password lacks", n),
			"it depends on the old password",
		})
	})
	if w.DictionaryWordDisallowed {
		p.Beyond = append(p.Beyond, Unknown{
			"dictionaryWordDisallowed", "the target refuses words of a dictionary", "its words are not part of the policy",
		})
	}
	return errors.Join(mistakes...)
}

// shortestName is the length from which Oracle looks for a name in a password. Source: Oracle, REST API for identity
// domains, PasswordPolicy: values of three characters or fewer are ignored.
const shortestName = 4

func (p *DomainPolicy) takeNames(w wirePolicy) {
	name := func(id, text, attributeName string) {
		p.Rules = append(p.Rules, Rule{ID: id, Text: text, demand: attribute{attributeName, true, shortestName}})
	}
	if w.FirstNameDisallowed {
		name("firstNameDisallowed", "without the first name in any case", "name.givenName")
	}
	if w.LastNameDisallowed {
		name("lastNameDisallowed", "without the last name in any case", "name.familyName")
	}
	if w.UserNameDisallowed {
		name("userNameDisallowed", "without the user name in any case", "userName")
	}
	for _, attributeName := range w.DisallowedUserAttributeValues {
		name("disallowedUserAttributeValues", "without the value of "+attributeName+" in any case", attributeName)
	}
}
