package idcs_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// crowded is a domain of which everybody is in one group, and one more; and the number of the last user.
func crowded(tb testing.TB, users int) (d *domain, everybody string) {
	tb.Helper()
	d = newDomain(tb)
	userNames := make([]string, 0, users)
	for n := range users {
		p, err := d.Populate(people.Person{
			UserName: fmt.Sprintf("sailor%d", n), FamilyName: "Jensen", Active: true, Emails: []people.Email{{Value: "s@example.com", Primary: true}},
		})
		require.NoError(tb, err)
		userNames = append(userNames, p.UserName)
		d.user = p
	}
	id, err := d.PopulateGroup("Everybody", userNames...)
	require.NoError(tb, err)
	_, err = d.PopulateGroup("The last", d.user.UserName)
	require.NoError(tb, err)
	return d, groupsPath + "/" + id
}

// memberRequests are what a client asks of a group, however large.
func memberRequests(d *domain, everybody string) map[string][3]string {
	user := d.user.ID
	return map[string][3]string{
		"is he a member":    {http.MethodGet, everybody + "?attributes=" + url.QueryEscape(`members[value eq "`+user+`"]`), ""},
		"his groups":        {http.MethodGet, groupsPath + "?attributes=displayName&filter=" + url.QueryEscape(`members.value eq "`+user+`"`), ""},
		"a page of members": {http.MethodGet, everybody + "?attributes=" + url.QueryEscape("members[startIndex=1&count=10]"), ""},
		"by name":           {http.MethodGet, groupsPath + "?filter=" + url.QueryEscape(`displayName eq "everybody"`), ""},
		"add":               {http.MethodPatch, everybody, patch(`{"op":"add","path":"members","value":[{"value":"` + user + `"}]}`)},
		"a password":        {http.MethodPatch, "/admin/v1/Users/" + user, patchPassword(newPassword)},
	}
}

func BenchmarkGroups(b *testing.B) {
	for _, users := range []int{10, 10_000, 100_000} {
		d, everybody := crowded(b, users)
		for name, request := range memberRequests(d, everybody) {
			b.Run(fmt.Sprintf("%s/members=%d", name, users), func(b *testing.B) {
				d.token(b, "engine")
				for b.Loop() {
					d.ask(b, "engine", request[0], request[1], request[2])
				}
			})
		}
	}
}

// What is asked of one member costs the same in a group of ten and of twenty thousand. The bound is wide, for a busy
// machine; what grows with the group would be a thousand times slower.
func TestMembershipDoesNotGrow(t *testing.T) {
	pace := func(d *domain, request [3]string) time.Duration {
		d.token(t, "engine")
		best := time.Hour
		for range 50 {
			start := time.Now()
			a := d.ask(t, "engine", request[0], request[1], request[2])
			best = min(best, time.Since(start))
			require.Less(t, a.status, 500)
		}
		return best
	}
	small, few := crowded(t, 10)
	large, many := crowded(t, 20_000)
	requests := memberRequests(large, many)
	for name, request := range memberRequests(small, few) {
		t.Run(name, func(t *testing.T) {
			one, other := pace(small, request), pace(large, requests[name])
			assert.Less(t, other, 20*one+time.Millisecond, "10 members: %s, 20000: %s", one, other)
		})
	}
}
