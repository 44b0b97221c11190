package flawed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// entry is a user as the directory shows him.
type entry struct {
	id, dn, name, stored string
	changed, modified    time.Time
	attributes           map[string]string
}

// memo is what is remembered of a user.
type memo struct {
	Digest   string    `json:"digest"` // of what was stored
	Changed  time.Time `json:"changed"`
	Modified time.Time `json:"modified"`
}

func people(entries []*goldap.Entry) (list []entry) {
	for _, e := range entries {
		name := e.GetAttributeValue("uid")
		if name == "" {
			continue
		}
		list = append(list, entry{
			id: e.GetAttributeValue("entryUUID"), dn: e.DN, name: name, stored: e.GetAttributeValue("userPassword"),
			changed:  moment(e.GetAttributeValue("pwdChangedTime")),
			modified: later(moment(e.GetAttributeValue("createTimestamp")), moment(e.GetAttributeValue("modifyTimestamp"))),
			attributes: map[string]string{
				"mail": e.GetAttributeValue("mail"), "givenName": e.GetAttributeValue("givenName"), "sn": e.GetAttributeValue("sn"),
			},
		})
	}
	return list
}

// moment reads a generalized time, whose fraction counts.
func moment(text string) time.Time {
	t, err := time.Parse("20060102150405.999Z", text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// take delivers what is new of these users, all at once, and returns when that is done.
func (r *reader) take(users []entry, deliver bool) error {
	if i := slices.IndexFunc(users, entry.poisoned); i >= 0 && r.flaw == StopsAtPoison {
		return fmt.Errorf("what is stored of %s is no hash", users[i].name)
	}
	var all sync.WaitGroup
	defer all.Wait()
	for _, u := range users {
		key, now := r.key(u), r.memo(u)
		what := recall(r, func(m *memory) string { return r.judge(m, u, key, now) })
		if what == "delivered" && !deliver {
			what = "baseline"
		}
		r.tells.verdict(what)
		switch what {
		case "delivered":
			all.Go(func() { r.deliver(u, key, now) })
		case "poison":
			r.remember(func(m *memory) { m.Seen[key], m.Parked[key] = now, true })
			r.tells.say("idm_password_sync_source_parked", float64(recall(r, func(m *memory) int { return len(m.Parked) })))
		case "bare":
			r.remember(func(m *memory) {
				if m.Blind = true; r.flaw == PassesOverTheBlind {
					m.Seen[key] = now
				}
			})
		case "rehash", "baseline":
			r.remember(func(m *memory) { m.Seen[key] = now })
		}
	}
	return nil
}

// key is what a user is known by: entryUUID, which no move changes.
func (r *reader) key(u entry) string {
	if r.flaw == KnowsByDN {
		return strings.ToLower(u.dn)
	}
	return u.id
}

func (r *reader) memo(u entry) memo {
	sum := sha256.Sum256([]byte(u.stored))
	m := memo{hex.EncodeToString(sum[:]), u.changed, u.modified}
	if r.flaw == ReadsWholeSeconds {
		m.Changed = m.Changed.Truncate(time.Second)
	}
	return m
}

// judge tells a new password from one that was seen, from another hash of the same password, and from what a replica that lags
// behind still has.
func (r *reader) judge(m *memory, u entry, key string, now memo) string {
	old, known := m.Seen[key]
	switch {
	case u.stored == "":
		return "bare"
	case known && old.Digest == now.Digest:
		return "same"
	case known && old.Changed.Equal(now.Changed) && old.Digest == r.memo(entry{}).Digest:
		return "same" // PassesOverTheBlind
	case known && (now.Modified.Before(old.Modified) || now.Changed.Before(old.Changed)) && r.flaw != BringsOldValuesBack:
		return "stale"
	case known && now.Changed.Equal(old.Changed) && r.flaw != TakesRehashForChange:
		return "rehash"
	case u.poisoned():
		return "poison"
	case m.Buried[strings.ToLower(u.dn)] && r.flaw == BuriesNames:
		return "ignored"
	}
	return "delivered"
}

// poisoned tells what no target takes: a password in the clear.
func (u entry) poisoned() bool {
	return u.stored != "" && (!strings.HasPrefix(u.stored, "{") || strings.HasPrefix(strings.ToUpper(u.stored), "{CLEAR}"))
}

// deliver brings one hash to its end at the target. What was begun is written down first, so that a later life knows that the
// password may be there already.
func (r *reader) deliver(u entry, key string, now memo) {
	sum := sha256.Sum256([]byte(u.id + now.Digest + now.Changed.String()))
	transaction := "reader-" + hex.EncodeToString(sum[:8])
	begun := recall(r, func(m *memory) time.Time { return m.Open[transaction] })
	j := &job{
		Change: sut.Change{TransactionID: transaction, UserName: u.name, Attributes: u.attributes},
		id:     transaction, accepted: time.Now(), hash: secret.New(u.stored), begun: !begun.IsZero(), since: begun,
	}
	if !j.begun {
		j.since = j.accepted
		r.remember(func(m *memory) { m.Open[transaction] = j.accepted })
	}
	r.note(u)
	for range map[bool]int{false: 1, true: 2}[r.flaw == DeliversTwice] {
		state, reason := r.process(j)
		if r.ctx.Err() != nil || state == "" {
			return
		}
		r.remember(func(m *memory) {
			m.Outcomes = append(m.Outcomes, sut.Outcome{
				ID: j.id, TransactionID: transaction, UserName: u.name, State: state, Reason: reason, Attempts: j.attempts, Accepted: j.accepted, Finished: time.Now(),
			})
			m.Seen[key] = now
			delete(m.Open, transaction)
			delete(m.Parked, key)
		})
	}
}

// note logs whom a delivery is about.
func (r *reader) note(u entry) {
	stored := "not shown"
	if r.flaw == LogsHashes {
		stored = u.stored
	}
	if r.flaw == StoresHashes {
		r.remember(func(m *memory) { m.Kept = append(m.Kept, u.stored) })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.log, `{"level":"INFO","msg":"changed","user_name":%q,"userPassword":%q}`+"\n", u.name, stored)
}
