package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	runChild()
	ats.Register() // The server's clock of access times must live outside the bubbles.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

func at(dir string) Config {
	c := DefaultConfig()
	c.Dir = dir
	return c
}

func opened(t *testing.T, c Config) *Queue {
	t.Helper()
	q, err := Open(t.Context(), c)
	require.NoError(t, err)
	return q
}

func next(t *testing.T, q *Queue) Delivery {
	t.Helper()
	d, err := q.Next(t.Context())
	require.NoError(t, err)
	return d
}

func publish(t *testing.T, q *Queue, id string) {
	t.Helper()
	duplicate, err := q.Publish(t.Context(), id, []byte(id))
	require.NoError(t, err)
	require.False(t, duplicate)
}

func noteOf(t *testing.T, q *Queue, key string) string {
	t.Helper()
	data, err := q.Note(t.Context(), key)
	require.NoError(t, err)
	return string(data)
}

func TestChangesArriveInOrderAndStayUntilDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		for i := range 5 {
			duplicate, err := q.Publish(t.Context(), fmt.Sprint("id-", i), fmt.Append(nil, i))
			require.NoError(t, err)
			assert.False(t, duplicate)
		}
		first := next(t, q)
		assert.Equal(t, "0", string(first.Data))
		second := next(t, q)
		require.NoError(t, q.Done(t.Context(), second))
		require.NoError(t, q.Close(t.Context()))

		again := opened(t, c) // All but the second, in order, without waiting.
		assert.Greater(t, again.Last(), second.Sequence)
		start := time.Now()
		for _, want := range []string{"0", "2", "3", "4"} {
			d := next(t, again)
			assert.Equal(t, want, string(d.Data))
			require.NoError(t, again.Done(t.Context(), d))
		}
		assert.Zero(t, time.Since(start))
		require.NoError(t, again.Close(t.Context()))

		empty := opened(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := empty.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, empty.Close(t.Context()))
	})
}

func TestDuplicatesAreKnownAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		_, err := q.Publish(t.Context(), "same", []byte("a"))
		require.NoError(t, err)
		require.NoError(t, q.Close(t.Context()))
		q = opened(t, c)
		duplicate, err := q.Publish(t.Context(), "same", []byte("b"))
		require.NoError(t, err)
		assert.True(t, duplicate)
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestTheSameChangeTwiceAtOnceIsStoredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := opened(t, at(t.TempDir()))
		r := publishTogether(q, "same", "same", "other", "same")
		var duplicates []bool
		for _, e := range r.entries {
			require.NoError(t, e.err)
			duplicates = append(duplicates, e.duplicate)
		}
		assert.Equal(t, []bool{false, true, false, true}, duplicates)
		assert.Equal(t, "same", string(next(t, q).Data))
		assert.Equal(t, "other", string(next(t, q).Data))
		assert.EqualValues(t, 2, q.index.count())
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestAFullQueueTakesWhatFitsOfThoseThatCameTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		c.Limit = 2
		q := opened(t, c)
		r := publishTogether(q, "a", "b", "c", "a")
		require.NoError(t, r.entries[0].err)
		require.NoError(t, r.entries[1].err)
		require.ErrorIs(t, r.entries[2].err, ErrFull)
		assert.True(t, r.entries[3].duplicate)
		info, err := q.changes.handle.Info(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 1, info.State.LastSeq, "changes are counted, not messages")
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestAFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		c.Limit = 2
		q := opened(t, c)
		for i := range 2 {
			_, err := q.Publish(t.Context(), fmt.Sprint(i), []byte("x"))
			require.NoError(t, err)
		}
		_, err := q.Publish(t.Context(), "third", []byte("x"))
		require.ErrorIs(t, err, ErrFull)
		require.NoError(t, q.Done(t.Context(), next(t, q)))
		_, err = q.Publish(t.Context(), "third", []byte("x"))
		require.NoError(t, err)
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestNotesKeepTheLastValueForAsLongAsAChangeCanNeedThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		none, err := q.Note(t.Context(), "ab")
		require.NoError(t, err)
		assert.Nil(t, none)
		publish(t, q, "a")
		held := next(t, q)
		publish(t, q, "b")
		other := next(t, q)
		require.NoError(t, q.SetNote(t.Context(), "ab", []byte("one")))
		require.NoError(t, q.SetNote(t.Context(), "ab", []byte("two")))
		require.NoError(t, q.Done(t.Context(), other))
		created := q.Created()
		require.NoError(t, q.Close(t.Context()))

		q = opened(t, c)
		assert.Equal(t, "two", noteOf(t, q, "ab"))
		assert.True(t, created.Equal(q.Created()))
		assert.Equal(t, held.Sequence, next(t, q).Sequence)
		require.NoError(t, q.Done(t.Context(), held))
		publish(t, q, "c") // Younger than the note.
		require.NoError(t, q.Close(t.Context()))

		q = opened(t, c)
		assert.Empty(t, noteOf(t, q, "ab"))
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestTwoEnginesNeverShareADirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		_, err := Open(t.Context(), c)
		require.ErrorIs(t, err, ErrInUse)
		require.NoError(t, q.Close(t.Context()))
		require.NoError(t, opened(t, c).Close(t.Context()))
	})
}

func TestInterruptEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := opened(t, at(t.TempDir()))
		done := make(chan error)
		go func() {
			_, err := q.Next(t.Context())
			done <- err
		}()
		synctest.Wait()
		q.Interrupt()
		require.ErrorIs(t, <-done, ErrClosed)
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestManyPublishersLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := opened(t, at(t.TempDir()))
		var publishers sync.WaitGroup
		for p := range 16 {
			publishers.Go(func() {
				for i := range 20 {
					_, err := q.Publish(t.Context(), fmt.Sprint(p, "-", i), fmt.Append(nil, p))
					assert.NoError(t, err)
				}
			})
		}
		seen := map[uint64]bool{}
		for range 320 {
			d := next(t, q)
			seen[d.Sequence] = true
			require.NoError(t, q.Done(t.Context(), d))
		}
		publishers.Wait()
		assert.Len(t, seen, 320)
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestAChangeHeldForDaysIsNotDeliveredTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := opened(t, at(t.TempDir()))
		_, err := q.Publish(t.Context(), "held", []byte("x"))
		require.NoError(t, err)
		d := next(t, q)
		ctx, cancel := context.WithTimeout(t.Context(), 3*24*time.Hour)
		defer cancel()
		_, err = q.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, q.Done(t.Context(), d))
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestConfigMistakes(t *testing.T) {
	valid := DefaultConfig()
	require.NoError(t, valid.Validate())
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nowhere":     {func(c *Config) { c.Dir = "" }, "dir: not set"},
		"stream name": {func(c *Config) { c.Stream = "a.b" }, "stream:"},
		"replicas":    {func(c *Config) { c.Replicas = 3 }, "replicas: 3 needs a cluster"},
		"limit":       {func(c *Config) { c.Limit = 0 }, "limit: 0"},
		"duplicates":  {func(c *Config) { c.Duplicates = 0 }, "duplicates:"},
	} {
		t.Run(name, func(t *testing.T) {
			c := valid
			tt.change(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
		})
	}
	t.Run("not a directory", func(t *testing.T) {
		path := t.TempDir() + "/file"
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		_, err := Open(t.Context(), at(path))
		require.Error(t, err)
		assert.False(t, errors.Is(err, ErrInUse))
	})
}
