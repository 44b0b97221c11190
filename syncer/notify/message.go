package notify

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// parseAddress takes one bare address, as an attribute of a user should hold it. What a mail server could read as something
// else (a display name, a list, a line end) is refused. A domain name in other letters gets its ASCII form.
func parseAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > 320 || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", fmt.Errorf("%q is not an address like jane@example.com", clip(text))
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text {
		return "", fmt.Errorf("%q is not an address like jane@example.com", clip(text))
	}
	at := strings.LastIndexByte(text, '@')
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	if err != nil {
		return "", fmt.Errorf("%q has no domain name: %w", clip(text), err)
	}
	return text[:at+1] + domain, nil
}

// clip keeps a stranger's text from filling a log.
func clip(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}
