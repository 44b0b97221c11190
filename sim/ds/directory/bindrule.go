package directory

import (
	"errors"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// bindRule says for whom a grant is: a condition, or two rules joined.
type bindRule struct {
	not         bool
	condition   *condition
	and         bool
	left, right *bindRule
}

// condition is one bind rule without others.
type condition struct {
	not      bool
	groups   bool     // the values are groups
	secure   bool     // the connection must be encrypted
	subjects []string // "self", "parent", "anyone", "all", or a pattern of keys, with * for any text
}

// maxBindRules bounds how deep the rules of an instruction are: each joined one, and each in parentheses, lies in the one before.
const maxBindRules = 100

// parseBindRule reads conditions joined by "and" and "or", with parentheses and "not". As in OpenDJ (BindRule.decode) neither word
// binds stronger: what stands behind one is joined first; and a "not" behind one is about all that follows.
func parseBindRule(s *schema.Schema, text string, left int) (*bindRule, error) {
	text, not := negations(strings.TrimSpace(text))
	if left == 0 {
		return nil, errors.New("a rule has too many parts")
	}
	first, rest, err := parseOperand(s, text, left-1)
	if err != nil {
		return nil, err
	}
	first.not = first.not != not
	if rest = strings.TrimSpace(rest); rest == "" {
		return first, nil
	}
	word := rest[:strings.IndexFunc(rest+" ", func(r rune) bool { return r == ' ' || r == '(' })]
	if !strings.EqualFold(word, "and") && !strings.EqualFold(word, "or") {
		return nil, errors.New(`bind rules are joined by "and" or "or"`)
	}
	text, not = negations(strings.TrimSpace(rest[len(word):]))
	second, err := parseBindRule(s, text, left-1)
	if err != nil {
		return nil, err
	}
	second.not = second.not != not
	return &bindRule{and: strings.EqualFold(word, "and"), left: first, right: second}, nil
}

// negations takes any number of "not" from the front, and tells whether that number is odd.
func negations(text string) (rest string, odd bool) {
	for len(text) > 4 && strings.EqualFold(text[:3], "not") && (text[3] == ' ' || text[3] == '(') {
		text, odd = strings.TrimSpace(text[3:]), !odd
	}
	return text, odd
}

// parseOperand reads one condition, or a rule in parentheses, from the front.
func parseOperand(s *schema.Schema, text string, left int) (r *bindRule, rest string, err error) {
	if strings.HasPrefix(text, "(") {
		end := closing(text)
		if end < 0 {
			return nil, "", errors.New("a parenthesis of a bind rule is not closed")
		}
		r, err = parseBindRule(s, text[1:end], left)
		return r, text[end+1:], err
	}
	keyword, negated, value, rest, ok := clause(text)
	if !ok {
		return nil, "", errors.New("a bind rule is wrong")
	}
	c, err := parseCondition(s, keyword, negated, value)
	return &bindRule{condition: &c}, rest, err
}

// closing finds the parenthesis that closes the first one; those in quotation marks are text.
func closing(text string) int {
	open, quoted := 0, false
	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '(':
			open++
		case r == ')':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

func parseCondition(s *schema.Schema, keyword string, negated bool, value string) (condition, error) {
	c := condition{not: negated}
	switch strings.TrimRight(keyword, " >") {
	case "ssf":
		c.secure = true
		return c, nil
	case "userdn":
	case "groupdn":
		c.groups = true
	default:
		return c, errors.New("a bind rule is not known")
	}
	for _, url := range list(value) {
		subject, ok := strings.CutPrefix(url, "ldap:///")
		if !ok {
			return c, errors.New("a bind rule needs ldap:/// URLs")
		}
		switch subject {
		case "self", "parent", "anyone", "all":
		default:
			d, err := names.Parse(subject)
			if err != nil {
				return c, err
			}
			subject = d.Key(s)
		}
		c.subjects = append(c.subjects, subject)
	}
	return c, nil
}

// relation is how the entry that an operation is about stands to the asker.
type relation int

const (
	stranger relation = 1 << iota
	own               // it is the asker's
	child             // the asker's is directly above
)

// relation tells how an entry stands to the asker.
func (a *asker) relation(e *entry) relation {
	switch {
	case a.entry == nil:
		return stranger
	case e.key == a.key:
		return own
	case len(e.dn) == len(a.entry.dn)+1 && below(e.key, a.key):
		return child
	}
	return stranger
}

// when are the relations to an entry in which a rule holds for the asker.
func (a *asker) when(r *bindRule) relation {
	var when relation
	for _, to := range []relation{stranger, own, child} {
		if a.fulfils(r, to) {
			when |= to
		}
	}
	return when
}

func (a *asker) fulfils(r *bindRule, to relation) bool {
	var holds bool
	switch {
	case r.condition != nil:
		holds = a.meets(r.condition, to)
	case r.and:
		holds = a.fulfils(r.left, to) && a.fulfils(r.right, to)
	default:
		holds = a.fulfils(r.left, to) || a.fulfils(r.right, to)
	}
	return holds != r.not
}

func (a *asker) meets(c *condition, to relation) bool {
	if c.secure {
		return a.secure != c.not
	}
	for _, subject := range c.subjects {
		var is bool
		switch {
		case subject == "anyone":
			is = true
		case a.entry == nil:
		case c.groups:
			is = a.d.isMember(subject, a.key)
		case subject == "all":
			is = true
		case subject == "self":
			is = to == own
		case subject == "parent":
			is = to == child
		default:
			is = wildcard(subject, a.key)
		}
		if is {
			return !c.not
		}
	}
	return c.not
}

// wildcard compares a key with a pattern in which * stands for any text.
func wildcard(pattern, key string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == key
	}
	return holds(key, parts)
}
