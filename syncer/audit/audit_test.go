package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func line(i int) Line {
	return Line{
		Time: time.Date(2026, 1, 2, 3, 4, 5, i, time.UTC), TransactionID: fmt.Sprint("tx-", i), ID: fmt.Sprint("id-", i),
		UserName: `Zoë "x" <y>`, Target: "idcs", Outcome: "applied", Attempts: i,
	}
}

func write(t *testing.T, path string, from, to int) {
	t.Helper()
	l, err := OpenFile(path, func(Line) {})
	require.NoError(t, err)
	for i := from; i < to; i++ {
		require.NoError(t, l.Write(t.Context(), line(i)))
	}
	require.NoError(t, l.Close())
}

func read2(t *testing.T, path string) ([]Line, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var lines []Line
	_, _, err = Read(bytes.NewReader(data), func(l Line) { lines = append(lines, l) })
	return lines, err
}

func TestTheTrailGoesOnAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	write(t, path, 0, 3)
	write(t, path, 3, 5)
	lines, err := read2(t, path)
	require.NoError(t, err)
	require.Len(t, lines, 5)
	for i, l := range lines {
		assert.Equal(t, fmt.Sprint("tx-", i), l.TransactionID)
		assert.Equal(t, `Zoë "x" <y>`, l.UserName)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestATornLastLineIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	write(t, path, 0, 3)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-7], 0o600))
	write(t, path, 3, 4)
	lines, err := read2(t, path)
	require.NoError(t, err)
	require.Len(t, lines, 3)
	assert.Equal(t, "tx-3", lines[2].TransactionID)
}

func TestTamperingShows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	write(t, path, 0, 4)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(data), "\n")[:4]
	for name, tt := range map[string]struct {
		text string
		want string
	}{
		"altered":       {strings.Replace(string(data), `"attempts":1`, `"attempts":2`, 1), "line 2: the line was altered"},
		"removed":       {lines[0] + lines[2] + lines[3], "line 2: the line does not follow"},
		"first removed": {lines[1] + lines[2], "line 1: the line does not follow"},
		"moved":         {lines[0] + lines[2] + lines[1] + lines[3], "line 2: the line does not follow"},
		"twice":         {lines[0] + lines[0], "line 2: the line does not follow"},
		"no hash":       {`{"time":"2026-01-02T03:04:05Z"}` + "\n", "line 1: the line was altered"},
		"not JSON":      {lines[0] + "x\n", "line 2: not a line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(strings.NewReader(tt.text), func(Line) {})
			require.ErrorContains(t, err, tt.want)
			broken := filepath.Join(t.TempDir(), "audit")
			require.NoError(t, os.WriteFile(broken, []byte(tt.text), 0o600))
			_, err = OpenFile(broken, func(Line) {})
			require.ErrorContains(t, err, "move the file away", "new lines would make it look whole")
		})
	}
}

func TestManyWritersShareOneChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	l, err := OpenFile(path, func(Line) {})
	require.NoError(t, err)
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for i := range 50 {
				assert.NoError(t, l.Write(t.Context(), line(w*100+i)))
			}
		})
	}
	writers.Wait()
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Write(t.Context(), line(1)), ErrClosed)
	lines, err := read2(t, path)
	require.NoError(t, err)
	assert.Len(t, lines, 800)
}

type broken struct {
	bytes.Buffer
	fail bool
}

func (b *broken) Write(p []byte) (int, error) {
	if b.fail {
		return 0, errors.New("disk full")
	}
	return b.Buffer.Write(p)
}

func TestAFailedWriteLeavesNoGap(t *testing.T) {
	w := &broken{}
	l := New(w)
	require.NoError(t, l.Write(t.Context(), line(0)))
	w.fail = true
	require.ErrorContains(t, l.Write(t.Context(), line(1)), "disk full")
	w.fail = false
	require.NoError(t, l.Write(t.Context(), line(2)))
	require.NoError(t, l.Close())
	n, _, err := Read(&w.Buffer, func(Line) {})
	require.NoError(t, err)
	assert.Equal(t, uint64(2), n)
}

func TestWriteObeysTheContext(t *testing.T) {
	l := &Log{requests: make(chan request), done: make(chan struct{})} // Nobody takes the line.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Write(ctx, line(0)), context.Canceled)
}

func FuzzRead(f *testing.F) {
	text, _, err := encode(line(1), start)
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"hash":""}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := uint64(0)
		lines, length, err := Read(bytes.NewReader(data), func(Line) { n++ })
		assert.Equal(t, n, lines)
		assert.LessOrEqual(t, length, int64(len(data)))
		if err == nil {
			assert.Equal(t, int64(len(data)), length)
		}
	})
}
