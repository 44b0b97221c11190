package idcs_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// A user who is created with a hash signs in with the password behind it, and with nothing else.
func TestAUserIsCreatedWithAHash(t *testing.T) {
	for _, scheme := range []string{"SSHA", "SSHA256", "SSHA384", "SSHA512", "PBKDF2-HMAC-SHA1", "PBKDF2-HMAC-SHA256", "PBKDF2-HMAC-SHA384", "PBKDF2-HMAC-SHA512"} {
		for _, setting := range []string{"usable", "must_change"} {
			t.Run(scheme+", "+setting, func(t *testing.T) {
				d := newDomain(t)
				d.set(t, "hashedCreate", setting)
				stored, err := schemes.IDCS.Encode(scheme, secret.New("weak"), random.Seed(1).Stream("salts"), schemes.Settings{Rounds: 10})
				require.NoError(t, err)
				a := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"newcomer","name":{"familyName":"Newcomer"},"emails":[{"value":"n@example.com","type":"work","primary":true}],"password":"`+stored.Text()+`"}`)
				require.Equal(t, http.StatusCreated, a.status, a.body)
				assert.Equal(t, people.LogIn{OK: true, MustChange: setting == "must_change"}, d.LogIn("newcomer", secret.New("weak")), "the policy does not judge it")
				assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.LogIn("newcomer", secret.New(stored.Text())))
				p, ok := d.People().ByUserName("newcomer")
				require.True(t, ok)
				a = d.ask(t, "engine", http.MethodPut, "/admin/v1/UserPasswordChanger/"+p.ID, changePassword(newPassword))
				require.Equal(t, http.StatusOK, a.status, a.body)
				assert.Equal(t, people.LogIn{OK: true}, d.LogIn("newcomer", secret.New(newPassword)))
				assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.LogIn("newcomer", secret.New("weak")), "the hash is gone")
			})
		}
	}
	d := newDomain(t)
	for _, broken := range []string{"{SSHA512}QUJD", "{PBKDF2-HMAC-SHA256}10:QUJD", "{PBKDF2-HMAC-SHA999}10$QUJD"} {
		a := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"other","name":{"familyName":"Other"},"emails":[{"value":"o@example.com","type":"work","primary":true}],"password":"`+broken+`"}`)
		assert.Equal(t, http.StatusBadRequest, a.status, broken)
	}
}
