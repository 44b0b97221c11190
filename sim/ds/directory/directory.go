package directory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// Directory is one replica. It is safe for concurrent use.
type Directory struct {
	config   Config
	kernel   Kernel
	schema   *schema.Schema
	known    kinds
	virtual  map[*schema.Attribute]func(*entry) [][]byte
	computed []*schema.Attribute // the keys of virtual, in the order of their names
	switches *switches.Panel
	chance   atomic.Pointer[chance]
	suffix   string // the key
	rootKey  string
	hashing  *hashing
	policies atomic.Pointer[policies]
	// subentries are read again by refreshSubentries, one at a time.
	subentries atomic.Pointer[subentries]
	refreshing sync.Mutex
	acis       atomic.Pointer[[]*aci]
	clear      clearTexts
	schemes    map[string]schemes.Settings // of the enabled ones, as stored values name them
	lag        atomic.Int64                // of replication, in nanoseconds
	kept       atomic.Pointer[kept]        // nil: the layout

	// mu guards tree, changes and watchers. It is never held while anybody waits or hashes.
	mu       sync.RWMutex
	tree     *tree
	changes  changes
	watchers map[*watcher]struct{}
}

// chance is where the random things of a run come from, so that its seed repeats them.
type chance struct{ ids, salts, passwords *random.Stream }

// New builds a directory from its configuration.
func New(c Config, k Kernel) (*Directory, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if k.Name == "" {
		k.Name = "ds"
	}
	s, err := schema.New(c.Schema...)
	if err != nil {
		return nil, fmt.Errorf("ds.schema: %w", err)
	}
	d := &Directory{
		config: c, kernel: k, schema: s, switches: switches.NewPanel(switchboard), hashing: newHashing(c.Hashing),
		watchers: map[*watcher]struct{}{}, schemes: map[string]schemes.Settings{},
	}
	for name, settings := range c.Schemes {
		if known, ok := schemes.Lookup(name); ok {
			d.schemes[known.Name] = settings
		}
	}
	if d.known, err = newKinds(s); err != nil {
		return nil, err
	}
	d.suffix, d.rootKey = d.keyOf(c.Suffix), d.keyOf(c.RootDN)
	d.virtual = d.virtuals()
	d.computed = slices.SortedFunc(maps.Keys(d.virtual), func(a, b *schema.Attribute) int { return strings.Compare(a.Key(), b.Key()) })
	if err := d.Reset(); err != nil {
		return nil, err
	}
	return d, nil
}

// Reset brings back the start: the layout's entries or those that were kept, the configuration's settings, the real time, an empty changelog. Persistent
// searches end as when a backend is taken down.
func (d *Directory) Reset() error {
	d.kernel.Clock.Reset()
	d.switches.Restore(d.config.Switches)
	d.policies.Store(newPolicies(d))
	d.subentries.Store(&subentries{})
	d.hashing.set(d.config.Hashing)
	d.clear.reset()
	d.lag.Store(0)
	d.rewind("")
	d.mu.Lock()
	d.tree = newTree(d.schema, d.config.Indexes)
	d.changes.reset(d.config.Changelog)
	d.endWatchers(false)
	d.mu.Unlock()
	if err := d.refreshACIs(); err != nil {
		return err
	}
	return d.furnish()
}

// Name is the directory's name in journals, scenarios and the control plane.
func (d *Directory) Name() string { return d.kernel.Name }

// Clock is the directory's clock.
func (d *Directory) Clock() *clock.Clock { return d.kernel.Clock }

// Size is the number of entries.
func (d *Directory) Size() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.tree.size
}

// keyOf is the key of a DN that is known to be one; "" for what is none.
func (d *Directory) keyOf(dn string) string {
	parsed, err := names.Parse(dn)
	if err != nil {
		return ""
	}
	return parsed.Key(d.schema)
}

// entry finds the present version of an entry.
func (d *Directory) entry(key string) *entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if key == "" {
		return nil
	}
	return d.tree.find(key)
}

// lookUp finds the present version of an entry by its DN, in whatever spelling.
func (d *Directory) lookUp(dn string) *entry {
	d.mu.RLock()
	i, ok := d.tree.byName[dn]
	e := d.tree.at(i)
	d.mu.RUnlock()
	if ok && dn != "" {
		return e
	}
	return d.entry(d.keyOf(dn))
}

// refreshACIs reads the instructions that apply: the global ones, and those of the entries that have any.
func (d *Directory) refreshACIs() error {
	all := make([]*aci, 0, len(d.config.ACIs))
	for _, text := range append(d.readerGlobalACIs(), d.config.ACIs...) {
		a, err := parseACI(d.schema, text, &entry{})
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if x := d.tree.indexes.named(d.known.aci); x != nil && x.presence != nil {
		for _, i := range x.presence.list() {
			e := d.tree.at(i)
			for _, text := range e.values(d.known.aci) {
				// What is no instruction was refused when it was written.
				if a, err := parseACI(d.schema, string(text), e); err == nil {
					all = append(all, a)
				}
			}
		}
	}
	d.acis.Store(&all)
	return nil
}

// parseDN reads a DN of a request.
func (d *Directory) parseDN(text string) (names.DN, string, ldap.Result) {
	dn, err := names.Parse(text)
	if err != nil {
		return nil, "", ldap.Result{Code: ldap.InvalidDNSyntax, Message: err.Error()}
	}
	return dn, dn.Key(d.schema), ldap.Result{}
}

// noSuchObject is the answer for an entry that is nowhere: it names the nearest one above that is there.
func (d *Directory) noSuchObject(dn names.DN, what string) ldap.Result {
	r := ldap.Result{Code: ldap.NoSuchObject, Message: what}
	for above := dn.Parent(); len(above) > 0; above = above.Parent() {
		if e := d.entry(above.Key(d.schema)); e != nil {
			r.MatchedDN = e.name
			break
		}
	}
	return r
}
