package directory

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// The limits of a search, with the sentences of OpenDJ (SearchOperationBasis, EntryContainer). Those of size and time are looked
// at when something is to be sent, so that what is found before comes first.

// limited sets the limits: those of the request where they are lower than the account's.
func (f *finding) limited(a *asker, r ldap.SearchRequest) {
	f.limit = a.limits.Size
	if r.SizeLimit > 0 && (f.limit == 0 || r.SizeLimit < f.limit) {
		f.limit = r.SizeLimit
	}
	f.time = time.Duration(a.limits.Seconds) * time.Second
	if r.TimeLimit > 0 && (f.time == 0 || r.TimeLimit < f.time) {
		f.time = r.TimeLimit
	}
	if f.time > 0 {
		f.deadline = time.Now().Add(f.time)
	}
}

// unlimited takes the limits away, as from the second part of a persistent search.
func (f *finding) unlimited() { f.limit, f.time, f.deadline = 0, 0, time.Time{} }

// exceeded tells whether nothing may be sent any more.
func (f *finding) exceeded() (ldap.Result, bool) {
	switch {
	case f.limit > 0 && f.sent >= f.limit:
		return ldap.Result{Code: ldap.SizeLimitExceeded, Message: fmt.Sprintf("This search operation has sent the maximum of %d entries to the client", f.limit)}, true
	case f.late():
		return f.timeIsUp(), true
	}
	return ldap.Result{}, false
}

func (f *finding) late() bool { return f.time > 0 && !time.Now().Before(f.deadline) }

func (f *finding) timeIsUp() ldap.Result {
	return ldap.Result{Code: ldap.TimeLimitExceeded, Message: fmt.Sprintf("The maximum time limit of %d seconds for processing this search operation has expired", int(f.time.Seconds()))}
}

// tooMany tells whether these are more candidates than the account may have looked through. A list of them is too long before
// the first is looked at; without one, those in front of the limit are (OpenDJ, searchIndexed and searchNotIndexed).
func (f *finding) tooMany(candidates int) (ldap.Result, bool) {
	limit := f.asker.limits.Lookthrough
	if limit == 0 || candidates <= limit {
		return ldap.Result{}, false
	}
	return ldap.Result{Code: ldap.AdminLimitExceeded, Message: fmt.Sprintf("This search operation has checked the maximum of %d entries for matches", limit)}, true
}

// refuseUnindexed is the answer to who may not have all entries looked at, or who wants them in an order: there is none without
// a list of candidates.
func (f *finding) refuseUnindexed() (ldap.Result, bool) {
	switch {
	case !f.asker.has(UnindexedSearch):
		return ldap.Result{Code: ldap.InsufficientAccessRights, Message: "You do not have sufficient privileges to perform an unindexed search"}, true
	case f.sort != nil && f.sort.critical:
		return ldap.Result{
			Code: ldap.UnavailableCriticalExtension, Message: "The search results cannot be sorted because the given search request is not indexed",
			Controls: []ldap.Control{ldap.SortResult{Code: ldap.UnwillingToPerform}.Control()},
		}, true
	}
	return ldap.Result{}, false
}
