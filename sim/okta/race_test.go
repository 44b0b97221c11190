package okta_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// The server says that it is safe for concurrent use: everything at once, and every user ends with the last password it was given.
func TestEverythingAtOnce(t *testing.T) {
	o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
	group, err := o.AddGroup("Staff", "")
	require.NoError(t, err)
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			login := fmt.Sprintf("worker%d@example.net", w)
			path := usersPath + "/" + o.add(t, login).ID
			for n := range 20 {
				assert.Equal(t, 200, o.ask(t, "admin", http.MethodPost, path, setPassword(fmt.Sprintf("Spring-Tide-%d", n))).status)
				o.ask(t, "admin", http.MethodPost, usersPath, newcomer(fmt.Sprintf("new%d-%d@example.net", w, n), ""))
				o.ask(t, "admin", http.MethodPost, path, fmt.Sprintf(`{"profile":{"title":"t%d"}}`, n))
				o.ask(t, "admin", http.MethodGet, usersPath+"?limit=5&search=id+pr&sortBy=profile.title", "")
				o.ask(t, "admin", http.MethodGet, "/api/v1/logs?limit=3", "")
				o.ask(t, "admin", http.MethodDelete, usersPath+fmt.Sprintf("/new%d-%d@example.net", w, n), "")
				o.ask(t, "admin", http.MethodDelete, usersPath+fmt.Sprintf("/new%d-%d@example.net", w, n), "")
				assert.NoError(t, o.SetMember(group.ID, login, n%2 == 0))
				assert.NoError(t, o.SetPolicy(okta.DefaultSettings()))
				assert.NoError(t, o.SetSwitch("lockedWrite", "keep"))
			}
			assert.True(t, o.LogIn(login, secret.New("Spring-Tide-19")).OK)
		})
	}
	all.Wait()
	assert.Equal(t, 9, o.People().Len())
	assert.Len(t, o.ask(t, "admin", http.MethodGet, usersPath, "").list(t), 9)
}

// One login, many creations at once: one of them wins.
func TestALoginIsGivenOnce(t *testing.T) {
	o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
	statuses := make([]int, 16)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = o.ask(t, "admin", http.MethodPost, usersPath, newcomer([]string{"Zoë@example.com", "zoe@example.com"}[i%2], "")).status
		})
	}
	all.Wait()
	won := 0
	for _, s := range statuses {
		if s == 200 {
			won++
		}
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, 2, o.People().Len())
}
