package ds

import (
	"bufio"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// write sends requests in one piece.
func write(t *testing.T, c net.Conn, requests ...[]byte) {
	t.Helper()
	var all []byte
	for _, r := range requests {
		all = append(all, r...)
	}
	_, err := c.Write(all)
	require.NoError(t, err)
}

// replies reads so many messages.
func replies(t *testing.T, in *bufio.Reader, count int) []said {
	t.Helper()
	all := make([]said, count)
	for i := range all {
		var err error
		all[i], err = hear(in)
		require.NoError(t, err)
	}
	return all
}

func codes(all []said) (ids []int64, codes []ldap.ResultCode) {
	for _, s := range all {
		ids, codes = append(ids, s.id), append(codes, s.code)
	}
	return ids, codes
}

// TestSearchDoesNotOvertakeBind is what a goroutine for each request gets wrong.
func TestSearchDoesNotOvertakeBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onBind = func(context.Context) { time.Sleep(300 * time.Millisecond) } // virtual time
		c := h.dial(t)
		write(t, c, bindRequest(1, hifa), extendedRequest(2, ldap.OIDWhoAmI, nil))
		ids, _ := codes(replies(t, bufio.NewReader(c), 2))
		assert.Equal(t, []int64{1, 2}, ids)
		assert.Equal(t, babs, h.last(t).Client, "who am I has run as who was bound")
	})
}

func TestBindEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		c := h.dial(t)
		write(t, c, searchRequest(1), bindRequest(2, hifa))
		in := bufio.NewReader(c)
		all := replies(t, in, 2)
		ids, results := codes(all)
		assert.Equal(t, []int64{1, 2}, ids)
		assert.Equal(t, []ldap.ResultCode{ldap.Canceled, ldap.Success}, results)
		assert.Contains(t, all[0].text, "received a bind request")
	})
}

// forever is a persistent search.
func forever(ctx context.Context, _ directory.Emit) ldap.Result {
	<-ctx.Done()
	return ldap.Result{Code: ldap.Other, Message: "the server has its own words for how a search ends"}
}

func TestSlowSearchesRunBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = func(context.Context, directory.Emit) ldap.Result {
			time.Sleep(time.Second)
			return ldap.Result{}
		}
		c := h.dial(t)
		began := time.Now()
		for i := range int64(100) {
			write(t, c, searchRequest(i+1))
		}
		replies(t, bufio.NewReader(c), 100)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestWritesOfOneConnectionKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		delays := random.Seed(7).Stream("delays")
		var applied []string
		h.fake.onModify = func(_ context.Context, r ldap.ModifyRequest) ldap.Result {
			time.Sleep(delays.Jitter(time.Second))
			applied = append(applied, string(r.Changes[0].Attribute.Values[0]))
			return ldap.Result{}
		}
		c := h.dial(t)
		var asked []string
		for i := range 50 {
			asked = append(asked, string(rune('A'+i)))
			write(t, c, modifyRequest(int64(i+1), asked[i]))
		}
		replies(t, bufio.NewReader(c), 50)
		assert.Equal(t, asked, applied)

		write(t, c, bindRequest(51, hifa), modifyRequest(52, "before"), extendedRequest(53, ldap.OIDPasswordModify, nil))
		order, _ := codes(replies(t, bufio.NewReader(c), 3))
		assert.Equal(t, []int64{51, 52, 53}, order, "a new password is a write, too")
	})
}

func TestAbandon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		c := h.dial(t)
		in := bufio.NewReader(c)
		write(t, c, searchRequest(1))
		synctest.Wait()
		write(t, c, abandonRequest(2, 1), abandonRequest(3, 77))
		synctest.Wait()
		assert.Equal(t, journal.Unanswered, h.last(t).Status)
		write(t, c, extendedRequest(1, ldap.OIDWhoAmI, nil))
		ids, results := codes(replies(t, in, 1))
		assert.Equal(t, []int64{1}, ids, "an abandoned operation has no answer, and its number is free")
		assert.Equal(t, []ldap.ResultCode{ldap.Success}, results)
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		release := make(chan struct{})
		h.fake.onModify = func(context.Context, ldap.ModifyRequest) ldap.Result {
			<-release
			return ldap.Result{}
		}
		c := h.dial(t)
		in := bufio.NewReader(c)
		write(t, c, searchRequest(1), cancelRequest(2, 1))
		all := replies(t, in, 2)
		ids, results := codes(all)
		assert.Equal(t, []int64{1, 2}, ids)
		assert.Equal(t, []ldap.ResultCode{ldap.Canceled, ldap.Success}, results)

		write(t, c, cancelRequest(3, 77), extendedRequest(4, ldap.OIDCancel, []byte("x")))
		_, results = codes(replies(t, in, 2))
		assert.ElementsMatch(t, []ldap.ResultCode{ldap.NoSuchOperation, ldap.ProtocolError}, results)

		write(t, c, modifyRequest(5, "x"))
		synctest.Wait()
		write(t, c, cancelRequest(6, 5))
		synctest.Wait()
		close(release)
		ids, results = codes(replies(t, in, 2))
		assert.Equal(t, []int64{5, 6}, ids)
		assert.Equal(t, []ldap.ResultCode{ldap.Success, ldap.TooLate}, results, "what the directory has begun to write is written")
	})
}

func TestCanceledWriteThatHasNotBegunIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		release := make(chan struct{})
		begun := make(chan string, 3)
		h.fake.onModify = func(_ context.Context, r ldap.ModifyRequest) ldap.Result {
			begun <- string(r.Changes[0].Attribute.Values[0])
			<-release
			return ldap.Result{}
		}
		c := h.dial(t)
		write(t, c, modifyRequest(1, "first"), modifyRequest(2, "second"),
			modifyRequest(3, "third"), cancelRequest(4, 2))
		in := bufio.NewReader(c)
		ids, results := codes(replies(t, in, 2))
		assert.Equal(t, []int64{2, 4}, ids)
		assert.Equal(t, []ldap.ResultCode{ldap.Canceled, ldap.Success}, results)
		synctest.Wait()
		assert.Len(t, begun, 1, "the third still waits for the first")
		close(release)
		replies(t, in, 2)
		assert.Equal(t, []string{"first", "third"}, []string{<-begun, <-begun})
	})
}

func TestTooManyOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(c *Config, _ *Kernel) { c.MaxOperations = 2 })
		h.fake.onSearch = forever
		c := h.dial(t)
		write(t, c, searchRequest(1), searchRequest(2), searchRequest(3))
		all := replies(t, bufio.NewReader(c), 1)
		assert.Equal(t, int64(3), all[0].id)
		assert.Equal(t, ldap.Busy, all[0].code)
		assert.Contains(t, all[0].text, "maximum capacity of 2 pending operations")
	})
}

func TestNumbersInUse(t *testing.T) {
	for name, requests := range map[string][][]byte{
		"zero":      {searchRequest(0)},
		"duplicate": {searchRequest(1), searchRequest(1)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				h.fake.onSearch = forever
				c := h.dial(t)
				write(t, c, requests...)
				s := receive(t, c)
				assert.Equal(t, int64(0), s.id)
				assert.Equal(t, ldap.ProtocolError, s.code)
				assert.Contains(t, s.text, "is not free")
			})
		})
	}
}

func TestUnbind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = forever
		c := h.dial(t)
		write(t, c, searchRequest(1), request(2, func(b []byte) []byte { return append(b, 0x42, 0) }))
		_, err := bufio.NewReader(c).ReadByte()
		assert.Error(t, err, "unbind ends the connection, and all that is under way unanswered")
		synctest.Wait()
		assert.Equal(t, journal.Unanswered, h.last(t).Status)
	})
}

func TestRefusedRequestLeavesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		bad := searchRequest(1)
		bad[len(bad)-len(searchTail)] = 9 // the scope
		write(t, c, bad, extendedRequest(2, ldap.OIDWhoAmI, nil))
		all := replies(t, bufio.NewReader(c), 2)
		assert.Equal(t, ldap.ProtocolError, all[0].code)
		assert.Equal(t, ber.Application(5).Constructed(), all[0].tag, "a search is answered by a search result")
		assert.Contains(t, all[0].text, "scope 9 is out of range")
		assert.Equal(t, ldap.Success, all[1].code)
	})
}

// searchTail is what follows the base in a searchRequest, from the value of its scope.
const searchTail = "\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x00"

func TestIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(c *Config, _ *Kernel) { c.IdleTimeout = time.Minute })
		h.fake.onSearch = forever
		waiting, idle := h.dial(t), h.dial(t)
		write(t, waiting, searchRequest(1))
		began := time.Now()
		assert.Equal(t, notice(ldap.Unavailable, "The connection is closed because the client took too long"), receive(t, idle))
		assert.Equal(t, time.Minute, time.Since(began))
		time.Sleep(10 * time.Minute)
		write(t, waiting, extendedRequest(2, ldap.OIDWhoAmI, nil))
		ids, _ := codes(replies(t, bufio.NewReader(waiting), 1))
		assert.Equal(t, []int64{2}, ids, "who waits for an answer is not idle")
	})
}

func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		value := make([]byte, 10_000)
		var sent atomic.Int64
		ended := make(chan error, 1)
		h.fake.onSearch = func(_ context.Context, emit directory.Emit) ldap.Result {
			for {
				err := emit(ldap.Entry{DN: babs, Attributes: []ldap.Attribute{{Description: "jpegPhoto", Values: [][]byte{value}}}}, nil)
				if err != nil {
					ended <- err
					return ldap.Result{}
				}
				sent.Add(1)
			}
		}
		write(t, h.dial(t), searchRequest(1))
		synctest.Wait()
		assert.Less(t, sent.Load(), int64(100), "what nobody reads is not piled up")
		began := time.Now()
		assert.Error(t, <-ended)
		assert.Equal(t, 2*time.Minute, time.Since(began))
		synctest.Wait()
		assert.Equal(t, journal.Unanswered, h.last(t).Status)
	})
}

// TestManyOperationsOfAClientThatDoesNotRead is about those who find somebody else writing.
func TestManyOperationsOfAClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		var sent atomic.Int64
		h.fake.onSearch = func(_ context.Context, emit directory.Emit) ldap.Result {
			for {
				if err := emit(ldap.Entry{DN: string(make([]byte, 10_000))}, nil); err != nil {
					return ldap.Result{}
				}
				sent.Add(1)
			}
		}
		c := h.dial(t)
		write(t, c, searchRequest(1), searchRequest(2), searchRequest(3))
		synctest.Wait()
		assert.Less(t, sent.Load(), int64(100), "what nobody reads is not piled up")
		write(t, c, abandonRequest(4, 2), abandonRequest(5, 3))
		synctest.Wait()
		assert.Equal(t, journal.Unanswered, h.last(t).Status, "who waits for room can be abandoned")
	})
}

func TestPersistentSearchTellsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		tell := make(chan struct{})
		h.fake.onSearch = func(ctx context.Context, emit directory.Emit) ldap.Result {
			for {
				select {
				case <-tell:
					control := ldap.EntryChange{Type: ldap.ChangedByModify}.Control()
					if emit(ldap.Entry{DN: babs}, []ldap.Control{control}) != nil {
						return ldap.Result{}
					}
				case <-ctx.Done():
					return ldap.Result{}
				}
			}
		}
		c := h.client(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		value := "\x30\x09\x02\x01\x0f\x01\x01\xff\x01\x01\xff"
		response := c.SearchAsync(ctx, &goldap.SearchRequest{
			BaseDN: peopleDN, Filter: "(objectClass=*)",
			Controls: []goldap.Control{goldap.NewControlString(ldap.OIDPersistentSearch, true, value)},
		}, 1)
		for range 3 {
			tell <- struct{}{}
			require.True(t, response.Next(), "%v", response.Err())
			assert.Equal(t, babs, response.Entry().DN)
			require.Len(t, response.Controls(), 1)
			assert.Equal(t, ldap.OIDEntryChange, response.Controls()[0].GetControlType())
		}
	})
}
