package certify

import (
	"fmt"
	"io"
	"sync"
)

// progress tells on standard error how far a run is: one line that is rewritten on a terminal, elsewhere a line for each
// quarter of the way. It is safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	stage    string
	quarter  int
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
		if stage != p.stage && p.stage != "" {
			_, _ = fmt.Fprintln(p.out)
		}
		p.stage = stage
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s %d/%d", stage, done, total)
		return
	}
	quarter := done * 4 / total
	if stage != p.stage {
		p.stage, p.quarter = stage, 0
	}
	if quarter > p.quarter {
		p.quarter = quarter
		_, _ = fmt.Fprintf(p.out, "%s %d/%d\n", stage, done, total)
	}
}

// end closes the line that is being rewritten.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && p.stage != "" {
		_, _ = fmt.Fprintln(p.out)
		p.stage = ""
	}
}
