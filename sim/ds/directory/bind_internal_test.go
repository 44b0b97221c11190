package directory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// TestTheLastGraceLoginIsOne has two binds that have both verified the password before either was let in.
func TestTheLastGraceLoginIsOne(t *testing.T) {
	c := DefaultConfig(DS7)
	c.Policy.MaxAge, c.Policy.GraceLogins, c.Policy.ExpireUnwarned = Duration(time.Hour), 1, true
	turned := new(clock.Clock)
	d, err := New(c, Kernel{Clock: turned, Seed: 1, Digester: secret.NewDigester([]byte("sixteen bytes or more"))})
	require.NoError(t, err)
	turned.Turn(2 * time.Hour)
	verified := d.account(d.lookUp("uid=bjensen,ou=People,dc=example,dc=com"))
	first, second := &Session{Secure: true}, &Session{Secure: true}
	assert.Equal(t, ldap.Success, d.welcome(t.Context(), first, verified, nil, "", proof{password: secret.New("hifalutin")}).Code)
	assert.Equal(t, ldap.InvalidCredentials, d.welcome(t.Context(), second, verified, nil, "", proof{password: secret.New("hifalutin")}).Code)
	assert.Empty(t, second.DN)
}

// TestWhatHappensWhileAPasswordIsHashed has the account changed between the proof of a bind and what follows from it.
func TestWhatHappensWhileAPasswordIsHashed(t *testing.T) {
	const bjensen = "uid=bjensen,ou=People,dc=example,dc=com"
	d, err := New(DefaultConfig(DS7), Kernel{Clock: new(clock.Clock), Seed: 1, Digester: secret.NewDigester([]byte("sixteen bytes or more"))})
	require.NoError(t, err)
	before := d.account(d.lookUp(bjensen))
	closes := proof{check: func() (string, bool, error) {
		return "", true, d.Change(t.Context(), "bjensen", replacement(d.known.accountDisabled, "TRUE"))
	}}
	assert.Equal(t, ldap.InvalidCredentials, d.bind(t.Context(), &Session{Secure: true}, before.entry, nil, closes).Code, "closed")

	stored := before.entry.value(d.known.userPassword)
	require.NoError(t, d.Change(t.Context(), "bjensen", replacement(d.known.userPassword, "Brand new 1!")))
	d.rehash(t.Context(), before, stored, secret.New("hifalutin"))
	assert.Len(t, d.lookUp(bjensen).values(d.known.userPassword), 1, "the old password does not come back")
}
