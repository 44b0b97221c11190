package population

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Problem is an entry that was left out, with where it stands and what to do about it.
type Problem struct {
	File string
	Line int
	// Entry is the user name, or else the distinguished name; it may be empty.
	Entry string
	Text  string
}

// String is "users.ldif:12: bjensen: …".
func (p Problem) String() string {
	if p.Entry == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Entry, p.Text)
}

// problemsShown bounds Report.Skipped: a file of a million wrong rows is told by its first hundred.
const problemsShown = 100

// Report tells what became of the entries of a file. It is filled while the file is read and complete at its end.
type Report struct {
	// Source is the path.
	Source string
	// Read counts all entries, Used those that became people, Inactive those of them whose account is disabled, and
	// Others those that are no persons (organizational units, groups).
	Read, Used, Inactive, Others int
	// SkippedCount counts the persons that were left out; Skipped has the first hundred of them.
	SkippedCount int
	Skipped      []Problem
	// Schemes counts the passwords that the file held, none of which was kept, by storage scheme ("SSHA512"); "cleartext"
	// is worth a word with whoever made the file.
	Schemes map[string]int
}

// String is one line of figures.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d entries read, %d used", r.Source, r.Read, r.Used)
	if r.Inactive > 0 {
		fmt.Fprintf(&b, " (%d of them inactive)", r.Inactive)
	}
	if r.Others > 0 {
		fmt.Fprintf(&b, ", %d are no persons", r.Others)
	}
	if r.SkippedCount > 0 {
		fmt.Fprintf(&b, ", %d left out", r.SkippedCount)
	}
	return b.String()
}

func (r *Report) skip(p Problem) {
	r.SkippedCount++
	if len(r.Skipped) < problemsShown {
		r.Skipped = append(r.Skipped, p)
	}
}

// records reads a file entry by entry; next returns io.EOF after the last one. An error carries file and line.
type records interface {
	next() (record, error)
}

// ReadFile opens a file of users, LDIF or CSV by its content, and returns its people as a stream and the report of the
// reading. Each range over the stream reads the file anew. Entries that cannot be used are left out and reported; an
// error, the last element of the stream, means that the file as a whole cannot be trusted: it is not what it seems.
func ReadFile(path string) (iter.Seq2[people.Person, error], *Report, error) {
	report := &Report{Source: path}
	file, err := os.Open(path) //nolint:gosec // the path is the caller's choice: it is what the function is for
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	if _, err := open(path, file); err != nil { // tells a wrong file before anything is started for it
		return nil, nil, err
	}
	return func(yield func(people.Person, error) bool) {
		file, err := os.Open(path) //nolint:gosec // as above
		if err != nil {
			yield(people.Person{}, err)
			return
		}
		defer func() { _ = file.Close() }()
		for person, err := range read(path, file, report) {
			if !yield(person, err) {
				return
			}
		}
	}, report, nil
}

// read turns the entries of a file into people.
func read(path string, in io.Reader, report *Report) iter.Seq2[people.Person, error] {
	return func(yield func(people.Person, error) bool) {
		*report = Report{Source: path, Schemes: map[string]int{}}
		source, err := open(path, in)
		if err != nil {
			yield(people.Person{}, err)
			return
		}
		seen := map[string]int{} // folded user name → line
		for {
			r, err := source.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(people.Person{}, err)
				return
			}
			report.Read++
			if person, ok := accept(r, path, seen, report); ok && !yield(person, nil) {
				return
			}
		}
	}
}

// open finds out what kind of file it is: LDIF when its first line says so, or its name does; else CSV.
func open(path string, in io.Reader) (records, error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err // "read users: is a directory"
	}
	switch {
	case len(head) == 0:
		return nil, fmt.Errorf("%s: the file is empty", path)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%s:1: the file is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", path)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, fmt.Errorf("%s: the file is compressed: unpack it first (gunzip)", path)
	case bytes.IndexByte(head, 0) >= 0:
		return nil, fmt.Errorf("%s: the file is binary: an LDIF or CSV file in UTF-8 is wanted", path)
	}
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(head, bom) {
		_, _ = buffered.Discard(len(bom)) // cannot fail: it was peeked
		head = head[len(bom):]
	}
	extension := strings.ToLower(filepath.Ext(path))
	if extension == ".ldif" || extension == ".ldf" || looksLikeLDIF(head) {
		return newLDIF(path, buffered), nil
	}
	return newCSV(path, buffered, head)
}

// looksLikeLDIF tells whether the first line that is neither blank nor a comment starts an LDIF file.
func looksLikeLDIF(head []byte) bool {
	comment := false
	for line := range bytes.Lines(head) {
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			comment = false
		case line[0] == '#', comment && line[0] == ' ':
			comment = true
		default:
			line = bytes.ToLower(line)
			return bytes.HasPrefix(line, []byte("version:")) || bytes.HasPrefix(line, []byte("dn:"))
		}
	}
	return false
}
