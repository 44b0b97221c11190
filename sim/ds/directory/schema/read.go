package schema

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/ldif"
)

// Read takes the definitions for New out of an LDIF of cn=schema: a server's own files, 99-user.ldif, or what a search of
// cn=schema prints. Those that are here already are left out, and each comes behind those that it needs. An attribute type whose
// matching rule is not known is compared by its octets. The file's name begins the errors.
func Read(file string, in io.Reader) (definitions []string, err error) {
	r := ldif.NewReader(file, in)
	var waiting []string
	for {
		record, err := r.Record()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
		}
		for _, a := range record.Attributes {
			if kind := strings.ToLower(a.Description); kind == "attributetypes" || kind == "objectclasses" {
				for _, v := range a.Values {
					waiting = append(waiting, kind+": "+string(v))
				}
			}
		}
	}
	s, err := New()
	for err == nil && len(waiting) > 0 {
		var later []string
		var why error
		for _, line := range waiting {
			line, here, wrong := s.adapt(line)
			if wrong != nil {
				return nil, fmt.Errorf("%s: %w", file, wrong)
			}
			if here {
				continue
			}
			if wrong := s.define(line); wrong != nil {
				later, why = append(later, line), wrong
				continue
			}
			definitions = append(definitions, line)
		}
		if len(later) == len(waiting) {
			return nil, fmt.Errorf("%s: %w", file, why)
		}
		waiting = later
	}
	return definitions, err
}

// adapt tells whether a definition is here already, and replaces the matching rules that are not known.
func (s *Schema) adapt(line string) (adapted string, here bool, err error) {
	kind, text, _ := strings.Cut(line, ": ")
	d, err := parseDefinition(text)
	if err != nil {
		return "", false, err
	}
	for _, name := range append([]string{d.oid}, d.names()...) {
		_, attribute := s.attributes[strings.ToLower(name)]
		_, class := s.classes[strings.ToLower(name)]
		here = here || attribute && kind == "attributetypes" || class && kind == "objectclasses"
	}
	for keyword, octets := range map[string]string{"EQUALITY": "octetStringMatch", "ORDERING": "octetStringOrderingMatch", "SUBSTR": "caseExactSubstringsMatch"} {
		if name := d.first(keyword); name != "" {
			if _, known := ruleNamed(name); !known {
				line = strings.Replace(line, keyword+" "+name, keyword+" "+octets, 1)
			}
		}
	}
	return line, here, nil
}
