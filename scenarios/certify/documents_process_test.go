package certify_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is a command that runs until it is told to stop.
type process struct {
	line    string
	command *exec.Cmd
	ended   chan error

	mu  sync.Mutex
	out bytes.Buffer
}

// Write takes what the process prints.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(text)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// How a command that goes on says that it is ready, and where it listens.
var (
	ready  = regexp.MustCompile(`Ctrl-C stops it|listening on http`)
	listen = regexp.MustCompile(`(?:address +127\.0\.0\.1|listening on http://127\.0\.0\.1|(?:LDAPS|StartTLS) +ldaps?://127\.0\.0\.1):(\d+)`)
	port   = regexp.MustCompile(`-port (\d+)`)
)

const (
	hookPort = "8470" // in the engine's example
	patience = time.Minute
)

// start starts a command that goes on, on free ports, and returns when it is ready.
func (f *follower) start(block fence, line string) *process {
	f.Helper()
	asked := []string{hookPort}
	if ports := port.FindAllStringSubmatch(line, -1); ports != nil {
		asked = nil
		for _, p := range ports {
			asked = append(asked, p[1])
		}
	}
	if strings.HasPrefix(line, "seatrial sync") {
		f.ports[hookPort] = "0"
	}
	p := &process{line: line, ended: make(chan error, 1)}
	p.command = f.command("exec " + port.ReplaceAllString(line, "-port 0"))
	p.command.Stdout, p.command.Stderr = p, p
	require.NoError(f, p.command.Start())
	go func() { p.ended <- p.command.Wait() }()
	f.Cleanup(func() { _ = p.command.Process.Kill() }) // for a test that gave up
	for deadline := time.Now().Add(patience); !ready.MatchString(p.text()); {
		select {
		case err := <-p.ended:
			f.Fatalf("%s: %s ended at once: %v\n%s", block, line, err, p.text())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			f.Fatalf("%s: %s is not ready after %v:\n%s", block, line, patience, p.text())
		}
	}
	for i, address := range listen.FindAllStringSubmatch(p.text(), len(asked)) {
		f.ports[asked[i]] = address[1]
	}
	f.printed.WriteString(p.text())
	return p
}

// stop tells the process to stop, as an operator would, and wants exit code 0.
func (p *process) stop(f *follower) {
	f.Helper()
	require.NoError(f, p.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.ended:
		assert.NoError(f, err, "%s\n%s", p.line, p.text())
	case <-time.After(patience):
		f.Errorf("%s does not stop:\n%s", p.line, p.text())
	}
}
