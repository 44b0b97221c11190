package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Line is one final outcome.
type Line struct {
	Time          time.Time `json:"time"`
	TransactionID string    `json:"transactionId"`
	ID            string    `json:"id"`
	UserName      string    `json:"userName"`
	Target        string    `json:"target"`
	Outcome       string    `json:"outcome"` // applied, parked, superseded, skipped or planned
	Reason        string    `json:"reason"`
	Attempts      int       `json:"attempts"`
	Replay        int       `json:"replay,omitempty"` // how often an operator had sent the parked change again
	Plan          string    `json:"plan,omitempty"`   // of a dry run: what would have been done
	Previous      string    `json:"previous"`         // hash of the line before; zeros in the first line
	Hash          string    `json:"hash,omitempty"`   // SHA-256 of this line without this member, hexadecimal
}

// start is the Previous of the first line.
var start = strings.Repeat("0", 2*sha256.Size)

// hashMember is the end of every line; what stands before it, closed with a brace, is what the hash covers.
const hashMember = `,"hash":"`

// encode chains a line to its predecessor.
func encode(l Line, previous string) (text []byte, hash string, err error) {
	l.Time, l.Previous, l.Hash = l.Time.UTC(), previous, ""
	body, err := json.Marshal(l)
	if err != nil {
		return nil, "", fmt.Errorf("audit line: %w", err)
	}
	hash = digest(body)
	text = append(body[:len(body)-1], hashMember...)
	text = append(text, hash...)
	return append(text, "\"}\n"...), hash, nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// decode reads a line and checks that it follows previous.
func decode(text []byte, previous string) (Line, error) {
	var l Line
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("not a line of the trail: %w", err)
	}
	cut := bytes.LastIndex(text, []byte(hashMember))
	if cut < 0 || digest(append(bytes.Clone(text[:cut]), '}')) != l.Hash {
		return l, errors.New("the line was altered: its hash does not fit")
	}
	if l.Previous != previous {
		return l, errors.New("the line does not follow the one before: lines were removed, added or moved")
	}
	return l, nil
}

// errTorn says that the last line has no end: the process died while it wrote.
var errTorn = errors.New("the last line has no end")

// Read calls f for each line, in order, and checks the chain. It returns the number of good lines and the length of the
// text that holds them. The error names the line that breaks the chain.
func Read(r io.Reader, f func(Line)) (lines uint64, length int64, err error) {
	_, lines, length, err = read(r, f)
	return lines, length, err
}

func read(r io.Reader, f func(Line)) (previous string, lines uint64, length int64, err error) {
	previous = start
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(text) > 0 {
				return previous, lines, length, fmt.Errorf("line %d: %w", lines+1, errTorn)
			}
			return previous, lines, length, nil
		}
		if err != nil {
			return previous, lines, length, fmt.Errorf("line %d: %w", lines+1, err)
		}
		l, err := decode(bytes.TrimSuffix(text, []byte("\n")), previous)
		if err != nil {
			return previous, lines, length, fmt.Errorf("line %d: %w", lines+1, err)
		}
		previous = l.Hash
		lines++
		length += int64(len(text))
		f(l)
	}
}
