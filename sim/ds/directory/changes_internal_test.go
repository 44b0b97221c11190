package directory

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestChangesAreBounded(t *testing.T) {
	var c changes
	c.reset(Changelog{PurgeDelay: time.Hour})
	one := &record{change: change{origin: 1, csn: "1", at: time.Now()}}
	c.records = slices.Repeat([]*record{one}, maxRecords+2)
	c.byOrigin[1] = slices.Clone(c.records)
	c.trim(time.Now())
	assert.Len(t, c.records, maxRecords)
	assert.Len(t, c.byOrigin[1], maxRecords)
	assert.Equal(t, state{1: "1"}, c.trimmed)
}
