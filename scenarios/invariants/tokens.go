package invariants

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// early is how long before its end a token may be exchanged for a new one.
const early = 5 * time.Minute

// byArrival sorts entries by the time at which the target received them; the journal has them by their end.
func byArrival(entries []control.Entry) []control.Entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b control.Entry) int { return a.Received.Compare(b.Received) })
}

// tokenDiscipline: no request with a token that is known to be dead, and no token request that nothing called for.
func tokenDiscipline(v *view) reports.Check {
	if v.Dropped > 0 {
		return void(TokenDiscipline, v.unobservable())
	}
	if len(v.Entries) == 0 {
		return void(TokenDiscipline, "the target saw no request")
	}
	entries := byArrival(v.Entries)
	if !slices.ContainsFunc(entries, isToken) {
		// A static token is not the system's to replace: what it does when the token is dead, retry-discipline judges.
		return (&findings{}).check(TokenDiscipline, "no token request: %d requests with a credential that does not expire", len(entries))
	}
	var f findings
	v.judgeDeadTokens(&f, entries)
	requests := v.judgeTokenRequests(&f, entries)
	return f.check(TokenDiscipline, "%d token requests for %d requests", requests, len(entries))
}

func isGrant(e control.Entry) bool { return isToken(e) && e.Status == http.StatusOK && !unheard(e) }

// isDead tells answers after which the token that was used must not be used again.
func isDead(e control.Entry) bool {
	return !isToken(e) && (e.Status == http.StatusUnauthorized || e.Token == "expired" || e.Token == "revoked" && e.Status != http.StatusOK)
}

// life is how long a granted token lasts, by its own word or by the domain's setting.
func (v *view) life(grant control.Entry) time.Duration {
	var body struct {
		ExpiresIn float64 `json:"expires_in"`
	}
	if json.Unmarshal([]byte(grant.ResponseBody), &body) == nil && body.ExpiresIn > 0 {
		return time.Duration(body.ExpiresIn * float64(time.Second))
	}
	return v.TokenLifetime
}

// judgeDeadTokens: the journal does not tell one token from another, but it tells when new ones were granted. A token that
// was refused and not replaced since is the same token. Requests that were on their way are excused.
func (v *view) judgeDeadTokens(f *findings, entries []control.Entry) {
	var grant, dead *control.Entry
	reported := false
	for i := range entries {
		e := &entries[i]
		switch {
		case isGrant(*e):
			grant = e
			if dead != nil && e.Answered.After(dead.Received) {
				dead, reported = nil, false
			}
			continue
		case isToken(*e) || e.Client == "" && e.Token == "":
			continue // a token request, or one that a fault ended before its token was looked at
		}
		if dead != nil && !reported && e.Received.After(dead.Answered.Add(onWay)) {
			f.add("entry %s at %s, %s: with the token that was refused in entry %s at %s, without asking for another", numbers(*e), clock(e.Received), request(*e), numbers(*dead), clock(dead.Answered))
			reported = true
		}
		if e.Token == "expired" && grant != nil && v.life(*grant) > 0 {
			if end := grant.Answered.Add(v.life(*grant)); e.Received.After(end.Add(onWay)) {
				f.add("entry %s at %s, %s: the token was granted in entry %s and known to end at %s", numbers(*e), clock(e.Received), request(*e), numbers(*grant), clock(end))
			}
		}
		if dead == nil && isDead(*e) && (grant == nil || !grant.Answered.After(e.Received)) {
			dead = e
		}
	}
}

// judgeTokenRequests: each token request is called for by something: the start of the system, a token that died, one that is
// near its end, or a token request that failed.
func (v *view) judgeTokenRequests(f *findings, entries []control.Entry) int {
	type holder struct {
		last  *control.Entry // the last token request
		grant *control.Entry // the last that was answered with a token
		dead  bool           // a token died since that grant
	}
	holders := map[string]*holder{}
	requests := 0
	for i := range entries {
		e := &entries[i]
		h := holders[e.Client]
		if h == nil {
			h = new(holder)
			holders[e.Client] = h
		}
		if !isToken(*e) {
			if isDead(*e) && (h.grant == nil || e.Received.After(h.grant.Answered)) {
				h.dead = true
			}
			if isDead(*e) && e.Client == "" { // whose token it was, a fault did not look at
				for _, other := range holders {
					other.dead = other.dead || other.grant == nil || e.Received.After(other.grant.Answered)
				}
			}
			continue
		}
		requests++
		if h.last != nil && isGrant(*h.last) && isGrant(*e) && !v.justified(*h.last, *e) {
			switch {
			case e.Received.Before(h.last.Answered):
				f.add("entry %s at %s: a second token request while entry %s was under way", numbers(*e), clock(e.Received), numbers(*h.last))
			case !h.dead && !v.nearEnd(*h.grant, *e):
				f.add("entry %s at %s: a token request that nothing called for; the token of entry %s was good until %s",
					numbers(*e), clock(e.Received), numbers(*h.grant), clock(h.grant.Answered.Add(v.life(*h.grant))))
			}
		}
		h.last = e
		if isGrant(*e) {
			h.grant, h.dead = e, false
		}
	}
	return requests
}

// nearEnd tells whether a token was due to be replaced: five minutes before its end, or in the last half of a short life.
func (v *view) nearEnd(grant, request control.Entry) bool {
	life := v.life(grant)
	return life <= 0 || request.Received.Sub(grant.Received) >= max(life-early-onWay, life/2)
}
