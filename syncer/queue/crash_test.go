//go:build unix

package queue

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The child process is this test binary with these variables set.
const (
	childDirectory = "SEATRIAL_QUEUE_TEST_DIRECTORY"
	childRun       = "SEATRIAL_QUEUE_TEST_RUN"
)

const keys = 8 // of notes

// runChild works on a queue until it is killed or its input ends. It tells what it is about to do and what was
// acknowledged, a line each.
func runChild() {
	dir, run := os.Getenv(childDirectory), os.Getenv(childRun)
	if dir == "" {
		return
	}
	if run == "full" {
		childOnAFullDisk(dir)
		os.Exit(0)
	}
	ctx := context.Background()
	q, err := Open(ctx, at(dir))
	must(err)
	var lines sync.Mutex
	say := func(words ...any) {
		lines.Lock()
		defer lines.Unlock()
		fmt.Println(words...)
	}
	for k := range keys {
		if data, err := q.Note(ctx, fmt.Sprint(k)); err == nil && data != nil {
			say("read", k, string(data))
		}
	}
	for item, err := range q.Parked(ctx) {
		must(err)
		say("kept", item.ID)
	}
	say("open", "-")
	if run == "0" {
		_, err := q.Publish(ctx, "anchor", []byte("anchor")) // Never done: all notes stay needed.
		must(err)
	}
	base, err := strconv.Atoi(run)
	must(err)
	var workers sync.WaitGroup
	ended := make(chan struct{})
	for p := range 6 {
		workers.Go(func() {
			for n := 0; !isClosed(ended); n++ {
				id := fmt.Sprintf("%d-%d-%d", base, p, n)
				say("publishing", id)
				_, err := q.Publish(ctx, id, []byte(id))
				must(err)
				say("published", id)
			}
		})
	}
	value := base * 1_000_000
	var counting sync.Mutex
	for range keys / 2 {
		workers.Go(func() {
			for {
				d, err := q.Next(ctx)
				if errors.Is(err, ErrClosed) {
					return
				}
				must(err)
				id := string(d.Data)
				say("got", id)
				if id == "anchor" {
					continue
				}
				counting.Lock()
				value++
				own, key := value, value%keys
				counting.Unlock()
				must(q.SetNote(ctx, fmt.Sprint(key), fmt.Append(nil, own)))
				say("noted", key, own)
				switch own % 5 {
				case 0: // Left for the next run.
				case 1:
					say("parking", id)
					must(q.Park(ctx, id, []byte(id)))
					say("parked", id)
					say("finishing", id)
					must(q.Done(ctx, d))
					say("finished", id)
				default:
					say("finishing", id)
					must(q.Done(ctx, d))
					say("finished", id)
				}
			}
		})
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // Until the parent wants a clean end.
	close(ended)
	q.Interrupt()
	workers.Wait()
	must(q.Close(ctx))
	say("closed", "-")
	os.Exit(0)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// history is what the children told.
type history struct {
	published, publishing map[string]bool
	finishing             map[string]bool
	settled               map[string]bool // finished before a clean end
	parked                map[string]bool
	notes                 map[string]int
}

// child runs one process, ends it after a number of lines, and takes up what it told.
func (h *history) child(t *testing.T, dir string, run, lines int, clean bool) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), childDirectory+"="+dir, childRun+"="+strconv.Itoa(run))
	var trouble strings.Builder
	c.Stderr = &trouble
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	finished := map[string]bool{}
	kept := map[string]bool{}
	noted := map[string]int{}
	n, ended := 0, false
	for s := bufio.NewScanner(out); s.Scan(); n++ {
		word := strings.Fields(s.Text())
		if len(word) < 2 {
			continue // Killed within the line.
		}
		id := word[1]
		switch word[0] {
		case "open":
			for id := range h.parked {
				require.True(t, kept[id], "run %d: parked change %s is gone", run, id)
			}
			for key, value := range h.notes {
				require.GreaterOrEqual(t, noted[key], value, "run %d: note %s is older than acknowledged", run, key)
			}
		case "kept":
			kept[id] = true
		case "read", "noted":
			value, err := strconv.Atoi(word[2])
			require.NoError(t, err)
			if noted[id] = max(noted[id], value); word[0] == "noted" {
				h.notes[id] = max(h.notes[id], value)
			}
		case "publishing":
			h.publishing[id] = true
		case "published":
			h.published[id] = true
		case "got":
			require.True(t, h.publishing[id] || id == "anchor", "run %d: %s came from nowhere", run, id)
			require.False(t, h.settled[id], "run %d: %s was done before a clean end", run, id)
		case "parked":
			h.parked[id] = true
		case "finishing":
			h.finishing[id] = true
		case "finished":
			finished[id] = true
		case "closed":
			maps.Copy(h.settled, finished)
		}
		if n >= lines && !ended {
			ended = true
			if clean {
				require.NoError(t, in.Close())
			} else {
				require.NoError(t, c.Process.Kill())
			}
		}
	}
	err = c.Wait()
	if clean {
		require.NoError(t, err, "%s", &trouble)
	} else {
		require.Equal(t, -1, c.ProcessState.ExitCode(), "run %d ended by itself: %s", run, &trouble)
	}
}

func TestKilledAtRandomMoments(t *testing.T) {
	dir := t.TempDir()
	h := &history{
		published: map[string]bool{}, publishing: map[string]bool{}, finishing: map[string]bool{}, settled: map[string]bool{},
		parked: map[string]bool{}, notes: map[string]int{},
	}
	for run := range 28 {
		clean := run%7 == 6
		moment, err := rand.Int(rand.Reader, big.NewInt(400))
		require.NoError(t, err)
		lines := 1 + int(moment.Int64())
		if run == 0 {
			lines = 200 // The anchor is published first.
		}
		h.child(t, dir, run, lines, clean)
	}
	q := opened(t, at(dir))
	publish(t, q, "end")
	came := map[string]bool{}
	var before uint64
	for {
		d := next(t, q)
		assert.Greater(t, d.Sequence, before)
		before = d.Sequence
		if string(d.Data) == "end" {
			break
		}
		assert.False(t, came[string(d.Data)], "%s came twice", d.Data)
		came[string(d.Data)] = true
		require.NoError(t, q.Done(t.Context(), d))
	}
	assert.True(t, came["anchor"])
	for id := range h.published {
		if !h.finishing[id] {
			assert.True(t, came[id], "%s was acknowledged and is lost", id)
		}
	}
	list := parkedIDs(t, q)
	for id := range h.parked {
		assert.Contains(t, list, id)
	}
	require.NoError(t, q.Close(t.Context()))
	assert.NotEmpty(t, h.settled)
	t.Logf("%d acknowledged, %d to be done, %d settled, %d parked, %d came back", len(h.published), len(h.finishing), len(h.settled), len(h.parked), len(came))
}

// childOnAFullDisk publishes until the disk is full, which a limit on the size of files stands for.
func childOnAFullDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	q, err := Open(ctx, at(dir))
	must(err)
	must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 256 << 10, Max: 256 << 10}))
	for n := range 1000 {
		id := fmt.Sprint("id-", n)
		if _, err = q.Publish(ctx, id, make([]byte, 2000)); err != nil {
			break
		}
		fmt.Println("published", id)
	}
	fmt.Println("error", err)
	_, err = q.Publish(ctx, "later", nil)
	fmt.Println("later", err)
	fmt.Println("connected", q.Connected())
	_ = q.Close(ctx)
}

func TestAFullDiskAcknowledgesNothing(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), childDirectory+"="+dir, childRun+"=full")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var published []string
	said := map[string]string{}
	for line := range strings.Lines(string(out)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "published" {
			published = append(published, rest)
		} else {
			said[word] = rest
		}
	}
	assert.NotEmpty(t, published)
	assert.Contains(t, said["error"], "publish: the store has stopped after a failed write:")
	assert.Contains(t, said["error"], "file too large; see to the disk and restart the engine")
	assert.NotEqual(t, "<nil>", said["later"])
	assert.Equal(t, "false", said["connected"])

	q := opened(t, at(dir)) // There is room again.
	for _, id := range published {
		duplicate, err := q.Publish(t.Context(), id, nil)
		require.NoError(t, err)
		assert.True(t, duplicate, "%s was acknowledged", id)
	}
	require.NoError(t, q.Close(t.Context()))
}
