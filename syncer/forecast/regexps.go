package forecast

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// patternDemands reads a regular expression of JavaScript's as demands, as far as the forms go in which people write rules
// for passwords: look-aheads at the start and a rest, "^(?=.*[a-z])(?=.*\d)(?!.*\s).{8,40}$". What can be counted becomes a
// matter of counting; the rest is left to a regular expression of Go's.
func patternDemands(expression, flags string) ([]demand, error) {
	if strings.Trim(flags, "giu") != "" {
		return nil, fmt.Errorf("the flags %q are not understood", flags)
	}
	fold := ""
	if strings.Contains(flags, "i") {
		fold = "(?i)"
	}
	rest, anchored := strings.CutPrefix(expression, "^")
	if alternatives(expression) { // ^a|b is not ^(a|b)
		compiled, err := regexp.Compile(fold + expression)
		if err != nil {
			return nil, fmt.Errorf("not understood: %w", err)
		}
		return []demand{pattern{expression: compiled}}, nil
	}
	var demands []demand
	for anchored || strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") {
		if !strings.HasPrefix(rest, "(?=") && !strings.HasPrefix(rest, "(?!") {
			break
		}
		end := closing(rest)
		if end < 0 {
			return nil, errors.New("a parenthesis is not closed")
		}
		if !anchored && !strings.HasPrefix(rest[3:], ".*") {
			return nil, errors.New("a look-ahead without ^ before it is not understood")
		}
		d, err := lookAhead(rest[3:end], rest[2] == '!', fold)
		if err != nil {
			return nil, err
		}
		demands, rest = append(demands, d...), rest[end+1:]
	}
	if m := length.FindStringSubmatch(rest); m != nil && !anchored {
		rest = strings.TrimSuffix(m[0], "$")
		rest = rest[:strings.IndexAny(rest, ",}")] + ",}" // any part of the password will do
	}
	if d, ok := whole(rest, fold); ok && (anchored || rest == "" || strings.HasPrefix(rest, ".")) {
		return append(demands, d...), nil
	}
	start := ""
	if anchored {
		start = "^(?:"
		rest += ")"
	}
	compiled, err := regexp.Compile(fold + start + rest)
	if err != nil {
		return nil, fmt.Errorf("not understood: %w", err)
	}
	return append(demands, pattern{expression: compiled}), nil
}

// closing is where the parenthesis that opens the text is closed; -1 when it is not.
func closing(text string) int {
	at := -1
	structure(text, func(i, depth int) bool {
		if text[i] == ')' && depth == 0 {
			at = i
		}
		return at < 0
	})
	return at
}

// alternatives tells whether an expression has a bar outside of all parentheses.
func alternatives(text string) bool {
	bar := false
	structure(text, func(i, depth int) bool {
		bar = text[i] == '|' && depth == 0
		return !bar
	})
	return bar
}

// structure visits the parentheses and bars of an expression that are none of its characters, with the number of
// parentheses that are open after them.
func structure(text string, visit func(i, depth int) bool) {
	depth, set := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case set:
			set = c != ']'
		case c == '[':
			set = true
		case c == '(' || c == ')' || c == '|':
			depth += map[byte]int{'(': 1, ')': -1}[c]
			if !visit(i, depth) {
				return
			}
		}
	}
}

// one matches exactly one character: a set, an escape, or a plain one.
const one = `(\[(?:\\.|[^\]\\])+\]|\\[dwsDWS]|\\[^A-Za-z0-9]|[^\\\[\](){}.*+?^$|])`

var (
	somewhere = regexp.MustCompile(`^\.\*\??` + one + `$`)                                // .*[a-z]
	often     = regexp.MustCompile(`^\((?:\?:)?\.\*\??` + one + `\)\{(\d{1,4}),?\}$`)     // (?:.*[a-z]){2}
	oftenHere = regexp.MustCompile(`^(?:\(\?:\.\*|\.\*)` + one + `(?:\.\*` + one + `)+$`) // .*[a-z].*[a-z]
	different = regexp.MustCompile(`^\(\?:\.\*\?\(\.\)\(\?!\.\*\\\d\)\)\{(\d{1,4})\}$`)   // (?:.*?(.)(?!.*\1)){5}
	repeated  = regexp.MustCompile(`^\.\*\(\.\)\\\d\{(\d{1,4})\}$`)                       // .*(.)\1{2}
	word      = regexp.MustCompile(`^\.\*(` + one + `{2,200})$`)                          // .*[wW][oO][rR][dD]
	length    = regexp.MustCompile(`^\.\{(\d{1,4})(,?)(\d{0,4})\}(\$?)$`)                 // .{8,40}$
	only      = regexp.MustCompile(`^` + one + `[*+](\$)$`)                               // [a-z0-9]*$
	onlyMany  = regexp.MustCompile(`^` + one + `\{(\d{1,4})(,?)(\d{0,4})\}\$$`)           // [a-z0-9]{8,40}$
	alone     = regexp.MustCompile(`^` + one + `$`)                                       // [a-z]
	each      = regexp.MustCompile(one)
)

// lookAhead reads what stands within (?=…) or (?!…) at the start of an expression.
func lookAhead(body string, refuses bool, fold string) ([]demand, error) {
	if m := somewhere.FindStringSubmatch(body); m != nil {
		return times(m[1], 1, refuses, fold)
	}
	if m := often.FindStringSubmatch(body); m != nil {
		n, _ := strconv.Atoi(m[2]) // up to four digits
		return times(m[1], n, refuses, fold)
	}
	if oftenHere.MatchString(body) {
		if list := each.FindAllString(strings.ReplaceAll(body, ".*", ""), -1); same(list) {
			return times(list[0], len(list), refuses, fold)
		}
	}
	if m := different.FindStringSubmatch(body); m != nil && !refuses {
		n, _ := strconv.Atoi(m[1])
		return []demand{distinct{n}}, nil
	}
	if m := repeated.FindStringSubmatch(body); m != nil && refuses {
		n, _ := strconv.Atoi(m[1])
		return []demand{run{n}}, nil
	}
	if m := word.FindStringSubmatch(body); m != nil && refuses {
		if w, ok := plainWord(each.FindAllString(m[1], -1), fold); ok {
			return []demand{w}, nil
		}
	}
	if alone.MatchString(body) {
		of, err := regexpClass(body, fold)
		if refuses {
			of = not(of)
		}
		return []demand{first{of}}, err
	}
	if !refuses {
		if d, ok := whole(body, fold); ok {
			return d, nil
		}
	}
	compiled, err := regexp.Compile(fold + "^(?:" + body + ")")
	if err != nil {
		return nil, fmt.Errorf("not understood: %w", err)
	}
	return []demand{pattern{compiled, refuses}}, nil
}

func same(list []string) bool {
	for _, s := range list {
		if s != list[0] {
			return false
		}
	}
	return len(list) > 0
}

func times(set string, n int, refuses bool, fold string) ([]demand, error) {
	of, err := regexpClass(set, fold)
	if err != nil {
		return nil, err
	}
	if refuses {
		return []demand{atMost(max(0, n-1), of)}, nil
	}
	return []demand{atLeast(n, of)}, nil
}

// regexpClass is the set of characters that a part of an expression matches.
func regexpClass(set, fold string) (class, error) {
	compiled, err := regexp.Compile(fold + "^(?:" + set + ")$")
	if err != nil {
		return class{}, fmt.Errorf("not understood: %w", err)
	}
	return class{
		name: "characters that match " + set, own: set,
		has: func(r rune) bool { return compiled.MatchString(string(r)) },
	}, nil
}

// whole reads the end of an expression, where it speaks of the whole password.
func whole(text, fold string) ([]demand, bool) {
	switch text {
	case "", ".", ".*", ".+", ".*$", ".+$":
		return nil, true
	}
	bounds := func(of class, low, comma, high string) []demand {
		least, _ := strconv.Atoi(low) // up to four digits
		most := unlimited
		if high != "" {
			most, _ = strconv.Atoi(high)
		} else if comma == "" {
			most = least
		}
		return []demand{amount{of, least, most}}
	}
	if m := length.FindStringSubmatch(text); m != nil {
		if m[4] == "" { // without an end the upper bound bounds nothing
			m[2], m[3] = ",", ""
		}
		return bounds(anything, m[1], m[2], m[3]), true
	}
	if m := only.FindStringSubmatch(text); m != nil {
		if of, err := regexpClass(m[1], fold); err == nil {
			return []demand{atMost(0, not(of))}, true
		}
	}
	if m := onlyMany.FindStringSubmatch(text); m != nil {
		if of, err := regexpClass(m[1], fold); err == nil {
			return append(bounds(anything, m[2], m[3], m[4]), atMost(0, not(of))), true
		}
	}
	return nil, false
}

// plainWord reads characters, each alone or as a pair of both cases.
func plainWord(parts []string, fold string) (without, bool) {
	text, pairs, alone := strings.Builder{}, 0, 0
	for _, part := range parts {
		inner := []rune(strings.TrimSuffix(strings.TrimPrefix(part, "["), "]"))
		switch {
		case strings.HasPrefix(part, "[") && len(inner) == 2 && strings.EqualFold(string(inner[0]), string(inner[1])):
			pairs++
			text.WriteRune(inner[0])
		case strings.HasPrefix(part, "["):
			return without{}, false
		case strings.HasPrefix(part, `\`):
			if strings.Trim(part[1:], "dwsDWS") == "" {
				return without{}, false
			}
			text.WriteString(part[1:])
		default:
			if r := []rune(part)[0]; strings.ToLower(string(r)) != strings.ToUpper(string(r)) {
				alone++
			}
			text.WriteString(part)
		}
	}
	anyCase := fold != "" || pairs > 0
	return without{text.String(), anyCase}, pairs == 0 || alone == 0 || fold != ""
}
