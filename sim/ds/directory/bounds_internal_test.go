package directory

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// grown is a directory with entries, of which the last has the highest id.
func grown(t *testing.T) *Directory {
	t.Helper()
	d := modelDirectory(t, "ds")
	u := &Session{DN: "uid=admin", Secure: true}
	for _, ou := range []string{"a", "b", "c"} {
		r := d.Add(t.Context(), u, ldap.AddRequest{DN: "ou=" + ou + "," + d.config.Suffix, Attributes: []ldap.Attribute{{Description: "objectClass", Values: octets("organizationalUnit")}}}, nil)
		require.Equal(t, ldap.Success, r.Code, r.Message)
	}
	return d
}

// TestASearchOutlivesAReset: whoever searches while a rehearsal begins anew finds nothing, or something.
func TestASearchOutlivesAReset(t *testing.T) {
	for _, scope := range []scope{scopeBase, scopeOne, scopeBelow, scopeSubtree} {
		d := grown(t)
		require.NoError(t, d.SetSwitch(aliases, "rfc4511"))
		r := d.Add(t.Context(), &Session{DN: "uid=admin", Secure: true}, ldap.AddRequest{DN: "ou=r," + d.config.Suffix, Attributes: []ldap.Attribute{
			{Description: "objectClass", Values: octets("referral", "extensibleObject")}, {Description: "ref", Values: octets("ldap://x")},
		}}, []ldap.Control{{OID: ldap.OIDManageDsaIT}})
		require.Equal(t, ldap.Success, r.Code, r.Message)
		last := d.entry(d.keyOf("ou=c," + d.config.Suffix))
		f, refused := d.newFinding(d.harness(), area{last.id, scope}, ldap.SearchRequest{Deref: ldap.DerefAlways}, nil, Emit(func(ldap.Entry, []ldap.Control) error { return nil }))
		require.Equal(t, ldap.Success, refused.Code)
		require.NoError(t, d.Reset())
		assert.NotPanics(t, func() { f.run(t.Context()) })
		assert.NotPanics(t, func() { f.covers(last) })
		d.mu.RLock()
		assert.NotPanics(t, func() { d.tree.pointing(&pointers{ids: []id{1, 2}}, last.id, scope) })
		d.mu.RUnlock()
	}
}

func TestChangesFromAnyNumbers(t *testing.T) {
	c := &changes{}
	c.reset(Changelog{Mode: ChangelogNumbers, FirstNumber: 5})
	assert.Empty(t, c.from(math.MinInt, math.MaxInt))
	for n := 5; n < 8; n++ {
		c.records = append(c.records, &record{number: n})
	}
	for _, tt := range [][3]int{
		{math.MinInt, math.MaxInt, 3}, {math.MinInt, math.MinInt, 0}, {math.MaxInt, math.MaxInt, 0}, {math.MaxInt, math.MinInt, 0}, {0, 5, 1}, {7, 100, 1}, {6, 6, 1}, {8, 9, 0}, {1, 4, 0},
	} {
		assert.Len(t, c.from(tt[0], tt[1]), tt[2], tt)
	}
}

// TestAnImportTurnsNoClockBack: the changelog begins anew, but no CSN comes twice.
func TestAnImportTurnsNoClockBack(t *testing.T) {
	d := grown(t)
	newest := d.changes.newest[d.config.ServerID]
	_, err := d.Import(t.Context(), "ds.ldif", strings.NewReader(modelExport(t, grown(t))))
	require.NoError(t, err)
	assert.Greater(t, d.changes.stamp(time.Unix(0, 0), d.config.ServerID), newest)
}

func TestWhatIsIncludedIsNobodyElses(t *testing.T) {
	d := grown(t)
	d.config.Changelog.Include = append(make([]string, 0, 8), "cn")
	d.config.Changelog.IncludeForDeletes = []string{"sn"}
	reading := &changelogReading{finding: &finding{d: d}, include: d.config.Changelog.Include}
	assert.Equal(t, []string{"cn", "sn"}, reading.included(&record{change: change{kind: deleted}}))
	assert.Empty(t, d.config.Changelog.Include[:2][1], "searches side by side write nothing into it")
}

func TestNamesAndKeysThatAreRepeatedTakeNoRoom(t *testing.T) {
	d := grown(t)
	var names []string
	for i := range 10_000 {
		names = append(names, "@inetOrgPerson", "CN", fmt.Sprintf("sn;lang-%d", i%3))
	}
	assert.Less(t, len(d.selection(names, nil).named), 100)
	b, at := ber.Open(nil, ber.Sequence)
	for range 10_000 {
		var key int
		b, key = ber.Open(b, ber.Sequence)
		b = ber.Close(ber.AppendString(b, ber.OctetString, "cn"), key)
	}
	sorting, _ := d.newSorting([]ldap.Control{{OID: ldap.OIDServerSort, Value: ber.Close(b, at), HasValue: true}})
	assert.Len(t, sorting.keys, 1)
	s := &selection{named: d.selection([]string{"CN", "cn"}, nil).named}
	text, _ := s.wants(&attribute{kind: d.known.cn, description: "cn"})
	assert.Equal(t, "CN", text)
}

// TestLargeModifications: what fits into a request of 5 MB takes seconds at the most.
func TestLargeModifications(t *testing.T) {
	const n = 100_000
	d := grown(t)
	dn, s := "ou=a,"+d.config.Suffix, &Session{DN: "uid=admin", Secure: true}
	var all []string
	var adds []ldap.Change
	for i := range n {
		text := fmt.Sprintf("a value %d", i)
		all = append(all, text)
		adds = append(adds, ldap.Change{Op: ldap.Add, Attribute: ldap.Attribute{Description: "description", Values: octets(text)}})
	}
	one := func(op ldap.ChangeOp, values ...string) []ldap.Change {
		return []ldap.Change{{Op: op, Attribute: ldap.Attribute{Description: "description", Values: octets(values...)}}}
	}
	begun := time.Now()
	for i, tt := range []struct {
		mods []ldap.Change
		code ldap.ResultCode
		left int
	}{
		{one(ldap.Replace, all...), ldap.Success, n},
		{one(ldap.Add, all[n/2:]...), ldap.AttributeOrValueExists, n},
		{one(ldap.Delete, all[:n-1]...), ldap.Success, 1},
		{one(ldap.Delete, all...), ldap.NoSuchAttribute, 1},
		{one(ldap.Add, all[:n-1]...), ldap.Success, n},
		{one(ldap.Replace, append(all, "A  VALUE 7")...), ldap.AttributeOrValueExists, n},
		{one(ldap.Delete), ldap.Success, 0},
		{adds, ldap.Success, n},
		{append(adds, adds[7]), ldap.AttributeOrValueExists, n},
	} {
		r := d.Modify(t.Context(), s, ldap.ModifyRequest{DN: dn, Changes: tt.mods}, nil)
		require.Equal(t, tt.code, r.Code, "%d: %s", i, r.Message)
		assert.Len(t, gather(d.entry(d.keyOf(dn)), d.describe("description").kind), tt.left, i)
	}
	kept := d.entry(d.keyOf(dn)).values(d.describe("description").kind)
	assert.Equal(t, all[n-1], string(kept[n-1]), "in their order")
	r := d.Add(t.Context(), s, ldap.AddRequest{DN: "ou=d," + d.config.Suffix, Attributes: []ldap.Attribute{
		{Description: "objectClass", Values: octets("organizationalUnit")}, {Description: "description", Values: octets(all...)},
	}}, nil)
	assert.Equal(t, ldap.Success, r.Code)
	assert.Less(t, time.Since(begun), time.Minute)
}
