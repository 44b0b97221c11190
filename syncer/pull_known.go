package syncer

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readNames reads the user names of a file: LDIF, CSV with a column for them, or one name a line. The keys are those of
// userKey.
func readNames(path string) (map[string]bool, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	names := map[string]bool{}
	err = eachName(f, func(name string) {
		if name = strings.TrimSpace(name); name != "" {
			names[userKey(name)] = true
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no user name in it: LDIF needs uid, CSV a column uid or userName", path)
	}
	return names, nil
}

// nameKeys are the attributes and columns that hold user names, in lower case.
var nameKeys = []string{"uid", "username", "user name", "samaccountname"}

func isNameKey(s string) bool {
	return slices.Contains(nameKeys, strings.ToLower(strings.TrimSpace(s)))
}

func eachName(r io.Reader, yield func(string)) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	head, err := in.Peek(1 << 12)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	first := strings.ToLower(firstLine(head))
	if strings.HasPrefix(first, "dn:") || strings.HasPrefix(first, "version:") {
		return eachLDIF(in, yield)
	}
	for _, comma := range []rune{',', ';', '\t'} {
		for column := range strings.SplitSeq(first, string(comma)) {
			if isNameKey(strings.Trim(column, `" `)) {
				return eachRow(in, comma, yield)
			}
		}
	}
	return eachLine(in, func(line string) {
		if !strings.HasPrefix(line, "#") {
			yield(line)
		}
	})
}

// firstLine is the first line that says something.
func firstLine(head []byte) string {
	for line := range strings.Lines(string(head)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}

func eachLine(r io.Reader, yield func(string)) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<22) // A photo in LDIF may be one line.
	for s.Scan() {
		yield(strings.TrimSuffix(s.Text(), "\r"))
	}
	return s.Err()
}

func eachRow(r io.Reader, comma rune, yield func(string)) error {
	rows := csv.NewReader(r)
	rows.Comma, rows.Comment, rows.FieldsPerRecord, rows.ReuseRecord = comma, '#', -1, true
	header, err := rows.Read()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(header, isNameKey)
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case at >= 0 && at < len(row):
			yield(row[at])
		}
	}
}

// eachLDIF yields the names of all entries (RFC 2849); a line that begins with a blank continues the one before.
func eachLDIF(r io.Reader, yield func(string)) error {
	var whole string // the line of a name, so far; "" within any other
	var wrong error
	end := func() {
		name, value, found := strings.Cut(whole, ":")
		if !found {
			return
		}
		if encoded, ok := strings.CutPrefix(value, ":"); ok {
			data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
			if err != nil {
				wrong = fmt.Errorf("%s: not base 64: %w", name, err)
			}
			value = string(data)
		}
		yield(value)
	}
	err := eachLine(r, func(line string) {
		if rest, ok := strings.CutPrefix(line, " "); ok {
			if whole != "" {
				whole += rest
			}
			return
		}
		end()
		whole = ""
		name, _, _ := strings.Cut(line, ":")
		name, _, _ = strings.Cut(name, ";") // Options, like ";lang-de".
		if isNameKey(name) {
			whole = line
		}
	})
	end()
	return errors.Join(err, wrong)
}
