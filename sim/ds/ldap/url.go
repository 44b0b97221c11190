package ldap

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// URL is what a referral needs of an LDAP URL (RFC 4516): where to go, and what to look at there. Attributes and filter are those
// of the request that is referred.
type URL struct {
	Scheme     string // in lower case
	Host       string // with its port, "" when the client shall know one
	DN         string
	Scope      string // "base", "one", "sub", "subordinate"; "" leaves it to the client
	Extensions string // as they were written
}

// ErrURL is wrapped by what is wrong with the text of a URL.
var ErrURL = errors.New("malformed LDAP URL")

// defaultPort is written out, as OpenDJ does.
const defaultPort = "389"

// ParseURL reads a URL whose scheme may be any.
func ParseURL(text string) (u URL, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || !printable(scheme) {
		return u, fmt.Errorf("%w: no scheme", ErrURL)
	}
	u.Scheme = strings.ToLower(scheme)
	host, rest, _ := strings.Cut(rest, "/")
	if u.Host, err = hostPort(host); err != nil {
		return u, err
	}
	var parts [5]string // dn, attributes, scope, filter, extensions
	copy(parts[:], strings.SplitN(rest, "?", len(parts)))
	if u.DN, err = url.PathUnescape(parts[0]); err != nil {
		return u, fmt.Errorf("%w: %w", ErrURL, err)
	}
	switch scope := strings.ToLower(parts[2]); scope {
	case "", "base", "one", "sub", "subordinate":
		u.Scope = scope
	case "subord":
		u.Scope = "subordinate"
	default:
		return u, fmt.Errorf("%w: no scope is called %q", ErrURL, parts[2])
	}
	u.Extensions = parts[4]
	return u, nil
}

// hostPort checks a host and gives it a port. An IPv6 address is in brackets.
func hostPort(text string) (string, error) {
	switch {
	case text == "":
		return "", nil
	case !printable(text):
		return "", fmt.Errorf("%w: host %q", ErrURL, text)
	}
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 || strings.HasSuffix(text, "]") {
		return strings.ToLower(text) + ":" + defaultPort, nil
	}
	if port, err := strconv.ParseUint(text[colon+1:], 10, 16); err != nil || port == 0 || colon == 0 {
		return "", fmt.Errorf("%w: host %q", ErrURL, text)
	}
	return strings.ToLower(text), nil
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// String is the URL as a referral has it: without attributes and filter (OpenDJ, LDAPURL.toString).
func (u URL) String() string {
	var b strings.Builder
	b.WriteString(u.Scheme + "://" + u.Host + "/")
	encodeDN(&b, u.DN)
	if u.Scope != "" {
		b.WriteString("??" + u.Scope + "?")
	} else if u.Extensions != "" {
		b.WriteString("???")
	}
	if u.Extensions != "" {
		b.WriteString("?" + u.Extensions)
	}
	return b.String()
}

// encodeDN writes a DN, and what may not be in a URL as a percent sign with two digits.
func encodeDN(b *strings.Builder, dn string) {
	const digits = "0123456789ABCDEF"
	for i := range len(dn) {
		c := dn[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/@!$&'()*+,;=", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
}
