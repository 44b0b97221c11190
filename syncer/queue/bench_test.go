package queue

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// callers runs f b.N times from a number of goroutines at once, and reports the stored messages per call: each message is
// one flush.
func callers(b *testing.B, q *Queue, concurrency int, f func(n int) error) {
	b.Helper()
	ctx := context.Background()
	before := flushes(b, q)
	var n atomic.Int64
	var workers sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range concurrency {
		workers.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				if err := f(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(flushes(b, q)-before)/float64(b.N), "flushes/call")
	require.NoError(b, q.Close(ctx))
}

func flushes(b *testing.B, q *Queue) uint64 {
	b.Helper()
	changes, err := q.changes.handle.Info(context.Background())
	require.NoError(b, err)
	journal, err := q.journal.handle.Info(context.Background())
	require.NoError(b, err)
	return changes.State.LastSeq + journal.State.LastSeq
}

func fresh(b *testing.B) *Queue {
	b.Helper()
	q, err := Open(context.Background(), at(b.TempDir()))
	require.NoError(b, err)
	return q
}

var payload = make([]byte, 600)

func BenchmarkPublish(b *testing.B) {
	for _, concurrency := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(concurrency), func(b *testing.B) {
			q := fresh(b)
			callers(b, q, concurrency, func(n int) error {
				_, err := q.Publish(context.Background(), fmt.Sprint("change-", n), payload)
				return err
			})
		})
	}
}

func BenchmarkSetNote(b *testing.B) {
	for _, concurrency := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(concurrency), func(b *testing.B) {
			q := fresh(b)
			_, err := q.Publish(context.Background(), "waits", payload)
			require.NoError(b, err)
			callers(b, q, concurrency, func(n int) error {
				return q.SetNote(context.Background(), fmt.Sprint("user-", n%10_000), payload[:250])
			})
		})
	}
}

// BenchmarkCycle is what a change costs: it is published, delivered, a note is set before its write, and it is done.
func BenchmarkCycle(b *testing.B) {
	for _, concurrency := range []int{1, 32, 100} {
		b.Run(fmt.Sprint(concurrency), func(b *testing.B) {
			q := fresh(b)
			ctx := context.Background()
			callers(b, q, concurrency, func(n int) error {
				if _, err := q.Publish(ctx, fmt.Sprint("change-", n), payload); err != nil {
					return err
				}
				d, err := q.Next(ctx)
				if err != nil {
					return err
				}
				if err := q.SetNote(ctx, fmt.Sprint("user-", n%10_000), payload[:250]); err != nil {
					return err
				}
				return q.Done(ctx, d)
			})
		})
	}
}
