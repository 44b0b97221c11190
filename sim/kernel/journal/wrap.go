package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// Wrap journals what passes through next under the target's name. The entry is recorded when next is done, also when it
// panics (http.ErrAbortHandler included; the panic goes on) or has taken the connection away from net/http.
func (j *Journal) Wrap(target string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &passage{ResponseWriter: w}
		p.exchange.open = true
		e := &p.exchange.Entry
		e.Target, e.Method, e.Received = target, r.Method, time.Now()
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, &p.exchange))
		if r.Body != nil && r.Body != http.NoBody {
			p.asked.expect(r.ContentLength)
			r.Body = &tee{ReadCloser: r.Body, seen: &p.asked}
		}
		finished := false
		defer func() {
			e.Answered = time.Now()
			p.finish(r, finished)
			p.exchange.open = false
			j.record(e)
			for _, f := range p.exchange.after {
				f()
			}
			p.exchange.after = nil
		}()
		next.ServeHTTP(p, r)
		finished = true
	})
}

// passage is one request on its way: the exchange, and the response writer that watches the answer. It is one
// allocation, of which the journal keeps the entry.
type passage struct {
	http.ResponseWriter
	exchange        Exchange
	asked, answered body
	header          Headers // as sent, but for its secrets; empty before
	status          int
	hijacked        bool
}

// finish turns what was captured into the entry, without its secrets.
func (p *passage) finish(r *http.Request, finished bool) {
	e := &p.exchange.Entry
	if p.status == 0 && finished && !p.hijacked {
		p.note(http.StatusOK) // net/http will send it
	}
	m := newMasker(p.exchange.secrets)
	e.Status = p.status
	if e.Route == "" {
		e.Route = r.Pattern // of http.ServeMux, when it served this very request
	}
	e.Path = clip(m.text(r.URL.Path, false))
	e.Query = clip(m.query(r.URL.RawQuery))
	e.Surprise = m.text(e.Surprise, false)
	e.RequestHeaders = m.headers(flatten(r.Header))
	e.ResponseHeaders = m.headers(p.header)
	p.asked.size = max(p.asked.size, r.ContentLength) // what the handler did not care to read
	e.RequestBody = p.asked.text(m, p.exchange.showBodies)
	e.ResponseBody = p.answered.text(m, p.exchange.showBodies)
	// The journal keeps this object for as long as the entry: everything else in it can go now.
	p.exchange.secrets = nil
	p.asked, p.answered, p.header, p.ResponseWriter = body{}, body{}, "", nil
}

// WriteHeader notes the status and the headers as they are at this moment; later changes are not sent either.
func (p *passage) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if p.status == 0 && !informational {
		p.note(status)
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *passage) note(status int) {
	p.status = status
	p.header = flatten(p.Header())
}

func (p *passage) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.note(http.StatusOK)
	}
	n, err := p.ResponseWriter.Write(b)
	p.answered.collect(b[:n])
	return n, err
}

// Flush is for handlers that look for http.Flusher.
func (p *passage) Flush() { _ = p.FlushError() }

// FlushError is for http.ResponseController.
func (p *passage) FlushError() error {
	if p.status == 0 {
		p.note(http.StatusOK)
	}
	return http.NewResponseController(p.ResponseWriter).Flush()
}

// Hijack notes that net/http will not answer.
func (p *passage) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(p.ResponseWriter).Hijack()
	p.hijacked = p.hijacked || err == nil
	return c, rw, err
}

// Unwrap leads http.ResponseController to the rest: deadlines, full duplex.
func (p *passage) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// body collects the beginning of a body and counts the rest.
type body struct {
	start    strings.Builder
	size     int64
	expected int
}

// expect announces the length, if it is known, so that collecting needs one allocation.
func (b *body) expect(length int64) { b.expected = int(min(max(length, 0), BodyLimit)) }

func (b *body) collect(p []byte) {
	b.size += int64(len(p))
	if free := BodyLimit - b.start.Len(); free > 0 && len(p) > 0 {
		if b.start.Len() == 0 {
			b.start.Grow(max(b.expected, min(len(p), free)))
		}
		b.start.Write(p[:min(len(p), free)])
	}
}

func (b *body) text(m masker, show bool) string {
	if b.size == 0 {
		return ""
	}
	if !show {
		return fmt.Sprintf("(%d bytes, not shown)", b.size)
	}
	cut := b.size > int64(b.start.Len())
	text := valid(m.text(b.start.String(), cut))
	if cut {
		text += fmt.Sprintf("… (%d bytes in all)", b.size)
	}
	return text
}

// tee shows the body to the journal as the handler reads it.
type tee struct {
	io.ReadCloser
	seen *body
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.seen.collect(p[:n])
	return n, err
}

// clip keeps a masked text within BodyLimit.
func clip(text string) string {
	if len(text) > BodyLimit {
		text = text[:BodyLimit] + "…"
	}
	return valid(text)
}

// valid is text that JSON can carry.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
