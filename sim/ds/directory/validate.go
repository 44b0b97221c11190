package directory

import (
	"fmt"
	"slices"
	"strings"
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
	v.checkCharacters(text, refuse)
	if v.inDictionary(text) || v.CommonPasswords && slices.Contains(commonPasswords, strings.ToLower(text)) {
		refuse("dictionary", "The provided password contained a word from the server's dictionary")
	}
	if length < v.MinLength {
		refuse("length-based", "The provided password is shorter than the minimum required length of %d characters", v.MinLength)
	}
	if v.MaxLength > 0 && length > v.MaxLength {
		refuse("length-based", "The provided password is longer than the maximum allowed length of %d characters", v.MaxLength)
	}
	if v.MaxRepeated > 0 && longestRun(folded(text, v.RepeatedCase)) > v.MaxRepeated {
		refuse("repeated-characters", "The provided password contained too many instances of the same character appearing consecutively. The maximum number of times the same character may appear consecutively in a password is %d", v.MaxRepeated)
	}
	if v.MinDifference > 0 && !current.Empty() && distance(text, current.Reveal()) < v.MinDifference {
		refuse("similarity-based", "The provided password differs less than the minimum required difference of %d characters", v.MinDifference)
	}
	if v.MinUnique > 0 && distinct(folded(text, v.UniqueCase)) < v.MinUnique {
		refuse("unique-characters", "The provided password does not contain enough unique characters. The minimum number of unique characters that may appear in a user password is %d", v.MinUnique)
	}
	return all
}

// folded is the text as a validator compares it.
func folded(text string, caseSensitive bool) string {
	if caseSensitive {
		return text
	}
	return strings.ToLower(text)
}

func backwards(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return string(runes)
}

// checkCharacters counts the characters of each set (OpenDJ, CharacterSetPasswordValidator).
func (v *Validators) checkCharacters(text string, refuse func(validator, format string, args ...any)) {
	used, optional := 0, []string(nil)
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
		if set.Minimum == 0 {
			optional = append(optional, "'"+set.Characters+"'")
			if found > 0 {
				used++
			}
		}
	}
	if needed := v.MinCharacterSets - (len(v.CharacterSets) - len(optional)); used < needed {
		refuse("character-set", "The provided password did not contain characters from at least %d of the following character sets or ranges: %s", needed, strings.Join(optional, ", "))
	}
	if !v.ClassifiedOnly {
		return
	}
	for _, r := range text {
		if !slices.ContainsFunc(v.CharacterSets, func(set CharacterSet) bool { return strings.ContainsRune(set.Characters, r) }) {
			refuse("character-set", "The provided password contained character '%c' which is not allowed for use in passwords", r)
			return
		}
	}
}

// inDictionary tells whether a password is a word, or has one in it (OpenDJ, DictionaryPasswordValidator).
func (v *Validators) inDictionary(text string) bool {
	forms := []string{folded(text, v.DictionaryCase)}
	if v.DictionaryReversed {
		forms = append(forms, backwards(forms[0]))
	}
	return slices.ContainsFunc(v.Dictionary, func(word string) bool {
		word = folded(word, v.DictionaryCase)
		part := v.DictionarySubstrings > 0 && utf8.RuneCountInString(word) >= v.DictionarySubstrings
		return slices.ContainsFunc(forms, func(form string) bool { return form == word || part && strings.Contains(form, word) })
	})
}

// inEntry tells whether an attribute of the entry is the password, as it is or backwards, or has it in it, or the other way round
// (OpenDJ, AttributeValuePasswordValidator).
func (v *Validators) inEntry(d *Directory, e *entry, text string) bool {
	forms := []string{strings.ToLower(text)}
	if !v.ForwardOnly {
		forms = append(forms, backwards(forms[0]))
	}
	for i := range e.attributes {
		a := &e.attributes[i]
		listed := slices.ContainsFunc(v.AttributeValue, func(name string) bool {
			kind, ok := d.schema.Attribute(name)
			return name == "*" || ok && a.kind.Is(kind)
		})
		if !listed || a.kind == d.known.userPassword || a.kind.Operational {
			continue
		}
		for _, raw := range a.values {
			value := strings.ToLower(string(raw))
			if slices.ContainsFunc(forms, func(form string) bool { return form == value || v.overlap(form, value) }) {
				return true
			}
		}
	}
	return false
}

// overlap tells whether one text has the other in it, as far as such parts count.
func (v *Validators) overlap(a, b string) bool {
	if utf8.RuneCountInString(a) < utf8.RuneCountInString(b) {
		a, b = b, a
	}
	return v.AttributeSubstrings > 0 && utf8.RuneCountInString(b) >= v.AttributeSubstrings && strings.Contains(a, b)
}

func longestRun(text string) (longest int) {
	run, last := 0, rune(-1)
	for _, r := range text {
		if r == last {
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
		seen[r] = true
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
