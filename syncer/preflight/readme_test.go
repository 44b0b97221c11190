package preflight_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/preflight"
)

func TestReadmeListsTheRules(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var want strings.Builder
	want.WriteString("| rule | severity | finds |\n|---|---|---|\n")
	for _, rule := range preflight.Rules() {
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", rule.ID, rule.Severity, rule.Finds)
	}
	_, table, found := strings.Cut(string(text), "| rule |")
	require.True(t, found, "syncer/README.md has no table of rules")
	table, _, _ = strings.Cut("| rule |"+table, "\n\n")
	assert.Equal(t, want.String(), table+"\n", "syncer/README.md: the table of rules")
}
