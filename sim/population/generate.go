package population

import (
	"iter"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Generate makes n people with unique user names in lower-case ASCII, names in their own script, and a primary e-mail
// address. The same seed makes the same people, and a smaller n the first of them.
func Generate(seed random.Seed, n int) iter.Seq[people.Person] {
	return func(yield func(people.Person) bool) {
		stream := seed.Stream("population")
		taken := map[string]int{}
		for range n {
			if !yield(person(stream, taken)) {
				return
			}
		}
	}
}

func person(stream *random.Stream, taken map[string]int) people.Person {
	c := cultures[stream.IntN(len(cultures))]
	given, plainGiven := spellings(c.given[stream.IntN(len(c.given))])
	family, plainFamily := spellings(c.family[stream.IntN(len(c.family))])
	display := given + " " + family
	if c.familyFirst {
		display = family + " " + given
	}

	// Bases hold no digits, so a counted base never meets another base.
	name := userName(stream.IntN(10), plainGiven, plainFamily)
	taken[name]++
	if count := taken[name]; count > 1 {
		name += strconv.Itoa(count)
	}
	return people.Person{
		UserName:    name,
		GivenName:   given,
		FamilyName:  family,
		DisplayName: display,
		Emails:      []people.Email{{Value: name + "@example.com", Type: "work", Primary: true}},
		Active:      true,
	}
}

// spellings takes "山田=Yamada" apart and folds the Latin spelling into what a user name may hold.
func spellings(entry string) (written, plain string) {
	written, plain, foreign := strings.Cut(entry, "=")
	if !foreign {
		plain = written
	}
	plain = folding.Replace(strings.ToLower(plain))
	return written, strings.ReplaceAll(plain, " ", "")
}

var lettersOnly = strings.NewReplacer("'", "", "-", "")

// userName follows the customs of companies: mostly bjensen, often barbara.jensen; and one in five keeps the marks that
// break careless engines, as in sean.o'neill or jean-luc.d'alembert.
func userName(style int, given, family string) string {
	letters := func(text string) string { return lettersOnly.Replace(text) }
	switch {
	case style < 5:
		return letters(given)[:1] + letters(family)
	case style < 8:
		return letters(given) + "." + letters(family)
	default:
		return given + "." + strings.TrimPrefix(family, "'")
	}
}

// AddressedLogins gives people user names that look like e-mail addresses, for vendors that want them so: who has a primary
// address and no such name gets the address.
func AddressedLogins(all iter.Seq[people.Person]) iter.Seq[people.Person] {
	return func(yield func(people.Person) bool) {
		for p := range all {
			if !yield(AddressedLogin(p)) {
				return
			}
		}
	}
}

// AddressedLogin is one of them.
func AddressedLogin(p people.Person) people.Person {
	if address := p.PrimaryEmail(); address != "" && !strings.Contains(p.UserName, "@") {
		p.UserName = address
	}
	return p
}
