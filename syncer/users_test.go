package syncer

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target/idcs"
)

func TestUsersWhoMustNotBeWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		edit   func(*idcstest.User)
		script script
		writes int
		reason string
	}{
		"federated": {edit: func(u *idcstest.User) { u.Federated = true }, reason: "federated"},
		"inactive":  {edit: func(u *idcstest.User) { u.Inactive = true }, reason: "inactive"},
		"forbidden": {script: first(9, step{Status: 403}), writes: 1, reason: "forbidden"},
		"malformed": {script: first(9, step{Status: 400}), writes: 1, reason: "malformed"},
		"too long":  {script: first(9, step{Status: 413}), writes: 1, reason: "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				if tt.edit != nil {
					r.domain.Edit("a", tt.edit)
				}
				r.domain.Script = tt.script
				r.start()
				id := r.submit("a", "Password-1")
				r.settled(1, time.Second)
				assert.Equal(t, hook.Parked, r.status(id).State)
				assert.Equal(t, tt.reason, r.status(id).Reason)
				time.Sleep(time.Hour)
				assert.Len(t, r.domain.Log("write"), tt.writes, "not tried again")
				assert.Contains(t, r.metrics(), `idm_password_sync_parked_total{reason="`+tt.reason+`",target_system="idcs"} 1`)
				r.close()
			})
		})
	}
}

func TestAUserTurnsFederatedWhileTheChangeWaits(t *testing.T) {
	for name, status := range map[string]int{"between attempts": 503, "between look and write": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				r.domain.Script = writes(func(int, string) *step {
					r.domain.Edit("a", func(u *idcstest.User) { u.Federated = true })
					return &step{Status: status}
				})
				r.start()
				id := r.submit("a", "Password-1")
				r.settled(1, time.Minute)
				assert.Equal(t, "federated", r.status(id).Reason)
				assert.Len(t, r.domain.Log("write"), 1)
				r.close()
			})
		})
	}
}

func TestProvisioning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Provision = true
		r.config.IDCS.CreateAttributes = map[string]any{
			"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User": map[string]any{"bypassNotification": true},
		}
		r.start()
		id := r.submit("Newcomer", "Password-1")
		r.settled(1, time.Second)
		assert.Equal(t, hook.Applied, r.status(id).State)
		u := r.domain.User("newcomer")
		assert.Equal(t, "Newcomer", u.UserName)
		assert.Equal(t, []string{"Given", "Family", "newcomer@example.com"}, []string{u.GivenName, u.FamilyName, u.Mail})
		assert.Equal(t, "Password-1", u.Password)
		created := r.domain.Log("create")
		require.Len(t, created, 1)
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(created[0].Body), &body))
		assert.NotContains(t, body, "password", "it would have to be changed at the first log-in")
		assert.Contains(t, body["schemas"], "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User")
		assert.Len(t, r.domain.Applied(), 1)
		r.close()
	})
}

func TestProvisioningTroubles(t *testing.T) {
	for name, tt := range map[string]struct {
		off, noMail bool
		script      script
		state       hook.State
		reason      string
		created     int
	}{
		"switched off": {off: true, state: hook.Parked, reason: "not_found"},
		"no e-mail":    {noMail: true, state: hook.Parked, reason: "malformed", created: 1},
		"the answer to the creation is lost": {state: hook.Applied, created: 1, script: func(call string, n int, _ string) *step {
			if call == "create" && n == 1 {
				return &step{Lose: true}
			}
			return nil
		}},
		"down while creating": {state: hook.Applied, created: 2, script: func(call string, n int, _ string) *step {
			if call == "create" && n == 1 {
				return &step{Status: 503}
			}
			return nil
		}},
		"a name that is taken but not found": {state: hook.Parked, reason: "duplicate", created: 1, script: func(call string, _ int, _ string) *step {
			if call == "create" {
				return &step{Status: 409}
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.Provision = !tt.off
				r.domain.Script = tt.script
				r.start()
				var id string
				if tt.noMail {
					_, answer, _ := r.request("POST", "/v1/changes", map[string]any{"userName": "new", "password": "Password-1"})
					var receipt hook.Receipt
					require.NoError(t, json.Unmarshal(answer, &receipt))
					id = receipt.ID
				} else {
					id = r.submit("new", "Password-1")
				}
				r.settled(1, time.Minute)
				assert.Equal(t, tt.state, r.status(id).State)
				assert.Equal(t, tt.reason, r.status(id).Reason)
				assert.Len(t, r.domain.Log("create"), tt.created)
				r.close()
			})
		})
	}
}

func TestThePatchDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.IDCS.Door, r.config.IDCS.ContentType = idcs.DoorPatch, "application/scim+json"
		r.domain.Add("a")
		r.start()
		r.submit("a", `quote" back\slash é 𝄞`)
		r.settled(1, time.Second)
		assert.Equal(t, `quote" back\slash é 𝄞`, r.domain.User("a").Password)
		w := r.domain.Log("write")[0]
		assert.Equal(t, "/admin/v1/Users/id-001", w.Path)
		assert.Equal(t, "application/scim+json", w.Header.Get("Content-Type"))
		r.close()
	})
}

func TestAUserWhoIsGoneBeforeTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = first(1, step{Status: 404})
		r.start()
		id := r.submit("a", "Password-1")
		r.settled(1, time.Second)
		assert.Equal(t, "not_found", r.status(id).Reason)
		r.close()
	})
}
