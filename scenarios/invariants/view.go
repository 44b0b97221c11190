package invariants

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// view is a history, indexed by user. User names are compared without regard to case, as the targets do.
type view struct {
	History
	users  []string // everyone who has a change or was probed, in order of appearance
	of     map[string][]Change
	probes map[string][]Probe
	wrote  map[string][]control.Entry // attempts to write a password, in the order of the journal
	before map[string]string          // each user's password from before the run; to compare, never to show
	update map[string][]control.Entry // updates of users that were answered with success, or whose answer was lost
	byID   map[string]string
	lives  []life // those after the first
}

func fold(user string) string { return strings.ToLower(strings.TrimSpace(user)) }

func read(h History) *view {
	v := &view{
		History: h, of: map[string][]Change{}, probes: map[string][]Probe{}, wrote: map[string][]control.Entry{},
		before: map[string]string{}, update: map[string][]control.Entry{}, byID: map[string]string{},
		lives: livesOf(h),
	}
	known := map[string]bool{}
	meet := func(user string) string {
		key := fold(user)
		if !known[key] {
			known[key] = true
			v.users = append(v.users, key)
		}
		return key
	}
	for _, c := range h.Changes {
		key := meet(c.User)
		v.of[key] = append(v.of[key], c)
	}
	for _, changes := range v.of {
		slices.SortStableFunc(changes, func(a, b Change) int { return a.Number - b.Number })
	}
	for _, p := range h.Probes {
		key := meet(p.User)
		v.probes[key] = append(v.probes[key], p)
	}
	for _, u := range slices.Concat(h.UsersBefore, h.UsersAfter) {
		v.byID[u.ID] = fold(u.UserName)
	}
	for _, e := range h.Entries {
		if id := lastPart(e.Path); e.User != "" && v.byID[id] == "" {
			v.byID[id] = fold(e.User)
		}
	}
	for _, e := range h.Entries {
		user := v.userOf(e)
		switch {
		case user == "":
		case isWrite(e):
			v.wrote[user] = append(v.wrote[user], e)
		case e.Operation == "update" && done(e, http.StatusOK):
			v.update[user] = append(v.update[user], e)
		}
	}
	for user, password := range h.Initial {
		v.before[fold(user)] = password.Reveal()
	}
	return v
}

// userOf is the user an entry is about. A request that a fault ended before the target read it names its user only by the
// id in its path.
func (v *view) userOf(e control.Entry) string {
	if e.User != "" {
		return fold(e.User)
	}
	return v.byID[lastPart(e.Path)]
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// overLDAP tells what the status means: a result code, of which 0 is success.
func overLDAP(e control.Entry) bool { return e.Protocol == string(journal.LDAP) }

// done tells whether a request was carried out: its answer says so with one of the statuses of HTTP that mean it here, or with
// LDAP's success, or was lost afterwards.
func done(e control.Entry, statuses ...int) bool {
	if overLDAP(e) {
		return e.Status == 0 || e.Lost
	}
	return e.Lost || slices.Contains(statuses, e.Status)
}

// isWrite tells attempts to write a password. A fault ends a request before the target has classified it; then its path
// must tell. An org has one address for profile and password, and says which it was once it has read the body; what it did not
// read is taken for a password, since an engine writes nothing else there.
func isWrite(e control.Entry) bool {
	switch e.Operation {
	case "write_password":
		return true
	case "create":
		return e.Digest != ""
	case "update":
		return !done(e, http.StatusOK) && strings.HasPrefix(e.Path, "/api/v1/users/")
	case "":
		return e.Method == http.MethodPut && strings.Contains(e.Path, "/UserPasswordChanger/") ||
			e.Method == http.MethodPatch && strings.Contains(e.Path, "/Users/")
	}
	return false
}

func isToken(e control.Entry) bool {
	return e.Operation == "token" || e.Operation == "" && strings.HasSuffix(e.Path, "/oauth2/v1/token")
}

func isAccepted(e control.Entry) bool { return isWrite(e) && e.Outcome == "accepted" }

// isPermanent tells refusals that no repetition will change. A missing user is not among them: it may be provisioned.
func isPermanent(e control.Entry) bool {
	return isWrite(e) && e.Outcome == "refused" && (overLDAP(e) || e.Status == 0 || e.Status >= 400 && e.Status < 500) && permanent(e.Reason)
}

func permanent(reason string) bool {
	switch reason {
	case "policy", "federated", "inactive", "status", "forbidden", "malformed":
		return true
	}
	return false
}

// passing tells the reasons of parking behind which nobody can know whether the password was written.
func passing(reason string) bool {
	switch reason {
	case "timeout", "throttled", "unavailable", "connection", "credential", "unknown_outcome":
		return true
	}
	return false
}

// unheard tells entries whose answer may not have reached the system under test.
func unheard(e control.Entry) bool { return e.Lost || e.Unanswered() }

func final(state string) bool {
	switch state {
	case Applied, Parked, Superseded, Skipped, Planned:
		return true
	}
	return false
}

// numbers names entries: "#12, #15".
func numbers(entries ...control.Entry) string {
	var list []string
	for i, e := range entries {
		if i == shown {
			list = append(list, "…")
			break
		}
		list = append(list, "#"+strconv.FormatUint(e.Sequence, 10))
	}
	return strings.Join(list, ", ")
}

func (c Change) name() string {
	if c.TransactionID == "" {
		return fmt.Sprintf("%s, change %d", c.User, c.Number)
	}
	return fmt.Sprintf("%s, change %d (%s)", c.User, c.Number, c.TransactionID)
}

// header reads a response header, whichever way it came: net/http's type, or JSON.
func header(headers any, name string) string {
	get := func(v any) string {
		switch v := v.(type) {
		case string:
			return v
		case []string:
			if len(v) > 0 {
				return v[0]
			}
		case []any:
			if len(v) > 0 {
				text, _ := v[0].(string)
				return text
			}
		}
		return ""
	}
	switch h := headers.(type) {
	case http.Header:
		return h.Get(name)
	case map[string][]string:
		return http.Header(h).Get(name)
	case map[string]string:
		for key, value := range h {
			if strings.EqualFold(key, name) {
				return value
			}
		}
	case map[string]any:
		for key, value := range h {
			if strings.EqualFold(key, name) {
				return get(value)
			}
		}
	}
	return ""
}

// retryAfter is how long an answer asked to stay away.
func retryAfter(e control.Entry) time.Duration {
	text := header(e.ResponseHeaders, "Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(e.Answered)
	}
	return 0
}
