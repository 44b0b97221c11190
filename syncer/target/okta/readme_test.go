package okta

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheREADMEHasTheTable compares the table of answers in syncer/README.md with the one that decides.
func TestTheREADMEHasTheTable(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rows, ok := strings.Cut(string(text), "| what Okta answers | becomes |\n|---|---|\n")
	require.True(t, ok)
	rows, _, _ = strings.Cut(rows, "\n\n")
	documented := map[string]string{}
	for row := range strings.Lines(rows) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
		require.Len(t, cells, 2, row)
		reason := strings.Trim(cells[1], " `")
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			assert.Empty(t, documented[code[1]], "%s is there twice", code[1])
			documented[code[1]] = reason
		}
	}
	decided := map[string]string{}
	for _, row := range table.Rows {
		if row.Code != "" {
			decided[row.Code] = string(row.Verdict.Reason)
		}
	}
	assert.Equal(t, decided, documented)
}
