package syncer

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// BenchmarkChange measures a change's whole way, from 32 submitters to the removal from the queue, in real time: sealed,
// synced, noted, looked up, written, audited.
func BenchmarkChange(b *testing.B) {
	dir := b.TempDir()
	d := idcstest.Start()
	defer d.Stop()
	users := 10_000
	for i := range users {
		d.Add(fmt.Sprint("user-", i))
	}
	c := DefaultConfig()
	c.Hook.Token = seal.Secret(hookToken)
	c.Queue.Dir, c.Audit, c.Seal = dir+"/queue", dir+"/audit", seal.Config{Generate: true}
	c.IDCS.URL, c.IDCS.ClientID, c.IDCS.ClientSecret = d.URL(), d.ClientID, seal.Secret(d.ClientSecret)
	e, err := New(c, Environment{Listener: idcstest.Listen(), DialContext: d.DialContext})
	require.NoError(b, err)
	require.NoError(b, e.Start(b.Context()))
	b.ReportAllocs()
	b.ResetTimer()
	var submitters sync.WaitGroup
	next := make(chan int)
	for range 32 {
		submitters.Go(func() {
			for i := range next {
				_, err := e.Accept(b.Context(), hook.Change{
					TransactionID: fmt.Sprint(i), UserName: fmt.Sprint("user-", i%users), Password: seal.Secret(fmt.Sprint("Password-", i)),
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		next <- i
	}
	close(next)
	submitters.Wait()
	for {
		if _, last := e.Outcomes(0, 1); last >= uint64(b.N) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	require.NoError(b, e.Stop(context.Background()))
}
