package scenarios

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// Duration is a span of time, written 250ms, 1m30s or 24h.
type Duration time.Duration

// String is Go's form without the zero tail: 1m, not 1m0s.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads Go's syntax.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 250ms, 90s or 1h30m", text)
	}
	*d = Duration(parsed)
	return nil
}

// number is short enough that no duration overflows.
const (
	number          = `[0-9]{1,6}(\.[0-9]{1,9})?`
	durationPattern = `^-?(` + number + `h(` + number + `m)?(` + number + `s)?|` + number + `m(` + number + `s)?|` + number + `(s|ms|us|ns))$`
)

// JSONSchema describes the text form.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: durationPattern, Description: "A span of time: 250ms, 90s, 1h30m.", Examples: []any{"250ms", "90s", "1h30m"}}
}

// JSONSchema lists the severities.
func (Severity) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{Critical, Major, Minor}}
}

// Count is an expected number: 20, at least 3, at most 4, 3 to 5.
type Count struct {
	Min int
	Max int // below zero: no upper end
}

var countPattern = regexp.MustCompile(`^(?:(\d{1,9})|at least (\d{1,9})|at most (\d{1,9})|(\d{1,9}) to (\d{1,9}))$`)

// Met tells whether n is what is expected.
func (c Count) Met(n int) bool { return n >= c.Min && (c.Max < 0 || n <= c.Max) }

// String is the form that is read.
func (c Count) String() string {
	switch {
	case c.Min == c.Max:
		return strconv.Itoa(c.Min)
	case c.Max < 0:
		return fmt.Sprintf("at least %d", c.Min)
	case c.Min == 0:
		return fmt.Sprintf("at most %d", c.Max)
	default:
		return fmt.Sprintf("%d to %d", c.Min, c.Max)
	}
}

// MarshalText writes what UnmarshalJSON reads.
func (c Count) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalJSON reads a number or a text.
func (c *Count) UnmarshalJSON(data []byte) error {
	text, err := scalarText(data)
	if err != nil {
		return err
	}
	parts := countPattern.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("%q is not a count such as 3, at least 3, at most 3 or 3 to 5", text)
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(parts[i]) // the pattern has let only digits through
		return n
	}
	switch {
	case parts[1] != "":
		*c = Count{Min: number(1), Max: number(1)}
	case parts[2] != "":
		*c = Count{Min: number(2), Max: -1}
	case parts[3] != "":
		*c = Count{Max: number(3)}
	default:
		*c = Count{Min: number(4), Max: number(5)}
	}
	return nil
}

// JSONSchema describes both forms.
func (Count) JSONSchema() *jsonschema.Schema {
	return textOr("integer", &jsonschema.Schema{Pattern: countPattern.String(), Description: "A number, or: at least 3, at most 3, 3 to 5."},
		&jsonschema.Schema{Minimum: json.Number("0"), Maximum: json.Number("999999999")})
}

// Users says which users a step or an expectation is about. The zero value is all users of the target.
type Users struct {
	Newcomers bool    // those that only the source has
	Ranges    []Range // by number, from 1
	Names     []string
}

// Range is a run of users by their numbers, both ends included; To is 0 when it is open.
type Range struct{ From, To int }

// All tells whether it is every user of the target.
func (u Users) All() bool { return !u.Newcomers && len(u.Ranges) == 0 && len(u.Names) == 0 }

// IsZero is for encoding/json's omitzero.
func (u Users) IsZero() bool { return u.All() }

// String is the form that is read.
func (u Users) String() string {
	if u.Newcomers {
		return "newcomers"
	}
	var parts []string
	for _, r := range u.Ranges {
		switch {
		case r.To == 0:
			parts = append(parts, fmt.Sprintf("%d-", r.From))
		case r.From == r.To:
			parts = append(parts, strconv.Itoa(r.From))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", r.From, r.To))
		}
	}
	parts = append(parts, u.Names...)
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// MarshalText writes the form that is read aloud.
func (u Users) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

var rangePattern = regexp.MustCompile(`^(\d{1,6})-(\d{1,6})?$`)

// UnmarshalJSON reads all, newcomers, a number (the first so many), a range, or a list of numbers, ranges and names.
func (u *Users) UnmarshalJSON(data []byte) error {
	*u = Users{}
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil {
		for _, item := range list {
			text, err := scalarText(item)
			if err != nil {
				return err
			}
			if n, err := strconv.Atoi(text); err == nil {
				u.Ranges = append(u.Ranges, Range{From: n, To: n})
			} else if r, ok := readRange(text); ok {
				u.Ranges = append(u.Ranges, r)
			} else {
				u.Names = append(u.Names, text)
			}
		}
		return nil
	}
	text, err := scalarText(data)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(text); err == nil {
		u.Ranges = []Range{{From: 1, To: n}}
		return nil
	}
	r, isRange := readRange(text)
	switch {
	case isRange:
		u.Ranges = []Range{r}
	case text == "newcomers":
		u.Newcomers = true
	case text != "all":
		return fmt.Errorf("%q names no users", text)
	}
	return nil
}

// readRange reads 3-7, or 3- for an open one.
func readRange(text string) (Range, bool) {
	parts := rangePattern.FindStringSubmatch(text)
	if parts == nil {
		return Range{}, false
	}
	from, _ := strconv.Atoi(parts[1]) // the pattern has let only digits through
	to, _ := strconv.Atoi(parts[2])   // 0 when open
	return Range{From: from, To: to}, true
}

const usersPattern = `^(all|newcomers|\d{1,6}-(\d{1,6})?)$`

// JSONSchema describes the forms.
func (Users) JSONSchema() *jsonschema.Schema {
	number := func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "integer", Minimum: json.Number("1"), Maximum: json.Number("100000")}
	}
	one := textOr("integer", &jsonschema.Schema{MinLength: new(uint64(1))}, number())
	many := textOr("array", &jsonschema.Schema{Pattern: usersPattern}, &jsonschema.Schema{Items: one, MinItems: new(uint64(1))})
	return &jsonschema.Schema{
		Description: "all, newcomers, a number (the first so many), a range such as 3-7, or a list of numbers, ranges and user names.",
		If:          &jsonschema.Schema{Type: "integer"}, Then: number(), Else: many,
	}
}

// With says which password people change to.
type With struct {
	Kind     string // "" or valid, reused, initial, violates
	Violates string // a rule of the target's policy
}

// The kinds of passwords.
const (
	withValid    = "valid"
	withReused   = "reused"
	withInitial  = "initial"
	withViolates = "violates"
)

// IsZero is for encoding/json's omitzero.
func (w With) IsZero() bool { return w == With{} }

// UnmarshalJSON reads a word, or {violates: rule}.
func (w *With) UnmarshalJSON(data []byte) error {
	var rule struct {
		Violates string `json:"violates"`
	}
	if json.Unmarshal(data, &rule) == nil && rule.Violates != "" {
		*w = With{Kind: withViolates, Violates: rule.Violates}
		return nil
	}
	text, err := scalarText(data)
	if err != nil {
		return err
	}
	*w = With{Kind: text}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (w With) MarshalJSON() ([]byte, error) {
	if w.Kind == withViolates {
		return json.Marshal(map[string]string{withViolates: w.Violates})
	}
	return json.Marshal(w.Kind)
}

// JSONSchema describes the forms.
func (With) JSONSchema() *jsonschema.Schema {
	rule := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), Required: []string{withViolates}, AdditionalProperties: jsonschema.FalseSchema}
	rule.Properties.Set(withViolates, &jsonschema.Schema{Type: "string", Description: "A rule of the target's policy, by the vendor's name: minLength."})
	return textOr("object", &jsonschema.Schema{Enum: []any{withValid, withReused, withInitial}}, rule)
}

// Tokens says whose access tokens.
type Tokens struct {
	Client string `json:"client,omitempty"` // "" is every client's
}

// UnmarshalJSON reads all, or {client: id}.
func (t *Tokens) UnmarshalJSON(data []byte) error {
	type plain Tokens
	if text, err := scalarText(data); err == nil {
		*t = Tokens{}
		if text != "all" {
			return fmt.Errorf("%q: write all, or {client: %s}", text, text)
		}
		return nil
	}
	return json.Unmarshal(data, (*plain)(t))
}

// JSONSchema describes the forms.
func (Tokens) JSONSchema() *jsonschema.Schema {
	client := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), Required: []string{"client"}, AdditionalProperties: jsonschema.FalseSchema}
	client.Properties.Set("client", &jsonschema.Schema{Type: "string", MinLength: new(uint64(1)), Description: "An OAuth client's id."})
	return textOr("object", &jsonschema.Schema{Enum: []any{"all"}}, client)
}

// Selection is a list of ids; empty is all.
type Selection []string

// UnmarshalJSON reads all, or a list.
func (s *Selection) UnmarshalJSON(data []byte) error {
	if text, err := scalarText(data); err == nil {
		*s = nil
		if text != "all" {
			return fmt.Errorf("%q: write all, or [%s]", text, text)
		}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(s))
}

// JSONSchema describes the forms.
func (Selection) JSONSchema() *jsonschema.Schema {
	return textOr("array", &jsonschema.Schema{Enum: []any{"all"}}, &jsonschema.Schema{Items: &jsonschema.Schema{Type: "string"}, MinItems: new(uint64(1))})
}

// textOr is a value that is a text of one form or, when it is not a text, of another type. If and then give one clear
// message where oneOf would complain about both branches.
func textOr(other string, text, otherwise *jsonschema.Schema) *jsonschema.Schema {
	otherwise.Type = other
	description := text.Description
	text.Description = ""
	return &jsonschema.Schema{Description: description, If: &jsonschema.Schema{Type: "string"}, Then: text, Else: otherwise}
}

// scalarText is the text of a JSON string or number.
func scalarText(data []byte) (string, error) {
	var text string
	if json.Unmarshal(data, &text) == nil {
		return text, nil
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return "", fmt.Errorf("%s is neither a word nor a number", data)
	}
	return number.String(), nil
}
