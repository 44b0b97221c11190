package directory

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const modelSuffix = "dc=example,dc=com"

// model is a directory without indexes, trees and versions: organizational units by their paths, "A/b" for ou=b,ou=A,dc=example,dc=com.
type model map[string]*modelEntry

type modelEntry struct {
	path       string // as it is written
	attributes map[string][]string
}

func modelKey(path string) string { return strings.ToLower(path) }

func modelDN(path string) string {
	dn := modelSuffix
	for name := range strings.SplitSeq(path, "/") {
		if name != "" {
			dn = "ou=" + name + "," + dn
		}
	}
	return dn
}

func parentPath(path string) string { return path[:max(0, strings.LastIndex(path, "/"))] }

func leaf(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func childPath(parent, name string) string { return strings.TrimPrefix(parent+"/"+name, "/") }

func within(path, base string) bool {
	path, base = modelKey(path), modelKey(base)
	return base == "" || path == base || strings.HasPrefix(path, base+"/")
}

func holdsFold(values []string, value string) int {
	return slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
}

func (m model) below(path string) (all []*modelEntry) {
	for _, e := range m {
		if within(e.path, path) {
			all = append(all, e)
		}
	}
	return all
}

func (m model) add(path string, attributes map[string][]string) ldap.ResultCode {
	switch {
	case m[modelKey(path)] != nil:
		return ldap.EntryAlreadyExists
	case m[modelKey(parentPath(path))] == nil:
		return ldap.NoSuchObject
	}
	m[modelKey(path)] = &modelEntry{path, attributes}
	return ldap.Success
}

func (m model) remove(path string, tree bool) ldap.ResultCode {
	doomed := m.below(path)
	switch {
	case m[modelKey(path)] == nil:
		return ldap.NoSuchObject
	case len(doomed) > 1 && !tree:
		return ldap.NotAllowedOnNonLeaf
	}
	for _, e := range doomed {
		delete(m, modelKey(e.path))
	}
	return ldap.Success
}

func (m model) rename(path, name, parent string, deleteOld bool) ldap.ResultCode {
	e, target := m[modelKey(path)], childPath(parent, name)
	switch {
	case e == nil, m[modelKey(parent)] == nil:
		return ldap.NoSuchObject
	case within(parent, path):
		return ldap.UnwillingToPerform
	case m[modelKey(target)] != nil && m[modelKey(target)] != e:
		return ldap.EntryAlreadyExists
	}
	ou := slices.Clone(e.attributes["ou"])
	if holdsFold(ou, name) < 0 {
		ou = append(ou, name)
	}
	if at := holdsFold(ou, leaf(e.path)); deleteOld && !strings.EqualFold(leaf(e.path), name) {
		ou = slices.Delete(ou, at, at+1)
	}
	e.attributes["ou"] = ou
	moved := m.below(path)
	for _, x := range moved {
		delete(m, modelKey(x.path))
	}
	old := len(e.path)
	for _, x := range moved {
		x.path = target + x.path[old:]
		m[modelKey(x.path)] = x
	}
	return ldap.Success
}

func (m model) modify(path string, op ldap.ChangeOp, attribute string, values []string) ldap.ResultCode {
	e := m[modelKey(path)]
	if e == nil {
		return ldap.NoSuchObject
	}
	left := slices.Clone(e.attributes[attribute])
	if op == ldap.Replace {
		left = nil
	}
	switch {
	case op == ldap.Delete && len(values) == 0 && len(left) == 0:
		return ldap.NoSuchAttribute
	case op == ldap.Delete && len(values) == 0:
		left = nil
	case op == ldap.Add && len(values) == 0:
		return ldap.ProtocolError
	}
	for _, v := range values {
		switch at := holdsFold(left, v); {
		case op == ldap.Delete && at < 0:
			return ldap.NoSuchAttribute
		case op == ldap.Delete:
			left = slices.Delete(left, at, at+1)
		case at >= 0:
			return ldap.AttributeOrValueExists
		default:
			left = append(left, v)
		}
	}
	e.attributes[attribute] = left
	return ldap.Success
}

func (m model) find(base string, scope ldap.Scope, f ldap.Filter) (dns []string) {
	for _, e := range m {
		in := within(e.path, base)
		switch scope {
		case ldap.ScopeBase:
			in = modelKey(e.path) == modelKey(base)
		case ldap.ScopeOne:
			in = e.path != "" && modelKey(parentPath(e.path)) == modelKey(base)
		case ldap.ScopeSubordinates:
			in = in && modelKey(e.path) != modelKey(base)
		case ldap.ScopeSubtree:
		}
		if in && e.matches(f) {
			dns = append(dns, strings.ToLower(modelDN(e.path)))
		}
	}
	slices.Sort(dns)
	return dns
}

func (e *modelEntry) matches(f ldap.Filter) bool {
	switch f := f.(type) {
	case ldap.And:
		return !slices.ContainsFunc(f.Filters, func(part ldap.Filter) bool { return !e.matches(part) })
	case ldap.Or:
		return slices.ContainsFunc(f.Filters, e.matches)
	case ldap.Not:
		return !e.matches(f.Filter)
	case ldap.Present:
		return len(e.attributes[f.Attr]) > 0
	case ldap.Equality:
		return holdsFold(e.attributes[f.Attr], string(f.Value)) >= 0
	case ldap.Substrings:
		return slices.ContainsFunc(e.attributes[f.Attr], func(v string) bool {
			v = strings.ToLower(v)
			initial, final := strings.ToLower(string(f.Initial)), strings.ToLower(string(f.Final))
			return len(v) >= len(initial)+len(final) && strings.HasPrefix(v, initial) && strings.HasSuffix(v, final)
		})
	}
	return false
}

func modelDirectory(t require.TestingT, name string) *Directory {
	c := DefaultConfig(DS7)
	c.Layout, c.Changelog.Mode = Empty, ChangelogNumbers
	c.Indexes = append(c.Indexes, Index{Attribute: "ou", Equality: true, Substring: true}, Index{Attribute: "description", Equality: true, Presence: true})
	if name == "other" {
		c.ServerID = 2
	}
	d, err := New(c, Kernel{Clock: new(clock.Clock), Seed: random.Seed(1), Digester: secret.NewDigester([]byte("sixteen bytes or more")), Name: name})
	require.NoError(t, err)
	return d
}

func modelExport(t require.TestingT, d *Directory) string {
	var out bytes.Buffer
	require.NoError(t, d.Export(&out))
	return out.String()
}

func modelSearch(t require.TestingT, d *Directory, base string, scope ldap.Scope, f ldap.Filter) (dns []string) {
	r := ldap.SearchRequest{BaseDN: modelDN(base), Scope: scope, Filter: f, Attributes: []string{"1.1"}}
	result := d.Search(context.Background(), &Session{DN: "uid=admin", Secure: true}, r, nil, Emit(func(e ldap.Entry, _ []ldap.Control) error {
		dns = append(dns, strings.ToLower(e.DN))
		return nil
	}))
	require.Equal(t, ldap.Success, result.Code)
	slices.Sort(dns)
	return dns
}

// TestDirectoryIsItsModel holds any series of operations against the model: the codes, what searches find, what an export and the
// changelog rebuild, and what the tree counts.
func TestDirectoryIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, m := modelDirectory(t, "one"), model{"": {attributes: map[string][]string{}}}
		other := modelDirectory(t, "other")
		require.NoError(t, other.Initialize(d))
		ctx, admin := context.Background(), &Session{DN: "uid=admin", Secure: true}

		names := rapid.SampledFrom([]string{"a", "b", "A", "c"})
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "X", "xy", "yx", "y"}), 0, 2)
		attributes := rapid.SampledFrom([]string{"description", "l"})
		known := func(t *rapid.T) string {
			paths := make([]string, 0, len(m))
			for _, e := range m {
				paths = append(paths, e.path)
			}
			slices.Sort(paths)
			return rapid.SampledFrom(paths).Draw(t, "known")
		}
		path := func(t *rapid.T) string { // most are there, some are not
			p := known(t)
			if p == "" || rapid.IntRange(0, 3).Draw(t, "stray") == 0 {
				p = childPath(p, names.Draw(t, "name"))
			}
			return p
		}
		filters := modelFilters(2)

		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				p, description := childPath(known(t), names.Draw(t, "name")), words.Draw(t, "description")
				r := ldap.AddRequest{DN: modelDN(p), Attributes: []ldap.Attribute{{Description: "objectClass", Values: octets("organizationalUnit")}}}
				if len(description) == 2 && strings.EqualFold(description[0], description[1]) {
					description = description[:1]
				}
				if len(description) > 0 {
					r.Attributes = append(r.Attributes, ldap.Attribute{Description: "description", Values: octets(description...)})
				}
				require.Equal(t, m.add(p, map[string][]string{"ou": {leaf(p)}, "description": description}), d.Add(ctx, admin, r, nil).Code)
			},
			"modify": func(t *rapid.T) {
				p, attribute, values := path(t), attributes.Draw(t, "attribute"), words.Draw(t, "values")
				op := rapid.SampledFrom([]ldap.ChangeOp{ldap.Add, ldap.Delete, ldap.Replace}).Draw(t, "op")
				r := ldap.ModifyRequest{DN: modelDN(p), Changes: []ldap.Change{{Op: op, Attribute: ldap.Attribute{Description: attribute, Values: octets(values...)}}}}
				require.Equal(t, m.modify(p, op, attribute, values), d.Modify(ctx, admin, r, nil).Code)
			},
			"rename": func(t *rapid.T) {
				p, name := path(t), names.Draw(t, "to")
				r := ldap.ModifyDNRequest{DN: modelDN(p), NewRDN: "ou=" + name, DeleteOldRDN: rapid.Bool().Draw(t, "delete")}
				parent := parentPath(p)
				if r.HasNewSuperior = rapid.Bool().Draw(t, "move"); r.HasNewSuperior {
					parent = path(t)
					r.NewSuperior = modelDN(parent)
				}
				require.Equal(t, m.rename(p, name, parent, r.DeleteOldRDN), d.ModifyDN(ctx, admin, r, nil).Code)
			},
			"delete": func(t *rapid.T) {
				p, tree := path(t), rapid.IntRange(0, 3).Draw(t, "tree") == 0
				var controls []ldap.Control
				if tree {
					controls = []ldap.Control{{OID: ldap.OIDTreeDelete, Critical: true}}
				}
				require.Equal(t, m.remove(p, tree), d.Delete(ctx, admin, ldap.DeleteRequest{DN: modelDN(p)}, controls).Code)
			},
			"search": func(t *rapid.T) {
				scope := rapid.SampledFrom([]ldap.Scope{ldap.ScopeBase, ldap.ScopeOne, ldap.ScopeSubtree, ldap.ScopeSubordinates}).Draw(t, "scope")
				base, f := known(t), filters.Draw(t, "filter")
				require.Equal(t, m.find(base, scope, f), modelSearch(t, d, base, scope, f), f.String())
			},
			"": func(t *rapid.T) { // after each
				require.Equal(t, len(m)+1, d.Size(), "with the administrator")
				for _, word := range []string{"a", "x", "y", "xy"} {
					for _, f := range []ldap.Filter{
						ldap.Equality{Attr: "ou", Value: []byte(word)},
						ldap.Substrings{Attr: "ou", Final: []byte(word)},
						ldap.Equality{Attr: "description", Value: []byte(word)},
						ldap.Not{Filter: ldap.Present{Attr: "description"}},
					} {
						require.Equal(t, m.find("", ldap.ScopeSubtree, f), modelSearch(t, d, "", ldap.ScopeSubtree, f), f.String())
					}
				}
				for _, e := range m {
					require.Equal(t, len(m.find(e.path, ldap.ScopeOne, ldap.And{})), d.subordinates(d.lookUp(modelDN(e.path))), e.path)
					require.Equal(t, len(m.below(e.path))-1, d.tree.slots[d.lookUp(modelDN(e.path)).id].below, e.path)
				}
			},
		})

		// What every change tells is enough for another replica, and an export for another directory.
		for _, r := range d.changes.records {
			other.replay(r)
		}
		want := modelExport(t, d)
		require.ElementsMatch(t, strings.Split(want, "\n\n"), strings.Split(modelExport(t, other), "\n\n"))
		_, err := other.Import(ctx, "export.ldif", strings.NewReader(want))
		require.NoError(t, err)
		require.Equal(t, want, modelExport(t, other))
	})
}

// modelFilters draws filters of a depth.
func modelFilters(depth int) *rapid.Generator[ldap.Filter] {
	return rapid.Custom(func(t *rapid.T) ldap.Filter {
		attribute := rapid.SampledFrom([]string{"ou", "description", "l"}).Draw(t, "attribute")
		word := []byte(rapid.SampledFrom([]string{"a", "B", "x", "XY", "y"}).Draw(t, "word"))
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		if depth > 0 {
			kind = rapid.IntRange(0, 6).Draw(t, "kind")
		}
		switch kind {
		case 0:
			return ldap.Present{Attr: attribute}
		case 1:
			return ldap.Substrings{Attr: attribute, Initial: word}
		case 2:
			return ldap.Substrings{Attr: attribute, Final: word}
		case 4:
			return ldap.Not{Filter: modelFilters(depth-1).Draw(t, "not")}
		case 5:
			return ldap.And{Filters: rapid.SliceOfN(modelFilters(depth-1), 0, 2).Draw(t, "and")}
		case 6:
			return ldap.Or{Filters: rapid.SliceOfN(modelFilters(depth-1), 0, 2).Draw(t, "or")}
		}
		return ldap.Equality{Attr: attribute, Value: word}
	})
}
