package flawed

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// rootDSE is where the changelog stands.
type rootDSE struct {
	first, last int64
	cookie      string
}

// gapError says that changes may have been missed.
type gapError struct{ why string }

func (e gapError) Error() string { return e.why }

const (
	cookieControl = "1.3.6.1.4.1.26027.1.5.4" // OpenDJ, ExternalChangelogRequestControl
	pageOf        = 100
)

// look does what there is to be done now. Who has never looked notes what is there, and delivers what changes from then on.
func (r *reader) look(c *line) error {
	if !recall(r, func(m *memory) bool { return m.Begun }) {
		if err := r.begin(c); err != nil {
			return err
		}
	}
	if r.mode == "reconciliation" {
		return r.compare(c, true)
	}
	if recall(r, func(m *memory) bool { return m.Blind }) { // what could not be read then may be readable now
		if err := r.compare(c, true); err != nil {
			return err
		}
	}
	err := r.follow(c)
	if why, gap := errors.AsType[gapError](err); gap && r.flaw != CookieErrorIsFatal {
		r.tells.count("idm_password_sync_source_gaps_total")
		r.complain("all users are compared", why)
		return r.again(c)
	}
	return err
}

// begin takes the position of now before it reads everybody: what changes meanwhile is found twice, and recognised.
func (r *reader) begin(c *line) error {
	if err := r.newest(c); err != nil {
		return err
	}
	if err := r.compare(c, false); err != nil {
		return err
	}
	r.remember(func(m *memory) { m.Begun = true })
	return nil
}

// again is begin after a gap.
func (r *reader) again(c *line) error {
	if err := r.newest(c); err != nil {
		return err
	}
	if r.flaw == BeginsAtTheNewest {
		return nil
	}
	return r.compare(c, true)
}

// newest sets the position of now.
func (r *reader) newest(c *line) error {
	if r.mode == "reconciliation" {
		return nil
	}
	if err := c.refresh(r); err != nil {
		return err
	}
	r.remember(func(m *memory) { m.Server, m.Number, m.Cookie = c.url, c.root.last, c.root.cookie })
	return nil
}

func (c *line) refresh(r *reader) error {
	found, err := c.search(r.ctx, &goldap.SearchRequest{
		Scope: goldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"firstChangeNumber", "lastChangeNumber", "lastExternalChangelogCookie"},
	})
	if err != nil {
		return err
	}
	for _, e := range found.Entries {
		c.root = rootDSE{number(e, "firstChangeNumber"), number(e, "lastChangeNumber"), e.GetAttributeValue("lastExternalChangelogCookie")}
	}
	return nil
}

func number(e *goldap.Entry, name string) int64 {
	n, err := strconv.ParseInt(e.GetAttributeValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// follow reads the changelog from the position on, and moves it when all that came before is dealt with.
func (r *reader) follow(c *line) error {
	read := r.byCookie
	if r.strategy == "changeNumber" {
		read = r.byNumber
	}
	for {
		records, moved, err := read(c)
		if r.flaw == BusyIsNothing && goldap.IsErrorWithCode(err, goldap.LDAPResultBusy) {
			return r.newest(c)
		}
		if err != nil {
			return err
		}
		if r.flaw == StoresPositionFirst {
			r.remember(moved)
		}
		if err := r.handle(c, records); err != nil {
			return err
		}
		r.remember(moved)
		if len(records) < pageOf {
			return nil
		}
	}
}

var recordAttributes = []string{"changeNumber", "changeType", "targetDN", "targetEntryUUID", "changeLogCookie"}

func (r *reader) byCookie(c *line) ([]*goldap.Entry, func(*memory), error) {
	cookie := recall(r, func(m *memory) string { return m.Cookie })
	text := ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, cookie, "cookie").Bytes()
	found, err := c.search(r.ctx, &goldap.SearchRequest{
		// The entries of a cookie lie below that of their suffix: replicationCSN=…,dc=example,dc=com,cn=changelog.
		BaseDN: "cn=changelog", Scope: goldap.ScopeWholeSubtree, SizeLimit: pageOf, Filter: "(objectClass=changeLogEntry)", Attributes: recordAttributes,
		Controls: []goldap.Control{goldap.NewControlString(cookieControl, true, string(text))},
	})
	switch {
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultProtocolError):
		return nil, nil, gapError{err.Error()}
	case err != nil:
		return nil, nil, err
	case len(found.Entries) > 0:
		cookie = found.Entries[len(found.Entries)-1].GetAttributeValue("changeLogCookie")
	}
	return found.Entries, func(m *memory) { m.Server, m.Cookie = c.url, cookie }, nil
}

func (r *reader) byNumber(c *line) ([]*goldap.Entry, func(*memory), error) {
	if err := c.refresh(r); err != nil {
		return nil, nil, err
	}
	m := recall(r, func(m *memory) memory { return memory{Server: m.Server, Number: m.Number} })
	next := m.Number + 1
	switch {
	case m.Server != c.url && r.flaw == TakesForeignNumbers, r.flaw == ReadsOnAfterTrimming:
	case m.Server != c.url:
		return nil, nil, gapError{"the numbers of " + m.Server + " mean nothing to " + c.url}
	case c.root.first > next || m.Number > c.root.last:
		return nil, nil, gapError{fmt.Sprintf("%d is the next change, and there are those from %d to %d", next, c.root.first, c.root.last)}
	}
	found, err := c.search(r.ctx, &goldap.SearchRequest{
		BaseDN: "cn=changelog", Scope: goldap.ScopeSingleLevel, Attributes: recordAttributes,
		Filter: fmt.Sprintf("(&(changeNumber>=%d)(changeNumber<=%d))", next, c.root.last),
	})
	if err != nil {
		return nil, nil, err
	}
	last := m.Number
	for _, e := range found.Entries {
		last = max(last, number(e, "changeNumber"))
	}
	return found.Entries, func(m *memory) { m.Server, m.Number = c.url, last }, nil
}

// handle looks at whom the records are about, as they are now.
func (r *reader) handle(c *line, records []*goldap.Entry) error {
	touched := map[string]bool{}
	for _, e := range records {
		dn, id := e.GetAttributeValue("targetDN"), e.GetAttributeValue("targetEntryUUID")
		if !strings.HasSuffix(strings.ToLower(dn), strings.ToLower(r.place.Directory.Base)) {
			continue
		}
		if strings.EqualFold(e.GetAttributeValue("changeType"), "delete") {
			delete(touched, id)
			r.remember(func(m *memory) { delete(m.Seen, id); m.Buried[strings.ToLower(dn)] = true })
			continue
		}
		touched[id] = true
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(touched)), pageOf) {
		var filter strings.Builder
		for _, id := range ids {
			filter.WriteString("(entryUUID=" + goldap.EscapeFilter(id) + ")")
		}
		users, err := r.users(c, "(|"+filter.String()+")")
		if err == nil {
			err = r.take(users, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compare reads everybody, page by page.
func (r *reader) compare(c *line, deliver bool) error {
	all, shown, youngest := 0, 0, time.Time{}
	found, references := map[string]bool{}, 0
	paging := goldap.NewControlPaging(pageOf)
	if r.mode == "reconciliation" {
		paging.PagingSize = reconcilePage
	}
	since := recall(r, func(m *memory) time.Time { return m.Since })
	for {
		page, err := c.search(r.ctx, r.wanted("(objectClass=person)", paging))
		part := r.flaw == TakesPartForAll && page != nil && stopped(err)
		if err != nil && !part {
			return err
		}
		references += len(page.Referrals)
		users := people(page.Entries)
		for _, u := range users {
			all++
			found[u.id] = true
			if u.stored != "" {
				shown++
			}
			youngest = later(youngest, u.modified)
		}
		if r.flaw == SkipsWhatMoved {
			users = slices.DeleteFunc(users, func(u entry) bool { return u.modified.Before(since) })
		}
		if err := r.take(users, deliver); err != nil {
			return err
		}
		next, ok := goldap.FindControl(page.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			break
		}
		paging.SetCookie(next.Cookie)
	}
	r.tells.say("idm_password_sync_source_references", float64(references))
	if references == 0 || r.flaw == BuriesReferred {
		r.forget(found)
	}
	blind := all > 0 && shown == 0
	r.remember(func(m *memory) { m.Since, m.Blind = later(m.Since, youngest), blind })
	if r.flaw != SilentWhenBlind {
		r.tells.say("idm_password_sync_source_password_readable", map[bool]float64{true: 0, false: 1}[blind])
	}
	return nil
}

// forget is for who was there and is not found any more.
func (r *reader) forget(found map[string]bool) {
	r.remember(func(m *memory) {
		for id := range m.Seen {
			if !found[id] {
				delete(m.Seen, id)
				r.tells.verdict("deleted")
			}
		}
	})
}

// reconcilePage makes a comparison take a while.
const reconcilePage = 5

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// users are those whom a filter finds.
func (r *reader) users(c *line, filter string) ([]entry, error) {
	found, err := c.search(r.ctx, r.wanted(filter))
	if err != nil {
		return nil, err
	}
	if users := people(found.Entries); r.flaw == AsksByHash {
		for _, u := range users {
			_, _ = c.search(r.ctx, r.wanted("(userPassword="+goldap.EscapeFilter(u.stored)+")"))
		}
	}
	return people(found.Entries), nil
}

func (r *reader) wanted(filter string, controls ...goldap.Control) *goldap.SearchRequest {
	return &goldap.SearchRequest{
		BaseDN: r.place.Directory.Base, Scope: goldap.ScopeWholeSubtree, Filter: filter, Controls: controls,
		Attributes: []string{"uid", "userPassword", "pwdChangedTime", "modifyTimestamp", "createTimestamp", "entryUUID", "mail", "givenName", "sn"},
	}
}
