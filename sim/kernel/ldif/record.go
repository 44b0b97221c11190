package ldif

import (
	"errors"
	"io"
	"strings"
)

// Record is an entry.
type Record struct {
	DN         string
	Number     int // of its first line
	Attributes []Values
}

// Values are those of one attribute description, in their order.
type Values struct {
	Description string
	Values      [][]byte
}

// Version passes over "version: 1", which may stand before the first record; true when the line was that.
func (r *Reader) Version(a Attribute) (bool, error) {
	if a.Name != "version" || r.any {
		return false, nil
	}
	if text := strings.TrimSpace(string(a.raw)); text != "1" {
		return false, r.Errorf(a.number, "LDIF version %.20q is not known: only version 1 is", text)
	}
	r.any = true
	return true, nil
}

// Began says that a record was seen.
func (r *Reader) Began() { r.any = true }

// Record reads the next entry; io.EOF is the end.
func (r *Reader) Record() (Record, error) {
	for {
		line, err := r.Content()
		if err != nil {
			return Record{}, err
		}
		a, err := r.Parse(line)
		if err != nil {
			return Record{}, err
		}
		if version, err := r.Version(a); err != nil {
			return Record{}, err
		} else if version {
			continue
		}
		if a.Name != "dn" || a.Options != "" {
			return Record{}, r.Errorf(a.number, "an entry starts with \"dn:\"; this line does not")
		}
		r.Began()
		return r.rest(a)
	}
}

// rest reads the attributes of an entry.
func (r *Reader) rest(dn Attribute) (Record, error) {
	name, err := r.Value(dn)
	if err != nil {
		return Record{}, err
	}
	record := Record{DN: name, Number: dn.number}
	at := map[string]int{}
	for {
		line, err := r.Line()
		if errors.Is(err, io.EOF) || err == nil && len(line.Text) == 0 {
			return record, nil
		}
		if err != nil {
			return Record{}, err
		}
		a, err := r.Parse(line)
		if err != nil {
			return Record{}, err
		}
		value, err := r.Value(a)
		switch {
		case err != nil:
			return Record{}, err
		case a.Name == "dn":
			return Record{}, r.Errorf(a.number, "a second \"dn:\" in one entry: put a blank line before it")
		case a.Name == "changetype" && strings.EqualFold(strings.TrimSpace(value), "add"):
			continue
		case a.Name == "changetype":
			return Record{}, r.Errorf(a.number, "changetype %.20q is refused: the file is a list of changes; export the entries themselves", value)
		}
		key := strings.ToLower(a.Description)
		i, known := at[key]
		if !known {
			i = len(record.Attributes)
			at[key] = i
			record.Attributes = append(record.Attributes, Values{Description: a.Description})
		}
		record.Attributes[i].Values = append(record.Attributes[i].Values, []byte(value))
	}
}
