package reports_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

var update = flag.Bool("update", false, "write the golden files anew")

type writer func(io.Writer, reports.Report) error

func writers() map[string]writer {
	return map[string]writer{
		"txt":       func(w io.Writer, r reports.Report) error { return reports.WriteTerminal(w, r, false) },
		"color.txt": func(w io.Writer, r reports.Report) error { return reports.WriteTerminal(w, r, true) },
		"json":      reports.WriteJSON,
		"xml":       reports.WriteJUnit,
		"html":      reports.WriteHTML,
	}
}

func render(t *testing.T, write writer, r reports.Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b, r))
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, r := range samples() {
		for kind, write := range writers() {
			t.Run(name+"."+kind, func(t *testing.T) {
				got := render(t, write, r)
				assert.Equal(t, got, render(t, write, r), "same report, same bytes")
				file := filepath.Join("testdata", name+"."+kind)
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err, "go test ./reports -update writes it")
				assert.Equal(t, string(want), got)
			})
		}
	}
}
