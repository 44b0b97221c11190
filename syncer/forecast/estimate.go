package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Habits say how people choose a password that a policy lets through. They are assumptions, not measurements: the zero
// value is nobody, DefaultHabits is ours.
type Habits struct {
	// Extra is how many characters people take beyond the fewest that the source accepts, on average; geometric, so most
	// take none or few.
	Extra float64 `json:"extra"`
	// Upper, Digit and Special are the shares of people who take such a character without being asked to.
	Upper   float64 `json:"upper"`
	Digit   float64 `json:"digit"`
	Special float64 `json:"special"`
}

// DefaultHabits are people who stop soon after the least and like letters of lower case.
func DefaultHabits() Habits { return Habits{Extra: 2, Upper: 0.5, Digit: 0.7, Special: 0.2} }

// String is the form that ParseHabits reads.
func (h Habits) String() string {
	return fmt.Sprintf("extra=%v,upper=%v,digit=%v,special=%v", h.Extra, h.Upper, h.Digit, h.Special)
}

// ParseHabits reads "extra=2,upper=0.5,digit=0.7,special=0.2"; what is left out has its default.
func ParseHabits(text string) (Habits, error) {
	h := DefaultHabits()
	into := map[string]*float64{"extra": &h.Extra, "upper": &h.Upper, "digit": &h.Digit, "special": &h.Special}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		field, ok := into[name]
		if !ok {
			return h, fmt.Errorf("%q: there are extra, upper, digit and special, as in %s", name, DefaultHabits())
		}
		most := 1.0
		if name == "extra" {
			most = 100
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil || !(number >= 0 && number <= most) {
			return h, fmt.Errorf("%s: %q is not a number within 0…%v", name, value, most)
		}
		*field = number
	}
	return h, nil
}

// Share is how many of the next changes the target will refuse.
type Share struct {
	// Basis is "model" or "statistics".
	Basis string `json:"basis"`
	// Refused is the share; Low and High are its bounds: 95 % of the sampling error of a model, or what statistics leave open.
	Refused float64 `json:"refused"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// Of is the number of passwords that were drawn or counted.
	Of int `json:"of"`
	// Rules are the shares that break each rule; one password may break several.
	Rules []RuleShare `json:"rules,omitempty"`
	// Assumes is what the number stands on, Unknown what it leaves out.
	Assumes []string `json:"assumes,omitempty"`
	Unknown []string `json:"unknown,omitempty"`
}

// RuleShare is the share of passwords that break one rule.
type RuleShare struct {
	Rule  string  `json:"rule"`
	Share float64 `json:"share"`
}

// ErrNoSample tells that no passwords could be drawn from the source's policy.
var ErrNoSample = errors.New("no password of the source's policy could be drawn")

// Estimate draws passwords that the source accepts as people with these habits choose them, and asks the target's policy.
// The same seed draws the same passwords.
func Estimate(source, target Policy, h Habits, samples int, seed uint64) (Share, error) {
	m, err := newModel(source, h, seed)
	if err != nil {
		return Share{}, err
	}
	refused, rules := 0, map[string]int{}
	for range samples {
		password, err := m.draw()
		if err != nil {
			return Share{}, err
		}
		var ids []string
		for _, r := range target.broken(password, nobody) {
			if !slices.Contains(ids, r.ID) {
				ids = append(ids, r.ID)
				rules[r.ID]++
			}
		}
		if len(ids) > 0 {
			refused++
		}
	}
	low, high := wilson(refused, samples)
	s := Share{
		Basis: "model", Refused: float64(refused) / float64(samples), Low: low, High: high, Of: samples,
		Assumes: []string{
			fmt.Sprintf("people choose like this: %d characters, the fewest that the source accepts, and %v more on average; "+
				"%.0f %% take a capital, %.0f %% a digit and %.0f %% a special character unasked (%s); letters else",
				m.shortest, h.Extra, 100*h.Upper, 100*h.Digit, 100*h.Special, h),
			"the bounds are the error of the sample; they say nothing about whether your people choose like that",
		},
	}
	for _, r := range target.Rules {
		if n := rules[r.ID]; n > 0 {
			s.Rules = append(s.Rules, RuleShare{r.ID, float64(n) / float64(samples)})
			delete(rules, r.ID)
		}
	}
	s.Unknown = unknowable(target)
	for _, id := range source.Opaque {
		s.Unknown = append(s.Unknown, fmt.Sprintf("what the source's %s refuses is not known here, so the model may draw passwords that nobody can have", id))
	}
	return s, nil
}

// unknowable lists what no model of single passwords tells.
func unknowable(target Policy) []string {
	var list []string
	names := false
	for _, r := range target.Rules {
		if _, ok := r.demand.(attribute); ok {
			names = true
		}
	}
	if names {
		list = append(list, "how many people put their own name into a password; none is counted")
	}
	if target.History > 0 {
		list = append(list, fmt.Sprintf("how many go back to one of their last %d passwords", target.History))
	}
	for _, u := range target.Beyond {
		list = append(list, fmt.Sprintf("%s: %s", u.Rule, u.Why))
	}
	return list
}

// model draws passwords.
type model struct {
	policy   Policy
	habits   Habits
	dice     *dice
	shape    shape
	shortest int
}

func newModel(source Policy, h Habits, seed uint64) (*model, error) {
	m := &model{policy: source, habits: h, dice: newDice(seed, "forecast"), shape: source.shape()}
	for n := 1; n <= longest; n++ {
		if _, end := m.search(n, nil); end == found {
			m.shortest = max(n, shortestChosen)
			if _, end := m.search(m.shortest, nil); end != found {
				m.shortest = n
			}
			return m, nil
		}
	}
	return nil, ErrNoSample
}

// shortestChosen is what people take where the source wants no length at all.
const shortestChosen = 6

func (m *model) search(length int, wish []amount) (string, outcome) {
	s := m.shape.clone()
	s.amounts = append(s.amounts, amount{anything, length, length})
	s.amounts = append(s.amounts, wish...)
	return findWith(s, m.policy.accepts, m.dice, taste)
}

// taste is how often people take a character that nothing asks for.
func taste(r rune) float64 {
	switch {
	case strings.ContainsRune(beyond, r):
		return 1e-9
	case kindOf(r) == kindLower:
		return 1.0 / 26
	case kindOf(r) == kindDigit:
		return 0.15 / 10
	case kindOf(r) == kindUpper:
		return 0.02 / 26
	default:
		return 0.002 / float64(len(someSpecials))
	}
}

func (m *model) draw() (string, error) {
	var wish []amount
	for _, w := range []struct {
		of    class
		share float64
	}{{upperCase, m.habits.Upper}, {digits, m.habits.Digit}, {specials, m.habits.Special}} {
		if m.dice.float() < w.share {
			wish = append(wish, atLeast(1, w.of))
		}
	}
	length := m.shortest
	if m.habits.Extra > 0 {
		length += int(math.Log(1-m.dice.float()) / math.Log(m.habits.Extra/(1+m.habits.Extra)))
	}
	for ; length >= m.shortest; length-- { // a source may set a maximum
		if password, end := m.search(length, wish); end == found {
			return password, nil
		}
		if password, end := m.search(length, nil); end == found {
			return password, nil
		}
	}
	return "", ErrNoSample
}

// wilson is the 95 % interval of Wilson's for k of n.
func wilson(k, n int) (low, high float64) {
	const z = 1.959964
	if n == 0 {
		return 0, 1
	}
	p, c := float64(k)/float64(n), z*z/float64(n)
	middle := (p + c/2) / (1 + c)
	half := z / (1 + c) * math.Sqrt(p*(1-p)/float64(n)+c/float64(n)/4)
	return max(0, middle-half), min(1, middle+half)
}
