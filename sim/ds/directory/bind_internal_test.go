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
