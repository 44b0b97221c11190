package scenarios

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write scenario.schema.json anew")

func TestTheCommittedSchemaIsCurrent(t *testing.T) {
	const file = "scenario.schema.json"
	want, err := Schema()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, want, 0o600))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "the language has changed: run go test ./scenarios -run Schema -update")
}
