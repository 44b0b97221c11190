package population

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// columns are the names that only tables have: those of Oracle's export of users and of IDM's managed users. They are
// compared without case, spaces, hyphens and underscores, and so are the attributes' names.
var columns = map[string]field{
	"login": fieldUserName, "externalid": fieldExternalID,
	"firstname": fieldGivenName, "lastname": fieldFamilyName, "familyname": fieldFamilyName,
	"email": fieldEmail, "emailaddress": fieldEmail, "workemail": fieldEmail, "primaryemail": fieldEmail,
	"homeemail": fieldOtherEmail, "otheremail": fieldOtherEmail,
	"password": fieldPassword,
	"active":   fieldEnabled, "enabled": fieldEnabled, "status": fieldStatus,
	"federated": fieldFederated, "isfederateduser": fieldFederated,
}

var plainColumn = strings.NewReplacer(" ", "", "-", "", "_", "")

func column(header string) field {
	name := plainColumn.Replace(strings.ToLower(strings.TrimSpace(header)))
	if f, ok := columns[name]; ok {
		return f
	}
	if f, ok := attributes[name]; ok {
		return f
	}
	if name == "dspwpaccountdisabled" {
		return fieldDisabled
	}
	return fieldNone
}

// table reads a CSV file with a header row.
type table struct {
	file    string
	in      *csv.Reader
	columns []field
}

func newCSV(file string, in *bufio.Reader, head []byte) (*table, error) {
	t := &table{file: file, in: csv.NewReader(in)}
	t.in.Comma = separator(head)
	t.in.FieldsPerRecord = -1 // told in our own words
	t.in.ReuseRecord = true
	header, err := t.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is blank: a header row is wanted", file)
	}
	if err != nil {
		return nil, t.wrap(err)
	}
	known := map[field]bool{}
	for _, name := range header {
		f := column(name)
		known[f] = true
		t.columns = append(t.columns, f)
	}
	if !known[fieldUserName] && !known[fieldAccountName] {
		return nil, fmt.Errorf("%s:1: no column has the user name (uid, userName or User ID) among %.200q: "+
			"is this CSV with a header row, or LDIF?", file, header)
	}
	return t, nil
}

// separator is the character of comma, semicolon and tab that the header row has most of, outside of quotes.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	counts := map[byte]int{}
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[c]++
		}
	}
	best := ','
	for _, candidate := range ";\t" {
		if counts[byte(candidate)] > counts[byte(best)] { //nolint:gosec // both are ASCII
			best = candidate
		}
	}
	return best
}

func (t *table) next() (record, error) {
	for {
		row, err := t.in.Read()
		if err != nil {
			return record{}, t.wrap(err)
		}
		line, _ := t.in.FieldPos(0)
		if blank(row) {
			continue
		}
		r := record{line: line, person: true}
		if len(row) != len(t.columns) {
			r.fault = fmt.Sprintf("the row has %d fields, the header %d: put a field that holds the separator %q in quotes",
				len(row), len(t.columns), t.in.Comma)
		}
		for i, text := range row {
			if i < len(t.columns) {
				r.add(t.columns[i], text)
			}
		}
		return r, nil
	}
}

func blank(row []string) bool {
	for _, text := range row {
		if strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}

// add takes a field's text, as a copy: the fields of a row share memory, and what is kept of a row must not keep the
// password beside it.
func (r *record) add(f field, text string) {
	text = strings.Clone(text)
	switch f {
	case fieldNone:
	case fieldEmail, fieldOtherEmail:
		r.values[f] = append(r.values[f], strings.FieldsFunc(text, func(c rune) bool { return c == '|' || c == ';' })...)
	default:
		r.values[f] = append(r.values[f], text)
	}
}

// wrap puts a reader's error into the form of the others: file, line, what to do.
func (t *table) wrap(err error) error {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &syntax) && syntax.Line > syntax.StartLine:
		return fmt.Errorf("%s:%d: %w: the row that starts in line %d has a quote that is not closed, or a quote inside a "+
			"field that is not doubled", t.file, syntax.Line, syntax.Err, syntax.StartLine)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d: %w: a field with a quote in it must be quoted, and the quote doubled", t.file, syntax.Line, syntax.Err)
	default:
		return fmt.Errorf("%s: %w", t.file, err)
	}
}
