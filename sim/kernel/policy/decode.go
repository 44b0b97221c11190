package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// Decode reads a policy from JSON. Names are exact: an unknown one is refused, with the nearest that exists, because a
// misspelt rule would silently be no rule. Decode does not judge the values; Validate does.
func Decode(data []byte) (Policy, error) {
	var p Policy
	names, err := memberNames(data)
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	known := attributes()
	var mistakes []error
	for i, name := range names {
		switch {
		case !slices.Contains(known, name):
			mistakes = append(mistakes, unknown(name, known))
		case slices.Contains(names[:i], name):
			mistakes = append(mistakes, fmt.Errorf("policy.%s: given twice", name))
		}
	}
	if len(mistakes) > 0 {
		return Policy{}, errors.Join(mistakes...)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return Policy{}, fmt.Errorf("policy.%s: a JSON %s is not %s", wrong.Field, wrong.Value, expected(wrong.Type))
		}
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	return p, nil
}

// memberNames returns the names of the one object that data must be, in order.
func memberNames(data []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	first, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if first != json.Delim('{') {
		return nil, errors.New("want a JSON object")
	}
	var names []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		name, _ := token.(string) // the decoder admits nothing else here
		names = append(names, name)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("%s: not JSON: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the object")
	}
	return names, nil
}

// attributes lists the JSON names of Policy.
func attributes() []string {
	var names []string
	for f := range reflect.TypeFor[Policy]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	default:
		return "a list of strings"
	}
}

func unknown(name string, known []string) error {
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
	if distance(name, nearest) <= max(2, len(nearest)/3) {
		return fmt.Errorf("policy.%s: no such attribute; did you mean %q?", name, nearest)
	}
	return fmt.Errorf("policy.%s: no such attribute", name)
}

// distance is Levenshtein's, without regard to case.
func distance(a, b string) int {
	from, to := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(to)]
}
