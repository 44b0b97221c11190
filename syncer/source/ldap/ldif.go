package ldap

import (
	"encoding/base64"
	"errors"
	"strings"
)

// modification is one step of a change: what was done to one attribute.
type modification struct {
	kind      string // "add", "delete", "replace", "increment"; "" when an entry is described, not changed
	attribute string
	values    []string
}

var errLDIF = errors.New("the attribute changes is not LDIF")

// parseChanges reads the attribute "changes" of a changelog entry. For an add it describes the entry, for a modify there is a
// block for each modification, which ends with "-". DS writes lines of any length, 389-DS wraps them at 76 characters and
// may end with a NUL.
//
// draft-good-ldap-changelog; OpenDJ, ChangelogBackend.
func parseChanges(text string, describesEntry bool) ([]modification, error) {
	lines, err := unfold(unterminated(text))
	if err != nil {
		return nil, err
	}
	if describesEntry {
		return describe(lines)
	}
	var list []modification
	for len(lines) > 0 {
		kind, attribute, err := split(lines[0])
		kind = strings.ToLower(kind)
		if err != nil || attribute == "" || kind != "add" && kind != "delete" && kind != "replace" && kind != "increment" {
			return nil, errLDIF
		}
		m := modification{kind: kind, attribute: attribute}
		for lines = lines[1:]; len(lines) > 0 && lines[0] != "-"; lines = lines[1:] {
			name, value, err := split(lines[0])
			if err != nil || !strings.EqualFold(name, attribute) {
				return nil, errLDIF
			}
			m.values = append(m.values, value)
		}
		if len(lines) > 0 {
			lines = lines[1:]
		}
		list = append(list, m)
	}
	return list, nil
}

func describe(lines []string) ([]modification, error) {
	var list []modification
	for _, line := range lines {
		name, value, err := split(line)
		if err != nil {
			return nil, err
		}
		if n := len(list) - 1; n >= 0 && strings.EqualFold(list[n].attribute, name) {
			list[n].values = append(list[n].values, value)
			continue
		}
		list = append(list, modification{attribute: name, values: []string{value}})
	}
	return list, nil
}

// unfold joins lines that were wrapped, and drops comments and empty lines.
func unfold(text string) ([]string, error) {
	var joined [][]string // The parts of each line; adding to strings would take the square of their number.
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, " "):
			if len(joined) == 0 {
				return nil, errLDIF
			}
			n := len(joined) - 1
			joined[n] = append(joined[n], line[1:])
		case line != "":
			joined = append(joined, []string{line})
		}
	}
	lines := make([]string, 0, len(joined))
	for _, parts := range joined {
		if line := strings.Join(parts, ""); !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// split takes "name: value" or "name:: base64" apart. Files and URLs ("name:< …") are not read.
func split(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || name == "" {
		return "", "", errLDIF
	}
	encoded, isEncoded := strings.CutPrefix(value, ":")
	if !isEncoded {
		if strings.HasPrefix(value, "<") {
			return "", "", errLDIF
		}
		return name, strings.TrimLeft(value, " "), nil
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", errLDIF
	}
	return name, string(decoded), nil
}
