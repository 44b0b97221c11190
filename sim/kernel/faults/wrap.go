package faults

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// Vendor shapes what the vendor would answer.
type Vendor interface {
	// Throttled refuses a request that came too fast; a retryAfter of 0 leaves the wait to the vendor's habit.
	Throttled(w http.ResponseWriter, r *http.Request, retryAfter time.Duration)
	// Failure answers with status; body is "vendor", "gateway" or a literal text.
	Failure(w http.ResponseWriter, r *http.Request, status int, body string, retryAfter time.Duration)
	// Subject tells whose request it is, as far as that is cheap to know; either may be empty.
	Subject(r *http.Request) (user, client string)
}

// jitter is by how much a delay may be longer than asked for, so that no two timers tie.
const jitter = 20 * time.Microsecond

// Wrap puts the rules in front of next. It belongs inside journal.Wrap and needs HTTP/1.1: over HTTP/2 one exchange
// cannot take the whole connection down, and a cut ends just its stream.
func (s *Set) Wrap(v Vendor, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rules := *s.rules.Load(); len(rules) > 0 {
			s.serve(rules, v, next, w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Set) serve(rules []*active, v Vendor, next http.Handler, w http.ResponseWriter, r *http.Request) {
	met := meeting(rules, request{r.Method, r.URL.Path}, func() (user, client string) { return v.Subject(r) })
	if waits(met) {
		r.Body = arrived(r.Body)
	}
	a, gone := s.judge(r.Context(), met)
	switch {
	case gone:
		cut(w, r)
		return
	case a == nil:
		next.ServeHTTP(w, r)
		return
	}
	switch a.Kind {
	case KindThrottle:
		v.Throttled(w, r, a.RetryAfter)
	case KindStatus:
		v.Failure(w, r, a.Status, a.body(), a.RetryAfter)
	case KindLoseAnswer:
		journal.From(r.Context()).Lost = true // now, for a handler that keeps entries of its own
		next.ServeHTTP(&nowhere{header: http.Header{}}, r)
		cut(w, r)
	case KindDrip, KindStall, KindCut:
		s.partly(a, next, w, r)
	case KindReset:
		cut(w, r)
	default: // latency and hang never end an exchange, and the others are not of requests over HTTP
	}
}

// cut ends the connection without an answer. It waits for the journal, so that whoever sees the cut finds its entry.
func cut(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a writer that is no connection
		panic(http.ErrAbortHandler)
	}
	if !journal.From(r.Context()).AfterRecord(func() { network.Reset(conn) }) {
		network.Reset(conn)
	}
}

// bodyAhead is how much of a body is read before a wait.
const bodyAhead = 1 << 20

// arrived reads the body before a wait. net/http watches for the client's going only when it has nothing left to read;
// a hanging request with an unread body would outlive its client for ever.
func arrived(body io.ReadCloser) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return body
	}
	ahead, err := io.ReadAll(io.LimitReader(body, bodyAhead))
	var rest io.Reader = body
	if err != nil {
		rest = broken{err}
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(ahead), rest), body}
}

// broken keeps an error of reading ahead for the handler.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// nowhere is where a lost answer is written to.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}
