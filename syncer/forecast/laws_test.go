package forecast

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anySource draws a policy of IDM's as people configure it, and now and then as nobody does.
func anySource(t *rapid.T) IDM {
	var m IDM
	number := func(id, param string, most int) {
		if rapid.Bool().Draw(t, "has "+id) {
			m.Rules = append(m.Rules, NewIDMRule(id, map[string]int{param: rapid.IntRange(0, most).Draw(t, id)}, ""))
		}
	}
	number("minimum-length", "minLength", 16)
	number("at-least-X-capitals", "numCaps", 3)
	number("at-least-X-numbers", "numNums", 3)
	if rapid.IntRange(0, 3).Draw(t, "has a maximum") == 0 {
		m.Rules = append(m.Rules, NewIDMRule("maximum-length", map[string]int{"maxLength": rapid.IntRange(8, 40).Draw(t, "maximum")}, ""))
	}
	if rapid.Bool().Draw(t, "refuses names") {
		m.Rules = append(m.Rules, NewIDMRule("cannot-contain-others", map[string][]string{"disallowedFields": {"userName", "sn"}}, ""))
	}
	if forbidden := rapid.SliceOfN(rapid.SampledFrom([]string{"(", ")", "<", "pass", "Acme", "-"}), 0, 3).Draw(t, "forbidden"); len(forbidden) > 0 {
		m.Rules = append(m.Rules, NewIDMRule("cannot-contain-characters", map[string][]string{"forbiddenChars": forbidden}, ""))
	}
	if rapid.IntRange(0, 3).Draw(t, "has sets") == 0 {
		m.Rules = append(m.Rules, NewIDMRule("required-character-sets", map[string]any{
			"characterSets": []string{"s:!@#$%^&*", "u:A-Z", "l:a-z", "n:0-9"}, "minSets": rapid.IntRange(1, 4).Draw(t, "sets"),
		}, ""))
	}
	if expression := rapid.SampledFrom([]string{"", "", "", `^(?=.*[a-z])(?=.*[A-Z])`, `^(?=.*\d)(?!.*\s).{10,}$`, `^[A-Za-z0-9!#-]+$`, `^(?!.*(.)\1{2})`}).Draw(t, "expression"); expression != "" {
		m.Rules = append(m.Rules, NewIDMRule("regexpMatches", map[string]string{"regexp": expression}, ""))
	}
	return m
}

// anyTarget draws a policy of the target's.
func anyTarget(t *rapid.T) Policy {
	w := map[string]any{}
	number := func(name string, low, high int) {
		if rapid.IntRange(0, 2).Draw(t, "has "+name) == 0 {
			w[name] = rapid.IntRange(low, high).Draw(t, name)
		}
	}
	number("minLength", 0, 18)
	number("maxLength", 18, 60)
	number("minAlphas", 0, 4)
	number("minNumerals", 0, 3)
	number("minAlphaNumerals", 0, 5)
	number("minSpecialChars", 0, 2)
	number("maxSpecialChars", 3, 6)
	number("minLowerCase", 0, 3)
	number("minUpperCase", 0, 3)
	number("minUniqueChars", 0, 8)
	number("maxRepeatedChars", 1, 4)
	w["startsWithAlphabet"] = rapid.IntRange(0, 3).Draw(t, "starts") == 0
	w["lastNameDisallowed"] = rapid.IntRange(0, 3).Draw(t, "last name") == 0
	w["disallowedChars"] = rapid.SampledFrom([]string{"", "", "<>", "()"}).Draw(t, "disallowed")
	w["requiredChars"] = rapid.SampledFrom([]string{"", "", "", "_"}).Draw(t, "required")
	if rapid.IntRange(0, 3).Draw(t, "has words") == 0 {
		w["disallowedSubstrings"] = []string{rapid.SampledFrom([]string{"acme", "password", "1234"}).Draw(t, "word")}
	}
	encoded, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDomain(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return d.Policies[0].Policy
}

// A witness passes the source and fails the target, by the rule that it stands for. Where no gap is left, passwords of the
// source's, however they are made, pass the target.
func TestLawOfGaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from, to := anySource(t).Policy(), anyTarget(t)
		c, err := Compare(from, to)
		if err != nil {
			t.Skip(err)
		}
		open := map[string]bool{}
		for _, g := range c.Gaps {
			open[g.Rule] = true
			if broken := from.Refuses(g.Witness, nobody); broken != nil {
				t.Fatalf("%s: the source refuses the witness %q: %v", g.Rule, g.Witness, broken)
			}
			if !slices.Contains(to.Refuses(g.Witness, nobody), g.Rule) {
				t.Fatalf("%s: the target accepts the witness %q", g.Rule, g.Witness)
			}
		}
		for _, u := range c.Undecided {
			open[u.Rule] = true
		}
		for range 30 {
			password, ok := anyPassword(t, from)
			if !ok {
				break
			}
			for _, rule := range to.Refuses(password, nobody) {
				if !open[rule] {
					t.Fatalf("%q passes the source and breaks %s, where there should be no gap", password, rule)
				}
			}
		}
	})
}

// anyPassword draws characters that nobody prefers, with a length near the shortest or far from it.
func anyPassword(t *rapid.T, from Policy) (string, bool) {
	s := from.shape()
	least := rapid.IntRange(1, 70).Draw(t, "length")
	s.amounts = append(s.amounts, atLeast(least, anything))
	d := newDice(rapid.Uint64().Draw(t, "seed"), "law")
	odd := rapid.Bool().Draw(t, "odd")
	password, end := findWith(s, from.accepts, d, func(r rune) float64 {
		if odd { // one kind outweighs the others
			return float64(uint32(r) * 2654435761 % 7)
		}
		return 1
	})
	return password, end == found
}

func TestNoGapAndAThousandPasswords(t *testing.T) {
	t.Parallel()
	from := source(t, `{"policyId":"minimum-length","params":{"minLength":12}},{"policyId":"regexpMatches","params":{"regexp":"^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[!-/])(?!.*(.)\\1{2}).{12,40}$"}}`).Policy()
	to := domain(t, `"minLength":12,"maxLength":40,"minLowerCase":1,"minUpperCase":1,"minNumerals":1,"minSpecialChars":1,"maxRepeatedChars":2`)
	c, err := Compare(from, to)
	require.NoError(t, err)
	require.Empty(t, c.Gaps)
	require.Empty(t, c.Undecided)
	m, err := newModel(from, DefaultHabits(), 3)
	require.NoError(t, err)
	for range 1000 {
		password, err := m.draw()
		require.NoError(t, err)
		require.Empty(t, to.Refuses(password, nobody), password)
		require.Empty(t, from.Refuses(password, nobody), password)
	}
}

// What --fix prints closes all gaps but those that it names as open, and new ones do not appear.
func TestLawOfClosing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, to := anySource(t), anyTarget(t)
		c, err := Compare(m.Policy(), to)
		if err != nil || c.Hopeless {
			t.Skip("nothing to close")
		}
		closed, left := m.Close(c.Gaps)
		after, err := Compare(closed.Policy(), to)
		if err != nil {
			t.Fatalf("%v: %v", closed.Rules, err)
		}
		for _, g := range after.Gaps {
			if !slices.ContainsFunc(c.Gaps, func(old Gap) bool { return old.Rule == g.Rule && old.Close.Open }) {
				t.Fatalf("%s is still open, by %q, after %v", g.Rule, g.Witness, closed.Rules)
			}
			if len(left) == 0 {
				t.Fatalf("%s is still open and not named", g.Rule)
			}
		}
	})
}
