package syncer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheRolloutIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		user, salt := rapid.String().Draw(t, "user"), rapid.String().Draw(t, "salt")
		some := rapid.Float64Range(0, 100).Draw(t, "some")
		more := rapid.Float64Range(some, 100).Draw(t, "more")
		if (Rollout{Percent: some, Salt: salt}).Includes(user, nil) {
			assert.True(t, Rollout{Percent: more, Salt: salt}.Includes(user, nil), "who is in at %v is in at %v", some, more)
		}
		assert.True(t, Rollout{Percent: 100, Salt: salt}.Includes(user, nil))
		assert.False(t, Rollout{Percent: 0, Salt: salt}.Includes(user, nil))
		assert.Equal(t, place(salt, user), place(salt, strings.ToUpper(user)), "the case of a name does not matter")
	})
}

func TestTheRolloutTakesItsShare(t *testing.T) {
	const users = 100_000
	for _, salt := range []string{"", "second wave"} {
		for _, percent := range []float64{0, 0.5, 1, 10, 25, 50, 90, 99, 100} {
			r, in := Rollout{Percent: percent, Salt: salt}, 0
			for i := range users {
				if r.Includes(fmt.Sprintf("user.%d@example.com", i), nil) {
					in++
				}
			}
			assert.InDelta(t, percent, float64(in)/users*100, 1, "salt %q", salt)
		}
	}
}

// Another salt is another choice: of the users of one wave about as many are in the other as chance wants.
func TestSaltsChooseIndependently(t *testing.T) {
	both := 0
	for i := range 10_000 {
		user := fmt.Sprint("user-", i)
		if (Rollout{Percent: 50, Salt: "a"}).Includes(user, nil) && (Rollout{Percent: 50, Salt: "b"}).Includes(user, nil) {
			both++
		}
	}
	assert.InDelta(t, 2500, both, 200)
}

// These places must never change: somebody's roll-out rests on them.
func TestPlacesStayOverVersions(t *testing.T) {
	for _, tt := range []struct {
		salt, user string
		want       string
	}{
		{"", "jane", "9.055712166"},
		{"", "JANE", "9.055712166"},
		{"", "xiaolong.li", "13.034080756"},
		{"", "Zoë Åström", "59.173565331"},
		{"", "straße", "75.849567878"},
		{"", "STRASSE", "48.046640961"},
		{"2026", "jane", "31.815026823"},
		{"", "", "43.538218242"},
		{"", "user.99999@example.com", "70.731203653"},
	} {
		assert.Equal(t, tt.want, fmt.Sprintf("%.9f", place(tt.salt, tt.user)), "%q, %q", tt.salt, tt.user)
	}
}

func TestGroupsOfTheRollout(t *testing.T) {
	pilot := Rollout{Percent: 100, Groups: []string{"Pilot", "cn=it,ou=groups,dc=example,dc=com"}, Attribute: "groups"}
	for name, tt := range map[string]struct {
		rollout    Rollout
		attributes map[string]string
		want       bool
	}{
		"no groups wanted":           {DefaultRollout(), nil, true},
		"no attribute":               {pilot, nil, false},
		"other attribute":            {pilot, map[string]string{"memberOf": "Pilot"}, false},
		"member":                     {pilot, map[string]string{"groups": "Pilot"}, true},
		"case":                       {pilot, map[string]string{"groups": "PILOT"}, true},
		"one of several":             {pilot, map[string]string{"groups": "Sales; CN=IT,ou=groups,dc=example,dc=com"}, true},
		"part of a name":             {pilot, map[string]string{"groups": "Pilots;Co-Pilot"}, false},
		"empty":                      {pilot, map[string]string{"groups": ";;"}, false},
		"member, but nobody is in":   {Rollout{Percent: 0, Groups: pilot.Groups, Attribute: "groups"}, map[string]string{"groups": "Pilot"}, false},
		"percent without membership": {Rollout{Percent: 100, Groups: pilot.Groups, Attribute: "groups"}, map[string]string{"groups": "Sales"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.rollout.Includes("jane", tt.attributes))
		})
	}
}

func TestMistakesInTheRolloutAreNamed(t *testing.T) {
	require.NoError(t, DefaultRollout().Validate())
	for want, r := range map[string]Rollout{
		"percent: -1 is not within 0…100":  {Percent: -1},
		"percent: 100.5 is not within":     {Percent: 100.5},
		"percent: NaN is not within":       {Percent: math.NaN()},
		"attribute: not set":               {Groups: []string{"a"}},
		`groups[1]: "a;b" is not the name`: {Groups: []string{"x", "a;b"}, Attribute: "groups"},
		`groups[0]: " " is not the name`:   {Groups: []string{" "}, Attribute: "groups"},
	} {
		require.ErrorContains(t, r.Validate(), want)
	}
}
