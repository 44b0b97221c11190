package ldap

import (
	"fmt"
	"math"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// Every Parse function takes the value of its request control and returns an error for one that makes no sense: the
// operation is then answered with protocolError. Every Control method makes a response control.

// ErrControl is wrapped by what is wrong with the value of a control.
var ErrControl = fmt.Errorf("malformed control value: %w", ber.ErrValue)

// value reads a control's value, which must be one SEQUENCE and no more.
func value(c Control) (*ber.Reader, error) {
	if !c.HasValue {
		return nil, fmt.Errorf("%w: %s has none", ErrControl, c.OID)
	}
	whole := ber.NewReader(c.Value)
	in, err := whole.Enter(ber.Sequence)
	if err == nil {
		err = whole.End()
	}
	if err != nil {
		return nil, malformed(c, err)
	}
	return in, nil
}

func malformed(c Control, err error) error { return fmt.Errorf("%w: %s: %w", ErrControl, c.OID, err) }

// Paged is the paged results control of RFC 2696, in requests and responses.
type Paged struct {
	Size   int // asked: entries of a page; answered: an estimate of all
	Cookie []byte
}

// ParsePaged reads the request.
func ParsePaged(c Control) (p Paged, err error) {
	in, err := value(c)
	if err != nil {
		return p, err
	}
	size, err := in.Integer(ber.Integer)
	if err != nil {
		return p, malformed(c, err)
	}
	if size < 0 || size > math.MaxInt32 {
		return p, malformed(c, fmt.Errorf("a page of %d entries", size))
	}
	p.Size = int(size)
	if p.Cookie, err = in.Primitive(ber.OctetString); err == nil {
		err = in.End()
	}
	if err != nil {
		return p, malformed(c, err)
	}
	return p, nil
}

// Control is the response.
func (p Paged) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(p.Size))
	b = ber.AppendString(b, ber.OctetString, p.Cookie)
	return Control{OID: OIDPagedResults, Value: ber.Close(b, at), HasValue: true}
}

// SortKey is one key of a server-side sort.
type SortKey struct {
	Attr    string
	Rule    string // the ordering rule; "" is the attribute's own
	Reverse bool
}

// ParseSort reads the server-side sorting request of RFC 2891.
func ParseSort(c Control) (keys []SortKey, err error) {
	in, err := value(c)
	if err != nil {
		return nil, err
	}
	for in.More() {
		key, err := readSortKey(in)
		if err != nil {
			return nil, malformed(c, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, malformed(c, fmt.Errorf("no key"))
	}
	return keys, nil
}

func readSortKey(in *ber.Reader) (key SortKey, err error) {
	if in, err = in.Enter(ber.Sequence); err != nil {
		return key, err
	}
	if key.Attr, err = in.String(ber.OctetString); err != nil {
		return key, err
	}
	if in.Next() == ber.Context(0) {
		if key.Rule, err = in.String(ber.Context(0)); err != nil {
			return key, err
		}
	}
	if in.Next() == ber.Context(1) {
		if key.Reverse, err = in.Boolean(ber.Context(1)); err != nil {
			return key, err
		}
	}
	return key, in.End()
}

// SortResult is the response to a server-side sort.
type SortResult struct {
	Code ResultCode
	Attr string // the key that was at fault
}

// Control is the response.
func (r SortResult) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Enumerated, int64(r.Code))
	if r.Attr != "" {
		b = ber.AppendString(b, ber.Context(0), r.Attr)
	}
	return Control{OID: OIDServerSortResponse, Value: ber.Close(b, at), HasValue: true}
}

// ListView is the virtual list view request of draft-ietf-ldapext-ldapv3-vlv.
type ListView struct {
	Before, After int
	ByValue       bool   // the target is the first entry at or behind Value, not Offset
	Offset        int    // from 1; one below 0 is for the directory to refuse
	Count         int    // how long the client believes the list to be; 0 is no idea
	Value         []byte // of the first sort key
	Context       []byte
}

// ParseListView reads the request.
func ParseListView(c Control) (v ListView, err error) {
	in, err := value(c)
	if err != nil {
		return v, err
	}
	read := func(in *ber.Reader, least int64, into ...*int) error {
		for _, number := range into {
			n, err := in.Integer(ber.Integer)
			if err != nil {
				return err
			}
			if n < least || n > math.MaxInt32 {
				return fmt.Errorf("the number %d is out of range", n)
			}
			*number = int(n)
		}
		return nil
	}
	if err := read(in, 0, &v.Before, &v.After); err != nil {
		return v, malformed(c, err)
	}
	if v.ByValue = in.Next() == ber.Context(1); v.ByValue {
		v.Value, err = in.Primitive(ber.Context(1))
	} else {
		var target *ber.Reader
		if target, err = in.Enter(ber.Context(0).Constructed()); err == nil {
			if err = read(target, math.MinInt32, &v.Offset, &v.Count); err == nil {
				err = target.End()
			}
		}
	}
	if err == nil && in.More() {
		v.Context, err = in.Primitive(ber.OctetString)
	}
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return v, malformed(c, err)
	}
	return v, nil
}

// ListViewResult is the response to a virtual list view.
type ListViewResult struct {
	Position, Count int
	Code            ResultCode
	Context         []byte // nil leaves it out
}

// Control is the response.
func (r ListViewResult) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(r.Position))
	b = ber.AppendInteger(b, ber.Integer, int64(r.Count))
	b = ber.AppendInteger(b, ber.Enumerated, int64(r.Code))
	if r.Context != nil {
		b = ber.AppendString(b, ber.OctetString, r.Context)
	}
	return Control{OID: OIDVirtualListResponse, Value: ber.Close(b, at), HasValue: true}
}

// ParseSubentries tells whether the subentries control (RFC 3672, and the older draft without a value) asks for subentries
// instead of other entries.
func ParseSubentries(c Control) (visible bool, err error) {
	if c.OID == OIDSubentriesDraft {
		return true, nil
	}
	if !c.HasValue {
		return false, fmt.Errorf("%w: %s has none", ErrControl, c.OID)
	}
	in := ber.NewReader(c.Value)
	visible, err = in.Boolean(ber.Boolean)
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return false, malformed(c, err)
	}
	return visible, nil
}

// The changes that a persistent search may be about, as bits.
const (
	ChangedByAdd      = 1
	ChangedByDelete   = 2
	ChangedByModify   = 4
	ChangedByModifyDN = 8
)

// PersistentSearch is the request of draft-ietf-ldapext-psearch.
type PersistentSearch struct {
	ChangeTypes   int // bits
	ChangesOnly   bool
	ReturnChanges bool // with the entry change control
}

// ParsePersistentSearch reads the request.
func ParsePersistentSearch(c Control) (p PersistentSearch, err error) {
	in, err := value(c)
	if err != nil {
		return p, err
	}
	types, err := in.Integer(ber.Integer)
	if err == nil {
		p.ChangesOnly, err = in.Boolean(ber.Boolean)
	}
	if err == nil {
		p.ReturnChanges, err = in.Boolean(ber.Boolean)
	}
	if err == nil {
		err = in.End()
	}
	if err == nil && (types < 1 || types > ChangedByAdd|ChangedByDelete|ChangedByModify|ChangedByModifyDN) {
		err = fmt.Errorf("change types %d", types)
	}
	if err != nil {
		return p, malformed(c, err)
	}
	p.ChangeTypes = int(types)
	return p, nil
}

// EntryChange tells what happened to an entry of a persistent search. Its changeNumber is left out, as OpenDJ does.
type EntryChange struct {
	Type       int    // one of the ChangedBy bits
	PreviousDN string // after a modify DN
}

// Control is what goes with the entry.
func (e EntryChange) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Enumerated, int64(e.Type))
	if e.PreviousDN != "" {
		b = ber.AppendString(b, ber.OctetString, e.PreviousDN)
	}
	return Control{OID: OIDEntryChange, Value: ber.Close(b, at), HasValue: true}
}

// ParseChangelogCookie reads the request of the external changelog: an OCTET STRING in the value, or the bare text. An
// absent or empty one is the beginning.
func ParseChangelogCookie(c Control) string {
	in := ber.NewReader(c.Value)
	if text, err := in.String(ber.OctetString); err == nil && !in.More() {
		return text
	}
	return string(c.Value)
}

// ChangelogCookie is what goes with each entry of the changelog that was read by cookie.
func ChangelogCookie(cookie string) Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, cookie)
	return Control{OID: OIDChangelogCookie, Value: ber.Close(b, at), HasValue: true}
}
