package directory

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// validators reads the attributes of the classes below ds-pwp-validator, with the defaults that PingDS documents.
func (r *policyReader) validators(v *Validators) {
	if r.d.hasClass(r.entry, "ds-pwp-attribute-value-validator") {
		r.attributeValue(v)
	}
	if r.d.hasClass(r.entry, "ds-pwp-character-set-validator") {
		r.characterSets(v)
	}
	if r.d.hasClass(r.entry, "ds-pwp-dictionary-validator") {
		r.dictionary(v)
	}
	if r.d.hasClass(r.entry, "ds-pwp-length-based-validator") {
		v.MinLength = 6
		r.number("ds-pwp-length-based-min-password-length", &v.MinLength, math.MaxInt32)
		r.number("ds-pwp-length-based-max-password-length", &v.MaxLength, math.MaxInt32)
	}
	if r.d.hasClass(r.entry, "ds-pwp-repeated-characters-validator") {
		r.number("ds-pwp-repeated-characters-max-consecutive-length", &v.MaxRepeated, math.MaxInt32)
		r.flag("ds-pwp-repeated-characters-case-sensitive-validation", &v.RepeatedCase)
	}
	if r.d.hasClass(r.entry, "ds-pwp-similarity-based-validator") {
		r.number("ds-pwp-similarity-based-min-password-difference", &v.MinDifference, math.MaxInt32)
	}
	if r.d.hasClass(r.entry, "ds-pwp-unique-characters-validator") {
		r.number("ds-pwp-unique-characters-min-unique-characters", &v.MinUnique, math.MaxInt32)
		r.flag("ds-pwp-unique-characters-case-sensitive-validation", &v.UniqueCase)
	}
}

func (r *policyReader) attributeValue(v *Validators) {
	if v.AttributeValue = r.texts("ds-pwp-attribute-value-match-attribute"); len(v.AttributeValue) == 0 {
		v.AttributeValue = []string{"*"}
	}
	reversed := false
	r.flag("ds-pwp-attribute-value-test-reversed-password", &reversed)
	v.ForwardOnly = !reversed
	v.AttributeSubstrings = r.substrings("ds-pwp-attribute-value-")
}

// substrings is how long the parts of a password are that are looked for, 0 when none are.
func (r *policyReader) substrings(prefix string) int {
	on, least := false, 0
	r.flag(prefix+"check-substrings", &on)
	r.number(prefix+"min-substring-length", &least, math.MaxInt32)
	if !on {
		return 0
	}
	return max(1, least)
}

func (r *policyReader) characterSets(v *Validators) {
	allow := false
	r.flag("ds-pwp-character-set-allow-unclassified-characters", &allow)
	v.ClassifiedOnly = !allow
	r.number("ds-pwp-character-set-min-character-sets", &v.MinCharacterSets, math.MaxInt32)
	for _, name := range []string{"ds-pwp-character-set-character-set", "ds-pwp-character-set-character-set-ranges"} {
		for _, text := range r.texts(name) {
			number, characters, ok := strings.Cut(text, ":")
			minimum, err := strconv.Atoi(number)
			if strings.HasSuffix(name, "-ranges") && ok {
				characters, ok = expand(characters)
			}
			if !ok || err != nil || minimum < 0 || characters == "" {
				r.refuse(ldap.ConstraintViolation, "The attribute %s has the value %q, which is not a number, a colon and characters", name, text)
				continue
			}
			v.CharacterSets = append(v.CharacterSets, CharacterSet{Characters: characters, Minimum: minimum})
		}
	}
}

// largestCharacterSet is how many characters the ranges of a set may stand for.
const largestCharacterSet = 1 << 16

// expand makes ABC of A-C, for any number of such ranges.
func expand(ranges string) (string, bool) {
	var b strings.Builder
	left := rune(largestCharacterSet)
	for in := []rune(ranges); len(in) > 0; in = in[3:] {
		if len(in) < 3 || in[1] != '-' || in[0] > in[2] || in[0] == utf8.RuneError || in[2]-in[0] >= left {
			return "", false
		}
		left -= in[2] - in[0] + 1
		for c := in[0]; c <= in[2]; c++ {
			b.WriteRune(c)
		}
	}
	return b.String(), b.Len() > 0
}

// largestDictionary is how many bytes the words of a dictionary may be, unpacked.
const largestDictionary = 4 << 20

func (r *policyReader) dictionary(v *Validators) {
	const name = "ds-pwp-dictionary-data"
	data, _ := r.text(name)
	var words []byte
	packed, err := gzip.NewReader(bytes.NewReader([]byte(data)))
	if err == nil {
		words, err = io.ReadAll(io.LimitReader(packed, largestDictionary+1))
	}
	if err != nil || len(words) > largestDictionary {
		r.refuse(ldap.ConstraintViolation, "The attribute %s is not a gzipped list of words, one per line, of at most %d bytes", name, largestDictionary)
		return
	}
	v.Dictionary = slices.DeleteFunc(strings.FieldsFunc(string(words), func(c rune) bool { return c == '\n' || c == '\r' }), func(word string) bool { return strings.TrimSpace(word) == "" })
	r.flag("ds-pwp-dictionary-case-sensitive-validation", &v.DictionaryCase)
	r.flag("ds-pwp-dictionary-test-reversed-password", &v.DictionaryReversed)
	v.DictionarySubstrings = r.substrings("ds-pwp-dictionary-")
}
