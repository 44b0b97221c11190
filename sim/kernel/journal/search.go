package journal

import (
	"slices"
	"strings"
	"time"
)

// Unanswered is the Query.Status that asks for exchanges without an answer, and the Entry.Status of such an exchange over LDAP.
const Unanswered = -1

// Query says which entries are wanted: those that fit every field that is set.
type Query struct {
	Target, Client, Method string
	User                   string // in any case
	Route, Path            string // a *, anywhere, stands for any characters, slashes included
	Operation, Outcome     string
	Reason, Token          string
	Fault                  string // the id of a rule that acted
	Status                 int    // or Unanswered
	StatusMin, StatusMax   int    // both included
	Surprise               bool   // only those with a surprise
	Since, Until           time.Time
	After                  uint64 // entries beyond this sequence number; does not touch Total
	Limit                  int    // at most so many entries; 0 is all
}

// Page is what a search found.
type Page struct {
	Entries []Entry // oldest first
	Total   int     // all that fit, wherever After and Limit cut
	Dropped uint64  // entries of any kind that the ring has lost: with some, Total is a lower bound
	Last    uint64  // the newest sequence number of the journal
}

// Search finds entries. It looks at the ring as it is now and holds nobody up meanwhile.
func (j *Journal) Search(q Query) Page {
	entries, dropped, last := j.snapshot()
	page := Page{Dropped: dropped, Last: last}
	for _, e := range entries {
		if !q.fits(e) {
			continue
		}
		page.Total++
		if e.Sequence > q.After && (q.Limit <= 0 || len(page.Entries) < q.Limit) {
			page.Entries = append(page.Entries, *e)
		}
	}
	return page
}

func (q *Query) fits(e *Entry) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	switch {
	case !same(q.Target, e.Target), !same(q.Client, e.Client), !same(q.Operation, e.Operation),
		!same(q.Outcome, e.Outcome), !same(q.Reason, e.Reason), !same(q.Token, e.Token),
		q.Method != "" && !strings.EqualFold(q.Method, e.Method),
		q.User != "" && !strings.EqualFold(q.User, e.User),
		q.Route != "" && !Glob(q.Route, e.Route),
		q.Path != "" && !Glob(q.Path, e.Path):
		return false
	case q.Fault != "" && !slices.Contains(e.Faults, q.Fault),
		q.Surprise && e.Surprise == "":
		return false
	case q.Status == Unanswered && !e.Unanswered(), q.Status > 0 && e.Status != q.Status,
		q.StatusMin > 0 && e.Status < q.StatusMin, q.StatusMax > 0 && e.Status > q.StatusMax:
		return false
	case !q.Since.IsZero() && e.Received.Before(q.Since), !q.Until.IsZero() && !e.Received.Before(q.Until):
		return false
	}
	return true
}

// Glob tells whether text fits a pattern in which each * stands for any characters, also none and also slashes.
func Glob(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(text, rest)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text, rest = text[at+len(part):], more
	}
}
