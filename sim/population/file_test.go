package population

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// readAll reads text as the file of that name.
func readAll(name, text string) ([]people.Person, Report, error) {
	var report Report
	var all []people.Person
	for p, err := range read(name, strings.NewReader(text), &report) {
		if err != nil {
			return all, report, err
		}
		all = append(all, p)
	}
	return all, report, nil
}

func problems(r Report) []string {
	var texts []string
	for _, p := range r.Skipped {
		texts = append(texts, p.String())
	}
	return texts
}

func TestReadFile(t *testing.T) {
	write := func(t *testing.T, name, text string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	ldif := "dn: uid=b,o=x\nobjectClass: person\nuid: bjensen\nmail: b@example.com\n"
	table := "uid,mail\nbjensen,b@example.com\n"

	good := map[string]struct{ name, text string }{
		"LDIF by its name":                {"users.ldif", "# exported\n" + ldif},
		"LDIF by its content":             {"users.txt", "# exported\n  today\n\nversion: 1\n" + ldif},
		"LDIF that is called CSV":         {"users.csv", ldif},
		"CSV by its name":                 {"users.csv", table},
		"CSV by its content":              {"users", table},
		"a byte order mark before either": {"users", "\xef\xbb\xbf" + table},
	}
	for name, c := range good {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.name, c.text)
			stream, report, err := ReadFile(path)
			require.NoError(t, err)
			for range 2 { // each range reads anew
				var all []people.Person
				for p, err := range stream {
					require.NoError(t, err)
					all = append(all, p)
				}
				require.Len(t, all, 1)
				assert.Equal(t, "bjensen", all[0].UserName)
				assert.Equal(t, "b@example.com", all[0].PrimaryEmail())
				assert.Equal(t, path+": 1 entries read, 1 used", report.String())
			}
		})
	}

	bad := map[string]struct{ name, text, want string }{
		"empty":        {"users.ldif", "", "users.ldif: the file is empty"},
		"blank":        {"users.csv", "\n\n", "users.csv: the file is blank"},
		"UTF-16":       {"users.csv", "\xff\xfeu\x00i\x00d\x00", "iconv -f UTF-16 -t UTF-8"},
		"compressed":   {"users.ldif", "\x1f\x8b\x08\x00", "gunzip"},
		"binary":       {"users.csv", "uid\x00,mail\n", "the file is binary"},
		"something":    {"users.xml", "<users><user/></users>\n", `users.xml:1: no column has the user name (uid, userName or User ID) among ["<users><user/></users>"]`},
		"no user name": {"users.csv", "sn,mail\nJensen,b@example.com\n", `among ["sn" "mail"]: is this CSV with a header row, or LDIF?`},
	}
	for name, c := range bad {
		t.Run(name, func(t *testing.T) {
			_, _, err := ReadFile(write(t, c.name, c.text))
			assert.ErrorContains(t, err, c.want)
		})
	}
	t.Run("no such file", func(t *testing.T) {
		_, _, err := ReadFile(filepath.Join(t.TempDir(), "users.ldif"))
		assert.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("a directory", func(t *testing.T) {
		_, _, err := ReadFile(t.TempDir())
		assert.ErrorContains(t, err, "is a directory")
	})
	t.Run("gone between opening and reading", func(t *testing.T) {
		path := write(t, "users.csv", table)
		stream, _, err := ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		for _, err := range stream {
			assert.ErrorIs(t, err, os.ErrNotExist)
		}
	})
}

func TestReadTellsAReadErrorFromTheEnd(t *testing.T) {
	for name, start := range map[string]string{"users.ldif": "dn: uid=b\nobjectClass: person\nuid: b", "users.csv": "uid,mail\nb,b@example.com\n"} {
		var report Report
		broken := io.MultiReader(strings.NewReader(strings.Repeat("# filler\n", 10_000)[:9*len(start)]+start), failing{})
		if strings.HasSuffix(name, "csv") {
			broken = io.MultiReader(strings.NewReader(start+strings.Repeat("b,b@example.com\n", 10_000)), failing{})
		}
		var last error
		for _, err := range read(name, broken, &report) {
			last = err
		}
		assert.ErrorIs(t, last, io.ErrUnexpectedEOF, name)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestProblemsAreBoundedAndCounted(t *testing.T) {
	var text strings.Builder
	text.WriteString("uid,mail\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "user%d,\n", i)
	}
	all, report, err := readAll("users.csv", text.String())
	require.NoError(t, err)
	assert.Empty(t, all)
	assert.Equal(t, 1000, report.SkippedCount)
	assert.Len(t, report.Skipped, problemsShown)
	assert.Equal(t, "users.csv: 1000 entries read, 0 used, 1000 left out", report.String())
}

// A million entries are never in memory at once: what is held grows by the user names (to find the repeated ones) alone.
func TestReadingIsAStream(t *testing.T) {
	const entries = 50_000
	photograph := strings.Repeat("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEB", 10)
	in := &endless{entries: entries, make: func(i int) string {
		return fmt.Sprintf("dn: uid=u%d\nobjectClass: person\nuid: u%d\nmail: u%d@example.com\njpegPhoto:: %s\n\n", i, i, i, photograph)
	}}
	var report Report
	before := heap()
	for _, err := range read("users.ldif", in, &report) {
		require.NoError(t, err)
		if report.Used == entries {
			grown := int64(heap()) - int64(before)
			assert.Less(t, grown, int64(in.written/4), "bytes held after %d were read", in.written)
		}
	}
	assert.Equal(t, entries, report.Used)
}

// Fields share their row's memory; who keeps a name must not keep the row, with the password that may be in it.
func TestPeopleDoNotKeepTheirRows(t *testing.T) {
	const rows = 2_000
	in := &endless{entries: rows, make: func(i int) string {
		if i == 0 {
			return "uid,mail,password,notes\n"
		}
		return fmt.Sprintf("u%d,u%d@example.com,secret,%s\n", i, i, strings.Repeat("x", 5_000))
	}}
	var report Report
	var kept []people.Person
	before := heap()
	for p, err := range read("users.csv", in, &report) {
		require.NoError(t, err)
		kept = append(kept, p)
	}
	assert.Less(t, int64(heap())-int64(before), int64(in.written/4))
	assert.Len(t, kept, rows-1)
	runtime.KeepAlive(kept)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// endless makes a file while it is read.
type endless struct {
	entries, made, written int
	make                   func(i int) string
	rest                   bytes.Buffer
}

func (e *endless) Read(p []byte) (int, error) {
	for e.rest.Len() < len(p) && e.made < e.entries {
		e.rest.WriteString(e.make(e.made))
		e.made++
	}
	n, err := e.rest.Read(p)
	e.written += n
	return n, err
}
