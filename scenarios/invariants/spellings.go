package invariants

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf16"
)

// spelling is one way in which a secret may show, and the name of that way.
type spelling struct{ how, text string }

// spellings of a secret: plain, in JSON, URLs, HTML, hexadecimal and base64, in whatever surroundings.
func spellings(secret string) []spelling {
	list := []spelling{{"plain", secret}}
	seen := map[string]bool{secret: true}
	add := func(how, text string) {
		if !seen[text] {
			seen[text] = true
			list = append(list, spelling{how, text})
		}
	}
	for _, escapeHTML := range []bool{false, true} {
		escaped := inJSON(secret, escapeHTML)
		add("JSON-escaped", escaped)
		add("JSON-escaped twice", inJSON(escaped, escapeHTML))
	}
	add("JSON-escaped", inASCII(inJSON(secret, false)))
	add("HTML-escaped", html.EscapeString(secret))
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret), percent(secret)} {
		add("URL-escaped", escaped)
		add("URL-escaped", lowerPercent(escaped))
	}
	add("hex", hex.EncodeToString([]byte(secret)))
	add("hex", strings.ToUpper(hex.EncodeToString([]byte(secret))))
	for shift := range 3 {
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			add("base64", within(alphabet, secret, shift))
		}
	}
	return list
}

// within is the part of a base64 text that depends on the secret alone when the secret starts shift bytes (modulo 3) into
// what is encoded, and anything follows it. Padding is not part of it.
func within(alphabet *base64.Encoding, secret string, shift int) string {
	whole := alphabet.EncodeToString(append(make([]byte, shift), secret...))
	first := (shift*8 + 5) / 6
	last := (shift + len(secret)) * 8 / 6
	return whole[first:last]
}

func inJSON(text string, escapeHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil { // strings always encode
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// inASCII writes what is not ASCII as \u escapes, as many JSON writers do.
func inASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// percent escapes everything but letters and digits, as some clients do.
func percent(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func lowerPercent(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}
