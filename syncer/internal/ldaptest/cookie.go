package ldaptest

import (
	"maps"
	"slices"
	"strings"
)

// state is, by replica, the last CSN; of it cookies are made.
type state map[string]string

func replica(csn string) string {
	if len(csn) < 20 {
		return ""
	}
	return csn[16:20]
}

// with is the state after a change.
func (s state) with(csn string) state {
	if csn == "" {
		return s
	}
	next := maps.Clone(s)
	if next == nil {
		next = state{}
	}
	next[replica(csn)] = csn
	return next
}

// covers tells whether a change is covered.
func (s state) covers(csn string) bool { return csn <= s[replica(csn)] }

// cookie writes a state as OpenDJ does.
func (s state) cookie() string {
	if len(s) == 0 {
		return ""
	}
	return "dc=example,dc=com:" + strings.Join(slices.Sorted(maps.Values(s)), " ") + ";"
}

// readCookie is false for what is no cookie.
func readCookie(text string) (s state, ok bool) {
	list := strings.TrimSuffix(strings.TrimPrefix(text, "dc=example,dc=com:"), ";")
	for csn := range strings.FieldsSeq(list) {
		if strings.Trim(csn, "0123456789abcdef") != "" {
			return nil, false
		}
		s = s.with(csn)
	}
	return s, true
}

// outdated tells whether a cookie lacks changes that are gone, of a replica that it names: of others the server says nothing.
//
// OpenDJ, ReplicationServer.isCookieOutdatedForDomain.
func (s state) outdated(gone state) bool {
	for id, csn := range gone {
		if has, named := s[id]; named && has < csn {
			return true
		}
	}
	return false
}
