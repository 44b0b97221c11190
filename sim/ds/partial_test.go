package ds

import (
	"bufio"
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// everybody finds the three people of the fake.
func everybody() *goldap.SearchRequest {
	return &goldap.SearchRequest{BaseDN: peopleDN, Scope: goldap.ScopeWholeSubtree, Filter: "(uid=*)"}
}

func TestACodeAfterSomeEntries(t *testing.T) {
	for name, tt := range map[string]struct {
		status ldap.ResultCode
		after  int
		want   int
	}{
		"size limit, after one":             {ldap.SizeLimitExceeded, 1, 1},
		"time limit, after two":             {ldap.TimeLimitExceeded, 2, 2},
		"admin limit, after all":            {ldap.AdminLimitExceeded, 3, 3},
		"busy, after more than there are":   {ldap.Busy, 30, 3},
		"unavailable, before the first one": {ldap.Unavailable, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				id := h.force(t, faults.Rule{Kind: faults.KindStatus, Status: int(tt.status), After: tt.after, Scope: on("SEARCH"), Trigger: faults.Trigger{First: 1}})
				c := h.client(t)
				found, err := c.Search(everybody())
				assert.Equal(t, tt.status, code(err))
				assert.Len(t, found.Entries, tt.want)
				e := h.last(t)
				assert.Equal(t, []string{id}, e.Faults)
				assert.Equal(t, int(tt.status), e.Status)
				found, err = c.Search(everybody())
				require.NoError(t, err)
				assert.Len(t, found.Entries, 3)
			})
		})
	}
}

// TestACodeAmongChanges is about a persistent search: its code comes with the entry, not with the one after it.
func TestACodeAmongChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = persistently
		h.force(t, faults.Rule{Kind: faults.KindStatus, Status: 52, After: 2, Scope: on("SEARCH")})
		c := h.dial(t)
		write(t, c, searchRequest(1))
		all := replies(t, bufio.NewReader(c), 3)
		assert.Equal(t, ldap.Unavailable, all[2].code)
	})
}

func TestASearchThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		id := h.force(t, faults.Rule{Kind: faults.KindStall, After: 2, Scope: on("SEARCH")})
		c := h.dial(t)
		in := bufio.NewReader(c)
		write(t, c, searchRequest(1))
		replies(t, in, 2)
		synctest.Wait()
		require.Zero(t, in.Buffered())
		write(t, c, extendedRequest(2, ldap.OIDWhoAmI, nil))
		ids, _ := codes(replies(t, in, 1))
		assert.Equal(t, []int64{2}, ids, "the connection is alive")

		time.AfterFunc(time.Hour, func() { h.Faults().Remove(id) })
		began := time.Now()
		all := replies(t, in, 2)
		assert.Equal(t, time.Hour, time.Since(began))
		assert.Equal(t, ldap.Success, all[1].code, "the rest comes, with all that belongs to it")
		e := h.last(t)
		assert.Equal(t, []string{id}, e.Faults)
		assert.False(t, e.Lost)
	})
}

func TestAWriteThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindStall, Scope: on("MODIFY")})
		c := h.client(t)
		c.SetTimeout(time.Minute)
		began := time.Now()
		require.Error(t, c.Modify(change()))
		assert.Equal(t, time.Minute, time.Since(began))
		require.NoError(t, h.client(t).Bind(babs, "Chang3d!"), "the write is there")
		require.NoError(t, c.Close())
		synctest.Wait()
		e := h.last(t)
		assert.Equal(t, []any{"accepted", true}, []any{e.Outcome, e.Lost})
	})
}

func TestABindThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindStall, Scope: on("BIND")})
		c := h.client(t)
		c.SetTimeout(time.Minute)
		require.Error(t, c.Bind(babs, hifa))
		require.NoError(t, c.Close())
		synctest.Wait()
		assert.Equal(t, "bind", h.last(t).Operation)
	})
}

func TestAnEntryCutInTheMiddle(t *testing.T) {
	for name, tt := range map[string]struct{ after, whole int }{
		"the first": {0, 0}, "the third": {2, 2}, "the result": {3, 3}, "the result, earlier than asked": {30, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				id := h.force(t, faults.Rule{Kind: faults.KindCut, After: tt.after, Scope: on("SEARCH")})
				c := h.dial(t)
				write(t, c, searchRequest(1))
				in := bufio.NewReader(c)
				for _, s := range replies(t, in, tt.whole) {
					assert.Equal(t, int64(1), s.id)
				}
				rest, err := io.ReadAll(in)
				require.NoError(t, err)
				require.Greater(t, len(rest), 2)
				assert.Greater(t, int(rest[1]), len(rest)-2, "more is announced than there is")
				e := h.last(t)
				assert.Equal(t, []string{id}, e.Faults)
				assert.Equal(t, []any{true, journal.Unanswered}, []any{e.Lost, e.Status})

				_, err = h.client(t).Search(everybody())
				require.Error(t, err, "go-ldap does not take it for an answer")
			})
		})
	}
}

func TestAnAnswerThatTrickles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindDrip, Rate: 2, Scope: on("SEARCH"), Trigger: faults.Trigger{First: 1}})
		c := h.dial(t)
		began := time.Now()
		write(t, c, bindRequest(1, hifa))
		in := bufio.NewReader(c)
		replies(t, in, 1)
		require.Zero(t, time.Since(began))
		write(t, c, searchRequest(2))
		first, err := in.ReadByte()
		require.NoError(t, err)
		length, err := in.ReadByte()
		require.NoError(t, err)
		assert.Equal(t, byte(0x30), first)
		_, err = io.CopyN(io.Discard, in, int64(length))
		require.NoError(t, err)
		assert.InDelta(t, float64(length+1)/2, time.Since(began).Seconds(), 0.01)
	})
	t.Run("and a client that has enough", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := open(t)
			h.force(t, faults.Rule{Kind: faults.KindDrip, Rate: 0.001})
			c := h.client(t)
			c.SetTimeout(time.Minute)
			require.Error(t, c.Bind(babs, hifa))
			require.NoError(t, c.Close())
			synctest.Wait()
		})
	})
}

// persistently sends two entries and then waits for changes.
func persistently(ctx context.Context, emit directory.Emit) ldap.Result {
	for range 2 {
		if err := emit(ldap.Entry{DN: babs}, nil); err != nil {
			return ldap.Result{Code: ldap.Other}
		}
	}
	return forever(ctx, emit)
}
