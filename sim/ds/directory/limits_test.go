package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// uids searches below ou=People, and returns the uids in their order.
func (x *trial) uids(s *directory.Session, r ldap.SearchRequest, controls ...ldap.Control) (string, ldap.Result) {
	x.t.Helper()
	if r.BaseDN == "" {
		r.BaseDN, r.Scope = people, ldap.ScopeOne
	}
	r.Attributes = []string{"uid"}
	var found []ldap.Entry
	result := x.Search(x.t.Context(), s, r, controls, collect(&found))
	list := make([]string, 0, len(found))
	for _, e := range found {
		list = append(list, values(e)["uid"])
	}
	return strings.Join(list, " "), result
}

// populate adds u00, u01 and so on.
func (x *trial) populate(n int) {
	x.t.Helper()
	for i := range n {
		require.Equal(x.t, ldap.Success, x.addPerson(x.admin, fmt.Sprintf("u%02d", i), attr("description", fmt.Sprint(i%13))).Code)
	}
}

func TestSizeLimit(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Limits.Size = 5 })
	x.populate(41)
	search := func(s *directory.Session, size int) (int, ldap.Result) {
		got, r := x.uids(s, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, SizeLimit: size, Filter: filter(t, "(uid=u*)")})
		return len(strings.Fields(got)), r
	}
	for name, c := range map[string]struct {
		who   *directory.Session
		limit int
		want  int
		told  string
	}{
		"the server's":                 {x.anonymous, 0, 5, "This search operation has sent the maximum of 5 entries to the client"},
		"the client's is lower":        {x.anonymous, 2, 2, "This search operation has sent the maximum of 2 entries to the client"},
		"the client's is higher":       {x.anonymous, 9, 5, "This search operation has sent the maximum of 5 entries to the client"},
		"the administrator has none":   {x.admin, 0, 41, ""},
		"but for those that are asked": {x.admin, 3, 3, "This search operation has sent the maximum of 3 entries to the client"},
		"just enough":                  {x.admin, 41, 41, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n, r := search(c.who, c.limit)
			assert.Equal(t, c.want, n, "entries come first")
			assert.Equal(t, c.told, r.Message)
			assert.Equal(t, c.told != "", r.Code == ldap.SizeLimitExceeded)
		})
	}
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-rlim-size-limit", "0")).Code)
	n, r := search(x.as(bjensen, "hifalutin"), 0)
	assert.Equal(t, 41, n, "an account has limits of its own")
	assert.Equal(t, ldap.Success, r.Code)
}

func TestLookthroughLimit(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Limits.Lookthrough = 100 })
	x.populate(130)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-privilege-name", "unindexed-search")).Code)
	privileged := x.as(bjensen, "hifalutin")
	const told = "This search operation has checked the maximum of 100 entries for matches"
	search := func(s *directory.Session, text string) (int, ldap.Result) {
		got, r := x.uids(s, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: filter(t, text)})
		return len(strings.Fields(got)), r
	}
	_, r := search(x.anonymous, "(description=1)")
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code, "a scope larger than the limit is no index")
	n, r := search(privileged, "(description=1)")
	assert.Equal(t, ldap.AdminLimitExceeded, r.Code)
	assert.Equal(t, told, r.Message)
	assert.Equal(t, 7, n, "what is found before comes first")
	n, r = search(privileged, "(objectClass=person)")
	assert.Equal(t, ldap.AdminLimitExceeded, r.Code)
	assert.Equal(t, told, r.Message)
	assert.Zero(t, n, "a list of candidates is too long before the first")
	_, r = search(x.anonymous, "(uid=u17)")
	assert.Equal(t, ldap.Success, r.Code)
}

func TestTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		n := 0
		slow := directory.Emit(func(ldap.Entry, []ldap.Control) error { n++; time.Sleep(2 * time.Second); return nil })
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, TimeLimit: 4 * time.Second}, nil, slow)
		assert.Equal(t, ldap.TimeLimitExceeded, r.Code)
		assert.Equal(t, "The maximum time limit of 4 seconds for processing this search operation has expired", r.Message)
		assert.Equal(t, 2, n)
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-rlim-time-limit", "6")).Code)
		n = 0
		r = x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, nil, slow)
		assert.Equal(t, ldap.TimeLimitExceeded, r.Code)
		assert.Equal(t, 3, n, "an account has limits of its own")
	})
}

func byValue(before, after int, value string) ldap.Control {
	b, all := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(before))
	b = ber.AppendInteger(b, ber.Integer, int64(after))
	b = ber.AppendString(b, ber.Context(1), value)
	return ldap.Control{OID: ldap.OIDVirtualListView, Critical: true, Value: ber.Close(b, all), HasValue: true}
}

func TestListViews(t *testing.T) {
	x := start(t)
	const a, b, h, k, r, s, tm = "ajensen", "bjensen", "hmiller", "kvaughan", "rdaugherty", "scarter", "tmorris"
	for name, c := range map[string]struct {
		control ldap.Control
		reverse bool
		want    []string
		told    ldap.ListViewResult
		code    ldap.ResultCode
	}{
		"around a place":                 {control: view(1, 1, 3, 0), want: []string{b, h, k}, told: ldap.ListViewResult{Position: 3, Count: 7}},
		"whatever length is believed":    {control: view(0, 0, 2, 14), want: []string{b}, told: ldap.ListViewResult{Position: 2, Count: 7}},
		"place 0 is the first":           {control: view(0, 1, 0, 0), want: []string{a, b}, told: ldap.ListViewResult{Position: 1, Count: 7}},
		"more before than there is":      {control: view(9, 0, 2, 0), want: []string{a, b}, told: ldap.ListViewResult{Position: 2, Count: 7}},
		"over the end":                   {control: view(1, 9, 7, 0), want: []string{s, tm}, told: ldap.ListViewResult{Position: 7, Count: 7}},
		"behind the end":                 {control: view(2, 9, 70, 0), want: []string{s, tm}, told: ldap.ListViewResult{Position: 8, Count: 7}},
		"below 0":                        {control: view(0, 1, -1, 0), told: ldap.ListViewResult{Position: -1, Count: 7, Code: ldap.OffsetRangeError}, code: ldap.VirtualListViewError},
		"around a value":                 {control: byValue(1, 1, "K"), want: []string{h, k, r}, told: ldap.ListViewResult{Position: 4, Count: 7}},
		"around a value, the last first": {control: byValue(0, 1, "k"), reverse: true, want: []string{h, b}, told: ldap.ListViewResult{Position: 5, Count: 7}},
		"behind all values":              {control: byValue(3, 1, "z"), told: ldap.ListViewResult{Position: 8, Count: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			got, result := x.uids(x.admin, ldap.SearchRequest{}, sorted("uid", c.reverse), c.control)
			assert.Equal(t, strings.Join(c.want, " "), got)
			assert.Equal(t, c.code, result.Code)
			told, ok := ldap.Find(result.Controls, ldap.OIDVirtualListResponse)
			require.True(t, ok)
			assert.Equal(t, c.told.Control(), told)
		})
	}
	_, result := x.uids(x.admin, ldap.SearchRequest{}, append(paged(2, nil), sorted("uid", false), view(0, 1, 1, 0))...)
	assert.Equal(t, ldap.ConstraintViolation, result.Code, "pages and views exclude each other")
}

func TestSortKeys(t *testing.T) {
	x := start(t)
	told := func(r ldap.Result) ldap.Control {
		c, ok := ldap.Find(r.Controls, ldap.OIDServerSortResponse)
		require.True(t, ok)
		return c
	}
	got, r := x.uids(x.admin, ldap.SearchRequest{}, sorted("unheardOf", false))
	assert.Empty(t, got)
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
	assert.Equal(t, ldap.SortResult{Code: ldap.NoSuchAttribute}.Control(), told(r))

	lax := sorted("unheardOf", false)
	lax.Critical = false
	got, r = x.uids(x.admin, ldap.SearchRequest{}, lax)
	assert.Len(t, strings.Fields(got), 7, "unsorted")
	assert.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, ldap.SortResult{Code: ldap.NoSuchAttribute}.Control(), told(r))
}

func TestSortingWithoutAnIndex(t *testing.T) {
	x := start(t)
	x.populate(10) // 22 entries, one more than may be looked through at one time
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-privilege-name", "unindexed-search"), mod(ldap.Replace, "ds-rlim-lookthrough-limit", "21")).Code)
	s := x.as(bjensen, "hifalutin")
	r := ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: filter(t, "(description>=7)")}
	got, result := x.uids(s, r, sorted("uid", true))
	assert.Empty(t, got)
	assert.Equal(t, ldap.UnavailableCriticalExtension, result.Code)
	assert.Equal(t, "The search results cannot be sorted because the given search request is not indexed", result.Message)
	want := []ldap.Control{ldap.SortResult{Code: ldap.UnwillingToPerform}.Control()}
	assert.Equal(t, want, result.Controls)

	lax := sorted("uid", true)
	lax.Critical = false
	got, result = x.uids(s, r, lax)
	assert.Equal(t, "u07 u08 u09", got, "not sorted")
	assert.Equal(t, ldap.Success, result.Code)
	assert.Equal(t, want, result.Controls)
}

func TestPagesOfSortedEntries(t *testing.T) {
	x := start(t)
	var all []string
	var cookie []byte
	for pages := 1; ; pages++ {
		got, r := x.uids(x.admin, ldap.SearchRequest{}, append(paged(3, cookie), sorted("uid", true))...)
		require.Equal(t, ldap.Success, r.Code)
		_, ok := ldap.Find(r.Controls, ldap.OIDServerSortResponse)
		assert.True(t, ok)
		all = append(all, got)
		c, ok := ldap.Find(r.Controls, ldap.OIDPagedResults)
		require.True(t, ok)
		p, err := ldap.ParsePaged(c)
		require.NoError(t, err)
		if cookie = p.Cookie; len(cookie) == 0 {
			break
		}
	}
	assert.Equal(t, []string{"tmorris scarter rdaugherty", "kvaughan hmiller bjensen", "ajensen"}, all)
}

func TestPagesAsLargeAsTheSizeLimit(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Limits.Size = 5 })
	got, r := x.uids(x.anonymous, ldap.SearchRequest{}, paged(5, nil)...)
	assert.Len(t, strings.Fields(got), 5)
	assert.Equal(t, ldap.SizeLimitExceeded, r.Code, "the control is passed over")
	assert.Empty(t, r.Controls)
	got, r = x.uids(x.anonymous, ldap.SearchRequest{}, paged(4, nil)...)
	assert.Len(t, strings.Fields(got), 4)
	assert.Equal(t, ldap.Success, r.Code)
	got, r = x.uids(x.anonymous, ldap.SearchRequest{}, paged(0, nil)...)
	assert.Empty(t, got)
	assert.Equal(t, []ldap.Control{ldap.Paged{}.Control()}, r.Controls)
}
