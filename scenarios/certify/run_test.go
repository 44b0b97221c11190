package certify

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

func TestAnInterruptedRunIsVoidAndStillReported(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := DefaultOptions()
	o.Population = 10
	report, err := Run(ctx, o, "test", newProgress(io.Discard))
	require.NoError(t, err)
	assert.Equal(t, reports.Void, report.Verdict)
	assert.Equal(t, 3, report.ExitCode())
	assert.NotEmpty(t, report.Suite.Scenarios)
	assert.NotEmpty(t, report.Inputs)
	require.NotEmpty(t, report.Load)
	assert.Contains(t, report.Load[len(report.Load)-1].Reasons[0], "it broke off: ")
}
