package directory

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/ds/ldap"
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

// candidate is a password that is asked for. current is the present one where the request has shown it.
type candidate struct {
	d        *Directory
	entry    *entry
	password secret.Value
	current  secret.Value
}

// validator is one of a policy as it is set up: its type and properties in the words of dsconfig, and why it refuses a password,
// "" when it does not.
type validator struct {
	kind       string
	properties []ldap.Parameter
	refuses    func(c candidate) string
}

// list is the validators that are set up, in the order in which they are asked. The properties are those that DS tells of.
func (v *Validators) list() (all []validator) {
	add := func(configured bool, kind string, refuses func(candidate) string, properties ...ldap.Parameter) {
		if configured {
			all = append(all, validator{kind, properties, refuses})
		}
	}
	add(len(v.AttributeValue) > 0, "attribute-value", v.inEntry,
		property("check-substrings", v.AttributeSubstrings > 0), property("match-attribute", strings.Join(v.AttributeValue, ", ")),
		property("min-substring-length", v.AttributeSubstrings), property("test-reversed-password", !v.ForwardOnly))
	add(len(v.CharacterSets) > 0, "character-set", v.wrongCharacters, v.characterSets()...)
	add(len(v.Dictionary) > 0 || v.CommonPasswords, "dictionary", v.inDictionary,
		property("case-sensitive-validation", v.DictionaryCase), property("check-substrings", v.DictionarySubstrings > 0),
		property("min-substring-length", v.DictionarySubstrings), property("test-reversed-password", v.DictionaryReversed))
	add(v.MinLength > 0 || v.MaxLength > 0, "length-based", v.wrongLength,
		property("max-password-length", v.MaxLength), property("min-password-length", v.MinLength))
	add(v.MaxRepeated > 0, "repeated-characters", v.repeated,
		property("case-sensitive-validation", v.RepeatedCase), property("max-consecutive-length", v.MaxRepeated))
	add(v.MinDifference > 0, "similarity-based", v.similar, property("min-password-difference", v.MinDifference))
	add(v.MinUnique > 0, "unique-characters", v.alike,
		property("case-sensitive-validation", v.UniqueCase), property("min-unique-characters", v.MinUnique))
	return all
}

func property(name string, value any) ldap.Parameter {
	return ldap.Parameter{Name: name, Value: fmt.Sprint(value)}
}

// violations are the validators that refuse a password.
func (v *Validators) violations(c candidate) (all []violation) {
	for _, one := range v.list() {
		if reason := one.refuses(c); reason != "" {
			all = append(all, violation{one.kind, reason})
		}
	}
	return all
}

func (v *Validators) wrongLength(c candidate) string {
	switch length := utf8.RuneCountInString(c.password.Reveal()); {
	case length < v.MinLength:
		return fmt.Sprintf("The provided password is shorter than the minimum required length of %d characters", v.MinLength)
	case v.MaxLength > 0 && length > v.MaxLength:
		return fmt.Sprintf("The provided password is longer than the maximum allowed length of %d characters", v.MaxLength)
	}
	return ""
}

func (v *Validators) repeated(c candidate) string {
	if longestRun(folded(c.password.Reveal(), v.RepeatedCase)) <= v.MaxRepeated {
		return ""
	}
	return fmt.Sprintf("The provided password contained too many instances of the same character appearing consecutively. The maximum number of times the same character may appear consecutively in a password is %d", v.MaxRepeated)
}

func (v *Validators) similar(c candidate) string {
	if c.current.Empty() || distance(c.password.Reveal(), c.current.Reveal()) >= v.MinDifference {
		return ""
	}
	return fmt.Sprintf("The provided password differs less than the minimum required difference of %d characters", v.MinDifference)
}

func (v *Validators) alike(c candidate) string {
	if distinct(folded(c.password.Reveal(), v.UniqueCase)) >= v.MinUnique {
		return ""
	}
	return fmt.Sprintf("The provided password does not contain enough unique characters. The minimum number of unique characters that may appear in a user password is %d", v.MinUnique)
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

// wrongCharacters counts the characters of each set (OpenDJ, CharacterSetPasswordValidator).
func (v *Validators) wrongCharacters(c candidate) string {
	text := c.password.Reveal()
	used, optional := 0, []string(nil)
	for _, set := range v.CharacterSets {
		found := 0
		for _, r := range text {
			if strings.ContainsRune(set.Characters, r) {
				found++
			}
		}
		switch {
		case found < set.Minimum:
			return fmt.Sprintf("The provided password did not contain enough characters from the character set '%s'. The minimum number of characters from that set that must be present in user passwords is %d", set.Characters, set.Minimum)
		case set.Minimum == 0:
			optional = append(optional, "'"+set.Characters+"'")
			used += min(1, found)
		}
	}
	if needed := v.MinCharacterSets - (len(v.CharacterSets) - len(optional)); used < needed {
		return fmt.Sprintf("The provided password did not contain characters from at least %d of the following character sets or ranges: %s", needed, strings.Join(optional, ", "))
	}
	if !v.ClassifiedOnly {
		return ""
	}
	for _, r := range text {
		if !slices.ContainsFunc(v.CharacterSets, func(set CharacterSet) bool { return strings.ContainsRune(set.Characters, r) }) {
			return fmt.Sprintf("The provided password contained character '%c' which is not allowed for use in passwords", r)
		}
	}
	return ""
}

func (v *Validators) characterSets() []ldap.Parameter {
	properties := []ldap.Parameter{property("allow-unclassified-characters", !v.ClassifiedOnly)}
	for _, set := range v.CharacterSets {
		properties = append(properties, property("character-set", fmt.Sprintf("%d:%s", set.Minimum, set.Characters)))
	}
	return append(properties, property("min-character-sets", v.MinCharacterSets))
}

// inDictionary looks for a password among words, or for one of them in it (OpenDJ, DictionaryPasswordValidator).
func (v *Validators) inDictionary(c candidate) string {
	forms := []string{folded(c.password.Reveal(), v.DictionaryCase)}
	if v.DictionaryReversed {
		forms = append(forms, backwards(forms[0]))
	}
	in := func(word string) bool {
		word = folded(word, v.DictionaryCase)
		part := v.DictionarySubstrings > 0 && utf8.RuneCountInString(word) >= v.DictionarySubstrings
		return slices.ContainsFunc(forms, func(form string) bool { return form == word || part && strings.Contains(form, word) })
	}
	if slices.ContainsFunc(v.Dictionary, in) || v.CommonPasswords && slices.ContainsFunc(commonPasswords, in) {
		return "The provided password contained a word from the server's dictionary"
	}
	return ""
}

// inEntry looks for a password among the attributes of the entry, as it is or backwards, and for what has it in it, or the other
// way round (OpenDJ, AttributeValuePasswordValidator).
func (v *Validators) inEntry(c candidate) string {
	forms := []string{strings.ToLower(c.password.Reveal())}
	if !v.ForwardOnly {
		forms = append(forms, backwards(forms[0]))
	}
	for i := range c.entry.attributes {
		a := &c.entry.attributes[i]
		listed := slices.ContainsFunc(v.AttributeValue, func(name string) bool {
			kind, ok := c.d.schema.Attribute(name)
			return name == "*" || ok && a.kind.Is(kind)
		})
		if !listed || a.kind == c.d.known.userPassword || a.kind.Operational {
			continue
		}
		for _, raw := range a.values {
			value := strings.ToLower(string(raw))
			if slices.ContainsFunc(forms, func(form string) bool { return form == value || v.overlap(form, value) }) {
				return "The provided password was found in another attribute in the user entry"
			}
		}
	}
	return ""
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
