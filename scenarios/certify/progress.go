package certify

import (
	"fmt"
	"io"
	"sync"
)

// progress tells on standard error how far a run is: one line that is rewritten on a terminal, a line for each tenth of
// the way elsewhere. It is safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	stage    string
	tenth    int
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, terminal: isTerminal(out)}
}

// step reports done of total within a stage. What cannot be written is not worth failing a run for.
func (p *progress) step(stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if total < 1 {
		return
	}
	if p.terminal {
		end := ""
		if done == total {
			end = "\n"
		}
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s %d/%d%s", stage, done, total, end)
		return
	}
	tenth := done * 10 / total
	if stage == p.stage && tenth <= p.tenth {
		return
	}
	p.stage, p.tenth = stage, tenth
	_, _ = fmt.Fprintf(p.out, "%s %d/%d\n", stage, done, total)
}
