package directory

import (
	"context"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Initialize makes the suffix what it is on another replica, as dsreplication initialize does. The changelog begins anew.
func (d *Directory) Initialize(from *Directory) error {
	entries := from.all()
	d.mu.Lock()
	d.uproot()
	d.mu.Unlock()
	return d.settle(entries)
}

// adopt makes an entry of another replica one of this directory: attribute types are compared by their address.
func (d *Directory) adopt(e *entry) (*entry, error) {
	dn, err := names.Parse(e.name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	own := &entry{dn: dn, name: e.name, key: dn.Key(d.schema), version: 1}
	for _, a := range e.attributes {
		kind, ok := d.schema.Attribute(a.kind.Name())
		if !ok {
			return nil, fmt.Errorf("%w: %s: the schema of this replica has no %s", ErrInvalid, e.name, a.kind.Name())
		}
		a.kind = kind
		own.attributes = append(own.attributes, a)
	}
	return own, nil
}

// SetReplicationLag decides how late changes of other replicas arrive, from the next one on.
func (d *Directory) SetReplicationLag(lag time.Duration) { d.lag.Store(int64(lag)) }

// ReplicationLag is how late changes of other replicas arrive.
func (d *Directory) ReplicationLag() time.Duration { return time.Duration(d.lag.Load()) }

// Replicate carries out what happens on another replica, as late as the lag says, until ctx ends or the other directory is reset.
// The changes keep their CSNs, and get change numbers of this replica. Conflicts are settled by who comes last.
func (d *Directory) Replicate(ctx context.Context, from *Directory) error {
	return d.Subscribe(from).Run(ctx)
}

// Subscription is a replication that has taken its place: what changes on the other replica from now on waits in it.
type Subscription struct {
	to, from *Directory
	w        *watcher
}

// Subscribe takes a place; Run gives it back.
func (d *Directory) Subscribe(from *Directory) *Subscription {
	return &Subscription{to: d, from: from, w: from.watch(false)}
}

// Run is [Directory.Replicate] from the time of the subscription on.
func (s *Subscription) Run(ctx context.Context) error {
	d, from, w := s.to, s.from, s.w
	jitter := d.kernel.Seed.Stream(d.kernel.Name + ".replication")
	defer from.unwatch(w)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.over:
			return fmt.Errorf("replication of %s from %s: the other replica is gone, or too far ahead", d.Name(), from.Name())
		case r := <-w.records:
			if r.origin == d.config.ServerID {
				continue
			}
			arrives := r.real.Add(time.Duration(d.lag.Load())).Add(jitter.Jitter(time.Microsecond))
			if !sleep(ctx, time.Until(arrives)) {
				return nil
			}
			d.replay(r)
		}
	}
}

// sleep waits; false is that ctx has ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// replay carries out one change of another replica. What does not fit any more is passed over.
func (d *Directory) replay(r *record) {
	for range attempts {
		c, ok := d.translate(r)
		if !ok || d.commit(c) {
			return
		}
	}
}

// translate makes of another replica's change one for the entry that is here, which is found by its entryUUID.
func (d *Directory) translate(r *record) (change, bool) {
	c := change{kind: r.kind, mods: r.mods, newRDN: r.newRDN, deleteOld: r.deleteOld, newSuperior: r.newSuperior, wholeTree: r.wholeTree, by: r.by, at: r.at, origin: r.origin, csn: r.csn}
	if r.kind == added {
		e, err := d.adopt(r.after)
		c.after = e
		return c, err == nil && d.entry(e.key) == nil && d.entry(d.parentKey(e)) != nil
	}
	local := d.byUUID(r.before.text("entryuuid"))
	if local == nil {
		return c, false
	}
	c.before = local
	if r.kind == deleted {
		return c, r.wholeTree || d.subordinates(local) == 0
	}
	c.after = local.clone()
	u := &update{asker: d.harness(), permissive: true}
	if r.kind == renamed {
		// Only the name is taken over: the attributes here may be newer than those there.
		parent := local.dn.Parent()
		if r.newSuperior != "" {
			parent = r.after.dn.Parent()
		}
		var result ldap.Result
		if c.after, result = d.renamed(local, parent, r.after.dn[0], r.deleteOld); result.Code != ldap.Success || d.entry(parent.Key(d.schema)) == nil {
			return c, false
		}
	}
	for _, m := range r.mods {
		if result := d.modify(u, c.after, m); result.Code != ldap.Success {
			return c, false
		}
	}
	return c, true
}

// byUUID finds an entry by its entryUUID.
func (d *Directory) byUUID(uuid string) *entry {
	key, ok := d.schema.Equal(d.known.entryUUID, []byte(uuid))
	if !ok {
		return nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if x := d.tree.indexes.named(d.known.entryUUID); x != nil && x.equality != nil {
		if list := x.equality[key].list(); len(list) == 1 {
			return d.tree.at(list[0])
		}
	}
	return nil
}
