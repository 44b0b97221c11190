package idcs_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/faults"
)

func premium(c *idcs.Config) { c.Tier = "premium" }

// A domain of type Free: ten changes of passwords a second, and no more.
func TestTierThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDomain(t, func(c *idcs.Config) { c.Tier = "free" })
		d.set(t, "historyOnPatch", "off")
		change := func() answer { return d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(newPassword)) }
		d.token(t, "engine")
		for range 10 {
			require.NotEqual(t, http.StatusTooManyRequests, change().status)
		}
		a := change()
		assert.Equal(t, http.StatusTooManyRequests, a.status)
		assert.Equal(t, "error.seatrial.tooManyRequests", a.messageID(t))
		assert.Empty(t, a.header.Get("Retry-After"))
		assert.Empty(t, a.raw("X-RateLimit-Limit"))
		entry := d.last(t)
		assert.Equal(t, []any{"throttled", "engine", "bjensen"}, []any{entry.Reason, entry.Client, entry.User})
		assert.Equal(t, http.StatusOK, d.ask(t, "engine", http.MethodGet, d.path(), "").status, "another bucket")

		d.Clock().Turn(time.Hour)
		d.tokens = map[string]string{}
		assert.Equal(t, http.StatusTooManyRequests, change().status, "a turned clock does not deceive the gateway")
		time.Sleep(time.Second)
		assert.NotEqual(t, http.StatusTooManyRequests, change().status)

		d.set(t, "retryAfter", "seconds")
		for range 9 {
			change()
		}
		assert.Equal(t, "1", change().header.Get("Retry-After"))
		d.set(t, "throttledBody", "text")
		assert.Equal(t, "Too Many Requests", string(change().body))

		for _, l := range d.Limits() {
			if l.Bucket == "AuthN" {
				assert.Equal(t, idcs.Limit{Bucket: "AuthN", PerSecond: 10, PerMinute: 150, Admitted: 20, Refused: 4}, l)
			}
		}
		require.NoError(t, d.SetTier(""))
		assert.Empty(t, d.Limits())
		for range 200 {
			require.NotEqual(t, http.StatusTooManyRequests, change().status)
		}
	})
}

// The minute of a bucket is over long before its seconds are.
func TestTierByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDomain(t, func(c *idcs.Config) { c.Tier = "free" })
		d.set(t, "rateHeaders", "send")
		d.set(t, "retryAfter", "seconds")
		d.token(t, "engine")
		read := func() answer { return d.ask(t, "engine", http.MethodGet, d.path(), "") }
		first := read()
		assert.Equal(t, []string{"20"}, first.raw("X-RateLimit-Limit"), "the tighter of the two windows")
		assert.Equal(t, []string{"19"}, first.raw("X-RateLimit-Remaining"))
		for range 149 {
			require.Equal(t, http.StatusOK, read().status)
			time.Sleep(100 * time.Millisecond)
		}
		refused := read()
		require.Equal(t, http.StatusTooManyRequests, refused.status)
		assert.Equal(t, []string{"150"}, refused.raw("X-RateLimit-Limit"))
		assert.Equal(t, []string{"0"}, refused.raw("X-RateLimit-Remaining"))
		wait, err := strconv.Atoi(refused.header.Get("Retry-After"))
		require.NoError(t, err)
		assert.Equal(t, []string{strconv.Itoa(wait)}, refused.raw("X-RateLimit-Reset"))
		assert.InDelta(t, 46, wait, 1, "until the first of the minute is a minute ago")
		time.Sleep(time.Duration(wait) * time.Second)
		assert.Equal(t, http.StatusOK, read().status, "who waits as told gets in")
	})
}

// A limit never lets more through than it says: in no span of time when sliding, in none of the clock's when fixed. And it
// is not stingy: what it refuses would have been one too many.
func TestTierNeverGrantsTooMuch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sliding := rapid.Bool().Draw(rt, "sliding")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 400), 1, 400).Draw(rt, "pauses")
		wrong := ""
		synctest.Test(t, func(t *testing.T) {
			d := newDomain(t, func(c *idcs.Config) { c.Tier = "free" })
			if !sliding {
				d.set(t, "rateWindow", "fixed")
			}
			var let []time.Time
			counted := func(now time.Time, span time.Duration) int {
				n := 0
				for _, at := range let {
					if sliding && now.Sub(at) < span || !sliding && at.Truncate(span).Equal(now.Truncate(span)) {
						n++
					}
				}
				return n
			}
			for _, pause := range pauses {
				time.Sleep(time.Duration(pause) * time.Millisecond)
				now := time.Now()
				room := counted(now, time.Second) < 20 && counted(now, time.Minute) < 150
				admitted := d.ask(t, "", http.MethodGet, d.path(), "").status != http.StatusTooManyRequests
				if admitted != room {
					wrong = fmt.Sprintf("admitted %v with room %v after %d", admitted, room, len(let))
					return
				}
				if admitted {
					let = append(let, now)
				}
			}
		})
		if wrong != "" { // not within the bubble, which has goroutines of its own
			rt.Fatal(wrong)
		}
	})
}

// Which limit counts for what, and where the gateway stands among the faults.
func TestBuckets(t *testing.T) {
	for path, bucket := range map[string]string{
		"/oauth2/v1/token": "Token", "/oauth2/v1/introspect": "Token", "/oauth2/v1/revoke": "Token", "/oauth2/v1/authorize": "AuthN",
		"/admin/v1/UserPasswordChanger/x": "AuthN", "/admin/v1/UserLockedStateChanger": "AuthN", "/admin/v1/MePasswordResetter": "AuthN",
		"/admin/v1/PasswordAuthenticator": "AuthN", "/admin/v1/SigningCert/jwk": "AuthN", "/sso/v1/sdk/authenticate": "AuthN",
		"/admin/v1/HTTPAuthenticator": "BasicAuthN", "/admin/v1/Bulk": "Bulk", "/admin/v1/BulkUserPasswordChanger": "Bulk",
		"/admin/v1/Users": "Others", "/admin/v1/Users/x": "Others", "/admin/v1/UserPasswordResetter/x": "Others",
		"/admin/v1/MePasswordChanger": "Others", "/admin/v1/UserStatusChanger/x": "Others", "/nowhere": "Others", "/": "Others",
	} {
		t.Run(path, func(t *testing.T) {
			d := newDomain(t, premium)
			d.ask(t, "", http.MethodGet, path, "")
			for _, l := range d.Limits() {
				want := uint64(0)
				if l.Bucket == bucket {
					want = 1
				}
				assert.Equal(t, want, l.Admitted, l.Bucket)
			}
		})
	}
	t.Run("what the gateway refuses does not reach a fault", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDomain(t, func(c *idcs.Config) { c.Tier = "free" })
			_, err := d.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 500, Trigger: faults.Trigger{Skip: 20}})
			require.NoError(t, err)
			for range 30 {
				assert.NotEqual(t, http.StatusInternalServerError, d.ask(t, "", http.MethodGet, d.path(), "").status)
			}
			assert.Equal(t, uint64(20), d.Faults().List()[0].Seen)
		})
	})
}

func TestTierIsChecked(t *testing.T) {
	d := newDomain(t, premium)
	err := d.SetTier("gold")
	require.ErrorIs(t, err, idcs.ErrInvalid)
	assert.EqualError(t, err, `invalid: idcs.tier: there is no domain type "gold"; there are external-user, free, oracle-apps, oracle-apps-premium, premium, and "" without limits`)
	assert.Equal(t, "premium", d.Tier())
	require.NoError(t, d.SetTier("free"))
	d.Reset()
	assert.Equal(t, "premium", d.Tier(), "as configured")
	c := config()
	c.Tier, c.Visibility = "gold", -time.Second
	assert.ErrorContains(t, c.Validate(), "idcs.tier")
	assert.ErrorContains(t, c.Validate(), "idcs.visibility: -1s is not from 0s to 1h0m0s")
}

func TestMaintenance(t *testing.T) {
	d := newDomain(t)
	d.token(t, "engine")
	require.NoError(t, d.SetMaintenance(true, 0))
	a := d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(newPassword))
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Equal(t, "error.seatrial.unavailable", a.messageID(t))
	assert.Empty(t, a.header.Get("Retry-After"))
	assert.Equal(t, "unavailable", d.last(t).Reason)
	assert.True(t, d.logsIn(t, firstPassword).OK)
	token := d.form(t, tokenPath, "engine", "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__")
	assert.Equal(t, http.StatusServiceUnavailable, token.status)
	assert.Equal(t, "temporarily_unavailable", token.json(t)["error"])

	require.NoError(t, d.SetMaintenance(true, 90*time.Second))
	d.set(t, "maintenanceBody", "gateway")
	a = d.ask(t, "engine", http.MethodGet, d.path(), "")
	assert.Equal(t, "90", a.header.Get("Retry-After"))
	assert.Equal(t, "text/html", a.header.Get("Content-Type"))
	on, wait := d.Maintenance()
	assert.True(t, on)
	assert.Equal(t, 90*time.Second, wait)

	require.NoError(t, d.SetMaintenance(false, 0))
	assert.Equal(t, http.StatusOK, d.ask(t, "engine", http.MethodGet, d.path(), "").status)
	require.ErrorIs(t, d.SetMaintenance(true, -1), idcs.ErrInvalid)
	require.NoError(t, d.SetMaintenance(true, 0))
	d.Reset()
	on, _ = d.Maintenance()
	assert.False(t, on)
}

// The search that finds nobody, the creation that meets a duplicate: what an engine does when it looks too soon.
func TestVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDomain(t, func(c *idcs.Config) { c.Visibility = 2 * time.Second })
		a := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", strings.ReplaceAll(newUser, "%s", ""))
		require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
		created := a.json(t)
		name, _ := created["userName"].(string)
		id, _ := created["id"].(string)
		total := func(query string) any {
			return d.ask(t, "engine", http.MethodGet, "/admin/v1/Users"+query, "").json(t)["totalResults"]
		}
		byName := "?filter=userName+eq+%22" + name + "%22"
		assert.InDelta(t, 0, total(byName), 0)
		assert.InDelta(t, 0, total("?filter=id+eq+%22"+id+"%22"), 0)
		assert.InDelta(t, 1, total(""), 0, "those who were there before are found")
		assert.InDelta(t, 0, total("?filter=userName+sw+%22"+name+"%22"), 0)
		assert.Equal(t, 200, d.ask(t, "engine", http.MethodGet, "/admin/v1/Users/"+id, "").status)
		assert.Equal(t, 409, d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", strings.ReplaceAll(newUser, "%s", "")).status)
		d.set(t, "visibilityById", "late")
		assert.Equal(t, 404, d.ask(t, "engine", http.MethodGet, "/admin/v1/Users/"+id, "").status)
		d.Clock().Turn(2 * time.Second)
		assert.InDelta(t, 1, total(byName), 0)
		assert.Equal(t, 200, d.ask(t, "engine", http.MethodGet, "/admin/v1/Users/"+id, "").status)

		another := strings.ReplaceAll(strings.ReplaceAll(newUser, "%s", ""), name, "another")
		require.Equal(t, 201, d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", another).status)
		assert.InDelta(t, 2, total(""), 0)
		require.NoError(t, d.SetVisibility(0))
		assert.InDelta(t, 3, total(""), 0)
		require.ErrorIs(t, d.SetVisibility(2*time.Hour), idcs.ErrInvalid)
	})
}
