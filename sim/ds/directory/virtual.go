package directory

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/adler32"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// virtuals are the attributes that no entry stores: they are computed when they are asked for. The tree must not be locked.
func (d *Directory) virtuals() map[*schema.Attribute]func(*entry) [][]byte {
	one := func(f func(*entry) string) func(*entry) [][]byte {
		return func(e *entry) [][]byte {
			if text := f(e); text != "" {
				return [][]byte{[]byte(text)}
			}
			return nil
		}
	}
	k := &d.known
	return map[*schema.Attribute]func(*entry) [][]byte{
		k.entryDN:               one(func(e *entry) string { return e.name }),
		k.etag:                  one(d.etag),
		k.hasSubordinates:       one(func(e *entry) string { return strconv.FormatBool(d.subordinates(e) > 0) }),
		k.numSubordinates:       one(func(e *entry) string { return strconv.Itoa(d.subordinates(e)) }),
		k.structuralObjectClass: one(d.structural),
		k.subschemaSubentry:     one(func(*entry) string { return schema.DN }),
		k.pwdPolicySubentry:     one(d.policySubentry),
		k.pwdExpirationTime:     one(d.expirationTime),
		k.isMemberOf:            d.groupsOf,
	}
}

// etag is an Adler-32 over the object classes and the other attributes in the order of their names, in sixteen digits (OpenDJ,
// EntityTagVirtualAttributeProvider). The name of the entry is not in it.
func (d *Directory) etag(e *entry) string {
	attributes := slices.Clone(e.attributes)
	slices.SortFunc(attributes, func(a, b attribute) int {
		classes := func(a attribute) int {
			if a.kind == d.known.objectClass {
				return 0
			}
			return 1
		}
		return cmp.Or(classes(a)-classes(b), strings.Compare(a.kind.Key(), b.kind.Key()), strings.Compare(a.options, b.options))
	})
	sum := adler32.New()
	for _, a := range attributes {
		_, _ = sum.Write([]byte(a.kind.Name() + a.options))
		for _, v := range slices.SortedFunc(slices.Values(a.values), bytes.Compare) {
			_, _ = sum.Write(v)
		}
	}
	return fmt.Sprintf("%016x", sum.Sum32())
}

func (d *Directory) subordinates(e *entry) int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.tree.slot(e.id).children)
}

// structural is the most special structural class of an entry.
func (d *Directory) structural(e *entry) string {
	var best *schema.Class
	for _, value := range e.values(d.known.objectClass) {
		c, ok := d.schema.Class(string(value))
		if !ok || c.Kind != schema.Structural {
			continue
		}
		if best == nil || slices.Contains(c.Above(), best) {
			best = c
		}
	}
	if best == nil {
		return ""
	}
	return best.Name()
}

// groupsOf finds the static groups that have the entry as a member, by the indexes of their members.
func (d *Directory) groupsOf(e *entry) [][]byte {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found [][]byte
	for _, i := range d.groupIDs(e.key) {
		if group := d.tree.at(i); group != nil {
			found = append(found, []byte(group.name))
		}
	}
	return found
}

// groupIDs are the ids of the groups of a member. The tree must be locked.
func (d *Directory) groupIDs(key string) []id {
	var lists [][]id
	for _, kind := range []*schema.Attribute{d.known.member, d.known.uniqueMember} {
		if x := d.tree.indexes.named(kind); x != nil && x.equality != nil {
			if list := x.equality[key].list(); len(list) > 0 {
				lists = append(lists, slices.Clone(list))
			}
		}
	}
	if len(lists) == 0 {
		return nil
	}
	return union(lists)
}

// isMember tells whether the group with a key has a member.
func (d *Directory) isMember(group, member string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	g, ok := d.tree.byKey[group]
	return ok && slices.Contains(d.groupIDs(member), g)
}

// members finds the ids of those whose isMemberOf has the group. The tree must be locked.
func (d *Directory) members(group []byte) ([]id, bool) {
	key, ok := d.schema.Equal(d.known.isMemberOf, group)
	if !ok {
		return nil, true
	}
	g := d.tree.find(key)
	if g == nil {
		return nil, true
	}
	var found []id
	for _, kind := range []*schema.Attribute{d.known.member, d.known.uniqueMember} {
		for _, name := range g.values(kind) {
			if member, ok := d.schema.Equal(kind, name); ok {
				if i, ok := d.tree.byKey[member]; ok {
					found = append(found, i)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), true
}
