package people_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func digest(n byte) secret.Digest { return secret.Digest{n} }

func TestCredentialHistory(t *testing.T) {
	var c people.Credential
	assert.False(t, c.HasPassword())
	assert.False(t, c.Reused(digest(1), 4))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 30 {
		c.Set(digest(byte(n+1)), secret.New("x"), start.Add(time.Duration(n)*time.Hour), true)
	}
	assert.Len(t, c.History, 24)
	for _, tc := range []struct {
		name string
		d    secret.Digest
		last int
		want bool
	}{
		{"the current one", digest(30), 1, true},
		{"the one before, history 1", digest(29), 1, false},
		{"the one before, history 2", digest(29), 2, true},
		{"history off", digest(30), 0, false},
		{"negative history", digest(30), -1, false},
		{"the oldest kept", digest(7), 24, true},
		{"older than kept", digest(6), 100, false},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, c.Reused(tc.d, tc.last)) })
	}
	c.Clear()
	assert.False(t, c.HasPassword())
	assert.True(t, c.Reused(digest(30), 1), "the history outlives the password")
}

func TestSetNeverRepeatsATimeWithinABurst(t *testing.T) {
	var c people.Credential
	at := time.Date(2026, 1, 1, 12, 0, 0, 123_456_789, time.UTC)
	var seen []time.Time
	for n := range 5 {
		c.Set(digest(byte(n+1)), secret.New("x"), at, false)
		assert.NotContains(t, seen, c.SetAt)
		assert.Zero(t, c.SetAt.Nanosecond()%int(time.Millisecond))
		seen = append(seen, c.SetAt)
	}
	assert.True(t, slices.IsSortedFunc(seen, time.Time.Compare))
	c.Set(digest(9), secret.New("x"), at.Add(-time.Hour), false)
	assert.True(t, c.SetAt.Before(at), "a clock that was turned back is believed")
}

func TestSetLeavesReadersTheirHistory(t *testing.T) {
	var c people.Credential
	c.Set(digest(1), secret.New("x"), time.Unix(0, 0), false)
	reader := c
	c.Set(digest(2), secret.New("y"), time.Unix(1, 0), false)
	c.History[1] = digest(99)
	assert.Equal(t, []secret.Digest{digest(1)}, reader.History)
}
