package certify

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func TestFilesAppearInTheFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "report")
	require.NoError(t, prepare(folder))
	paths, err := write(folder, reports.Report{Title: "A certificate"})
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "report.html"), paths[0], "the one for people first")
	found, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, found, len(paths), "nothing half-written is left")
}

func TestAFolderThatCannotBeIsToldBeforeTheRun(t *testing.T) {
	occupied := file(t, "report", "a file where the folder should be")
	assert.ErrorContains(t, prepare(occupied), "--out: ")
}
