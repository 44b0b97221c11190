package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	goldap "github.com/go-ldap/ldap/v3"
)

// byNumber follows cn=changelog by change number: ForgeRock DS and OpenDJ with changelog-enabled, 389-DS with its retro
// changelog, and others. Numbers are each server's own, so the change behind the last one is remembered, and looked for when
// the connection is another one.
type byNumber struct {
	source *Source
	conn   *conn
	root   rootDSE
	block  int64
	silent int64 // the first change that was announced and not shown when that was last so, or 0
}

func (f *byNumber) name() string { return ChangeNumber }

func (f *byNumber) available(ctx context.Context) error {
	if !f.root.numbered {
		return &absentError{"the root DSE shows no firstChangeNumber and lastChangeNumber; there is no changelog by number, or the account may not see it"}
	}
	if f.root.first >= f.root.last {
		return nil // It is empty: OpenDJ says 0 and 0, and when all was trimmed the last number twice (getECLChangeNumberLimits).
	}
	r, _, err := f.conn.search(ctx, &goldap.SearchRequest{
		BaseDN: f.root.changelog, Scope: goldap.ScopeSingleLevel, SizeLimit: 1, Attributes: recordAttributes,
		Filter: fmt.Sprintf("(&(changeNumber>=%d)(changeNumber<=%d))", f.root.first, f.root.last),
	})
	if err == nil && len(r.Entries) == 0 {
		err = &absentError{fmt.Sprintf("the changelog shows none of the changes %d to %d; the account may lack the right to read it", f.root.first, f.root.last)}
	}
	return absent(err)
}

// equality is a filter for one value.
func equality(attribute, value string) string {
	return "(" + attribute + "=" + goldap.EscapeFilter(value) + ")"
}

// read searches the changelog.
func (f *byNumber) read(ctx context.Context, filter string) ([]*goldap.Entry, error) {
	r, cut, err := f.conn.search(ctx, &goldap.SearchRequest{
		BaseDN: f.root.changelog, Scope: goldap.ScopeSingleLevel, Filter: filter, Attributes: recordAttributes,
	})
	if err == nil && cut {
		err = errCut
	}
	if err != nil {
		return nil, fmt.Errorf("search the changelog: %w", err)
	}
	return r.Entries, nil
}

func (f *byNumber) refresh(ctx context.Context) (err error) {
	if f.root, err = f.conn.root(ctx); err == nil && !f.root.numbered {
		err = &absentError{"the change numbers have gone from the root DSE"}
	}
	return err
}

func (f *byNumber) latest(ctx context.Context, p *position) error {
	if err := f.refresh(ctx); err != nil {
		return err
	}
	p.Number, p.Anchor, p.AnchorNumber = f.root.last, "", 0
	entries, err := f.read(ctx, equality("changeNumber", strconv.FormatInt(p.Number, 10)))
	if err == nil && len(entries) == 1 {
		p.Anchor, p.AnchorNumber = placeOf(entries[0]), p.Number
	}
	return err
}

// resume finds out whether this server counts as the one did that the position is from.
func (f *byNumber) resume(ctx context.Context, p *position) error {
	here := p.Server == f.conn.url
	if p.Anchor == "" {
		if !here {
			return gap("nothing is known of change %d that another server could be asked for", p.Number)
		}
		return f.complete(*p)
	}
	entries, err := f.read(ctx, equality("changeNumber", strconv.FormatInt(p.AnchorNumber, 10)))
	if err != nil {
		return err
	}
	switch {
	case len(entries) == 1 && placeOf(entries[0]) == p.Anchor:
		p.Server = f.conn.url
		return f.complete(*p)
	case len(entries) == 0 && here && p.AnchorNumber <= f.root.first:
		return f.complete(*p) // It was trimmed, which is as it should be.
	case len(entries) == 0 && here && p.AnchorNumber > f.root.last:
		return f.complete(*p)
	}
	return f.move(ctx, p)
}

// complete tells whether everything after the position is still there.
func (f *byNumber) complete(p position) error {
	switch {
	case p.Number > f.root.last:
		return gap("the change numbers have stepped back: %d was read, and %d is the last one", p.Number, f.root.last)
	case f.root.first > p.Number+1:
		return gap("the changelog was trimmed: it begins with %d, and %d is the next one", f.root.first, p.Number+1)
	}
	return nil
}

// move takes the position over to a server that counts differently, by the CSN, which is the same on all replicas.
func (f *byNumber) move(ctx context.Context, p *position) error {
	csn, ok := csnOf(p.Anchor)
	if !ok {
		return gap("change %d is not the one that was read from %s", p.AnchorNumber, p.Server)
	}
	entries, err := f.read(ctx, equality("replicationCSN", csn))
	if err != nil {
		return err
	}
	if len(entries) != 1 {
		return gap("the last change that was read, with the CSN %s, is not on this server", csn)
	}
	number, err := strconv.ParseInt(value(entries[0], "changeNumber"), 10, 64)
	if err != nil {
		return gap("the change with the CSN %s has no number", csn)
	}
	f.source.log.InfoContext(ctx, "the position was taken over to another server by its CSN", "server", f.conn.url, "number", number,
		"from", p.Server, "was", p.Number)
	p.Server, p.Number, p.AnchorNumber = f.conn.url, number, number
	return nil // It is there, so nothing behind it was trimmed.
}

// pass reads in blocks up to the last number of now. The position is the last number that was shown: those behind it may be
// announced already and not be there yet.
func (f *byNumber) pass(ctx context.Context, p *position) error {
	if err := f.refresh(ctx); err != nil {
		return err
	}
	if err := f.complete(*p); err != nil {
		return err
	}
	begun, missing := p.Number, int64(0) // missing is the lowest number that was not there
	for at, last := p.Number, f.root.last; at < last; {
		to := min(at+f.block, last)
		entries, err := f.read(ctx, fmt.Sprintf("(&(changeNumber>=%d)(changeNumber<=%d))", at+1, to))
		if f.smaller(err) {
			continue
		}
		if err != nil {
			return err
		}
		entries = inOrder(entries, at, to)
		if missing == 0 {
			missing = firstMissing(entries, at+1, to)
		}
		if err := f.source.handle(ctx, f.conn, entries, f.root); err != nil {
			return err
		}
		if err := f.trimmed(ctx, missing); err != nil {
			return err
		}
		if n := len(entries); n > 0 {
			p.Anchor, p.AnchorNumber = placeOf(entries[n-1]), numberOf(entries[n-1])
			p.Number = p.AnchorNumber
		}
		if at = to; at < last {
			if err := f.source.save(); err != nil {
				return err
			}
		}
	}
	return f.blank(begun, *p)
}

// trimmed tells holes in the numbering, which servers have, from changes that were trimmed before they were read.
func (f *byNumber) trimmed(ctx context.Context, missing int64) error {
	if missing == 0 {
		return nil
	}
	if err := f.refresh(ctx); err != nil {
		return err
	}
	if f.root.first > missing {
		return gap("the changelog was trimmed while it was read: it begins with %d, and %d was not there", f.root.first, missing)
	}
	return nil
}

// blank is for changes that are announced and not shown, twice in a row: they do not exist, or the account may not see them.
func (f *byNumber) blank(begun int64, p position) error {
	switch {
	case p.Number > begun || begun == f.root.last: // Something was shown, or nothing announced.
	case f.silent == begun+1:
		return gap("the changelog shows none of the changes %d to %d; the account may lack the right to read it", begun+1, f.root.last)
	default:
		f.silent = begun + 1
	}
	return nil
}

// firstMissing is the lowest number of a range that is not among ordered entries; 0 when all are there.
func firstMissing(entries []*goldap.Entry, from, to int64) int64 {
	for _, e := range entries {
		if numberOf(e) != from {
			return from
		}
		from++
	}
	if from <= to {
		return from
	}
	return 0
}

// smaller tells whether a search that found too much can be repeated for less.
func (f *byNumber) smaller(err error) bool {
	if f.block == 1 || !errors.Is(err, errCut) {
		return false
	}
	f.block = max(1, f.block/2)
	return true
}

// inOrder sorts entries by number and drops what was not asked for.
func inOrder(entries []*goldap.Entry, after, to int64) []*goldap.Entry {
	entries = slices.DeleteFunc(slices.Clone(entries), func(e *goldap.Entry) bool {
		n := numberOf(e)
		return n <= after || n > to
	})
	slices.SortStableFunc(entries, func(a, b *goldap.Entry) int { return cmp.Compare(numberOf(a), numberOf(b)) })
	return entries
}

func numberOf(e *goldap.Entry) int64 {
	n, err := strconv.ParseInt(value(e, "changeNumber"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
