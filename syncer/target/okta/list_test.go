package okta

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

func addMany(o *oktatest.Org, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user-%04d@x.test", i))
	}
	o.Add(names...)
	return names
}

func listed(t *testing.T, x *Target) (names []string, err error) {
	t.Helper()
	for p, err := range x.People(t.Context()) {
		if err != nil {
			return names, err
		}
		names = append(names, p.UserName)
	}
	return names, nil
}

func TestListing(t *testing.T) {
	for _, n := range []int{0, 1, 6, 7, 8, 14, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Page = 7
				want := addMany(o, n)
				got, err := listed(t, x)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				assert.Empty(t, o.Log("find", "create", "write"))
			})
		})
	}
}

func TestPeopleAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		o.Add("gone@x.test", login)
		o.Edit("gone@x.test", func(u *oktatest.User) { u.Status, u.SetAt = "DEPROVISIONED", time.Time{} })
		o.Edit(login, func(u *oktatest.User) {
			u.Provider, u.Profile["title"], u.Profile["department"] = "FEDERATION", "Dr", "Ops"
		})
		var people []target.Person
		for p, err := range x.People(t.Context()) {
			require.NoError(t, err)
			people = append(people, p)
		}
		now := time.Now().UTC()
		assert.Equal(t, []target.Person{
			{
				ID: o.User(login).ID, UserName: login, GivenName: "Given", FamilyName: "Family", Mail: login, Active: true, Federated: true,
				PasswordSetAt: now, Created: now, Attributes: map[string]string{"title": "Dr", "departmentNumber": "Ops"},
			},
			{ID: o.User("gone@x.test").ID, UserName: "gone@x.test", GivenName: "Given", FamilyName: "Family", Mail: "gone@x.test", Created: now, Attributes: map[string]string{}},
		}, people)
	})
}

func TestWhoIsDeactivatedMeanwhileIsListedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		o.Page = 5
		want := addMany(o, 20)
		o.Script = func(call string, n int, _ string) *oktatest.Step {
			switch {
			case call == "list" && n == 2:
				o.Edit(want[0], func(u *oktatest.User) { u.Status = "DEPROVISIONED" })
			case call == "list" && n == 3:
				o.Remove(want[9]) // The cursor stood on him.
			}
			return nil
		}
		got, err := listed(t, x)
		require.NoError(t, err)
		slices.Sort(got)
		assert.Equal(t, want, got)
	})
}

func TestListingInTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		script func(n int) *oktatest.Step
		pages  int
		want   string
	}{
		"passing": {func(n int) *oktatest.Step { return map[bool]*oktatest.Step{true: {Status: 503}}[n%3 != 0] }, 12, ""},
		"throttled": {func(n int) *oktatest.Step {
			return map[bool]*oktatest.Step{true: {Status: 429, Message: "E0000047", Header: map[string]string{
				"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": fmt.Sprint(time.Now().Add(40 * time.Second).Unix()),
			}}}[n == 2]
		}, 5, ""},
		"down for good":         {func(int) *oktatest.Step { return &oktatest.Step{Status: 503} }, 6, "list users from 1: find: 503 (unavailable)"},
		"forbidden":             {func(int) *oktatest.Step { return &oktatest.Step{Status: 403, Message: "E0000006"} }, 1, "grant it to read users"},
		"a page of a gateway's": {func(int) *oktatest.Step { return &oktatest.Step{Status: 200, HTML: true} }, 6, "(unavailable)"},
		"no list":               {func(int) *oktatest.Step { return &oktatest.Step{Status: 200, Message: "E0000001"} }, 1, "not a list of users"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Page = 10
				all := addMany(o, 25)
				o.Script = func(call string, n int, _ string) *oktatest.Step {
					if call == "list" {
						return tt.script(n)
					}
					return nil
				}
				start := time.Now()
				got, err := listed(t, x)
				assert.Len(t, o.Log("list"), tt.pages)
				if tt.want != "" {
					require.ErrorContains(t, err, tt.want)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, all, got)
				if name == "throttled" {
					assert.GreaterOrEqual(t, time.Since(start), 40*time.Second)
				}
			})
		})
	}
}

func TestLinks(t *testing.T) {
	for name, tt := range map[string]struct {
		links []string
		want  string
	}{
		"recorded":      {[]string{`<https://o.okta.com/api/v1/users?limit=200>; rel="self"`, `<https://o.okta.com/api/v1/users?after=00u1&limit=200>; rel="next"`}, "/api/v1/users?after=00u1&limit=200"},
		"in one header": {[]string{`<https://o/api/v1/users?limit=2>; rel="self", <https://o/api/v1/users?after=1&limit=2>; rel="next"`}, "/api/v1/users?after=1&limit=2"},
		"the last page": {[]string{`<https://o/api/v1/users?limit=2>; rel="self"`}, ""},
		"elsewhere":     {[]string{`<https://o/another/place>; rel="next"`}, ""},
		"broken":        {[]string{`https://o/api/v1/users; rel="next"`, `<%zz>; rel="next"`}, ""},
		"none":          {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, nextPage(rest.Reply{Header: http.Header{"Link": tt.links}}))
		})
	}
}

func TestPagesThatGoInACircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		o.Add(login)
		o.Script = func(string, int, string) *oktatest.Step {
			return &oktatest.Step{Header: map[string]string{"Link": `<http://hub.test/api/v1/users?after=x&limit=1>; rel="next"`}}
		}
		_, err := listed(t, x)
		require.ErrorContains(t, err, "circle")
	})
}

func TestKeepingWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		names := addMany(o, 30)
		x.KeepWarm(t.Context())
		assert.Empty(t, o.Log(), "only when it is wanted")
		x.config.Warm = true
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); x.KeepWarm(ctx) }()
		for hour := range 3 {
			time.Sleep(time.Hour)
			n := len(o.Log("find", "write"))
			for _, name := range names {
				j := target.Job{UserName: name, Password: seal.Secret(fmt.Sprint("Password-", hour))}
				require.Equal(t, target.Applied, x.Apply(t.Context(), j).Class)
			}
			assert.Len(t, o.Log("find", "write"), n+len(names), "one request for a change")
		}
		cancel()
		<-done
	})
}
