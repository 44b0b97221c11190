package queue

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blocks returns the files that hold the messages of a stream.
func blocks(t *testing.T, dir, stream string) []string {
	t.Helper()
	var list []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, "/"+stream+"/") && strings.HasSuffix(path, ".blk") {
			list = append(list, path)
		}
		return err
	}))
	require.NotEmpty(t, list)
	return list
}

func TestDamageIsNotTakenForAnEmptyQueue(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"truncated changes": {func(t *testing.T, dir string) {
			t.Helper()
			for _, path := range blocks(t, dir, "SEATRIAL") {
				require.NoError(t, os.Truncate(path, 300))
			}
		}, "has lost data: it was closed with 7 waiting and 2 parked changes"},
		"overwritten changes": {func(t *testing.T, dir string) {
			t.Helper()
			for _, path := range blocks(t, dir, "SEATRIAL") {
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				copy(data[len(data)/2:], "damaged!")
				require.NoError(t, os.WriteFile(path, data, 0o600))
			}
		}, "has lost data"},
		"removed changes": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(blocks(t, dir, "SEATRIAL")[0]))))
		}, "stream SEATRIAL has lost changes: it ends with message 0, but the journal knows message"},
		"removed parked changes": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(blocks(t, dir, "SEATRIAL-PARKED")[0]))))
		}, "and has 7 and 0 now"},
		"removed store": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
		}, "restore it from a copy, or move it away"},
		"changes that the journal knows, after a crash": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(dir, markerName), 0))
			require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(blocks(t, dir, "SEATRIAL")[0]))))
		}, "stream SEATRIAL has lost changes: it ends with message 0, but the journal knows message"},
	} {
		t.Run(name, func(t *testing.T) {
			c := at(t.TempDir())
			q := opened(t, c)
			for i := range 10 {
				publish(t, q, fmt.Sprint("id-", i))
			}
			for range 3 {
				require.NoError(t, q.Done(t.Context(), next(t, q)))
			}
			for i := range 2 {
				require.NoError(t, q.Park(t.Context(), fmt.Sprint(i), []byte("parked")))
			}
			require.NoError(t, q.Close(t.Context()))
			tt.damage(t, c.Dir)
			for range 2 { // It does not heal by itself.
				_, err := Open(t.Context(), c)
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}

func TestAnotherProgramsDirectoryIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600))
	_, err := Open(t.Context(), at(dir))
	require.ErrorContains(t, err, "holds thesis.tex but no queue")
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, list, 1)

	_, err = OpenForAdministration(t.Context(), at(filepath.Join(dir, "none")))
	require.ErrorContains(t, err, "holds no queue")
	assert.NoDirExists(t, filepath.Join(dir, "none"))
}

func TestAnotherProgramsStreamIsLeftAlone(t *testing.T) {
	s := served(t, true)
	c := DefaultConfig()
	c.URL = s.ClientURL()
	q := opened(t, c)
	for _, tt := range []struct { // The second ends what the first needs.
		name   string
		damage func() string
	}{
		{"another's message", func() string {
			_, err := q.js.Publish(t.Context(), "SEATRIAL.changes", []byte("hello"))
			require.NoError(t, err)
			return "stream SEATRIAL: message 1 is not one of this version's, or is damaged: it starts with 0x68"
		}},
		{"another's stream", func() string {
			require.NoError(t, q.js.DeleteStream(t.Context(), "SEATRIAL"))
			_, err := q.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "SEATRIAL", Subjects: []string{"orders"}})
			require.NoError(t, err)
			return "stream SEATRIAL holds something else"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.damage()
			other, err := Open(t.Context(), c)
			if err == nil {
				err = other.Lead(t.Context())
				require.NoError(t, other.Close(t.Context()))
			}
			require.ErrorContains(t, err, want)
		})
	}
	require.NoError(t, q.Close(t.Context()))
}

func TestWhatIsTooLargeIsRefusedAlone(t *testing.T) {
	q := opened(t, at(t.TempDir()))
	_, err := q.Publish(t.Context(), "huge", make([]byte, maxData))
	require.ErrorIs(t, err, ErrTooLarge)
	require.ErrorIs(t, q.SetNote(t.Context(), "huge", make([]byte, maxData)), ErrTooLarge)
	require.ErrorIs(t, q.Park(t.Context(), "huge", make([]byte, maxData)), ErrTooLarge)
	_, err = q.Publish(t.Context(), "huge", make([]byte, maxData-4))
	require.NoError(t, err)
	assert.Len(t, next(t, q).Data, maxData-4)
	require.NoError(t, q.SetNote(t.Context(), "huge", make([]byte, maxData-4)))
	require.NoError(t, q.Park(t.Context(), "huge", make([]byte, maxData-4)))
	require.NoError(t, q.Close(t.Context()))
	_, err = q.Publish(t.Context(), "late", nil)
	require.ErrorIs(t, err, ErrClosed)
	require.Error(t, q.Close(t.Context())) // Its server is gone.
}
