package syncer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// Report is what a day, or another span, brought, for the people who run the synchronisation. It is made from the audit trail
// and from what is kept for replay.
type Report struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Outcomes counts the final outcomes of the span.
	Outcomes map[string]int `json:"outcomes"`
	// Reasons tells about the changes that were parked in the span, the most frequent first.
	Reasons []ReasonReport `json:"reasons"`
	// Users are those with changes parked in the span, and those who have waited for longer: who waits longest comes first,
	// then those whose password was applied after all.
	Users []UserReport `json:"users"`
	// Waiting is the number of users whose last change was parked, whenever that was.
	Waiting int `json:"waiting"`
	// Oldest is since when the first of them waits.
	Oldest *time.Time `json:"oldest,omitempty"`
	// Unlisted counts parked changes of users beyond the limit of what a report remembers.
	Unlisted int `json:"unlisted,omitempty"`
	// Kept is what is kept for replay; nil when the report could not look.
	Kept *KeptReport `json:"kept,omitempty"`
	// Trouble is what is wrong with the sources; then the report is not complete.
	Trouble []string `json:"trouble,omitempty"`
}

// ReasonReport is about the changes that were parked for a reason.
type ReasonReport struct {
	Reason  string    `json:"reason"`
	Changes int       `json:"changes"`
	Users   int       `json:"users"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// UserReport is about the parked changes of a user.
type UserReport struct {
	UserName string     `json:"userName"`
	Changes  int        `json:"changes"` // parked within the span
	Reason   string     `json:"reason"`  // of the last one
	Last     time.Time  `json:"last"`
	Waiting  *time.Time `json:"waiting,omitempty"` // since when; nil when a later password was applied
}

// KeptReport is about the changes that are kept for replay.
type KeptReport struct {
	Changes int        `json:"changes"`
	Oldest  *time.Time `json:"oldest,omitempty"`
}

// parkedStore is what a report needs of the queue.
type parkedStore interface {
	Parked(ctx context.Context) iter.Seq2[queue.Item, error]
}

// maxReported bounds the users that a report remembers, and with them its memory, whatever the length of the trail.
const maxReported = 100_000

// reporter reads the trail line by line.
type reporter struct {
	report  Report
	reasons map[string]*ReasonReport
	people  map[string]*reported
	limit   int
}

// reported is a user while the trail is read.
type reported struct {
	UserReport
	reasons map[string]bool // of the span
}

func newReporter(from, to time.Time) *reporter {
	return &reporter{
		report:  Report{From: from.UTC(), To: to.UTC(), Outcomes: map[string]int{}, Reasons: []ReasonReport{}, Users: []UserReport{}},
		reasons: map[string]*ReasonReport{}, people: map[string]*reported{}, limit: maxReported,
	}
}

// line takes a line of the trail. Lines before the span tell who waits since then.
func (r *reporter) line(l audit.Line) {
	if !l.Time.Before(r.report.To) {
		return
	}
	within := !l.Time.Before(r.report.From)
	if within {
		r.report.Outcomes[l.Outcome]++
	}
	key := userKey(l.UserName)
	p := r.people[key]
	switch hook.State(l.Outcome) {
	case hook.Applied:
		if p == nil {
			return
		}
		p.Waiting = nil
		if p.Changes == 0 {
			delete(r.people, key)
		}
	case hook.Parked:
		if within {
			r.count(l)
		}
		if p == nil && len(r.people) >= r.limit {
			r.report.Unlisted++
			return
		}
		if p == nil {
			p = &reported{UserReport: UserReport{UserName: l.UserName}}
			r.people[key] = p
		}
		p.park(l, within)
	default: // What was superseded is decided by the newer change; what was skipped or planned was not meant to be written.
	}
}

func (r *reporter) count(l audit.Line) {
	reason := r.reasons[l.Reason]
	if reason == nil {
		reason = &ReasonReport{Reason: l.Reason, First: l.Time}
		r.reasons[l.Reason] = reason
	}
	reason.Changes++
	reason.Last = l.Time
}

func (p *reported) park(l audit.Line, within bool) {
	p.Reason, p.Last = l.Reason, l.Time
	if p.Waiting == nil {
		p.Waiting = &l.Time
	}
	if !within {
		return
	}
	p.Changes++
	if p.reasons == nil {
		p.reasons = map[string]bool{}
	}
	p.reasons[l.Reason] = true
}

// file reads a trail. What stands after its last line end is a line that is being written.
func (r *reporter) file(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	length, err := complete(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, _, err := audit.Read(io.NewSectionReader(f, 0, length), r.line); err != nil {
		r.trouble("%s: %v; the report ends there, and the trail cannot be trusted from there on", path, err)
	}
	return nil
}

// complete is the length of a file up to and with its last line end.
func complete(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	piece := make([]byte, 4096)
	for end > 0 {
		from := max(0, end-int64(len(piece)))
		n, err := f.ReadAt(piece[:end-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if at := bytes.LastIndexByte(piece[:n], '\n'); at >= 0 {
			return from + int64(at) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// kept looks at what is kept for replay.
func (r *reporter) kept(ctx context.Context, store parkedStore) {
	k := &KeptReport{}
	for item, err := range store.Parked(ctx) {
		if err != nil {
			r.trouble("parked changes: %v", err)
			return
		}
		k.Changes++
		since := item.Stored.UTC()
		if p, err := decodeParking(item.Data); err == nil {
			since = p.Parked // It is stored anew when it is replayed or wiped.
		}
		if k.Oldest == nil || since.Before(*k.Oldest) {
			k.Oldest = &since
		}
	}
	r.report.Kept = k
}

func (r *reporter) trouble(format string, a ...any) {
	r.report.Trouble = append(r.report.Trouble, fmt.Sprintf(format, a...))
}

// finish puts everything in its order.
func (r *reporter) finish() Report {
	for _, p := range r.people {
		for reason := range p.reasons {
			r.reasons[reason].Users++
		}
		if p.Waiting != nil {
			r.report.Waiting++
			if r.report.Oldest == nil || p.Waiting.Before(*r.report.Oldest) {
				r.report.Oldest = p.Waiting
			}
		}
		r.report.Users = append(r.report.Users, p.UserReport)
	}
	slices.SortFunc(r.report.Users, func(a, b UserReport) int {
		return cmp.Or(compareWaiting(a.Waiting, b.Waiting), cmp.Compare(b.Changes, a.Changes), cmp.Compare(a.UserName, b.UserName))
	})
	for _, name := range slices.Sorted(maps.Keys(r.reasons)) {
		r.report.Reasons = append(r.report.Reasons, *r.reasons[name])
	}
	slices.SortStableFunc(r.report.Reasons, func(a, b ReasonReport) int { return cmp.Compare(b.Changes, a.Changes) })
	return r.report
}

// compareWaiting puts who waits longest first, and who does not wait last.
func compareWaiting(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}
