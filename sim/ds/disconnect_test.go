package ds

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// dismissed reads a notice of disconnection and the end of the connection.
func dismissed(t *testing.T, in *bufio.Reader, want ldap.ResultCode, text string) {
	t.Helper()
	last := replies(t, in, 1)[0]
	assert.Zero(t, last.id)
	assert.Equal(t, want, last.code)
	assert.Contains(t, last.text, text)
	_, err := in.ReadByte()
	assert.ErrorIs(t, err, io.EOF)
}

func TestDisconnect(t *testing.T) {
	for name, tt := range map[string]struct {
		rule faults.Rule
		ask  []byte
		want ldap.ResultCode
		text string
	}{
		"a restart":        {faults.Rule{}, searchRequest(1), ldap.Unavailable, "The Directory Server is shutting down"},
		"of a bind":        {faults.Rule{}, bindRequest(1, hifa), ldap.Unavailable, "shutting down"},
		"of StartTLS":      {faults.Rule{}, extendedRequest(1, ldap.OIDStartTLS, nil), ldap.Unavailable, "shutting down"},
		"too much":         {faults.Rule{Status: 51}, modifyRequest(1, "x"), ldap.Busy, "work queue"},
		"in other words":   {faults.Rule{Status: 8, Body: "TLS is wanted"}, searchRequest(1), ldap.StrongerAuthRequired, "TLS is wanted"},
		"of everybody too": {faults.Rule{All: true}, bindRequest(1, hifa), ldap.Unavailable, "shutting down"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				h.fake.onSearch = forever
				other := h.dial(t)
				others := bufio.NewReader(other)
				write(t, other, searchRequest(1))
				synctest.Wait()
				tt.rule.Kind = faults.KindDisconnect
				id := h.force(t, tt.rule)
				c := h.dial(t)
				write(t, c, tt.ask)
				dismissed(t, bufio.NewReader(c), tt.want, tt.text)
				e := h.last(t)
				if tt.rule.All { // a search under way is answered first
					assert.Equal(t, ldap.Unavailable, replies(t, others, 1)[0].code)
					dismissed(t, others, tt.want, tt.text)
				} else {
					assert.Equal(t, []any{journal.Unanswered, "", false}, []any{e.Status, e.Outcome, e.Lost})
					assert.Equal(t, []string{id}, e.Faults)
					require.NoError(t, other.SetReadDeadline(time.Now().Add(time.Minute)))
					_, err := others.ReadByte()
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "the other one stays")
				}
				assert.Empty(t, h.fake.modified, "nothing was carried out")
				h.Faults().Remove()
				require.NoError(t, h.client(t).Bind(babs, hifa), "who comes back is served")
			})
		})
	}
}

// TestHalfOpen: nothing is carried out on a dead connection, and nobody says that it is dead.
func TestHalfOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		route string
		ask   []byte
	}{
		"by a search":  {"SEARCH", searchRequest(1)},
		"by a bind":    {"BIND", bindRequest(1, hifa)},
		"by StartTLS":  {"START_TLS", extendedRequest(1, ldap.OIDStartTLS, nil)},
		"by a write":   {"MODIFY", modifyRequest(1, "x")},
		"by who am I?": {"WHO_AM_I", extendedRequest(1, ldap.OIDWhoAmI, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				id := h.force(t, faults.Rule{Kind: faults.KindHalfOpen, Scope: on(tt.route), Trigger: faults.Trigger{First: 1}})
				c := h.dial(t)
				write(t, c, tt.ask)
				synctest.Wait()
				e := h.last(t)
				assert.Equal(t, []string{id}, e.Faults)
				assert.Equal(t, journal.Unanswered, e.Status)
				h.Faults().Remove() // dead is dead
				write(t, c, modifyRequest(2, "y"), extendedRequest(3, ldap.OIDWhoAmI, nil), []byte("whatever it is"))
				silence(t, c)
				assert.Empty(t, h.fake.modified)
				assert.Equal(t, e.Sequence, h.last(t).Sequence)
				require.NoError(t, c.Close())
				require.NoError(t, h.client(t).Bind(babs, hifa))
			})
		})
	}
}

// silence is a day on which nothing comes, not even an end.
func silence(t *testing.T, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(24*time.Hour)))
	_, err := c.Read(make([]byte, 1))
	assert.True(t, errors.Is(err, os.ErrDeadlineExceeded), "%v", err)
}
