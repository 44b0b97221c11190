package control_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The end of a load test: a hundred thousand password writes are read for the invariants.
func BenchmarkReadWholeJournal(b *testing.B) {
	const entries = 100_000
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	records := journal.New(entries, digester)
	for i := range entries {
		now := time.Now()
		records.Record(journal.Entry{
			Target: "idcs", Client: "seatrial", Method: "PATCH", Path: fmt.Sprintf("/admin/v1/Users/%032x", i), Route: "PATCH /admin/v1/Users/{id}",
			User: fmt.Sprintf("user%d", i), Received: now, Answered: now, Status: 200, Operation: "write_password", Outcome: "accepted",
			Password:    digester.Digest(secret.New(fmt.Sprint(i))),
			RequestBody: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"••••••••"}]}`,
		})
	}
	domain, err := idcs.New(idcs.DefaultConfig(), idcs.Kernel{Clock: new(clock.Clock), Seed: 1, Journal: records, Digester: digester})
	require.NoError(b, err)
	handler, err := control.Handler(secret.New("t"), []control.Simulator{domain}, records, control.WorldInfo{})
	require.NoError(b, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	plane := control.NewClient(server.URL+"/graphql", secret.New("t"), server.Client())
	ctx := context.Background()
	b.Run("PasswordWrites", func(b *testing.B) {
		for b.Loop() {
			all, err := plane.PasswordWrites(ctx, "idcs")
			require.NoError(b, err)
			require.Len(b, all.Writes, entries)
		}
	})
	b.Run("JournalAll", func(b *testing.B) {
		for b.Loop() {
			all, err := plane.JournalAll(ctx, control.JournalQuery{})
			require.NoError(b, err)
			require.Len(b, all.Entries, entries)
		}
	})
}
