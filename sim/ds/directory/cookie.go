package directory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// state is how far somebody has read: the last CSN of each replica.
type state map[int]string

// csnLength is that of OpenDJ's text; what DS 7 writes is longer, and nobody outside has described it.
const csnLength = 28

// cookieText writes a state as the changelog's cookie: "dc=example,dc=com:<csn> <csn>;".
func (s state) cookieText(suffix string) string {
	if len(s) == 0 {
		return suffix + ":;"
	}
	list := make([]string, 0, len(s))
	for _, origin := range slices.Sorted(maps.Keys(s)) {
		list = append(list, s[origin])
	}
	return suffix + ":" + strings.Join(list, " ") + ";"
}

// parseCookie reads a cookie. Empty is the beginning of history.
func (d *Directory) parseCookie(text string) (state, ldap.Result) {
	s := state{}
	invalid := ldap.Result{Code: ldap.ProtocolError, Message: fmt.Sprintf("Invalid syntax for the provided cookie '%s'", text)}
	for part := range strings.SplitSeq(strings.TrimSpace(text), ";") {
		if part == "" {
			continue
		}
		domain, list, ok := cutLast(part, ":")
		if !ok {
			return nil, invalid
		}
		if d.keyOf(domain) != d.suffix {
			return nil, d.tooOld(domain)
		}
		for csn := range strings.FieldsSeq(list) {
			origin, err := strconv.ParseUint(csn[min(len(csn), 16):min(len(csn), 20)], 16, 16)
			if len(csn) != csnLength || err != nil || strings.Trim(csn, "0123456789abcdef") != "" {
				return nil, invalid
			}
			s[int(origin)] = csn
		}
	}
	return s, ldap.Result{}
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// tooOld is the answer to a cookie from before what is kept.
func (d *Directory) tooOld(domain string) ldap.Result {
	return ldap.Result{
		Code:    ldap.UnwillingToPerform,
		Message: fmt.Sprintf("Full resync required. Reason: The provided cookie is older than the start of historical in the server for the replicated domain : %s", domain),
	}
}

// since returns the records from the first on that a state has not seen, or false when some of those are gone. The tree must be
// locked.
func (c *changes) since(s state) ([]*record, bool) {
	if len(s) > 0 {
		for origin, gone := range c.trimmed {
			if s[origin] < gone {
				return nil, false
			}
		}
	}
	begin := c.next
	for origin, own := range c.byOrigin {
		at, _ := slices.BinarySearchFunc(own, s[origin], func(r *record, csn string) int {
			if r.csn <= csn {
				return -1
			}
			return 1
		})
		if at < len(own) {
			begin = min(begin, own[at].number)
		}
	}
	return c.from(begin, c.next), true
}
