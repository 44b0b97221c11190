package idcs

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

func addMany(d *idcstest.Domain, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user-%04d", i))
	}
	d.Add(names...)
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
	for _, n := range []int{0, 1, 6, 7, 8, 13, 14, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t)
				d.Page = 7 // A domain may give less than it is asked for.
				want := addMany(d, n)
				got, err := listed(t, x)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				assert.Empty(t, d.Log("find", "read", "create", "write"))
			})
		})
	}
}

func TestPeopleAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user")
		d.Edit("a.user", func(u *idcstest.User) {
			u.GivenName, u.FamilyName, u.Mail, u.Federated = "A", "User", "a@example.com", true
		})
		var people []target.Person
		for p, err := range x.People(t.Context()) {
			require.NoError(t, err)
			people = append(people, p)
		}
		assert.Equal(t, []target.Person{{
			ID: "id-001", UserName: "a.user", GivenName: "A", FamilyName: "User", Mail: "a@example.com", Active: true, Federated: true,
			PasswordSetAt: time.Now().UTC(), Attributes: map[string]string{},
		}}, people)
	})
}

func TestPersonOfAFullAnswer(t *testing.T) {
	_, list, err := readPage([]byte(`{"totalResults":1,"Resources":[{"id":"1","userName":"a","active":false,"displayName":"A B","title":"Dr",
		"preferredLanguage":"de","name":{"givenName":"A","familyName":"B"},"meta":{"created":"2026-01-02T03:04:05.678Z","version":"x"},
		"emails":[{"value":"r@x.com","type":"recovery"},{"value":"w@x.com","type":"work"},{"value":"p@x.com","type":"home","primary":true}],
		"phoneNumbers":[{"value":"1","type":"home"},{"value":"2","type":"work"}],
		"` + schemaEnterprise + `":{"employeeNumber":"77","department":"Ops"}}]}`))
	require.NoError(t, err)
	assert.Equal(t, target.Person{
		ID: "1", UserName: "a", GivenName: "A", FamilyName: "B", DisplayName: "A B", Mail: "p@x.com",
		Created: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Attributes: map[string]string{
			"title": "Dr", "preferredLanguage": "de", "telephoneNumber": "2", "employeeNumber": "77", "departmentNumber": "Ops",
		},
	}, list[0].person())
}

// TestUsersWhoGoMeanwhileHideNobody: positions shift between two pages.
func TestUsersWhoGoMeanwhileHideNobody(t *testing.T) {
	for name, tt := range map[string]struct {
		between func(d *idcstest.Domain, page int)
	}{
		"one goes": {func(d *idcstest.Domain, page int) {
			if page == 2 {
				d.Remove("user-0003")
			}
		}},
		"the last of a page goes": {func(d *idcstest.Domain, page int) {
			if page == 2 {
				d.Remove("user-0009")
			}
		}},
		"a whole page goes": {func(d *idcstest.Domain, page int) {
			if page == 3 {
				for i := range 12 {
					d.Remove(fmt.Sprintf("user-%04d", i))
				}
			}
		}},
		"somebody comes": {func(d *idcstest.Domain, page int) { d.Add(fmt.Sprintf("anna-%d", page)) }},
		"one goes and another comes": {func(d *idcstest.Domain, page int) {
			d.Remove(fmt.Sprintf("user-%04d", page))
			d.Add(fmt.Sprintf("anna-%d", page))
		}},
		"the end goes": {func(d *idcstest.Domain, page int) {
			if page == 4 {
				for i := 30; i < 50; i++ {
					d.Remove(fmt.Sprintf("user-%04d", i))
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t)
				d.Page = 10
				all := addMany(d, 50)
				d.Script = func(call string, n int, _ string) *idcstest.Step {
					if call == "list" && n > 1 {
						tt.between(d, n)
					}
					return nil
				}
				got, err := listed(t, x)
				require.NoError(t, err)
				times := map[string]int{}
				for _, name := range got {
					times[name]++
				}
				for _, name := range all {
					if d.User(name).ID != "" {
						assert.Equal(t, 1, times[name], "%s is there once", name)
					}
				}
			})
		})
	}
}

func TestListingInTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		script func(n int) *idcstest.Step
		pages  int
		want   string
	}{
		"passing": {func(n int) *idcstest.Step { return map[bool]*idcstest.Step{true: {Status: 503}}[n%3 != 0] }, 9, ""},
		"throttled": {func(n int) *idcstest.Step {
			return map[bool]*idcstest.Step{true: {Status: 429, RetryAfter: "30"}}[n == 2]
		}, 4, ""},
		"down for good":          {func(int) *idcstest.Step { return &idcstest.Step{Status: 503} }, 6, "list users from 1: find: 503 (unavailable)"},
		"down in the middle":     {func(n int) *idcstest.Step { return map[bool]*idcstest.Step{true: {Status: 503}}[n > 1] }, 7, "list users from 10: find: 503 (unavailable)"},
		"forbidden":              {func(int) *idcstest.Step { return &idcstest.Step{Status: 403} }, 1, "grant it the role User Administrator"},
		"a page of a gateway's":  {func(int) *idcstest.Step { return &idcstest.Step{Status: 200, HTML: true} }, 6, "(unavailable)"},
		"a parameter is refused": {func(int) *idcstest.Step { return &idcstest.Step{Status: 400} }, 1, "find: 400 (malformed)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t)
				d.Page = 10
				all := addMany(d, 25)
				d.Script = func(call string, n int, _ string) *idcstest.Step {
					if call == "list" {
						return tt.script(n)
					}
					return nil
				}
				got, err := listed(t, x)
				assert.Len(t, d.Log("list"), tt.pages)
				if tt.want != "" {
					require.ErrorContains(t, err, tt.want)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, all, got)
			})
		})
	}
	t.Run("given up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, x, _ := rig(t)
			finds(503)(d)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			for _, err := range x.People(ctx) {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	})
}

func TestKeepingWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		names := addMany(d, 30)
		x.KeepWarm(t.Context())
		assert.Empty(t, d.Log(), "only when it is wanted")
		x.config.Warm = true
		var refusing atomic.Bool
		d.Script = func(call string, _ int, _ string) *idcstest.Step {
			if call == "list" && refusing.Load() {
				return &idcstest.Step{Status: 403}
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); x.KeepWarm(ctx) }()
		for hour := range 3 {
			time.Sleep(time.Hour)
			n := len(d.Log("find", "write"))
			for _, name := range names {
				j := target.Job{UserName: name, Password: seal.Secret(fmt.Sprint("Password-", hour))}
				require.Equal(t, target.Applied, x.Apply(t.Context(), j).Class)
			}
			assert.Len(t, d.Log("find", "write"), n+len(names), "one request for a change")
		}
		assert.InDelta(t, 3*time.Hour/(5*time.Minute), len(d.Log("list")), 3)

		// A domain that refuses the listing is asked again later, and is no obstacle.
		refusing.Store(true)
		time.Sleep(time.Hour)
		refusing.Store(false)
		n := len(d.Log("list"))
		time.Sleep(time.Hour)
		assert.Greater(t, len(d.Log("list")), n+5)
		cancel()
		<-done
	})
}
