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

func TestVerifyFindsEverything(t *testing.T) {
	dir := t.TempDir()
	whole, next := filepath.Join(dir, "whole"), filepath.Join(dir, "next")
	write(t, whole, 0, 4)
	write(t, next, 4, 6)
	verdict, err := Verify(whole, next)
	require.NoError(t, err)
	assert.True(t, verdict.Good())
	assert.Equal(t, uint64(4), verdict.Files[0].Lines)
	assert.Equal(t, line(0).Time, verdict.Files[0].First)
	assert.Equal(t, line(5).Time, verdict.Files[1].Last)

	data, err := os.ReadFile(whole)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(data), "\n")[:4]
	altered := strings.Replace(lines[1], `"attempts":1`, `"attempts":9`, 1)
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"torn":                {lines[0] + lines[1][:40], []string{"2: the last line has no end"}},
		"altered and removed": {lines[0] + altered + lines[3], []string{"2: the line was altered", "3: the line does not follow"}},
		"altered only":        {lines[0] + altered + lines[2], []string{"2: the line was altered"}},
		"repeated":            {lines[0] + lines[1] + lines[1], []string{"3: the line does not follow", "3: the change was audited before: id-1, in line 2 of "}},
		"no trail":            {"hello\nworld\n", []string{"1: not a line", "2: not a line"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit")
			require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			verdict, err := Verify(next, path)
			require.NoError(t, err)
			assert.False(t, verdict.Good())
			problems := verdict.Files[1].Problems
			require.Len(t, problems, len(tt.want), "%v", problems)
			for i, want := range tt.want {
				assert.Contains(t, fmt.Sprint(problems[i].Line, ": ", problems[i].Err), want)
			}
		})
	}
	t.Run("the same change in two files", func(t *testing.T) {
		again := filepath.Join(t.TempDir(), "again")
		write(t, again, 3, 5)
		verdict, err := Verify(whole, again)
		require.NoError(t, err)
		require.Len(t, verdict.Files[1].Problems, 1)
		require.ErrorIs(t, verdict.Files[1].Problems[0].Err, ErrRepeated)
		assert.ErrorContains(t, verdict.Files[1].Problems[0].Err, "id-3, in line 4 of "+whole)
	})
	t.Run("a replay and a plan are outcomes of their own", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit")
		l, err := OpenFile(path, func(Line) {})
		require.NoError(t, err)
		replay, plan := line(1), line(1)
		replay.Replay, plan.Plan = 1, "update"
		require.NoError(t, l.WriteAll(t.Context(), []Line{plan, line(1), replay}))
		require.NoError(t, l.Write(t.Context(), replay))
		require.NoError(t, l.Close())
		verdict, err := Verify(path)
		require.NoError(t, err)
		require.Len(t, verdict.Files[0].Problems, 1)
		assert.Equal(t, uint64(4), verdict.Files[0].Problems[0].Line)
	})
	t.Run("a file that is none of ours has an end of problems", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit")
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x\n"), 1000), 0o600))
		verdict, err := Verify(path)
		require.NoError(t, err)
		assert.Len(t, verdict.Files[0].Problems, maxProblems)
		assert.Equal(t, 1000-maxProblems, verdict.Files[0].More)
	})
	_, err = Verify(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzVerify(f *testing.F) {
	text, _, err := encode(line(1), start)
	require.NoError(f, err)
	f.Add(append(text, text...))
	f.Add([]byte(`{"hash":"x"}` + "\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v := verifier{verdict: Verdict{Files: []FileVerdict{{Path: "x"}}}, seen: map[outcome]place{}}
		require.NoError(t, v.read(bytes.NewReader(data)))
		_, length, err := Read(bytes.NewReader(data), func(Line) {})
		if err != nil || length < int64(len(data)) {
			assert.False(t, v.verdict.Good(), "what cannot be read is not good")
		}
	})
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
