package forecast

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy says IDM's rules as demands. What cannot be read is a remark; a rule whose meaning is not known makes the policy
// opaque: it may refuse more than is known here.
func (m IDM) Policy() Policy {
	p := Policy{Name: "IDM, password of managed/user", Remarks: slices.Clone(m.Remarks)}
	for _, rule := range m.Rules {
		p.addIDM(rule)
	}
	return p
}

// idmParams are the parameters of all policies of IDM's that are understood.
type idmParams struct {
	MinLength, MaxLength, NumCaps, NumNums, MinSets, HistoryLength *int
	DisallowedFields, ForbiddenChars, CharacterSets                list
	Regexp                                                         *string
	Flags                                                          string
}

func (p *Policy) addIDM(r IDMRule) {
	var params idmParams
	if len(r.Params) > 0 {
		if err := json.Unmarshal(r.Params, &params); err != nil {
			p.opaque(r, "its parameters cannot be read: "+plainJSON(err))
			return
		}
	}
	add := func(text string, d demand) {
		p.Rules = append(p.Rules, Rule{ID: r.ID, Place: r.place, Text: text, demand: d})
	}
	number := func(value *int, name string) (int, bool) {
		if value == nil || *value < 0 || *value > longest {
			p.opaque(r, fmt.Sprintf("it needs the parameter %s, a number from 0 to %d", name, longest))
			return 0, false
		}
		return *value, true
	}
	switch r.ID {
	case "required", "not-empty", "not-null", "valid-type", "re-auth-required": // say nothing about a new password
	case "minimum-length":
		if n, ok := number(params.MinLength, "minLength"); ok && n > 0 {
			add(fmt.Sprintf("at least %d %s", n, plural(n, "character", "characters")), atLeast(n, anything))
		}
	case "maximum-length":
		if n, ok := number(params.MaxLength, "maxLength"); ok && n > 0 {
			add(fmt.Sprintf("at most %d characters", n), atMost(n, anything))
		}
	case "at-least-X-capitals":
		if n, ok := number(params.NumCaps, "numCaps"); ok {
			n = max(n, 1) // no match at all is refused even when none is wanted
			add(fmt.Sprintf("at least %d %s", n, plural(n, "capital", "capitals")), atLeast(n, idmCapitals))
		}
	case "at-least-X-numbers":
		if n, ok := number(params.NumNums, "numNums"); ok {
			n = max(n, 1)
			add(fmt.Sprintf("at least %d %s", n, plural(n, "number", "numbers")), atLeast(n, idmNumbers))
		}
	case "cannot-contain-others":
		for _, field := range params.DisallowedFields {
			// IDM matches the value as a regular expression, case included, however short it is (policy.js,
			// cannotContainOthers).
			add("not the value of "+field, attribute{name: field, shortest: 1})
		}
	case "cannot-contain-characters":
		for _, text := range params.ForbiddenChars {
			add("without "+text, without{word: text})
		}
	case "cannot-contain-duplicates":
		add("every character only once", once{})
	case "is-new": // a sample of the documentation
		if n, ok := number(params.HistoryLength, "historyLength"); ok {
			p.History = n
		}
	case "regexpMatches":
		p.addPattern(r, params)
	case "required-character-sets":
		p.addSets(r, params)
	default:
		p.opaque(r, `not one of IDM's own policies: without a script that adds it, IDM fails with "Unknown policy"`)
	}
}

// longest is the greatest number that a policy may want of anything here.
const longest = 2000

func (p *Policy) opaque(r IDMRule, why string) {
	p.Opaque = append(p.Opaque, r.ID)
	p.Remarks = append(p.Remarks, fmt.Sprintf("%s: %s: %s; what it refuses is not known here", r.place, r.ID, why))
}

func (p *Policy) addPattern(r IDMRule, params idmParams) {
	if params.Regexp == nil {
		p.opaque(r, "it needs the parameter regexp")
		return
	}
	demands, err := patternDemands(*params.Regexp, params.Flags)
	if err != nil {
		p.opaque(r, fmt.Sprintf("/%s/%s %v", *params.Regexp, params.Flags, err))
		return
	}
	for _, d := range demands {
		p.Rules = append(p.Rules, Rule{ID: r.ID, Place: r.place, Text: fmt.Sprintf("matches /%s/%s", *params.Regexp, params.Flags), demand: d})
	}
}

// addSets takes a policy that published guides use and IDM does not have, as they mean it.
func (p *Policy) addSets(r IDMRule, params idmParams) {
	var classes []class
	for _, text := range params.CharacterSets {
		c, err := characterSet(text)
		if err != nil {
			p.opaque(r, err.Error())
			return
		}
		classes = append(classes, c)
	}
	if params.MinSets == nil || *params.MinSets < 0 || *params.MinSets > len(classes) {
		p.opaque(r, fmt.Sprintf("it needs the parameter minSets, a number from 0 to the %d sets that it lists", len(classes)))
		return
	}
	p.Remarks = append(p.Remarks, fmt.Sprintf(
		`%s: %s: not one of IDM's own policies: without a script that adds it, IDM fails with "Unknown policy"; compared as it is meant`,
		r.place, r.ID))
	if *params.MinSets > 0 {
		p.Rules = append(p.Rules, Rule{
			ID: r.ID, Place: r.place, Text: fmt.Sprintf("%d of %d character sets", *params.MinSets, len(classes)),
			demand: sets{of: classes, least: *params.MinSets, most: len(classes)},
		})
	}
}

// list is a JSON array of texts, or one text with commas, as IDM accepts for lists of fields.
type list []string

// UnmarshalJSON reads either form.
func (l *list) UnmarshalJSON(data []byte) error {
	var many []string
	if json.Unmarshal(data, &many) != nil {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		many = strings.Split(text, ",")
	}
	*l = slices.DeleteFunc(many, func(s string) bool { return s == "" })
	return nil
}

// plainJSON is a decoder's message without the names of Go's types.
func plainJSON(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s is a JSON %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}
