package population

import (
	"bufio"
	"errors"
	"io"
	"strings"

	lines "github.com/seatrial/seatrial/sim/kernel/ldif"
)

// ldif reads content records of RFC 2849. Attributes that mean nothing to us are passed over without being decoded.
type ldif struct{ in *lines.Reader }

func newLDIF(file string, in *bufio.Reader) *ldif { return &ldif{lines.NewReader(file, in)} }

// next reads up to the blank line that ends a record.
func (l *ldif) next() (record, error) {
	for {
		line, err := l.in.Content()
		if err != nil {
			return record{}, err
		}
		a, err := l.in.Parse(line)
		if err != nil {
			return record{}, err
		}
		version, err := l.in.Version(a)
		if err != nil {
			return record{}, err
		}
		switch {
		case version:
		case a.Name == "dn" && a.Options == "":
			l.in.Began()
			return l.record(a, line.Number)
		case a.Name == "search" || a.Name == "result" || a.Name == "ref":
			// What ldapsearch prints after the entries when it is not asked for plain LDIF (-LLL).
			if err := l.in.SkipRecord(); err != nil {
				return record{}, err
			}
		default:
			return record{}, l.in.Errorf(line.Number, "an entry starts with \"dn:\", and this line does not: is there a blank line inside an entry, or is this not LDIF?")
		}
	}
}

func (l *ldif) record(dn lines.Attribute, number int) (record, error) {
	distinguished, err := l.in.Value(dn)
	if err != nil {
		return record{}, err
	}
	r := record{line: number, name: shorten(distinguished)}
	var tagged [fieldCount][]string // values with options, as in "cn;lang-de": used only when there is no plain one
	for {
		line, err := l.in.Line()
		if errors.Is(err, io.EOF) || (err == nil && len(line.Text) == 0) {
			break
		}
		if err != nil {
			return record{}, err
		}
		a, err := l.in.Parse(line)
		if err != nil {
			return record{}, err
		}
		switch a.Name {
		case "dn":
			return record{}, l.in.Errorf(line.Number, "a second \"dn:\" in one entry: put a blank line before it")
		case "changetype":
			if kind := strings.TrimSpace(a.Raw()); !strings.EqualFold(kind, "add") {
				return record{}, l.in.Errorf(line.Number, "changetype %.20q is refused: the file is a list of changes; export the entries themselves", kind)
			}
			continue
		}
		f := attributes[a.Name]
		if f == fieldNone {
			continue
		}
		text, err := l.in.Value(a)
		if err != nil {
			return record{}, err
		}
		if a.Options == "" {
			r.values[f] = append(r.values[f], text)
		} else {
			tagged[f] = append(tagged[f], text)
		}
	}
	for f := range r.values {
		if len(r.values[f]) == 0 {
			r.values[f] = tagged[f]
		}
	}
	r.person = personal(r.values[fieldObjectClass])
	return r, nil
}

// personal tells persons from the rest of a directory. Active Directory's computers are users, too, but no persons.
func personal(classes []string) bool {
	person := false
	for _, class := range classes {
		switch strings.ToLower(strings.TrimSpace(class)) {
		case "person", "organizationalperson", "inetorgperson", "user":
			person = true
		case "computer":
			return false
		}
	}
	return person
}
