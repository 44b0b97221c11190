package directory

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// page is the simple paged results control (RFC 2696). A nil page is a search without it.
type page struct {
	d       *Directory
	finding *finding
	size    int
	begin   id
	sent    int
}

// cookieSize is 4 bytes for the id to go on with, 4 for the number of entries sent, and 8 that prove where it comes from.
const cookieSize = 16

func (d *Directory) newPage(f *finding, controls []ldap.Control) (*page, ldap.Result) {
	c, ok := ldap.Find(controls, ldap.OIDPagedResults)
	if !ok {
		return nil, ldap.Result{}
	}
	asked, err := ldap.ParsePaged(c)
	if err != nil {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	if _, viewed := ldap.Find(controls, ldap.OIDVirtualListView); viewed {
		return nil, ldap.Result{Code: ldap.ConstraintViolation, Message: "The requested search operation included both the simple paged results control and the virtual list view control.  These controls are mutually exclusive and cannot be used together"}
	}
	if f.limit > 0 && asked.Size >= f.limit {
		return nil, ldap.Result{} // One page is enough (RFC 2696, 3; OpenDJ, EntryContainer.search): then nothing tells that there was a control.
	}
	p := &page{d: d, finding: f, size: asked.Size}
	if len(asked.Cookie) == 0 {
		return p, ldap.Result{}
	}
	if len(asked.Cookie) != cookieSize || string(asked.Cookie) != string(d.cookie(asked.Cookie[:8])) {
		return nil, ldap.Result{
			Code:    ldap.UnwillingToPerform,
			Message: fmt.Sprintf("The following paged results control cookie value was not recognized: %s", hex.EncodeToString(asked.Cookie)),
		}
	}
	p.begin = id(binary.BigEndian.Uint32(asked.Cookie))
	if d.is(pagedSizeLimit, "total") {
		f.sent = int(binary.BigEndian.Uint32(asked.Cookie[4:]))
	}
	return p, ldap.Result{}
}

// cookie signs its first eight bytes.
func (d *Directory) cookie(head []byte) []byte {
	sum := d.kernel.Digester.Digest(secret.New("page of " + d.kernel.Name + ":" + string(head)))
	return append(append(make([]byte, 0, cookieSize), head...), sum[:8]...)
}

func (p *page) start() id {
	if p == nil {
		return 0
	}
	return p.begin
}

func (p *page) count() {
	if p != nil {
		p.sent++
	}
}

func (p *page) full() bool { return p != nil && p.sent >= p.size }

// abandoned tells whether the client asks to end the search, with a page of size 0 (RFC 2696, 3).
func (p *page) abandoned() bool { return p != nil && p.size == 0 }

// resume is where a page of sorted entries begins. When the entry is gone that it should begin with, it is the first one again
// (OpenDJ, EntryContainer.findStartIndex).
func (p *page) resume(entries []*entry) int {
	if p == nil || p.begin == 0 {
		return 0
	}
	return max(0, slices.IndexFunc(entries, func(e *entry) bool { return e.id == p.begin }))
}

// turn ends a page before the entry with this id.
func (p *page) turn(next id) ldap.Result {
	head := binary.BigEndian.AppendUint32(nil, uint32(next))
	head = binary.BigEndian.AppendUint32(head, uint32(p.finding.sent)) //nolint:gosec // G115: no search sends so many.
	return ldap.Result{Controls: []ldap.Control{ldap.Paged{Cookie: p.d.cookie(head)}.Control()}}
}

// last ends the last page.
func (p *page) last() ldap.Result {
	if p == nil {
		return ldap.Result{}
	}
	return ldap.Result{Controls: []ldap.Control{ldap.Paged{}.Control()}}
}
