package ldap

import (
	"os"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJudge(t *testing.T) {
	at := func(seconds int) time.Time {
		return time.Date(2026, 1, 1, 0, 0, seconds, 0, time.UTC)
	}
	memoOf := func(digest byte, changed, modified int) memo {
		m := memo{digest: [16]byte{digest}}
		if changed >= 0 {
			m.changed = at(changed)
		}
		if modified >= 0 {
			m.modified = at(modified)
		}
		return m
	}
	rehashed := memoOf(1, 10, 10)
	rehashed.rehashed = true
	tests := map[string]struct {
		old    *memo
		now    memo
		record *record
		want   verdict
	}{
		"never seen":                         {nil, memoOf(1, 10, 10), nil, delivered},
		"never seen, dated":                  {nil, memoOf(1, 10, 10), &record{time: at(10), dated: true}, delivered},
		"never seen, its date as the record": {nil, memoOf(1, 10, 11), &record{time: at(11)}, delivered},
		"never seen, its date long before":   {nil, memoOf(1, 10, 60), &record{time: at(60)}, rehash},
		"never seen, no date, quiet":         {nil, memoOf(1, -1, 60), &record{time: at(60), quiet: true}, rehash},
		"never seen, no date, somebody":      {nil, memoOf(1, -1, 60), &record{time: at(60)}, delivered},
		"never seen, record without a time":  {nil, memoOf(1, 10, 60), &record{}, delivered},
		"the same":                           {new(memoOf(1, 10, 10)), memoOf(1, 10, 60), nil, same},
		"the same, by a record":              {new(memoOf(1, 10, 10)), memoOf(1, 10, 60), &record{dated: true}, same},
		"another":                            {new(memoOf(1, 10, 10)), memoOf(2, 60, 60), nil, delivered},
		"another hash, the same date":        {new(memoOf(1, 10, 10)), memoOf(2, 10, 60), nil, rehash},
		"another hash, the same second":      {new(memoOf(1, 10, 10)), memoOf(2, 10, 10), &record{dated: true}, delivered},
		"no dates":                           {new(memoOf(1, -1, 10)), memoOf(2, -1, 60), nil, delivered},
		"no dates, quiet":                    {new(memoOf(1, -1, 10)), memoOf(2, -1, 60), &record{quiet: true}, rehash},
		"the date has gone":                  {new(memoOf(1, 10, 10)), memoOf(2, -1, 60), nil, delivered},
		"an older entry":                     {new(memoOf(1, 10, 60)), memoOf(2, 10, 59), nil, stale},
		"an older password":                  {new(memoOf(1, 10, 60)), memoOf(2, 9, 70), nil, stale},
		"older, by a record":                 {new(memoOf(1, 10, 60)), memoOf(2, 9, 9), &record{dated: true}, stale},
		"the date follows the hash":          {&rehashed, memoOf(1, 60, 60), nil, delivered},
		"nothing follows the hash":           {&rehashed, memoOf(1, 10, 60), nil, same},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var old memo
			if tt.old != nil {
				old = *tt.old
			}
			assert.Equal(t, tt.want, judge(old, tt.old != nil, tt.now, tt.record))
		})
	}
}

func TestSchemes(t *testing.T) {
	tests := []struct{ value, scheme, clear string }{
		{"{SSHA}abc", "SSHA", ""},
		{"{pbkdf2-hmac-sha256}10:abc", "PBKDF2-HMAC-SHA256", ""},
		{"{a}b", "A", ""}, // DS takes it for a hash, so it is one.
		{"{AES}abc", "AES", ""},
		{"{BASE64}!", "BASE64", ""},
		{"{CLEAR}x", "CLEAR", "x"},
		{"{BASE64}eA==", "BASE64", "x"},
		{"secret", "", "secret"},
		{"{}secret", "", "{}secret"},
		{"{secret", "", "{secret"},
		{"{secret}", "", "{secret}"},
		{"x{a}b", "", "x{a}b"},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			name, _ := scheme(tt.value)
			assert.Equal(t, tt.scheme, name)
			password, ok := passwordOf(tt.value)
			assert.Equal(t, tt.clear != "", ok)
			assert.Equal(t, tt.clear, string(password))
		})
	}
}

func TestTimes(t *testing.T) {
	want := time.Date(2022, 11, 24, 21, 1, 21, 616e6, time.UTC)
	assert.Equal(t, want, parseTime("20221124210121.616Z"))
	assert.Equal(t, want.Truncate(time.Second), parseTime("20221124210121Z"))
	assert.Equal(t, want.Truncate(time.Second), parseTime("20221124220121+0100"))
	for _, text := range []string{"", "now", "2022-11-24T21:01:21Z", "20221324210121Z"} {
		assert.True(t, parseTime(text).IsZero(), text)
	}
	assert.Equal(t, "19700101000000Z", generalized(time.Time{}))
	assert.Equal(t, "20221124210121Z", generalized(want))
}

func TestTheReadmeNamesEachTrouble(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(text), "| trouble |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, want := range troubles() {
		assert.Contains(t, table, "`"+string(want)+"`")
	}
}

func TestSeveralChangesOfOneEntryAreOne(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	first := &record{place: "1", brought: []string{"a"}, dated: true, initiators: []string{"cn=one"}, time: at}
	r := &record{place: "2", quiet: true, time: at.Add(time.Hour)}
	r.merge(first)
	assert.Equal(t, &record{place: "1", brought: []string{"a"}, dated: true, initiators: []string{"cn=one"}, time: at}, r)
	r = &record{place: "2", brought: []string{"b"}, quiet: true, time: at.Add(time.Hour), garbled: true}
	r.merge(&record{place: "1", brought: []string{"a"}, quiet: true, time: at})
	assert.Equal(t, &record{place: "2", brought: []string{"b"}, quiet: true, time: at, garbled: true}, r)
}

func TestWhereTheNextSearchByTimestampsBegins(t *testing.T) {
	ours := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // An hour behind the directory, and it does not matter.
	theirs := ours.Add(time.Hour)
	s := &Source{config: Config{Overlap: time.Minute}}
	s.since(swept{begun: ours})
	assert.True(t, s.position.Since.IsZero(), "nobody was seen")
	s.since(swept{users: 1, youngest: theirs, begun: ours, took: 10 * time.Second})
	assert.Equal(t, theirs.Add(-70*time.Second), s.position.Since)
	s.since(swept{begun: ours.Add(5 * time.Minute)})
	assert.Equal(t, theirs.Add(-70*time.Second).Add(5*time.Minute), s.position.Since, "time goes by")
	s.since(swept{users: 1, youngest: theirs.Add(time.Minute), begun: ours.Add(6 * time.Minute), took: time.Hour})
	assert.Equal(t, theirs.Add(-70*time.Second).Add(6*time.Minute), s.position.Since, "it never goes back")
	s.since(swept{users: 1, youngest: theirs.Add(20 * time.Minute), begun: ours.Add(7 * time.Minute)})
	assert.Equal(t, theirs.Add(19*time.Minute), s.position.Since)
}

// TestBlocksAreInOrder, and hold what was asked for, whatever the server's idea of order is: the last number becomes the position.
func TestBlocksAreInOrder(t *testing.T) {
	var entries []*goldap.Entry
	for _, number := range []string{"10", "12", "11", "9", "13", "none"} {
		entries = append(entries, goldap.NewEntry("changeNumber="+number+",cn=changelog", map[string][]string{"changeNumber": {number}}))
	}
	var got []int64
	for _, e := range inOrder(entries, 9, 12) {
		got = append(got, numberOf(e))
	}
	assert.Equal(t, []int64{10, 11, 12}, got)
}
