package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxProblems is how many problems of a file are listed; a file that is no trail would have one a line.
const maxProblems = 50

// Verdict is what was found in trails that belong together: one, and those that were moved away before it.
type Verdict struct {
	Files []FileVerdict
}

// FileVerdict is what was found in one file.
type FileVerdict struct {
	Path        string
	Lines       uint64 // whole lines, good or not
	First, Last time.Time
	Problems    []Problem
	More        int // problems that are not listed
}

// Problem is something that must not be in a trail.
type Problem struct {
	Line uint64
	Err  error
}

// ErrRepeated says that a change has two lines for the same outcome.
var ErrRepeated = errors.New("the change was audited before")

// Good tells whether there is no problem.
func (v Verdict) Good() bool {
	for _, f := range v.Files {
		if len(f.Problems) > 0 {
			return false
		}
	}
	return true
}

// place is where an outcome was seen first.
type place struct {
	file int
	line uint64
}

// outcome names what has one line: a change, each replay of it, and its plan in a dry run.
type outcome struct {
	id     string
	replay int
	plan   bool
}

// verifier remembers the outcomes of all files.
type verifier struct {
	verdict Verdict
	seen    map[outcome]place
}

// Verify reads trails and lists every line that was changed, removed, moved or repeated, and a last line without an end. It
// goes on behind a problem. The error is about a file that cannot be read. It needs about 100 bytes of memory a line.
func Verify(paths ...string) (Verdict, error) {
	v := verifier{seen: map[outcome]place{}}
	for _, path := range paths {
		if err := v.file(path); err != nil {
			return v.verdict, fmt.Errorf("audit: %w", err)
		}
	}
	return v.verdict, nil
}

func (v *verifier) file(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	v.verdict.Files = append(v.verdict.Files, FileVerdict{Path: path})
	if err := v.read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// read checks a file. A line whose hash does not fit still says what the next one should follow.
func (v *verifier) read(r io.Reader) error {
	own := len(v.verdict.Files) - 1
	file := &v.verdict.Files[own]
	previous := start
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		text, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(text) == 0:
			return nil
		case errors.Is(err, io.EOF):
			file.add(file.Lines+1, fmt.Errorf("%w: the process died while it wrote, or the file was cut", errTorn))
			return nil
		case err != nil:
			return err
		}
		file.Lines++
		line, err := decode(bytes.TrimSuffix(text, []byte("\n")), previous)
		if err != nil {
			file.add(file.Lines, err)
		}
		if line.Hash != "" {
			previous = line.Hash
		}
		if line.ID == "" {
			continue
		}
		if file.First.IsZero() {
			file.First = line.Time
		}
		file.Last = line.Time
		key := outcome{line.ID, line.Replay, line.Plan != ""}
		if first, repeated := v.seen[key]; repeated {
			file.add(file.Lines, fmt.Errorf("%w: %s, in line %d of %s", ErrRepeated, line.ID, first.line, v.verdict.Files[first.file].Path))
		} else {
			v.seen[key] = place{own, file.Lines}
		}
	}
}

func (f *FileVerdict) add(line uint64, err error) {
	if len(f.Problems) == maxProblems {
		f.More++
		return
	}
	f.Problems = append(f.Problems, Problem{line, err})
}
