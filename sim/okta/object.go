package okta

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// object is a JSON object whose members have an order: answers are held to recorded ones.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members as they come.
func (o object) MarshalJSON() ([]byte, error) { return appendJSON(nil, o) }

// stamp is a time as Okta's objects show it: whole seconds and three zeros, or null.
type stamp time.Time

// MarshalJSON writes null for no time.
func (t stamp) MarshalJSON() ([]byte, error) { return appendJSON(nil, t) }

// MarshalJSON writes what every answer has, in the recorded order, and the other attributes behind, by name.
func (m profile) MarshalJSON() ([]byte, error) { return appendJSON(nil, m) }

// appendJSON writes a value of an answer, without a copy of what is inside; &, < and > stay as they are. What it does not know it
// leaves to encoding/json.
func appendJSON(out []byte, value any) ([]byte, error) {
	var err error
	switch v := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case string:
		return appendString(out, v)
	case Status:
		return appendString(out, string(v))
	case bool:
		return strconv.AppendBool(out, v), nil
	case int:
		return strconv.AppendInt(out, int64(v), 10), nil
	case stamp:
		if time.Time(v).IsZero() {
			return append(out, "null"...), nil
		}
		return append(time.Time(v).UTC().AppendFormat(out, `"2006-01-02T15:04:05`), `.000Z"`...), nil
	case Provider:
		return appendJSON(out, object{{"type", v.Type}, {"name", v.Name}})
	case profile:
		return appendProfile(out, v)
	case object:
		out = append(out, '{')
		for i, m := range v {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendString(out, m.name); err != nil {
				return nil, err
			}
			if out, err = appendJSON(append(out, ':'), m.value); err != nil {
				return nil, err
			}
		}
		return append(out, '}'), nil
	case []object:
		out = append(out, '[')
		for i, one := range v {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendJSON(out, one); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	}
	return appendOther(out, value)
}

func appendProfile(out []byte, m profile) ([]byte, error) {
	o := make(object, 0, len(m)+2)
	for _, name := range shown {
		if value, ok := m[name]; ok {
			o = append(o, member{name, value})
		} else {
			o = append(o, member{name, nil})
		}
	}
	if len(m) > 4 { // there may be others
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !slices.Contains(shown, name) {
				o = append(o, member{name, m[name]})
			}
		}
	}
	return appendJSON(out, o)
}

// appendString writes most strings as they are.
func appendString(out []byte, text string) ([]byte, error) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return appendOther(out, text)
		}
	}
	return append(append(append(out, '"'), text...), '"'), nil
}

func appendOther(out []byte, value any) ([]byte, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return append(out, strings.TrimSuffix(text.String(), "\n")...), nil
}

// encode writes an answer.
func encode(value any) ([]byte, error) { return appendJSON(make([]byte, 0, 2048), value) }
