package directory

import (
	"context"
	"strconv"
)

// kept is the suffix as Reset brings it back. Entries are never changed, so that it costs no more than what has changed since.
type kept struct {
	entries []*entry // each behind the one above it
	number  int      // tells several of one run apart
}

// Keep lets Reset bring back the suffix as it is now, instead of the layout.
func (d *Directory) Keep() {
	k := &kept{entries: d.all(), number: 1}
	if before := d.kept.Load(); before != nil {
		k.number = before.number + 1
	}
	d.kept.Store(k)
	d.rewind(k.origin())
}

// origin is where chance begins behind the entries: elsewhere than it began before them, so that no entryUUID is made twice.
func (k *kept) origin() string { return ".kept" + strconv.Itoa(k.number) }

// furnish fills a tree that is empty with what was kept, or with the layout.
func (d *Directory) furnish() error {
	k := d.kept.Load()
	if k == nil {
		return d.layOut()
	}
	if err := d.carryOut(context.Background(), d.administrator()); err != nil {
		return err
	}
	d.rewind(k.origin())
	return d.settle(k.entries)
}

// all are the entries of the suffix, each behind the one above it.
func (d *Directory) all() []*entry {
	ids := d.ancestry()
	d.mu.RLock()
	defer d.mu.RUnlock()
	entries := make([]*entry, 0, len(ids))
	for _, i := range ids {
		if e := d.tree.at(i); e != nil {
			entries = append(entries, e)
		}
	}
	return entries
}

// settle plants copies of entries, and reads the subentries and instructions among them.
func (d *Directory) settle(entries []*entry) error {
	for _, e := range entries {
		copied, err := d.adopt(e)
		if err == nil {
			err = d.plant(copied)
		}
		if err != nil {
			return err
		}
	}
	d.refreshSubentries()
	return d.refreshACIs()
}

// rewind lets chance begin anew.
func (d *Directory) rewind(origin string) {
	stream := d.kernel.Name + origin
	d.chance.Store(&chance{
		ids: d.kernel.Seed.Stream(stream + ".entries"), salts: d.kernel.Seed.Stream(stream + ".salts"),
		passwords: d.kernel.Seed.Stream(stream + ".passwords"),
	})
}
