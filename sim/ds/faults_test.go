package ds

import (
	"bufio"
	"context"
	"io"
	"net"
	"syscall"
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

// force puts a rule into force.
func (h *house) force(t *testing.T, r faults.Rule) string {
	t.Helper()
	status, err := h.Faults().Add(r)
	require.NoError(t, err)
	return status.ID
}

func on(route string) faults.Scope { return faults.Scope{Route: route} }

func change() *goldap.ModifyRequest {
	m := goldap.NewModifyRequest(babs, nil)
	m.Replace("userPassword", []string{"Chang3d!"})
	return m
}

func TestFaultsWithAResult(t *testing.T) {
	for name, tt := range map[string]struct {
		rule faults.Rule
		want ldap.ResultCode
		text string
	}{
		"busy":             {faults.Rule{Kind: faults.KindStatus, Status: 51}, ldap.Busy, "work queue has already reached"},
		"unavailable":      {faults.Rule{Kind: faults.KindStatus, Status: 52}, ldap.Unavailable, "unavailable"},
		"in other words":   {faults.Rule{Kind: faults.KindStatus, Status: 52, Body: "backend offline"}, ldap.Unavailable, "backend offline"},
		"admin limit":      {faults.Rule{Kind: faults.KindStatus, Status: 11}, ldap.AdminLimitExceeded, "5000 entries"},
		"by operation":     {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: on("MODIFY")}, ldap.Busy, ""},
		"other operation":  {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: on("ADD")}, ldap.Success, ""},
		"by DN":            {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: on("* uid=BJENSEN,*")}, ldap.Busy, ""},
		"other DN":         {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: on("uid=kvaughan,*")}, ldap.Success, ""},
		"by user":          {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: faults.Scope{User: "bjensen"}}, ldap.Busy, ""},
		"by who is bound":  {faults.Rule{Kind: faults.KindStatus, Status: 51, Scope: faults.Scope{Client: kirsten}}, ldap.Busy, ""},
		"the next":         {faults.Rule{Kind: faults.KindStatus, Status: 51, Trigger: faults.Trigger{Skip: 1}}, ldap.Success, ""},
		"beyond the rate":  {faults.Rule{Kind: faults.KindThrottle, Throttle: faults.Throttle{PerMinute: 1}, Trigger: faults.Trigger{Skip: 0}}, ldap.Success, ""},
		"another code yet": {faults.Rule{Kind: faults.KindStatus, Status: 80, Body: "out of luck"}, ldap.Other, "out of luck"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.client(t)
				require.NoError(t, c.Bind(kirsten, bribery))
				id := h.force(t, tt.rule)
				err := c.Modify(change())
				require.Equal(t, tt.want, code(err))
				if tt.text != "" {
					assert.ErrorContains(t, err, tt.text)
				}
				e := h.last(t)
				assert.Equal(t, int(tt.want), e.Status)
				if tt.want != ldap.Success {
					assert.Equal(t, []string{id}, e.Faults)
					assert.Equal(t, "refused", e.Outcome)
					assert.Equal(t, hifa, h.fake.passwords[babs], "nothing was written")
				}
			})
		})
	}
}

func TestReferral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindStatus, Status: 10, Body: "ldap://a.test:1389/ ldap://b.test:1389/"})
		_, err := h.client(t).Search(&goldap.SearchRequest{BaseDN: peopleDN, Filter: "(uid=*)"})
		detail := new(goldap.Error)
		require.ErrorAs(t, err, &detail)
		assert.Equal(t, uint16(10), detail.ResultCode)
		result, err := detail.Packet.Children[1].Children[3].Children[1].Value, error(nil)
		require.NoError(t, err)
		assert.Equal(t, "ldap://b.test:1389/", result)
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindThrottle, Throttle: faults.Throttle{Rate: 1, Burst: 3}})
		c := h.client(t)
		for range 3 {
			require.NoError(t, c.Bind(babs, hifa))
		}
		assert.Equal(t, ldap.Busy, code(c.Bind(babs, hifa)))
		time.Sleep(time.Second)
		assert.NoError(t, c.Bind(babs, hifa))
	})
}

func TestSlowBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: 5 * time.Second}, Scope: on("BIND")})
		c := h.client(t)
		began := time.Now()
		require.NoError(t, c.Bind(babs, hifa))
		assert.InDelta(t, 5*time.Second, time.Since(began), float64(time.Millisecond))
		began = time.Now()
		require.NoError(t, c.Modify(change()))
		assert.Zero(t, time.Since(began))
	})
}

// TestClientLeavesASlowBind is about a client that goes while nothing is read from it.
func TestClientLeavesASlowBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindHang, Scope: on("BIND")})
		c := h.dial(t)
		write(t, c, bindRequest(1, hifa))
		synctest.Wait()
		require.Empty(t, h.Journal().Search(journal.Query{}).Entries)
		require.NoError(t, c.Close())
		synctest.Wait()
		e := h.last(t)
		assert.Equal(t, journal.Unanswered, e.Status)
		assert.Equal(t, []string{"hang-1"}, e.Faults)
	})
}

func TestHangIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		id := h.force(t, faults.Rule{Kind: faults.KindHang})
		c := h.client(t)
		bound := make(chan error)
		go func() { bound <- c.Bind(babs, hifa) }()
		synctest.Wait()
		h.Faults().Remove(id)
		require.NoError(t, <-bound)
		require.NoError(t, c.Modify(change()), "the connection is as it was")
	})
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindReset, Scope: on("MODIFY")})
		c := h.dial(t)
		write(t, c, modifyRequest(1, "x"))
		_, err := bufio.NewReader(c).ReadByte()
		assert.ErrorIs(t, err, syscall.ECONNRESET)
		e := h.last(t)
		assert.Equal(t, journal.Unanswered, e.Status)
		assert.False(t, e.Lost)
		assert.Empty(t, h.fake.modified)
	})
}

func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindLoseAnswer, Scope: on("MODIFY"), Trigger: faults.Trigger{First: 1}})
		c := h.client(t)
		require.Error(t, c.Modify(change()))
		e := h.last(t)
		assert.Equal(t, journal.Unanswered, e.Status)
		assert.True(t, e.Lost)
		assert.Equal(t, "accepted", e.Outcome)
		assert.NoError(t, h.client(t).Bind(babs, "Chang3d!"), "the write is there, the answer is not")
	})
}

func TestAnswerCutInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindLoseAnswer, Body: faults.Half, Scope: on("MODIFY")})
		c := h.dial(t)
		write(t, c, modifyRequest(1, "x"))
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, []byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x67, 0x07}, got, "14 bytes are announced")
		assert.Equal(t, []string{"x"}, h.fake.modified)
		assert.True(t, h.last(t).Lost)
	})
}

func TestLostSearchSendsNoEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.refers = []string{"ldap://other/"}
		h.force(t, faults.Rule{Kind: faults.KindLoseAnswer, Body: faults.Half})
		c := h.dial(t)
		write(t, c, searchRequest(1))
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, []byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x65, 0x07}, got, "half of the end, and nothing that was found")
	})
}

func TestStartTLSFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		rule faults.Rule
		want func(t *testing.T, c net.Conn, in *bufio.Reader)
	}{
		"refused": {faults.Rule{Kind: faults.KindStatus, Status: 52}, func(t *testing.T, c net.Conn, in *bufio.Reader) {
			t.Helper()
			_, got := codes(replies(t, in, 1))
			assert.Equal(t, []ldap.ResultCode{ldap.Unavailable}, got)
			write(t, c, extendedRequest(2, ldap.OIDWhoAmI, nil))
			replies(t, in, 1)
		}},
		"cut": {faults.Rule{Kind: faults.KindReset}, func(t *testing.T, _ net.Conn, in *bufio.Reader) {
			t.Helper()
			_, err := in.ReadByte()
			assert.ErrorIs(t, err, syscall.ECONNRESET)
		}},
		"cut before the handshake": {faults.Rule{Kind: faults.KindLoseAnswer, Body: faults.Half}, func(t *testing.T, _ net.Conn, in *bufio.Reader) {
			t.Helper()
			got, err := io.ReadAll(in)
			require.NoError(t, err)
			assert.NotEmpty(t, got)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				tt.rule.Scope = on("START_TLS")
				h.force(t, tt.rule)
				c := h.dial(t)
				write(t, c, extendedRequest(1, ldap.OIDStartTLS, nil))
				tt.want(t, c, bufio.NewReader(c))
			})
		})
	}
}

// TestStartTLSUnderLatency is about the watch over a connection: it must not eat the client's first bytes of TLS.
func TestStartTLSUnderLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.force(t, faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: time.Second}})
		c := h.client(t)
		require.NoError(t, c.StartTLS(h.clientTLS()))
		for range 3 {
			require.NoError(t, c.Bind(babs, hifa), "a read that was ended by a deadline has not broken TLS")
		}
		_, err := c.Search(&goldap.SearchRequest{BaseDN: peopleDN, Filter: "(uid=*)"})
		require.NoError(t, err)
	})
}

func TestStopWithOperationsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		h.force(t, faults.Rule{Kind: faults.KindHang, Scope: on("BIND")})
		searching, binding := h.dial(t), h.dial(t)
		write(t, searching, searchRequest(1))
		write(t, binding, bindRequest(1, hifa))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, h.Stop(ctx))
		in := bufio.NewReader(searching)
		all := replies(t, in, 2)
		assert.Equal(t, []int64{1, 0}, []int64{all[0].id, all[1].id}, "the search ends, then the connection does")
		assert.Equal(t, ldap.Unavailable, all[0].code)
	})
}

func TestStopCutsWhoHoldsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		stuck := make(chan struct{})
		h.fake.onSearch = func(_ context.Context, emit directory.Emit) ldap.Result {
			defer close(stuck)
			for {
				if err := emit(ldap.Entry{DN: string(make([]byte, 10_000))}, nil); err != nil {
					return ldap.Result{}
				}
			}
		}
		write(t, h.dial(t), searchRequest(1)) // and never reads
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, h.Stop(ctx), context.DeadlineExceeded)
		<-stuck
		assert.Equal(t, time.Second, time.Since(began))
	})
}
