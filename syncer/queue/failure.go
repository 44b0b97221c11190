package queue

import (
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// failure listens to the log of the embedded server for a write that failed. The server does not answer such a message, and
// takes no more until it is started again (nats-server, stream.go, "This was likely an IO issue"); so the connection is cut,
// which ends every wait for an answer at once.
type failure struct {
	mu      sync.Mutex
	cause   string
	conn    *nats.Conn
	cutting sync.WaitGroup
}

// watch names the connection to cut.
func (f *failure) watch(c *nats.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = c
}

// err is what happened, or nil. A queue on another host has no failure of its own.
func (f *failure) err() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause == "" {
		return nil
	}
	return fmt.Errorf("the store has stopped after a failed write: %s; see to the disk and restart the engine", f.cause)
}

func (f *failure) note(format string, v []any) {
	text := fmt.Sprintf(format, v...)
	if !strings.Contains(text, "failed to store") && !strings.Contains(text, "write error") && !strings.Contains(strings.ToLower(text), "disabl") {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause == "" && f.conn != nil {
		f.cutting.Go(f.conn.Close)
	}
	if f.cause == "" {
		f.cause = text
	}
}

// Errorf takes an error of the server's.
func (f *failure) Errorf(format string, v ...any) { f.note(format, v) }

// Warnf takes a warning: the server is shut down with one when the directory is not writable.
func (f *failure) Warnf(format string, v ...any) { f.note(format, v) }

// Fatalf takes a fatal error.
func (f *failure) Fatalf(format string, v ...any) { f.note(format, v) }

// Noticef is of no interest.
func (f *failure) Noticef(string, ...any) {}

// Debugf is of no interest.
func (f *failure) Debugf(string, ...any) {}

// Tracef is of no interest.
func (f *failure) Tracef(string, ...any) {}
