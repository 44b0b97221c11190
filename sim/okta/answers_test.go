package okta_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// Every code of the table has a test that is named or held to it, and every row says where it comes from.
func TestEveryCodeIsProducedByATest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var tests strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		tests.Write(text)
	}
	for _, row := range okta.Answers() {
		assert.NotEmpty(t, row.Source, row.Summary)
		assert.NotEmpty(t, row.Reason, row.Summary)
		if row.Code != "" {
			assert.Regexp(t, `^E0000\d{3}$`, row.Code)
			assert.Contains(t, tests.String(), row.Code)
		}
	}
}
