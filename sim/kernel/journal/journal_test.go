package journal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func newJournal(capacity int) *Journal {
	return New(capacity, secret.NewDigester([]byte("0123456789abcdef")))
}

func sequences(entries []Entry) []uint64 {
	numbers := make([]uint64, len(entries))
	for i, e := range entries {
		numbers[i] = e.Sequence
	}
	return numbers
}

func TestSearch(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	j := newJournal(100)
	for i, e := range []Entry{
		{Target: "idcs", Client: "engine", Method: "POST", Path: "/oauth2/v1/token", Route: "POST /oauth2/v1/token", Operation: "token", Status: 200},
		{Target: "idcs", Client: "engine", User: "bjensen", Method: "PATCH", Path: "/admin/v1/Users/1", Route: "PATCH /admin/v1/Users/{id}", Operation: "write_password", Outcome: "refused", Reason: "policy", Status: 400, Token: "valid"},
		{Target: "idcs", Client: "other", User: "scarter", Method: "PATCH", Path: "/admin/v1/Users/2", Route: "PATCH /admin/v1/Users/{id}", Operation: "write_password", Outcome: "accepted", Status: 200, Faults: []string{"slow", "late"}},
		{Target: "okta", Method: "GET", Path: "/nowhere", Status: 404, Surprise: "no such route"},
		{Target: "idcs", Method: "PATCH", Path: "/admin/v1/Users/2", Lost: true, Faults: []string{"lose"}},
	} {
		e.Received = start.Add(time.Duration(i) * time.Minute)
		assert.Equal(t, uint64(i+1), j.Record(e))
	}
	tests := map[string]struct {
		query Query
		want  []uint64
	}{
		"everything":               {Query{}, []uint64{1, 2, 3, 4, 5}},
		"target":                   {Query{Target: "okta"}, []uint64{4}},
		"client":                   {Query{Client: "engine"}, []uint64{1, 2}},
		"user in any case":         {Query{User: "BJensen"}, []uint64{2}},
		"user in part is no match": {Query{User: "jensen"}, []uint64{}},
		"method":                   {Query{Method: "patch"}, []uint64{2, 3, 5}},
		"path":                     {Query{Path: "/admin/v1/Users/2"}, []uint64{3, 5}},
		"path with a star":         {Query{Path: "/admin/*"}, []uint64{2, 3, 5}},
		"route":                    {Query{Route: "PATCH /admin/v1/Users/{id}"}, []uint64{2, 3}},
		"route with stars":         {Query{Route: "P*token"}, []uint64{1}},
		"operation":                {Query{Operation: "token"}, []uint64{1}},
		"outcome":                  {Query{Outcome: "accepted"}, []uint64{3}},
		"reason":                   {Query{Reason: "policy"}, []uint64{2}},
		"token":                    {Query{Token: "valid"}, []uint64{2}},
		"second fault":             {Query{Fault: "late"}, []uint64{3}},
		"status":                   {Query{Status: 200}, []uint64{1, 3}},
		"no answer":                {Query{Status: Unanswered}, []uint64{5}},
		"status range":             {Query{StatusMin: 400, StatusMax: 404}, []uint64{2, 4}},
		"surprise":                 {Query{Surprise: true}, []uint64{4}},
		"since is included":        {Query{Since: start.Add(3 * time.Minute)}, []uint64{4, 5}},
		"until is not":             {Query{Until: start.Add(time.Minute)}, []uint64{1}},
		"all must fit":             {Query{Target: "idcs", Status: 200, User: "scarter"}, []uint64{3}},
		"none":                     {Query{Target: "idcs", Surprise: true}, []uint64{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			page := j.Search(tt.query)
			assert.Equal(t, tt.want, sequences(page.Entries))
			assert.Equal(t, len(tt.want), page.Total)
			assert.Equal(t, uint64(5), page.Last)
			assert.Zero(t, page.Dropped)
		})
	}
	t.Run("pages", func(t *testing.T) {
		query := Query{Target: "idcs", Limit: 2}
		var seen []uint64
		for {
			page := j.Search(query)
			assert.Equal(t, 4, page.Total, "the total does not depend on the page")
			if len(page.Entries) == 0 {
				break
			}
			seen = append(seen, sequences(page.Entries)...)
			query.After = seen[len(seen)-1]
		}
		assert.Equal(t, []uint64{1, 2, 3, 5}, seen)
	})
}

func TestTheRingKeepsTheNewestAndCountsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 20).Draw(t, "capacity")
		count := rapid.IntRange(0, 70).Draw(t, "count")
		j := newJournal(capacity)
		for i := range count {
			j.Record(Entry{Target: "idcs", Status: 200 + i%3})
		}
		page := j.Search(Query{})
		kept := min(capacity, count)
		if page.Total != kept || len(page.Entries) != kept || page.Dropped != uint64(count-kept) || page.Last != uint64(count) {
			t.Fatalf("capacity %d, recorded %d: %d entries, total %d, dropped %d, last %d", capacity, count, len(page.Entries), page.Total, page.Dropped, page.Last)
		}
		for i, e := range page.Entries {
			if want := uint64(count - kept + i + 1); e.Sequence != want {
				t.Fatalf("entry %d has number %d, want %d", i, e.Sequence, want)
			}
		}
		totals := j.Totals("idcs")
		if totals.Recorded != uint64(count) || totals.Statuses[200] != uint64((count+2)/3) {
			t.Fatalf("totals %+v after %d", totals, count)
		}
	})
}

func TestResetForgetsButGoesOnCounting(t *testing.T) {
	j := newJournal(2)
	for range 3 {
		j.Record(Entry{Target: "idcs", Lost: true, Faults: []string{"x"}, Surprise: "y"})
	}
	assert.Equal(t, Totals{Recorded: 3, Lost: 3, Faulted: 3, Surprises: 3, Statuses: map[int]uint64{0: 3}}, j.Totals("idcs"))
	j.Forget("idcs")
	assert.Equal(t, Page{Last: 3}, j.Search(Query{}))
	assert.Equal(t, Totals{Statuses: map[int]uint64{}}, j.Totals("idcs"))
	assert.Equal(t, uint64(4), j.Record(Entry{}))
	assert.Equal(t, []uint64{4}, sequences(j.Search(Query{After: 3}).Entries))
}

// The ring has turned when one of two targets is forgotten: the other's entries stay, in order, and so do the later ones.
func TestForgetLeavesTheOthers(t *testing.T) {
	j := newJournal(4)
	for _, target := range []string{"okta", "spoke", "okta", "spoke", "okta", "spoke"} {
		j.Record(Entry{Target: target})
	}
	j.Forget("spoke")
	assert.Equal(t, []uint64{3, 5}, sequences(j.Search(Query{}).Entries))
	assert.Equal(t, uint64(2), j.Search(Query{}).Dropped, "of the others, too")
	assert.Equal(t, uint64(3), j.Totals("okta").Recorded)
	assert.Zero(t, j.Totals("spoke").Recorded)
	for range 3 {
		j.Record(Entry{Target: "spoke"})
	}
	assert.Equal(t, []uint64{5, 7, 8, 9}, sequences(j.Search(Query{}).Entries))
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"a*", "a", true},
		{"a*a", "a", false},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*b*c", "a1b2c", true},
		{"a*b*c", "a1c2b", false},
		{"a*bc*bc", "abcbc", true},
		{"a*bc*bc", "abc", false},
		{"a**b", "ab", true},
		{"/Users/*", "/Users/1/x", true},
		{"/Users/*", "/users/1", false},
	} {
		assert.Equal(t, tt.want, Glob(tt.pattern, tt.text), "%q on %q", tt.pattern, tt.text)
	}
}

func TestDigestsAreEqualWhenPasswordsAre(t *testing.T) {
	j := newJournal(1)
	assert.Equal(t, j.Digest(secret.New("a")), j.Digest(secret.New("a")))
	assert.NotEqual(t, j.Digest(secret.New("a")), j.Digest(secret.New("b")))
}

func TestManyAtOnce(t *testing.T) {
	j := newJournal(50)
	handler := j.Wrap("idcs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := From(r.Context())
		x.User = r.URL.Path
		x.Secret(secret.New("Geheim1!"))
		x.ShowBodies()
		w.WriteHeader(http.StatusOK)
		_, _ = fmt.Fprint(w, "Geheim1!")
	}))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for n := range 50 {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, fmt.Sprintf("/%d/%d", i, n), strings.NewReader("Geheim1!"))
				handler.ServeHTTP(httptest.NewRecorder(), r)
				if n%10 == 0 {
					for _, e := range j.Search(Query{Target: "idcs"}).Entries {
						assert.Equal(t, e.Path, e.User)
						assert.Equal(t, dots, e.ResponseBody)
					}
				}
			}
		})
	}
	wg.Wait()
	page := j.Search(Query{})
	require.Equal(t, uint64(1000), page.Last)
	assert.Equal(t, uint64(950), page.Dropped)
	assert.Equal(t, uint64(1000), j.Totals("idcs").Recorded)
}
