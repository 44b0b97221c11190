package forecast

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEstimate(t *testing.T) {
	t.Parallel()
	from, to := DefaultIDM().Policy(), domain(t, `"minLength":10,"userNameDisallowed":true,"numPasswordsInHistory":4`)
	s, err := Estimate(from, to, Habits{Extra: 2}, 4000, 1)
	require.NoError(t, err)
	// Passwords have 8 + k characters with probability (1/3)(2/3)^k, so 5 of 9 are shorter than 10.
	assert.InDelta(t, 5.0/9, s.Refused, 0.03)
	assert.Less(t, s.Low, s.Refused)
	assert.Greater(t, s.High, s.Refused)
	assert.Equal(t, []RuleShare{{"minLength", s.Refused}}, s.Rules)
	assert.Len(t, s.Unknown, 2, "names and history")
	assert.Contains(t, s.Assumes[0], "extra=2")

	again, err := Estimate(from, to, Habits{Extra: 2}, 4000, 1)
	require.NoError(t, err)
	assert.Equal(t, s, again, "the seed repeats it")
	other, err := Estimate(from, to, Habits{Extra: 2}, 4000, 2)
	require.NoError(t, err)
	assert.NotEqual(t, s.Refused, other.Refused)
}

func TestHabitsMatter(t *testing.T) {
	t.Parallel()
	from, to := source(t, length8).Policy(), domain(t, `"minSpecialChars":1,"minNumerals":1,"minUpperCase":1`)
	s, err := Estimate(from, to, Habits{Upper: 1, Digit: 1, Special: 1}, 500, 1)
	require.NoError(t, err)
	assert.Zero(t, s.Refused)
	s, err = Estimate(from, to, Habits{Upper: 1, Digit: 1}, 500, 1)
	require.NoError(t, err)
	assert.Greater(t, s.Refused, 0.95)
}

func TestParseHabits(t *testing.T) {
	t.Parallel()
	h, err := ParseHabits(" extra=0, special=0.9")
	require.NoError(t, err)
	assert.Equal(t, Habits{Extra: 0, Upper: 0.5, Digit: 0.7, Special: 0.9}, h)
	h, err = ParseHabits(DefaultHabits().String())
	require.NoError(t, err)
	assert.Equal(t, DefaultHabits(), h)
	for text, want := range map[string]string{
		"length=3": `"length": there are extra, upper, digit and special`, "upper=2": "is not a number within 0…1",
		"extra=-1": "is not a number within 0…100", "digit": "is not a number", "upper=NaN": "is not a number",
	} {
		_, err := ParseHabits(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestWilson(t *testing.T) {
	t.Parallel()
	low, high := wilson(0, 100)
	assert.InDelta(t, 0, low, 1e-9)
	assert.InDelta(t, 0.0370, high, 1e-4, "no refusal in a hundred is not certainty")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1e6).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		low, high := wilson(k, n)
		p := float64(k) / float64(n)
		if low < 0 || high > 1 || low > p+1e-9 || high < p-1e-9 || math.IsNaN(low+high) {
			t.Fatalf("%d of %d: %v to %v", k, n, low, high)
		}
	})
}

const madeOf = "length,lower,upper,digit,special,count\n"

func TestStatistics(t *testing.T) {
	t.Parallel()
	s, err := ReadStatistics(strings.NewReader("\ufeffCount, Length,lower,upper,digit,special\n500,8,6,1,1,0\n300,12,9,1,2,0\n200,14,10,2,1,1\n50,6,6,0,0,0\n"))
	require.NoError(t, err)
	share, err := s.Share(DefaultIDM().Policy(), domain(t, `"minLength":12,"minSpecialChars":1`))
	require.NoError(t, err)
	assert.Equal(t, 1000, share.Of)
	assert.InDelta(t, 0.8, share.Low, 1e-9)
	assert.InDelta(t, 0.8, share.High, 1e-9)
	assert.Equal(t, []RuleShare{{"minLength", 0.5}, {"minSpecialChars", 0.8}}, share.Rules)
	assert.Contains(t, share.Assumes[1], "50 passwords that the source's own policy refuses")

	share, err = s.Share(DefaultIDM().Policy(), domain(t, `"minLength":12,"maxRepeatedChars":2,"minUniqueChars":3`))
	require.NoError(t, err)
	assert.InDelta(t, 0.5, share.Low, 1e-9, "too short for certain")
	assert.InDelta(t, 1, share.High, 1e-9, "the others may repeat a character")
	assert.Equal(t, []string{"maxRepeatedChars: numbers of characters do not tell whether a password keeps it"}, share.Unknown)

	_, err = s.Share(source(t, `{"policyId":"minimum-length","params":{"minLength":20}}`).Policy(), domain(t, `"minLength":12`))
	require.ErrorContains(t, err, "accepts none of the passwords that were counted")
}

func TestStatisticsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "a header is wanted, length,lower,upper,digit,special,count",
		"length,lower\n8,8\n":               `line 1: there is no column "upper"`,
		madeOf:                              "there is no line after the header",
		madeOf + "8,6,1,1,0\n":              "line 2: there is no field for count",
		madeOf + "8,6,1,1,0,1\n8,6,1,x,0,1": `line 3: digit: "x" is not a number from 0`,
		madeOf + "8,6,1,1,0,-4":             `line 2: count: "-4" is not a number from 0`,
		madeOf + "8,6,1,1,1,1":              "line 2: lower, upper, digit and special make 9 characters, the length is 8",
		madeOf + "8,\"6,1,1,1,1":            "line 2",
	} {
		_, err := ReadStatistics(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

// What numbers decide, they decide as the checks do.
func TestLawOfStatistics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		to := anyTarget(t)
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abXY12-_()")), 1, 20, -1).Draw(t, "password")
		m := Make{
			Length: len(text), Lower: count(text, lowerCase), Upper: count(text, upperCase), Digit: count(text, digits),
			Special: count(text, specials), Count: 1,
		}
		for _, r := range to.Rules {
			met := r.demand.met(text, nobody)
			switch m.meets(r.demand) {
			case yes:
				if _, names := r.demand.(attribute); !met && !names {
					t.Fatalf("%q breaks %s against its numbers", text, r.ID)
				}
			case no:
				if met {
					t.Fatalf("%q keeps %s against its numbers", text, r.ID)
				}
			case perhaps:
			}
		}
	})
}

func FuzzReadStatistics(f *testing.F) {
	f.Add(madeOf + "8,6,1,1,0,500\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ReadStatistics(strings.NewReader(text)); err == nil {
			require.NotEmpty(t, s.Rows)
		}
	})
}

func TestReadUsers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []User
		err  string
	}{
		"LDIF": {
			text: "version: 1\n# staff\ndn: ou=people,dc=example\nou: people\n\ndn: uid=ann,ou=people\nuid: ann\ngivenName:: w4VzZQ==\nsn: Lang\n strumpf\nmemberOf: cn=Staff,ou=groups\n" +
				"userPassword: {SSHA}x\n\ndn: uid=bo\nuid: bo\n",
			want: []User{{Person{"ann", "Åse", "Langstrumpf"}, []string{"Staff"}}, {Person: Person{UserName: "bo"}}},
		},
		"CSV": {
			text: "\xef\xbb\xbfUser ID;First Name;Last Name;Groups\nann;Ann;Li;Staff|Admins\n;nobody;;\nbo;;;\n",
			want: []User{{Person{"ann", "Ann", "Li"}, []string{"Staff", "Admins"}}, {Person: Person{UserName: "bo"}}},
		},
		"neither":           {text: "hello\n", err: `line 1: no column has the user name (uid, userName, login) among ["hello"]`},
		"nothing":           {text: "", err: "neither LDIF nor CSV"},
		"a line without :":  {text: "dn: a\nuid ann\n", err: "line 2: a line is"},
		"not base64":        {text: "dn: a\nuid:: *\n", err: "line 2: uid: not base64"},
		"a quote left open": {text: "uid\n\"ann\n", err: "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var users []User
			var failed error
			for u, err := range ReadUsers(strings.NewReader(c.text)) {
				if err != nil {
					failed = err
					break
				}
				users = append(users, u)
			}
			if c.err != "" {
				require.ErrorContains(t, failed, c.err)
				return
			}
			require.NoError(t, failed)
			assert.Equal(t, c.want, users)
		})
	}
}

func TestWhomRulesConcern(t *testing.T) {
	t.Parallel()
	d, err := ReadDomain([]byte(`[{"id":"PasswordPolicy","name":"default","userNameDisallowed":true,"firstNameDisallowed":true},
		{"id":"x","name":"admins","priority":1,"groups":[{"value":"g1","display":"Admins"}],"lastNameDisallowed":true}]`))
	require.NoError(t, err)
	counted, err := d.Count(ReadUsers(strings.NewReader("uid,givenName,sn,groups\nann,Anna,Li,\nanna.li,Ann,Li,Staff\nbo,Bo,Long,Admins\n")))
	require.NoError(t, err)
	assert.Equal(t, map[string]Concerned{
		"default": {Users: 2, Names: map[string]int{"userNameDisallowed": 1, "firstNameDisallowed": 1}},
		"admins":  {Users: 1, Names: map[string]int{"lastNameDisallowed": 1}},
	}, counted)
}

func FuzzReadUsers(f *testing.F) {
	f.Add("version: 1\ndn: uid=ann\nuid: ann\n\n")
	f.Add("uid,sn\nann,Li\n")
	f.Fuzz(func(t *testing.T, text string) {
		for u, err := range ReadUsers(strings.NewReader(text)) {
			if err != nil {
				return
			}
			require.NotEmpty(t, u.UserName)
		}
	})
}
