package okta_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// A search sees changes late; a read, a filter and a sign-in see them at once.
func TestASearchIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lag = 3 * time.Second
		o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.SearchLag = lag })
		time.Sleep(lag)
		find := func(by, expression string) []string {
			t.Helper()
			a := o.ask(t, "admin", http.MethodGet, usersPath+"?"+by+"="+url.QueryEscape(expression), "")
			require.Equal(t, 200, a.status, "%s", a.body)
			return shortNames(t, a)
		}
		const sam = `profile.login eq "sam@example.com"`
		require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", "")).status)
		assert.Empty(t, find("search", sam), "whoever creates on that finds the login taken")
		o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", "")).refused(t, 400, "E0000001", "Api validation failed: login", "login: An object with this field already exists in the current organization")
		assert.Equal(t, []string{"sam"}, find("filter", sam))
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, usersPath+"/sam@example.com", "").status)
		time.Sleep(lag)
		assert.Equal(t, []string{"sam"}, find("search", sam))

		require.Equal(t, 200, o.post(t, "", `{"profile":{"title":"Major"}}`).status)
		time.Sleep(time.Second)
		require.Equal(t, 200, o.post(t, "", `{"profile":{"title":"Colonel"}}`).status)
		title := func(rank string) []string { return find("search", `profile.title eq "`+rank+`"`) }
		assert.Empty(t, title("Major"))
		time.Sleep(lag - time.Second)
		assert.Equal(t, []string{"isaac.brock"}, title("Major"), "each state is seen as long as it lasted")
		time.Sleep(time.Second)
		assert.Empty(t, title("Major"))
		assert.Equal(t, []string{"isaac.brock"}, title("Colonel"))

		for range 2 {
			require.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, o.path(), "").status)
		}
		assert.Equal(t, []string{"isaac.brock", "sam"}, find("search", "id pr"))
		a := o.ask(t, "admin", http.MethodGet, usersPath+"?search=id+pr&sortBy=profile.firstName&limit=1", "")
		assert.Equal(t, []string{"isaac.brock"}, shortNames(t, a))
		assert.Equal(t, []string{"sam"}, find("filter", sam))
		time.Sleep(lag)
		assert.Equal(t, []string{"sam"}, find("search", "id pr"))

		require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, usersPath, newcomer("ann@example.com", "")).status)
		require.NoError(t, o.SetSearchLag(0))
		assert.Equal(t, []string{"sam", "ann"}, find("search", "id pr"))
		require.ErrorIs(t, o.SetSearchLag(-1), okta.ErrInvalid)
		o.Reset()
		assert.Equal(t, lag, o.SearchLag())
	})
}
