package schema

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
)

// rule is a matching rule: it makes of a value the text under which equal values are equal, and smaller ones smaller. It
// returns false for what is no value of its syntax.
type rule struct {
	normal func(s *Schema, value []byte) (string, bool)
}

func (r rule) known() bool { return r.normal != nil }

func ruleNamed(name string) (rule, bool) {
	key := strings.ToLower(name)
	if named, ok := ruleOIDs[key]; ok {
		key = named
	}
	f, ok := rules[key]
	return rule{f}, ok
}

// ruleOIDs are for extensible filters, which may name a rule by its number.
var ruleOIDs = map[string]string{
	"2.5.13.0": "objectidentifiermatch", "2.5.13.1": "distinguishednamematch", "2.5.13.2": "caseignorematch",
	"2.5.13.3": "caseignoreorderingmatch", "2.5.13.5": "caseexactmatch", "2.5.13.6": "caseexactorderingmatch",
	"2.5.13.8": "numericstringmatch", "2.5.13.13": "booleanmatch", "2.5.13.14": "integermatch",
	"2.5.13.15": "integerorderingmatch", "2.5.13.17": "octetstringmatch", "2.5.13.20": "telephonenumbermatch",
	"2.5.13.27": "generalizedtimematch", "2.5.13.28": "generalizedtimeorderingmatch",
	"1.3.6.1.4.1.1466.109.114.1": "caseexactia5match", "1.3.6.1.4.1.1466.109.114.2": "caseignoreia5match",
	"1.3.6.1.1.16.2": "uuidmatch", "1.3.6.1.1.16.3": "uuidorderingmatch",
}

var rules = map[string]func(*Schema, []byte) (string, bool){
	"objectidentifiermatch": oid, "objectidentifierfirstcomponentmatch": firstComponent,
	"distinguishednamematch": distinguishedName, "uniquemembermatch": distinguishedName,
	"caseignorematch": ignoreCase, "caseignoreorderingmatch": ignoreCase, "caseignoresubstringsmatch": ignoreCase,
	"caseignorelistmatch": ignoreCase, "caseignorelistsubstringsmatch": ignoreCase,
	"caseexactmatch": exactCase, "caseexactorderingmatch": exactCase, "caseexactsubstringsmatch": exactCase,
	"caseignoreia5match": ignoreCase, "caseignoreia5substringsmatch": ignoreCase,
	"caseexactia5match": exactCase, "caseexactia5substringsmatch": exactCase,
	"numericstringmatch": numeric, "numericstringsubstringsmatch": numeric,
	"telephonenumbermatch": telephone, "telephonenumbersubstringsmatch": telephone,
	"booleanmatch": boolean, "integermatch": integer, "integerorderingmatch": magnitude,
	"generalizedtimematch": generalizedTime, "generalizedtimeorderingmatch": generalizedTime,
	"octetstringmatch": octets, "octetstringorderingmatch": octets, "bitstringmatch": octets,
	"uuidmatch": uuid, "uuidorderingmatch": uuid, "userpasswordexactmatch": octets,
}

func octets(_ *Schema, value []byte) (string, bool) { return string(value), true }

func ignoreCase(_ *Schema, value []byte) (string, bool) {
	if !utf8.Valid(value) {
		return "", false
	}
	return strings.ToLower(collapse(value)), true
}

func exactCase(_ *Schema, value []byte) (string, bool) {
	if !utf8.Valid(value) {
		return "", false
	}
	return collapse(value), true
}

// collapse drops spaces around the text and makes one of several, as RFC 4518 prepares strings.
func collapse(value []byte) string {
	value = bytes.TrimSpace(value)
	if !bytes.Contains(value, []byte("  ")) && !bytes.ContainsAny(value, "\t\n\r\v\f") {
		return string(value)
	}
	return strings.Join(strings.Fields(string(value)), " ")
}

func without(value []byte, unwanted string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(unwanted, r) {
			return -1
		}
		return r
	}, strings.ToLower(string(value)))
}

func numeric(_ *Schema, value []byte) (string, bool) {
	text := without(value, " ")
	return text, strings.Trim(text, "0123456789") == "" && text != ""
}

// telephone takes any text: DS does not insist on E.123 (strict-format-telephone-numbers is off, OpenDJ configuration).
func telephone(_ *Schema, value []byte) (string, bool) {
	return without(value, " -"), utf8.Valid(value)
}

func boolean(_ *Schema, value []byte) (string, bool) {
	switch strings.ToUpper(string(bytes.TrimSpace(value))) {
	case "TRUE", "YES", "ON", "1":
		return "TRUE", true
	case "FALSE", "NO", "OFF", "0":
		return "FALSE", true
	}
	return "", false
}

// integer drops what says nothing: leading zeros, the sign of 0.
func integer(_ *Schema, value []byte) (string, bool) {
	text := string(bytes.TrimSpace(value))
	digits, negative := strings.CutPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > maxDigits {
		return "", false
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0", true
	}
	if negative {
		return "-" + digits, true
	}
	return digits, true
}

// maxDigits is how long a number may be.
const maxDigits = 999

// magnitude writes numbers of any length so that their texts have their order: the length comes first, and of negative ones the
// complement of all.
func magnitude(s *Schema, value []byte) (string, bool) {
	text, ok := integer(s, value)
	if !ok {
		return "", false
	}
	digits, negative := strings.CutPrefix(text, "-")
	if !negative {
		return fmt.Sprintf("1%03d%s", len(digits), digits), true
	}
	complement := []byte(fmt.Sprintf("%03d%s", len(digits), digits))
	for i, c := range complement {
		complement[i] = '0' + '9' - c
	}
	return "0" + string(complement), true
}

// Integer reads a value of the integer syntax that fits.
func Integer(value []byte) (int64, error) {
	return strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
}

func uuid(_ *Schema, value []byte) (string, bool) {
	text := strings.ToLower(string(value))
	if len(text) != 36 {
		return "", false
	}
	for i := range len(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (text[i] == '-') || !dash && !strings.Contains("0123456789abcdef", text[i:i+1]) {
			return "", false
		}
	}
	return text, true
}

// oid compares object classes and attribute types by what they name; unknown ones by their text.
func oid(s *Schema, value []byte) (string, bool) {
	key := strings.ToLower(string(bytes.TrimSpace(value)))
	if c, ok := s.classes[key]; ok {
		return strings.ToLower(c.Name()), true
	}
	if a, ok := s.attributes[key]; ok {
		return a.key, true
	}
	return key, key != ""
}

// firstComponent compares definitions by their object identifiers, of which an assertion is one alone, or a name.
func firstComponent(s *Schema, value []byte) (string, bool) {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(value)), "("))
	first, _, _ := strings.Cut(text, " ")
	return oid(s, []byte(first))
}

func distinguishedName(s *Schema, value []byte) (string, bool) {
	d, err := names.Parse(string(value))
	if err != nil {
		return "", false
	}
	return d.Key(s), true
}

func generalizedTime(_ *Schema, value []byte) (string, bool) {
	at, err := ParseTime(string(value))
	if err != nil {
		return "", false
	}
	return at.Format("20060102150405.000Z"), true
}

// The forms in which DS writes times: most in seconds, those of password policies with milliseconds.
const (
	Seconds      = "20060102150405Z"
	Milliseconds = "20060102150405.000Z"
)

// ParseTime reads the GeneralizedTime of RFC 4517, 3.3.13: seconds, minutes and fractions may be missing, the zone may not.
func ParseTime(text string) (time.Time, error) {
	for _, usual := range [...]string{Milliseconds, Seconds} { // what the directory itself writes, read at each bind
		if len(text) == len(usual) {
			if at, err := time.Parse(usual, text); err == nil {
				return at, nil
			}
		}
	}
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	layout := "20060102150405"
	if digits != 10 && digits != 12 && digits != 14 {
		return time.Time{}, &time.ParseError{Layout: layout, Value: text, Message: ": not a generalized time"}
	}
	layout = layout[:digits]
	rest := text[digits:]
	if rest[0] == '.' || rest[0] == ',' {
		if digits != 14 {
			return time.Time{}, &time.ParseError{Layout: layout, Value: text, Message: ": a fraction of seconds only"}
		}
		end := strings.IndexAny(rest, "Z+-")
		if end < 2 {
			return time.Time{}, &time.ParseError{Layout: layout, Value: text, Message: ": no zone"}
		}
		layout += "." + strings.Repeat("0", end-1)
		text = text[:digits] + "." + rest[1:]
		rest = rest[end:]
	}
	switch len(rest) {
	case 1, 5:
		layout += "Z0700"
	case 3:
		layout += "Z07"
	}
	at, err := time.Parse(layout, text)
	return at.UTC(), err
}
