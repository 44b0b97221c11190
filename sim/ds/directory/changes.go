package directory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// changes is the history of the suffix: what cn=changelog shows, and what replicas take. Directory.mu guards it.
type changes struct {
	mode    ChangelogMode
	delay   time.Duration
	records []*record
	begin   int // the first change number
	next    int // the next change number
	clock   int64
	serial  uint32
	newest  state // the last CSN of each replica
	trimmed state // the last CSN of each replica that is not kept any more
	// byOrigin are the records of each replica, in the order of their CSNs, for cookies.
	byOrigin map[int][]*record
}

// record is one change that has taken effect.
type record struct {
	change
	number int
	real   time.Time // when, on no tenant's clock
}

// maxRecords is how many changes are kept at most, whatever the purge delay.
const maxRecords = 1 << 20

func (c *changes) reset(config Changelog) {
	*c = changes{mode: config.Mode, delay: config.PurgeDelay, begin: config.FirstNumber, next: config.FirstNumber, newest: state{}, trimmed: state{}, byOrigin: map[int][]*record{}}
}

// restart forgets all changes. Numbers and CSNs go on: who follows the changelog takes none twice.
func (c *changes) restart() {
	clock, serial := c.clock, c.serial
	c.reset(Changelog{Mode: c.mode, PurgeDelay: c.delay, FirstNumber: c.next})
	c.clock, c.serial = clock, serial
}

// publish records a change, and tells the watchers of it. The tree must be locked.
func (d *Directory) publish(c change) {
	if c.after != nil && !below(c.after.key, d.suffix) || c.after == nil && !below(c.before.key, d.suffix) {
		return
	}
	if c.origin == 0 {
		c.origin = d.config.ServerID
	}
	log := &d.changes
	if c.csn == "" {
		c.csn = log.stamp(c.at, c.origin)
	}
	r := &record{change: c, number: log.next, real: time.Now()}
	log.newest[c.origin] = c.csn
	if log.mode != ChangelogOff {
		log.next++
		log.records = append(log.records, r)
		log.byOrigin[c.origin] = append(log.byOrigin[c.origin], r)
		log.trim(d.kernel.Clock.Now())
	}
	for w := range d.watchers {
		w.tell(r)
	}
}

// stamp makes a CSN: the time in milliseconds, the replica, a serial number; 28 digits (OpenDJ, CSN.toString). It never goes back.
func (c *changes) stamp(at time.Time, origin int) string {
	c.clock = max(c.clock, at.UnixMilli())
	c.serial++
	return fmt.Sprintf("%016x%04x%08x", c.clock, origin, c.serial)
}

// trim forgets what is older than the purge delay.
func (c *changes) trim(now time.Time) {
	gone := 0
	for gone < len(c.records) && (now.Sub(c.records[gone].at) > c.delay || len(c.records)-gone > maxRecords) {
		gone++
	}
	c.forget(gone)
}

func (c *changes) forget(n int) {
	if n <= 0 {
		return
	}
	for _, r := range c.records[:n] {
		c.trimmed[r.origin] = r.csn
		own := c.byOrigin[r.origin]
		own[0] = nil
		c.byOrigin[r.origin] = own[1:]
	}
	clear(c.records[:n])
	if c.records = c.records[n:]; cap(c.records) > 4*(len(c.records)+64) {
		c.records = slices.Clone(c.records)
	}
}

// first is the number of the oldest change that is kept; with none kept, that of the next one.
func (c *changes) first() int {
	if len(c.records) == 0 {
		return c.next
	}
	return c.records[0].number
}

// from returns the records with numbers from low to high.
func (c *changes) from(low, high int) []*record {
	first := c.first()
	low, high = max(low, first), min(high, first+len(c.records)-1)
	if low > high {
		return nil
	}
	return slices.Clone(c.records[low-first : high-first+1])
}

// before is the state of who has read all with smaller numbers.
func (c *changes) before(number int) state {
	s := maps.Clone(c.trimmed)
	for origin, own := range c.byOrigin {
		at, _ := slices.BinarySearchFunc(own, number, func(r *record, n int) int { return cmp.Compare(r.number, n) })
		if at > 0 {
			s[origin] = own[at-1].csn
		}
	}
	return s
}

// TrimChangelog forgets all changes but the newest, so many, as the purge delay does in time, and returns the number of the oldest
// that is left.
func (d *Directory) TrimChangelog(keep int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes.forget(len(d.changes.records) - max(0, keep))
	return d.changes.first()
}

// SetChangelog changes the mode and the purge delay. What was not recorded while the mode was off is missing.
func (d *Directory) SetChangelog(mode ChangelogMode, purge time.Duration) error {
	c := d.config
	c.Changelog.Mode, c.Changelog.PurgeDelay = mode, purge
	if err := c.Validate(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes.mode, d.changes.delay = mode, purge
	if mode == ChangelogOff {
		d.endWatchers(true)
	}
	return nil
}

// ChangelogMode says whether and how cn=changelog can be read.
func (d *Directory) ChangelogMode() ChangelogMode {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.changes.mode
}

// PurgeDelay is how long changes are kept.
func (d *Directory) PurgeDelay() time.Duration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.changes.delay
}

// ChangeNumbers are the numbers of the oldest change that is kept and of the newest; last is one less than first when there is
// none.
func (d *Directory) ChangeNumbers() (first, last int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes.trim(d.kernel.Clock.Now())
	return d.changes.first(), d.changes.next - 1
}

// kindNames are the values of changeType; a modifyDN is called by its name in LDIF.
var kindNames = map[changeKind]string{added: "add", modified: "modify", renamed: "modrdn", deleted: "delete"}

// target is the DN that a change was about, before it.
func (r *record) target() *entry {
	if r.before != nil {
		return r.before
	}
	return r.after
}

// text is the attribute changes: LDIF, in which hashed passwords are as plain as anything. A deletion has none.
func (r *record) text() []byte {
	var b []byte
	switch r.kind {
	case added:
		for _, a := range r.after.wire().Attributes {
			b = appendLines(b, a)
		}
	case modified, renamed:
		for _, m := range r.mods {
			b = append(b, m.Op.String()...)
			b = append(b, ": "...)
			b = append(b, m.Attribute.Description...)
			b = append(b, '\n')
			b = append(appendLines(b, m.Attribute), "-\n"...)
		}
	case deleted:
	}
	return b
}

func appendLines(b []byte, a ldap.Attribute) []byte {
	for _, v := range a.Values {
		b = ldifLine(b, a.Description, v)
	}
	return b
}

// changelogEntry shows a record, under its number or under its CSN. The cookie is there either way (OpenDJ, ChangelogBackend).
func (d *Directory) changelogEntry(r *record, byNumber bool, cookie string, include []string) *entry {
	target := r.target()
	name := "replicationCSN=" + r.csn + "," + d.config.Suffix + ",cn=changelog"
	if byNumber {
		name = "changeNumber=" + strconv.Itoa(r.number) + ",cn=changelog"
	}
	e := d.pseudoEntry(name, "top", "changeLogEntry")
	put := func(attribute, value string) {
		if kind, ok := d.schema.Attribute(attribute); ok && value != "" {
			e.attributes = append(e.attributes, attributeOf(kind, attribute, []byte(value)))
		}
	}
	if byNumber {
		put("changeNumber", strconv.Itoa(r.number))
	}
	put("changeTime", r.at.UTC().Format("20060102150405Z"))
	put("changeType", kindNames[r.kind])
	put("targetDN", target.name)
	put("changes", string(r.text()))
	if r.kind == renamed {
		put("newRDN", r.newRDN)
		put("newSuperior", r.newSuperior)
		put("deleteOldRDN", strconv.FormatBool(r.deleteOld))
	}
	put("replicationCSN", r.csn)
	put("replicaIdentifier", strconv.Itoa(r.origin))
	put("changeInitiatorsName", r.by)
	put("targetEntryUUID", target.value(d.known.entryUUID))
	put("changeLogCookie", cookie)
	put("includedAttributes", string(d.included(target, include)))
	put("entryDN", name)
	put("hasSubordinates", "false")
	put("numSubordinates", "0")
	put("subschemaSubentry", "cn=schema")
	return e
}

// included is LDIF of the attributes that every change tells of its entry (ecl-include).
func (d *Directory) included(e *entry, include []string) (b []byte) {
	for _, name := range include {
		asked := d.describe(name)
		for i := range e.attributes {
			if a := &e.attributes[i]; name == "*" && !a.kind.Operational || asked.kind != nil && asked.covers(a) {
				b = appendLines(b, ldap.Attribute{Description: a.description, Values: a.values})
			}
		}
	}
	return b
}
