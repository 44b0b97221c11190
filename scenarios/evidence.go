package scenarios

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim/control"
)

// How much of the journal goes into a report for one check that failed.
const (
	usersAsEvidence     = 3
	exchangesAsEvidence = 12
)

// mentioned are the users that the text of a check names.
func (r *run) mentioned(detail string) []string {
	var names []string
	lower := strings.ToLower(detail)
	for _, p := range slices.Concat(r.residents, r.newcomers) {
		if i := strings.Index(lower, strings.ToLower(p.UserName)); i >= 0 && wordAt(lower, i, len(strings.ToLower(p.UserName))) {
			names = append(names, p.UserName)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return strings.Index(lower, strings.ToLower(a)) - strings.Index(lower, strings.ToLower(b))
	})
	return names
}

// wordAt: "ann" is not mentioned by "joann".
func wordAt(text string, at, length int) bool {
	part := func(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }
	return (at == 0 || !part(text[at-1])) && (at+length == len(text) || !part(text[at+length]))
}

// evidence is what was said on the wire about each user concerned; about nobody in particular, how the tokens were got.
func (r *run) evidence(summary string, about []string, h invariants.History) []reports.Failure {
	about = slices.Compact(slices.Clone(about))
	if len(about) == 0 {
		return []reports.Failure{{Summary: summary, Exchanges: exchanges(h.Entries, func(e control.Entry) bool { return e.Operation == "token" || e.Surprise != "" })}}
	}
	ids := map[string]string{}
	for _, u := range slices.Concat(h.UsersBefore, h.UsersAfter) {
		ids[u.UserName] = u.ID
	}
	var failures []reports.Failure
	for _, user := range about[:min(len(about), usersAsEvidence)] {
		shown := exchanges(h.Entries, func(e control.Entry) bool {
			return strings.EqualFold(e.User, user) || ids[user] != "" && strings.Contains(e.Path, ids[user]) || asksFor(e.Query, user)
		})
		if len(shown) == 0 {
			shown = exchanges(h.Entries, meanwhile(user, h))
		}
		failures = append(failures, reports.Failure{Summary: summary, User: user, Exchanges: shown})
	}
	return failures
}

// meanwhile selects what went on while a user's changes were under way: where nothing was asked about him, something else
// was in the way, such as a token that could not be had.
func meanwhile(user string, h invariants.History) func(control.Entry) bool {
	return func(e control.Entry) bool {
		return slices.ContainsFunc(h.Changes, func(c invariants.Change) bool {
			return c.User == user && !e.Received.Before(c.Submitted) && (c.Finished.IsZero() || !e.Received.After(c.Finished))
		})
	}
}

// asksFor finds a look-up that a fault ended before the target had read whom it was about.
func asksFor(query, user string) bool {
	plain, err := url.QueryUnescape(query)
	return err == nil && strings.Contains(strings.ToLower(plain), strings.ToLower(`"`+user+`"`))
}

// exchanges selects entries; of many, the first and the last ones.
func exchanges(entries []control.Entry, wanted func(control.Entry) bool) []reports.Exchange {
	var list []reports.Exchange
	for _, e := range entries {
		if wanted(e) {
			x := invariants.Exchange(e)
			x.Faults = slices.DeleteFunc(slices.Clone(x.Faults), func(id string) bool { return id == weatherID })
			list = append(list, x)
		}
	}
	if len(list) > exchangesAsEvidence {
		half := exchangesAsEvidence / 2
		omitted := len(list) - exchangesAsEvidence
		list = slices.Concat(list[:half], list[len(list)-half:])
		list[half].Note = strings.TrimPrefix(fmt.Sprintf("%s; %d exchanges before this one are left out", list[half].Note, omitted), "; ")
	}
	return list
}

// compact is an answer in one line, not too long.
func compact(answer any) string {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Sprint(answer)
	}
	const limit = 300
	if len(text) > limit {
		return strings.ToValidUTF8(string(text[:limit]), "") + "…"
	}
	return string(text)
}
