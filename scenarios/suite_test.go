package scenarios

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSuitesAreValid(t *testing.T) {
	list, err := Suite()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), 20)
}
