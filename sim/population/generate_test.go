package population

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

func TestGenerate(t *testing.T) {
	const n = 15_000
	started := time.Now()
	all := slices.Collect(Generate(7, n))
	t.Logf("%d people in %v", n, time.Since(started))
	require.Len(t, all, n)

	userName := regexp.MustCompile(`^[a-z]+([.'-][a-z]+)*[0-9]*$`)
	seen := map[string]bool{}
	marks := map[string]int{}
	for _, p := range all {
		require.Regexp(t, userName, p.UserName)
		require.False(t, seen[p.UserName], "%s appears twice", p.UserName)
		seen[p.UserName] = true
		require.Equal(t, p.UserName+"@example.com", p.PrimaryEmail())
		require.Len(t, p.Emails, 1)
		require.True(t, p.Active)
		require.NotEmpty(t, p.GivenName)
		require.NotEmpty(t, p.FamilyName)
		require.True(t, utf8.ValidString(p.DisplayName))
		require.Contains(t, p.DisplayName, p.GivenName)
		require.NotContains(t, p.DisplayName, "=")
		for _, mark := range []string{"'", "-", "."} {
			if strings.Contains(p.UserName, mark) {
				marks[mark]++
			}
		}
		if utf8.RuneCountInString(p.DisplayName) < len(p.DisplayName) {
			marks["beyond ASCII"]++
		}
	}
	for _, mark := range []string{"'", "-", ".", "beyond ASCII"} {
		assert.Greater(t, marks[mark], n/200, "people with %s", mark)
	}
}

// Every name of the tables, not only those that a seed happens to draw, makes a plain user name.
func TestNamesFoldToASCII(t *testing.T) {
	plainName := regexp.MustCompile(`^['a-z][a-z'-]*[a-z]$`)
	for _, c := range cultures {
		for _, entry := range slices.Concat(c.given, c.family) {
			written, plain := spellings(entry)
			assert.Regexp(t, plainName, plain, "%s", written)
		}
	}
}

func TestGenerateRepeats(t *testing.T) {
	names := func(seq func(func(people.Person) bool)) []string {
		var names []string
		for p := range seq {
			names = append(names, p.UserName+" "+p.DisplayName)
		}
		return names
	}
	long := names(Generate(1, 500))
	assert.Equal(t, long, names(Generate(1, 500)), "the same seed")
	assert.Equal(t, long[:100], names(Generate(1, 100)), "the first of them")
	assert.NotEqual(t, long, names(Generate(2, 500)), "another seed")
	assert.Empty(t, names(Generate(1, 0)))
	assert.Empty(t, names(Generate(1, -1)))
	for range Generate(1, 10) {
		break
	}
}

func BenchmarkGenerate15000(b *testing.B) {
	for b.Loop() {
		for range Generate(1, 15_000) {
		}
	}
}
