package journal

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var dots = secret.Value{}.String()

// masker replaces the secrets of one exchange by dots.
type masker []form

// form is one secret: as it is, and in base64 without padding.
type form struct{ plain, std, url string }

func newMasker(secrets []secret.Value) masker {
	if len(secrets) == 0 {
		return nil
	}
	m := make(masker, 0, len(secrets))
	for _, s := range secrets {
		plain := s.Reveal()
		f := form{plain: plain, std: base64.RawStdEncoding.EncodeToString([]byte(plain))}
		if strings.ContainsAny(f.std, "+/") {
			f.url = base64.RawURLEncoding.EncodeToString([]byte(plain))
		}
		m = append(m, f)
	}
	// The longest first: of "abc123", masking "abc" before would leave "123".
	slices.SortFunc(m, func(a, b form) int { return cmp.Compare(len(b.plain), len(a.plain)) })
	return m
}

// text masks a text. When it is only the start of one (cut), a secret that begins in it and is cut off at the end is
// masked too.
func (m masker) text(text string, cut bool) string {
	if text == "" {
		return ""
	}
	// Dots bring none of these characters in, so it is enough to look once. Byte by byte: ContainsAny is ten times slower.
	escaped := strings.IndexByte(text, '\\') >= 0
	encoded := strings.IndexByte(text, '%') >= 0 || strings.IndexByte(text, '+') >= 0
	for _, f := range m {
		text = replaceAll(text, f.plain, cut)
		if escaped {
			text = replace(text, f.plain, inJSON, cut)
		}
		if encoded {
			text = replace(text, f.plain, inURL, cut)
		}
		text = replaceAll(text, f.std, cut)
		if f.url != "" {
			text = replaceAll(text, f.url, cut)
		}
	}
	return text
}

// confidential are the headers that are credentials whatever their value: those of HTTP, and ForgeRock IDM's.
var confidential = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Openidm-Password", "X-Openidm-Reauth-Password",
}

// flatten turns a header into its compact form, with what is a credential by its name masked.
func flatten(h http.Header) Headers {
	var room [1024]byte // enough for most, so that only what is kept is allocated
	b := room[:0]
	for name, values := range h {
		secret := slices.Contains(confidential, name)
		for _, value := range values {
			b = append(append(b, name...), ':')
			switch {
			case secret:
				b = append(b, credentials(value)...)
			case len(value) > BodyLimit:
				b = append(append(b, value[:BodyLimit]...), "…"...)
			default:
				b = append(b, value...)
			}
			b = append(b, '\n')
		}
	}
	return Headers(b)
}

// headers masks the named secrets.
func (m masker) headers(h Headers) Headers { return Headers(valid(m.text(string(h), false))) }

// credentials leaves the scheme to be seen: "Bearer ••••••••".
func credentials(value string) string {
	switch scheme, rest, found := strings.Cut(value, " "); {
	case found && rest != "" && !strings.ContainsAny(scheme, "=;"):
		return scheme + " " + dots
	default:
		return dots
	}
}

// query masks the named secrets, and the values of parameters that are credentials by their name: no handler may have
// looked at them.
func (m masker) query(raw string) string {
	if raw == "" {
		return ""
	}
	parameters := strings.Split(raw, "&")
	for i, parameter := range parameters {
		if name, _, found := strings.Cut(parameter, "="); found && sensitive(name) {
			parameters[i] = name + "=" + dots
		}
	}
	return m.text(strings.Join(parameters, "&"), false)
}

func sensitive(name string) bool {
	name = strings.ToLower(name)
	for _, word := range [...]string{"password", "passwd", "secret", "token", "assertion"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func replaceAll(text, secret string, cut bool) string {
	if cut {
		return replace(text, secret, asIs, cut)
	}
	return strings.ReplaceAll(text, secret, dots)
}

// replace puts dots in the place of secret wherever text spells it.
func replace(text, secret string, spell spelling, cut bool) string {
	var out strings.Builder
	done := 0
	for at := 0; at < len(text); {
		n := 0
		if c := text[at]; c == secret[0] || c == '\\' || c == '%' || c == '+' { // it can begin nowhere else
			n = spelled(text[at:], secret, spell, cut)
		}
		if n == 0 {
			at++
			continue
		}
		out.WriteString(text[done:at])
		out.WriteString(dots)
		at += n
		done = at
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// spelled returns how many bytes at the start of text spell the secret, 0 when they do not. With cut, running out of
// text on the way is enough, even within an escape sequence that might have become anything.
func spelled(text, secret string, spell spelling, cut bool) int {
	at := 0
	for secret != "" {
		if at == len(text) {
			if cut {
				return at
			}
			return 0
		}
		size, of := spell(text[at:], secret)
		switch {
		case size == unfinished && cut:
			return len(text)
		case size <= 0:
			return 0
		}
		at, secret = at+size, secret[of:]
	}
	return at
}

// spelling tells how many bytes (size) at the start of text stand for how many (of) at the start of secret: 0 for none,
// unfinished when text ends within an escape sequence.
type spelling func(text, secret string) (size, of int)

const unfinished = -1

func asIs(text, secret string) (size, of int) {
	if text[0] == secret[0] {
		return 1, 1
	}
	return 0, 0
}

// inURL reads percent-encoding in upper and lower case, of any byte, and the plus of forms.
func inURL(text, secret string) (size, of int) {
	switch text[0] {
	case '+':
		if secret[0] == ' ' {
			return 1, 1
		}
	case '%':
		if len(text) < 3 {
			return unfinished, 0
		}
		if b, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			if byte(b) == secret[0] {
				return 3, 1
			}
			return 0, 0
		}
	}
	return asIs(text, secret)
}

// inJSON reads every escape of RFC 8259, of any character: encoders differ in what they escape.
func inJSON(text, secret string) (size, of int) {
	if text[0] != '\\' {
		return asIs(text, secret)
	}
	if len(text) < 2 {
		return unfinished, 0
	}
	if text[1] != 'u' {
		at := strings.IndexByte(`"\/bfnrt`, text[1])
		if at >= 0 && "\"\\/\b\f\n\r\t"[at] == secret[0] {
			return 2, 1
		}
		return 0, 0
	}
	r, size := codeUnit(text)
	if size > 0 && utf16.IsSurrogate(r) {
		low, more := codeUnit(text[size:])
		if more <= 0 {
			return more, 0 // half a pair is no letter
		}
		r, size = utf16.DecodeRune(r, low), size+more
	}
	if size <= 0 {
		return size, 0
	}
	if letter := string(r); strings.HasPrefix(secret, letter) {
		return size, len(letter)
	}
	return 0, 0
}

// codeUnit reads one \uXXXX.
func codeUnit(text string) (r rune, size int) {
	if begin := text[:min(len(text), 2)]; !strings.HasPrefix(`\u`, begin) {
		return 0, 0
	}
	if len(text) < len(`\uXXXX`) {
		return 0, unfinished
	}
	v, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(v), 6
}
