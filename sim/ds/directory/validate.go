package directory

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// violation is a validator that refuses a password, with its reason in the words of OpenDJ.
type violation struct {
	Validator string
	Reason    string
}

// commonPasswords is the head of the list that DS 7 has; see doc.go.
var commonPasswords = []string{
	"password", "12345678", "123456789", "1234567890", "qwertyuiop", "password1", "password123", "iloveyou", "sunshine",
	"princess", "football", "baseball", "welcome1", "superman", "trustno1", "11111111", "1q2w3e4r", "qwerty123", "abcd1234",
	"changeit", "passw0rd", "letmein1", "starwars", "computer", "michelle", "1qaz2wsx",
}

// violations asks all validators. current is the present password where the request has shown it.
func (v *Validators) violations(d *Directory, e *entry, password, current secret.Value) (all []violation) {
	text := password.Reveal()
	length := utf8.RuneCountInString(text)
	refuse := func(validator, format string, args ...any) {
		all = append(all, violation{validator, fmt.Sprintf(format, args...)})
	}
	if len(v.AttributeValue) > 0 && v.inEntry(d, e, text) {
		refuse("attribute-value", "The provided password was found in another attribute in the user entry")
	}
	for _, set := range v.CharacterSets {
		found := 0
		for _, r := range text {
			if strings.ContainsRune(set.Characters, r) {
				found++
			}
		}
		if found < set.Minimum {
			refuse("character-set", "The provided password did not contain enough characters from the character set '%s'. The minimum number of characters from that set that must be present in user passwords is %d", set.Characters, set.Minimum)
		}
	}
	lower := strings.ToLower(text)
	if slices.ContainsFunc(v.Dictionary, func(word string) bool { return strings.ToLower(word) == lower }) || v.CommonPasswords && slices.Contains(commonPasswords, lower) {
		refuse("dictionary", "The provided password contained a word from the server's dictionary")
	}
	if length < v.MinLength {
		refuse("length-based", "The provided password is shorter than the minimum required length of %d characters", v.MinLength)
	}
	if v.MaxLength > 0 && length > v.MaxLength {
		refuse("length-based", "The provided password is longer than the maximum allowed length of %d characters", v.MaxLength)
	}
	if v.MaxRepeated > 0 && longestRun(text) > v.MaxRepeated {
		refuse("repeated-characters", "The provided password contained too many instances of the same character appearing consecutively. The maximum number of times the same character may appear consecutively in a password is %d", v.MaxRepeated)
	}
	if v.MinDifference > 0 && !current.Empty() && distance(text, current.Reveal()) < v.MinDifference {
		refuse("similarity-based", "The provided password differs less than the minimum required difference of %d characters", v.MinDifference)
	}
	if v.MinUnique > 0 && distinct(text) < v.MinUnique {
		refuse("unique-characters", "The provided password does not contain enough unique characters. The minimum number of unique characters that may appear in a user password is %d", v.MinUnique)
	}
	return all
}

// inEntry tells whether an attribute of the entry is the password, as it is or backwards (OpenDJ, test-reversed-password).
func (v *Validators) inEntry(d *Directory, e *entry, text string) bool {
	backwards := []rune(text)
	slices.Reverse(backwards)
	for i := range e.attributes {
		a := &e.attributes[i]
		listed := slices.ContainsFunc(v.AttributeValue, func(name string) bool {
			kind, ok := d.schema.Attribute(name)
			return name == "*" || ok && a.kind.Is(kind)
		})
		if !listed || a.kind == d.known.userPassword || a.kind.Operational {
			continue
		}
		for _, value := range a.values {
			if strings.EqualFold(string(value), text) || strings.EqualFold(string(value), string(backwards)) {
				return true
			}
		}
	}
	return false
}

func longestRun(text string) (longest int) {
	run, last := 0, rune(-1)
	for _, r := range text {
		if r = unicode.ToLower(r); r == last {
			run++
		} else {
			run, last = 1, r
		}
		longest = max(longest, run)
	}
	return longest
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[unicode.ToLower(r)] = true
	}
	return len(seen)
}

// distance is Levenshtein's, the number of characters to change, add or remove.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, p := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, q := range y {
			cost := diagonal
			if p != q {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(y)]
}
