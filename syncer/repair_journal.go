package syncer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seatrial/seatrial/syncer/target/okta"
)

// repairLine is one line of the journal of repairs. A line that begins a repair has the user as he was: what is needed to make
// him anew is on disk before he is deleted.
type repairLine struct {
	Time   time.Time  `json:"time"`
	Hub    string     `json:"hub"`
	Login  string     `json:"login"`
	Fix    okta.Fix   `json:"fix"`
	Event  string     `json:"event"` // begun, step, done, failed, replayed
	Step   *okta.Step `json:"step,omitempty"`
	Status int        `json:"status,omitempty"`
	Detail string     `json:"detail,omitempty"`
	Case   *okta.Case `json:"case,omitempty"`
}

// The events of a journal.
const (
	repairBegun    = "begun"
	repairStep     = "step"
	repairDone     = "done"
	repairFailed   = "failed"
	repairReplayed = "replayed"
)

// repairJournal is a file of such lines.
type repairJournal struct {
	path, hub string
	file      *os.File
	whole     int64 // how long the file is without a last line that a crash has torn
	// brokenOff are the recreations that were begun and not ended, by the user's key.
	brokenOff map[string]okta.Case
}

// openRepairJournal reads what earlier runs did. Lines can be added after begin.
func openRepairJournal(path, hub string) (*repairJournal, error) {
	j := &repairJournal{path: filepath.Clean(path), hub: hub, brokenOff: map[string]okta.Case{}}
	old, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err == nil {
		err = errors.Join(j.read(old), old.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return j, nil
}

// begin opens the file for more lines. A torn line was never acted upon: lines are on the disk before what they announce.
func (j *repairJournal) begin() (err error) {
	if j.file, err = os.OpenFile(j.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	return j.file.Truncate(j.whole)
}

func (j *repairJournal) read(from io.Reader) error {
	in := bufio.NewReader(from)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		j.whole += int64(len(text))
		var l repairLine
		if json.Unmarshal(text, &l) != nil || l.Event == "" || l.Login == "" {
			return fmt.Errorf("line %d is not one of a journal of repairs", n)
		}
		switch key := userKey(l.Login); {
		case l.Hub != j.hub:
		case l.Event == repairBegun && l.Fix == okta.FixRecreate && l.Case != nil:
			j.brokenOff[key] = *l.Case
		case l.Event == repairBegun || l.Event == repairDone:
			delete(j.brokenOff, key)
		}
	}
}

// write appends a line and sees it to the disk.
func (j *repairJournal) write(l repairLine) error {
	l.Time, l.Hub = time.Now().UTC(), j.hub
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Close closes the file, if it was opened.
func (j *repairJournal) Close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
