package notify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// entry is what is remembered of a user, or of a report to somebody.
type entry struct {
	Key       string    `json:"key"`
	Failures  int       `json:"failures,omitempty"` // in a row
	Settled   time.Time `json:"settled,omitzero"`   // when the last mail was sent, or refused for good
	NoAddress time.Time `json:"noAddress,omitzero"` // when the lack of an address was told last
	Mail      *message  `json:"mail,omitempty"`     // it waits

	sending   bool // the mail is on its way
	withdrawn bool // it is no longer wanted
}

// stale: nothing will ever ask for it.
func (e *entry) stale(now time.Time, quiet time.Duration) bool {
	return e.Failures == 0 && e.Mail == nil && now.After(e.Settled.Add(quiet)) && now.After(e.NoAddress.Add(quiet))
}

// state is a file of JSON lines: each is an entry as it was at a time, and the last one of a key counts.
type state struct {
	path   string
	file   *os.File
	length int64
	lines  int
}

func openState(path string) (*state, map[string]*entry, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("state: %w", err)
	}
	s := &state{path: path, file: f}
	entries, err := s.read()
	if err != nil {
		_ = f.Close()
		return nil, nil, fmt.Errorf("state: %s: %w; move the file away to begin a new one (some users may get a second mail)", path, err)
	}
	return s, entries, nil
}

// read takes the entries and cuts off a last line that was torn by a crash.
func (s *state) read() (map[string]*entry, error) {
	entries := map[string]*entry{}
	in := bufio.NewReader(s.file)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var e entry
		if err := json.Unmarshal(text, &e); err != nil || e.Key == "" {
			return nil, fmt.Errorf("line %d is not an entry", s.lines+1)
		}
		entries[e.Key] = &e
		s.lines++
		s.length += int64(len(text))
	}
	return entries, s.rewind()
}

// rewind cuts off what stands after the last good line.
func (s *state) rewind() error {
	if err := s.file.Truncate(s.length); err != nil {
		return err
	}
	_, err := s.file.Seek(s.length, io.SeekStart)
	return err
}

// append adds entries and returns when they are on disk. After an error none is there.
func (s *state) append(list []entry) error {
	text, err := encode(list)
	if err != nil {
		return err
	}
	if _, err = s.file.Write(text); err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("state: %w", errors.Join(err, s.rewind()))
	}
	s.lines += len(list)
	s.length += int64(len(text))
	return nil
}

// replace writes all entries into a new file that takes the place of the old one.
func (s *state) replace(all []entry) error {
	text, err := encode(all)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(s.path+".new"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(s.path+".new", s.path)
	}
	if err != nil {
		return fmt.Errorf("state: %w", errors.Join(err, f.Close()))
	}
	_ = s.file.Close() // Nobody finds it any more.
	s.file, s.length, s.lines = f, int64(len(text)), len(all)
	return nil
}

func (s *state) close() error {
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func encode(list []entry) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	for _, e := range list {
		if err := out.Encode(e); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	return text.Bytes(), nil
}
