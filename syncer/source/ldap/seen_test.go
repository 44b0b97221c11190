package ldap

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func open(t require.TestingT, dir string) *seen {
	s, err := openSeen(dir, 1000, false)
	require.NoError(t, err)
	return s
}

// TestSeenIsAMap is the law: whatever is put, forgotten, flushed and opened again, it is what a map in memory would be.
func TestSeenIsAMap(t *testing.T) {
	root, n := quick(t), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		require.NoError(t, os.Mkdir(dir, 0o700))
		s, model := open(t, dir), map[key]memo{}
		check := func(t *rapid.T) {
			got := map[key]memo{}
			for k, m := range s.memos {
				got[k] = m.memo()
			}
			require.True(t, maps.Equal(model, got))
		}
		users := rapid.SampledFrom([]string{"a", "b", "c", "00000000-0000-4000-8000-000000000001"})
		t.Repeat(map[string]func(*rapid.T){
			"": check,
			"put": func(t *rapid.T) {
				k := keyOf(users.Draw(t, "user"))
				m := memo{
					digest: s.digest([]string{rapid.String().Draw(t, "value")}), rehashed: rapid.Bool().Draw(t, "rehashed"),
					changed: moment(rapid.Uint64Range(0, 1<<62).Draw(t, "changed")), modified: moment(rapid.Uint64Range(0, 1<<62).Draw(t, "modified")),
				}
				require.NoError(t, s.put(k, m))
				model[k] = m
			},
			"forget":  func(t *rapid.T) { k := keyOf(users.Draw(t, "user")); s.forget(k); delete(model, k) },
			"rewrite": func(t *rapid.T) { require.NoError(t, s.rewrite()) },
			"reopen": func(t *rapid.T) {
				require.NoError(t, s.close())
				s = open(t, dir)
			},
		})
		require.NoError(t, s.close())
	})
}

func TestSeenSurvivesWhatACrashLeaves(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 10 {
		require.NoError(t, s.put(keyOf(fmt.Sprint(i)), memo{digest: s.digest([]string{"x"})}))
	}
	require.NoError(t, s.close())
	path := filepath.Join(dir, "seen")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, whole, len(seenMark)+10*recordSize)
	for size := 0; size < len(whole); size += 13 {
		require.NoError(t, os.WriteFile(path, whole[:size], 0o600))
		s := open(t, dir)
		want := max(0, size-len(seenMark)) / recordSize
		assert.Len(t, s.memos, want, "%d bytes", size)
		require.NoError(t, s.put(keyOf("new"), memo{}))
		require.NoError(t, s.close())
		s = open(t, dir)
		assert.Len(t, s.memos, want+1, "%d bytes, and one more", size)
		require.NoError(t, s.close())
	}
	damaged := bytes.Clone(whole)
	damaged[len(seenMark)+3*recordSize+20] ^= 1
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	s = open(t, dir)
	assert.Len(t, s.memos, 9, "one record is lost, not those behind it")
	require.NoError(t, s.close())
	require.NoError(t, os.WriteFile(path, []byte("something else entirely, and long"), 0o600))
	_, err = openSeen(dir, 10, false)
	require.ErrorContains(t, err, "is not a file of seen users")
}

func TestSeenStaysCompact(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 3 * wasteful {
		require.NoError(t, s.put(keyOf("one"), memo{changed: time.Unix(int64(i), 0)}))
		if i%100 == 0 {
			require.NoError(t, s.flush())
		}
	}
	require.NoError(t, s.close())
	info, err := os.Stat(filepath.Join(dir, "seen"))
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64((wasteful+200)*recordSize))
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// TestWhatAUserCosts holds the manual to its word: 56 bytes on disk, and about 100 in memory.
func TestWhatAUserCosts(t *testing.T) {
	const users = 50_000
	dir := t.TempDir()
	s, err := openSeen(dir, users, false)
	require.NoError(t, err)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for i := range users {
		require.NoError(t, s.put(keyOf(strconv.Itoa(i)), memo{changed: time.Unix(int64(i), 0)}))
	}
	require.NoError(t, s.close())
	info, err := os.Stat(filepath.Join(dir, "seen"))
	require.NoError(t, err)
	assert.Equal(t, int64(len(seenMark)+users*56), info.Size())
	before := heap()
	s, err = openSeen(dir, users, true)
	require.NoError(t, err)
	each := float64(heap()-before) / users
	t.Logf("%.0f bytes in memory", each)
	assert.InDelta(t, 100, each, 40)
	require.ErrorIs(t, s.put(keyOf("one more"), memo{}), errTooManyUsers)
	runtime.KeepAlive(s)
}

func TestSeenTellsNothing(t *testing.T) {
	dir, value := t.TempDir(), "{SSHA512}c2VjcmV0"
	s := open(t, dir)
	require.NoError(t, s.put(keyOf("one"), memo{digest: s.digest([]string{value})}))
	require.NoError(t, s.close())
	other := open(t, t.TempDir())
	assert.NotEqual(t, s.digest([]string{value}), other.digest([]string{value}), "the key is each directory's own")
	assert.NotEqual(t, s.digest([]string{"a", "b"}), s.digest([]string{"ab"}))
	assert.NotEqual(t, s.digest([]string{"a", "1:b"}), s.digest([]string{"a1:", "b"}))
	require.NoError(t, other.close())
	data, err := os.ReadFile(filepath.Join(dir, "seen"))
	require.NoError(t, err)
	assert.NotContains(t, string(data), "c2VjcmV0")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte("short"), 0o600))
	_, err = openSeen(dir, 10, false)
	require.ErrorContains(t, err, "all passwords look new")
}

func TestKeys(t *testing.T) {
	assert.Equal(t, "00000000-0000-4000-8000-00000000000a", keyOf("00000000-0000-4000-8000-00000000000A").String())
	assert.Equal(t, keyOf("00000000-0000-4000-8000-000000000001"), keyOf("00000000-00004000-80000000-00000001"), "389-DS groups its digits otherwise")
	assert.NotEqual(t, keyOf("ann"), keyOf("bob"))
}

// TestTransactions are the same however a password is read again, and of nothing else.
func TestTransactions(t *testing.T) {
	s := &Source{seen: &seen{key: make([]byte, 32)}}
	at := time.Unix(1, 0)
	m := memo{digest: s.seen.digest([]string{"a"}), modified: at}
	dated, ann := m, keyOf("ann")
	dated.changed = at
	list := []string{
		s.transaction(ann, m, ""), s.transaction(keyOf("bob"), m, ""), s.transaction(ann, memo{digest: m.digest, modified: at.Add(1)}, ""),
		s.transaction(ann, memo{modified: at}, ""), s.transaction(ann, m, "csn 1"), s.transaction(ann, m, "csn 2"),
		s.transaction(ann, memo{digest: m.digest, modified: at, changed: at.Add(2)}, ""),
	}
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(list))), len(list))
	again := dated
	again.modified = at.Add(time.Hour)
	assert.Equal(t, s.transaction(ann, dated, ""), s.transaction(ann, again, "csn 1"), "with a date, nothing else counts")
}

func TestWhatIsPutAsideHasABound(t *testing.T) {
	p, err := openPark(t.TempDir(), false)
	require.NoError(t, err)
	for i := range maxParked + 1 {
		p.add(t.Context(), slog.New(slog.DiscardHandler), fmt.Sprint("uid=", i), noUID, "")
	}
	assert.Len(t, p.entries, maxParked)
	p.add(t.Context(), slog.New(slog.DiscardHandler), "uid=0", noUserName, "")
	assert.Equal(t, string(noUserName), p.entries["uid=0"].Reason, "who stands there is kept up to date")
	require.NoError(t, p.flush())
	again, err := openPark(filepath.Dir(p.path), true)
	require.NoError(t, err)
	assert.Len(t, again.entries, maxParked)
}
