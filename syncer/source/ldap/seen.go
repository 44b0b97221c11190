package ldap

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// seen remembers, for each user, the password that was delivered last. In memory it is a map, so no look-up grows with the users; on
// disk it is a file of records of equal length, in no order, that is appended to, and written anew when most of it is out of date. A
// record that a crash has torn is recognised and dropped, which delivers its user's password once more. One goroutine uses it.
type seen struct {
	path    string
	key     []byte
	limit   int
	memos   map[key]kept
	file    *os.File // nil when nothing may be written
	records int      // in the file
	pending []byte   // records that are not in the file yet
	round   uint32
}

const (
	seenMark = "seatrial/seen/1\n"
	// wasteful is how many records more than users the file may hold, beside as many as there are users.
	wasteful = 10_000
)

var errTooManyUsers = errors.New("there are more users than ldap.users allows to remember")

// openSeen reads what was seen. readOnly leaves the disk as it is.
func openSeen(state string, limit int, readOnly bool) (*seen, error) {
	s := &seen{path: filepath.Join(state, "seen"), limit: limit, memos: map[key]kept{}}
	if err := s.openKey(filepath.Join(state, "key"), readOnly); err != nil {
		return nil, err
	}
	flags := os.O_RDWR | os.O_CREATE
	if readOnly {
		flags = os.O_RDONLY
	}
	f, err := os.OpenFile(s.path, flags, 0o600)
	if readOnly && errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.load(f, readOnly); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if readOnly {
		return s, f.Close()
	}
	s.file = f
	return s, nil
}

func (s *seen) openKey(path string, readOnly bool) (err error) {
	s.key, err = os.ReadFile(filepath.Clean(path))
	if err == nil && len(s.key) == sha256.Size {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		return fmt.Errorf("%s has %d bytes instead of %d; without it all passwords look new", path, len(s.key), sha256.Size)
	}
	s.key = make([]byte, sha256.Size)
	if _, err := io.ReadFull(rand.Reader, s.key); err != nil {
		return err
	}
	if readOnly {
		return nil
	}
	return replace(path, s.key) // os.CreateTemp makes files for the owner only.
}

// load reads the file, and leaves it behind its last whole record.
func (s *seen) load(f *os.File, readOnly bool) error {
	r := bufio.NewReaderSize(f, 64<<10)
	mark := make([]byte, len(seenMark))
	n, err := io.ReadFull(r, mark)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // Not even its beginning was written.
		if readOnly {
			return nil
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		_, err := f.WriteAt([]byte(seenMark), 0)
		return errors.Join(err, s.end(f, int64(len(seenMark))))
	case err != nil:
		return err
	case string(mark[:n]) != seenMark:
		return fmt.Errorf("%s is not a file of seen users of this version", s.path)
	}
	for b := make([]byte, recordSize); ; s.records++ {
		if _, err := io.ReadFull(r, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return err
		}
		switch k, m, gone, ok := decodeMemo(b); {
		case !ok: // Its user's password is delivered once more.
		case gone:
			delete(s.memos, k)
		default:
			s.memos[k] = m.keep(0)
		}
	}
	if readOnly {
		return nil
	}
	return s.end(f, int64(len(seenMark)+s.records*recordSize))
}

func (s *seen) end(f *os.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	_, err := f.Seek(size, io.SeekStart)
	return err
}

// mac is a digest with the key of this directory, of parts that cannot run into each other.
func (s *seen) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return h.Sum(nil)
}

// digest is what is remembered of the values of userPassword.
func (s *seen) digest(values []string) (d [16]byte) {
	copy(d[:], s.mac(append([]string{"values"}, values...)...))
	return d
}

func (s *seen) get(k key) (memo, bool) {
	m, ok := s.memos[k]
	return m.memo(), ok
}

// put remembers a user; flush makes it durable.
func (s *seen) put(k key, m memo) error {
	if _, ok := s.memos[k]; !ok && len(s.memos) >= s.limit {
		return fmt.Errorf("%w: %d", errTooManyUsers, s.limit)
	}
	s.memos[k] = m.keep(s.round)
	s.note(m, k, false)
	return nil
}

// mark notes that a reconciliation has seen a user.
func (s *seen) mark(k key) {
	if m, ok := s.memos[k]; ok {
		m.round = s.round
		s.memos[k] = m
	}
}

func (s *seen) forget(k key) {
	if m, ok := s.memos[k]; ok {
		delete(s.memos, k)
		s.note(m.memo(), k, true)
	}
}

func (s *seen) note(m memo, k key, gone bool) {
	if s.file != nil {
		s.pending = m.append(s.pending, k, gone)
	}
}

// begin begins a reconciliation; unseen returns the users that it has not seen.
func (s *seen) begin() { s.round++ }

func (s *seen) unseen() []key {
	var list []key
	for k, m := range s.memos {
		if m.round != s.round {
			list = append(list, k)
		}
	}
	return list
}

// flush makes everything durable.
func (s *seen) flush() error {
	if s.file == nil || len(s.pending) == 0 {
		return nil
	}
	if s.records+len(s.pending)/recordSize > 2*len(s.memos)+wasteful {
		return s.rewrite()
	}
	if _, err := s.file.Write(s.pending); err != nil { // Half a record would put all that follow out of step.
		return errors.Join(err, s.end(s.file, int64(len(seenMark)+s.records*recordSize)))
	}
	s.records += len(s.pending) / recordSize
	s.pending = s.pending[:0]
	return s.file.Sync()
}

// rewrite leaves out what is out of date.
func (s *seen) rewrite() error {
	err := replaceBy(s.path, func(f io.Writer) error {
		w := bufio.NewWriterSize(f, 64<<10)
		if _, err := io.WriteString(w, seenMark); err != nil {
			return err
		}
		record := make([]byte, 0, recordSize)
		for k, m := range s.memos {
			if _, err := w.Write(m.memo().append(record, k, false)); err != nil {
				return err
			}
		}
		return w.Flush()
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_ = s.file.Close()
	s.file, s.records, s.pending = f, len(s.memos), s.pending[:0]
	return s.end(f, int64(len(seenMark)+s.records*recordSize))
}

func (s *seen) close() error {
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.flush(), s.file.Close())
	s.file = nil
	return err
}
