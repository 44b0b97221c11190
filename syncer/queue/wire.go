package queue

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The stored messages start with a byte that names their kind and version.
const (
	changesMark = 0xC1
	journalMark = 0xB1
)

// The kinds of entries of a journal message.
const (
	noteEntry = 1
	doneEntry = 2
)

// change is one entry of a message of changes.
type change struct {
	id   string
	data []byte
}

// note is the last write begun for a key. No change after the message upto had been delivered when it was written.
type note struct {
	key  string
	data []byte
	upto uint64
}

// mark says that a change is done, and when.
type mark struct {
	sequence uint64
	id       digest
	at       uint32 // seconds of Unix time
}

// page is a message of the journal.
type page struct {
	leader  string // who wrote it; empty when it gave up the lead
	waiting int64  // changes that waited then
	notes   []note
	marks   []mark
}

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendChange(b []byte, c change) []byte { return appendText(appendText(b, c.id), c.data) }

func decodeChanges(b []byte) ([]change, error) {
	r := reader{rest: b}
	r.mark(changesMark)
	var list []change
	for len(r.rest) > 0 && r.err == nil {
		list = append(list, change{id: string(r.text()), data: r.text()})
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case len(list) == 0 || len(list) > maxEntries:
		return nil, fmt.Errorf("%d changes instead of 1 to %d", len(list), maxEntries)
	}
	return list, nil
}

func (p page) header() []byte {
	b := appendText([]byte{journalMark}, p.leader)
	return binary.AppendUvarint(b, uint64(max(p.waiting, 0)))
}

func appendNote(b []byte, n note) []byte {
	b = binary.AppendUvarint(append(b, noteEntry), n.upto)
	return appendText(appendText(b, n.key), n.data)
}

func appendMark(b []byte, m mark) []byte {
	b = binary.AppendUvarint(append(b, doneEntry), m.sequence)
	b = append(b, m.id[:]...)
	return binary.AppendUvarint(b, uint64(m.at))
}

func decodePage(b []byte) (page, error) {
	r := reader{rest: b}
	r.mark(journalMark)
	p := page{leader: string(r.text()), waiting: int64(r.number(1 << 62))} //nolint:gosec // Within the bound.
	for len(r.rest) > 0 && r.err == nil {
		switch kind := r.bytes(1)[0]; kind {
		case noteEntry:
			n := note{upto: r.number(^uint64(0))}
			n.key, n.data = string(r.text()), r.text()
			p.notes = append(p.notes, n)
		case doneEntry:
			m := mark{sequence: r.number(^uint64(0))}
			copy(m.id[:], r.bytes(len(m.id)))
			m.at = uint32(r.number(1<<32 - 1)) //nolint:gosec // Within the bound.
			p.marks = append(p.marks, m)
		default:
			r.fail(fmt.Errorf("an entry of the unknown kind %d", kind))
		}
	}
	return p, r.err
}

// reader takes a message apart. After an error it returns zero values.
type reader struct {
	rest []byte
	err  error
}

var errShort = errors.New("it ends too early")

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

func (r *reader) mark(want byte) {
	if got := r.bytes(1)[0]; got != want {
		r.fail(fmt.Errorf("it starts with %#02x instead of %#02x", got, want))
	}
}

func (r *reader) bytes(n int) []byte {
	if len(r.rest) < n {
		r.fail(errShort)
		return make([]byte, n)
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) number(limit uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > limit {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) text() []byte {
	n := r.number(uint64(len(r.rest)))
	if n > uint64(len(r.rest)) {
		r.fail(errShort)
		return nil
	}
	return r.bytes(int(n)) //nolint:gosec // Not longer than the message.
}
