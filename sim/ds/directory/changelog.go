package directory

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

const (
	changelogDN  = "cn=changelog"
	changelogKey = "cn=changelog"
)

// searchChangelog reads the changelog: by change numbers, or by a cookie when the request has one.
func (d *Directory) searchChangelog(ctx context.Context, a *asker, key string, scope scope, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	d.mu.RLock()
	mode, some := d.changes.mode, len(d.changes.records) > 0
	d.mu.RUnlock()
	if mode == ChangelogOff {
		return ldap.Result{Code: ldap.NoSuchObject, Message: "The search base entry '" + r.BaseDN + "' does not exist"}
	}
	if !a.has(ChangelogRead) {
		return ldap.Result{Code: ldap.InsufficientAccessRights, Message: "You do not have sufficient privileges to perform a search request on cn=changelog"}
	}
	base := d.changelogBase(some)
	if refused := d.checkControls(a, base, controls); refused.Code != ldap.Success {
		return refused
	}
	if c, ok := ldap.Find(controls, ldap.OIDPagedResults); ok && c.Critical {
		return ldap.Result{Code: ldap.UnavailableCriticalExtension, Message: "The paged results control is not supported below cn=changelog"}
	}
	f, wrong := d.newFinding(a, area{0, scope}, r, nil, to)
	if wrong.Code != ldap.Success {
		return wrong
	}
	reading := changelogReading{finding: f, include: d.config.Changelog.Include}
	c, byCookie := ldap.Find(controls, ldap.OIDChangelogCookie)
	switch {
	case byCookie:
		var seen state
		if seen, wrong = d.parseCookie(ldap.ParseChangelogCookie(c)); wrong.Code != ldap.Success {
			return wrong
		}
		return reading.byCookie(ctx, base, key, scope, seen)
	case mode == ChangelogCookies:
		if d.is(numbersWhenCookie, "refuse") {
			return ldap.Result{Code: ldap.UnwillingToPerform, Message: "Change numbers are not computed by this server"}
		}
		if key == changelogKey && scope != scopeOne {
			if end, over := reading.offer(ctx, base, nil); over {
				return end
			}
		}
		return ldap.Result{}
	}
	return reading.byNumber(ctx, base, key, scope)
}

// changelogBase never has numSubordinates: by the time the entries are sent it would be another (OpenDJ, ChangelogBackend).
func (d *Directory) changelogBase(hasSubordinates bool) *entry {
	e := d.pseudoEntry(changelogDN, "top", "container")
	e.set(d.known.cn, "changelog")
	e.set(d.known.entryDN, changelogDN)
	e.set(d.known.hasSubordinates, strconv.FormatBool(hasSubordinates))
	e.set(d.known.subschemaSubentry, schema.DN)
	return e
}

// changelogReading is one search of the changelog.
type changelogReading struct {
	*finding
	include []string
}

// offer shows one entry, when it matches.
func (c *changelogReading) offer(ctx context.Context, e *entry, controls []ldap.Control) (ldap.Result, bool) {
	if ctx.Err() != nil {
		return canceled, true
	}
	if !c.deadline.IsZero() && time.Now().After(c.deadline) {
		return ldap.Result{Code: ldap.TimeLimitExceeded, Message: "The maximum time limit for processing this search operation has expired"}, true
	}
	if c.d.matches(view{c.d, c.asker, e}, c.request.Filter) != yes || !c.visible(e) {
		return ldap.Result{}, false
	}
	if c.limit > 0 && c.sent >= c.limit {
		return ldap.Result{Code: ldap.SizeLimitExceeded, Message: fmt.Sprintf("This search operation has sent the maximum of %d entries to the client", c.limit)}, true
	}
	c.sent++
	if err := c.to.Entry(c.d.project(c.asker, e, c.selection), controls); err != nil {
		return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}, true
	}
	return ldap.Result{}, false
}

// included are the attributes that a record tells besides.
func (c *changelogReading) included(r *record) []string {
	if r.kind == deleted {
		return append(c.include, c.d.config.Changelog.IncludeForDeletes...)
	}
	return c.include
}

func (c *changelogReading) byNumber(ctx context.Context, base *entry, key string, scope scope) ldap.Result {
	var low, high int
	if key != changelogKey {
		number, ok := numberOf(c.request.BaseDN)
		if !ok {
			return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: changelogDN, Message: "The search base entry does not exist"}
		}
		if scope == scopeOne || scope == scopeBelow {
			return ldap.Result{}
		}
		low, high = number, number
	} else {
		if scope != scopeOne && scope != scopeBelow {
			if end, over := c.offer(ctx, base, nil); over || scope == scopeBase {
				return end
			}
		}
		low, high = c.d.numberRange(c.request.Filter)
	}
	c.d.mu.Lock()
	c.d.changes.trim(c.d.kernel.Clock.Now())
	records := c.d.changes.from(low, high)
	var seen state
	if len(records) > 0 {
		seen = c.d.changes.before(records[0].number)
	}
	c.d.mu.Unlock()
	if key != changelogKey && len(records) == 0 {
		return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: changelogDN, Message: "The search base entry does not exist"}
	}
	for _, r := range records {
		seen[r.origin] = max(seen[r.origin], r.csn)
		if end, over := c.offer(ctx, c.d.changelogEntry(r, true, seen.cookieText(c.d.config.Suffix), c.included(r)), nil); over {
			return end
		}
	}
	return ldap.Result{}
}

func (c *changelogReading) byCookie(ctx context.Context, base *entry, key string, scope scope, seen state) ldap.Result {
	if key == changelogKey && scope != scopeOne && scope != scopeBelow {
		if end, over := c.offer(ctx, base, nil); over || scope == scopeBase {
			return end
		}
	}
	c.d.mu.Lock()
	c.d.changes.trim(c.d.kernel.Clock.Now())
	records, kept := c.d.changes.since(seen)
	c.d.mu.Unlock()
	if !kept {
		return c.d.tooOld(c.d.config.Suffix)
	}
	for _, r := range records {
		seen[r.origin] = r.csn
		cookie := seen.cookieText(c.d.config.Suffix)
		e := c.d.changelogEntry(r, false, cookie, c.included(r))
		if key != changelogKey && key != e.key {
			continue
		}
		if end, over := c.offer(ctx, e, []ldap.Control{ldap.ChangelogCookie(cookie)}); over {
			return end
		}
	}
	return ldap.Result{}
}

// numberOf reads the change number of a DN below cn=changelog.
func numberOf(name string) (int, bool) {
	dn, err := names.Parse(name)
	if err != nil || len(dn) != 2 {
		return 0, false
	}
	n, err := strconv.Atoi(dn[0].Value("changeNumber"))
	return n, err == nil
}

// numberRange finds between which change numbers a filter can match, so that no client reads all to find the last hundred.
func (d *Directory) numberRange(f ldap.Filter) (low, high int) {
	low, high = 1, math.MaxInt
	number := func(attr string, value []byte) (int, bool) {
		n, err := strconv.Atoi(string(value))
		kind := d.describe(attr).kind
		return n, err == nil && kind != nil && kind.Key() == "changenumber"
	}
	switch f := f.(type) {
	case ldap.And:
		for _, part := range f.Filters {
			l, h := d.numberRange(part)
			low, high = max(low, l), min(high, h)
		}
	case ldap.Or:
		if len(f.Filters) == 0 {
			return 1, 0
		}
		low, high = math.MaxInt, 0
		for _, part := range f.Filters {
			l, h := d.numberRange(part)
			low, high = min(low, l), max(high, h)
		}
	case ldap.Equality:
		if n, ok := number(f.Attr, f.Value); ok {
			return n, n
		}
	case ldap.GreaterOrEqual:
		if n, ok := number(f.Attr, f.Value); ok {
			return n, high
		}
	case ldap.LessOrEqual:
		if n, ok := number(f.Attr, f.Value); ok {
			return low, n
		}
	}
	return low, high
}
