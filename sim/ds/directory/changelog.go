package directory

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

const (
	changelogDN  = "cn=changelog"
	changelogKey = "cn=changelog"
)

// searchChangelog reads the changelog: by change numbers, or by a cookie when the request has one.
func (d *Directory) searchChangelog(ctx context.Context, a *asker, scope scope, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
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
	if c, ok := ldap.Find(controls, ldap.OIDPagedResults); ok && c.Critical {
		return ldap.Result{Code: ldap.UnavailableCriticalExtension, Message: "The paged results control is not supported below cn=changelog"}
	}
	asked, persists, wrong := persistence(controls)
	if wrong.Code != ldap.Success {
		return wrong
	}
	f, wrong := d.newFinding(a, area{0, scope}, r, nil, to)
	if wrong.Code != ldap.Success {
		return wrong
	}
	reading := changelogReading{finding: f, include: d.config.Changelog.Include, base: base, start: d.pseudoEntry(r.BaseDN)}
	var c ldap.Control
	switch c, reading.cookies = ldap.Find(controls, ldap.OIDChangelogCookie); {
	case reading.cookies && persists && asked.ChangesOnly:
		// Changes from now on, whatever the cookie says (OpenDJ, ChangelogBackend.getCookie).
	case reading.cookies:
		if reading.seen, wrong = d.parseCookie(ldap.ParseChangelogCookie(c)); wrong.Code != ldap.Success {
			return wrong
		}
	case mode == ChangelogCookies && d.is(numbersWhenCookie, "refuse"):
		return ldap.Result{Code: ldap.UnwillingToPerform, Message: "Change numbers are not computed by this server"}
	default:
		reading.unnumbered = mode == ChangelogCookies
	}
	if persists {
		return reading.persist(ctx, asked.ChangesOnly)
	}
	return reading.run(ctx)
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
	include    []string
	base       *entry // cn=changelog
	start      *entry // the base of the search, by its name
	cookies    bool   // it is by cookie, and not by number
	seen       state  // all records up to the last one that was read
	last       int    // the number of that
	unnumbered bool   // there are no numbers to search by
}

// run shows what there is.
func (c *changelogReading) run(ctx context.Context) ldap.Result {
	if c.cookies {
		return c.byCookie(ctx)
	}
	return c.byNumber(ctx)
}

// offerBase shows cn=changelog itself, when that is in the scope.
func (c *changelogReading) offerBase(ctx context.Context) (ldap.Result, bool) {
	scope := c.areas[0].scope
	if c.start.key != changelogKey || scope == scopeOne || scope == scopeBelow {
		return ldap.Result{}, false
	}
	end, over := c.offer(ctx, c.base, nil)
	return end, over || scope == scopeBase
}

// offer shows one entry, when it matches.
func (c *changelogReading) offer(ctx context.Context, e *entry, controls []ldap.Control) (ldap.Result, bool) {
	if ctx.Err() != nil {
		return canceled, true
	}
	if c.d.matches(view{c.d, c.asker, e}, c.request.Filter) != yes || !c.visible(e) {
		return ldap.Result{}, false
	}
	if end, over := c.exceeded(); over {
		return end, true
	}
	c.sent++
	if err := c.to.Entry(c.d.project(c.asker, e, c.selection), controls); err != nil {
		return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}, true
	}
	return ldap.Result{}, false
}

// show makes the entry of a record and shows it when it is in the scope; each record once.
func (c *changelogReading) show(ctx context.Context, r *record) (ldap.Result, bool) {
	known := r.csn <= c.seen[r.origin]
	if !c.cookies {
		known = r.number <= c.last
	}
	c.seen[r.origin], c.last = max(c.seen[r.origin], r.csn), max(c.last, r.number)
	if known {
		return ldap.Result{}, false
	}
	cookie := c.seen.cookieText(c.d.config.Suffix)
	var controls []ldap.Control
	if c.cookies {
		controls = []ldap.Control{ldap.ChangelogCookie(cookie)}
	}
	e := c.d.changelogEntry(r, !c.cookies, cookie, c.included(r))
	if !encloses(c.areas[0].scope, c.start, e) {
		return ldap.Result{}, false
	}
	return c.offer(ctx, e, controls)
}

// included are the attributes that a record tells besides.
func (c *changelogReading) included(r *record) []string {
	if r.kind == deleted {
		return slices.Concat(c.include, c.d.config.Changelog.IncludeForDeletes) // All searches share the lists.
	}
	return c.include
}

func (c *changelogReading) byNumber(ctx context.Context) ldap.Result {
	if end, over := c.offerBase(ctx); over || c.unnumbered {
		return end
	}
	low, high := c.d.numberRange(c.request.Filter)
	if c.start.key != changelogKey {
		number, ok := numberOf(c.request.BaseDN)
		if !ok {
			return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: changelogDN, Message: "The search base entry does not exist"}
		}
		low, high = number, number
	}
	c.d.mu.Lock()
	c.d.changes.trim(c.d.kernel.Clock.Now())
	records := c.d.changes.from(low, high)
	if len(records) > 0 {
		c.seen = c.d.changes.before(records[0].number)
	}
	c.d.mu.Unlock()
	if c.start.key != changelogKey && len(records) == 0 {
		return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: changelogDN, Message: "The search base entry does not exist"}
	}
	return c.all(ctx, records)
}

func (c *changelogReading) byCookie(ctx context.Context) ldap.Result {
	if end, over := c.offerBase(ctx); over {
		return end
	}
	c.d.mu.Lock()
	c.d.changes.trim(c.d.kernel.Clock.Now())
	records, kept := c.d.changes.since(c.seen)
	c.d.mu.Unlock()
	if !kept {
		return c.d.tooOld(c.d.config.Suffix)
	}
	return c.all(ctx, records)
}

func (c *changelogReading) all(ctx context.Context, records []*record) ldap.Result {
	for _, r := range records {
		if end, over := c.show(ctx, r); over {
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
