package ldap

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// another is a second engine's source of the same directory, behind the same queue.
func another(r *rig, state string) *rig {
	second := *r
	second.logs, second.stop = &log{}, func() {}
	if second.config.State = r.config.State; state != "" {
		second.config.State = state
	}
	return &second
}

// TestTwoEnginesOfOneState: one reads, the other waits, and goes on where the first has ended.
func TestTwoEnginesOfOneState(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		second := another(r, "")
		second.start()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Zero(r, r.engine.again(), "one of them reads")
		assert.Contains(r, second.logs.String(), "another engine uses it")
		r.stop()
		r.directory.SetPassword("bob", hash("b2"))
		time.Sleep(longestPause)
		second.expect("bob " + hash("b2"))
		assert.Zero(r, r.engine.again())
		assert.Equal(r, 0, strings.Count(second.logs.String(), "all users are compared"))
		second.stop()
	})
}

// TestTwoEnginesWithStatesOfTheirOwn is what the manual warns of: they cannot know of each other, and the ids of their transactions
// are made with keys of their own, so everything is delivered twice.
func TestTwoEnginesWithStatesOfTheirOwn(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		second := another(r, quick(r.T))
		second.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann "+hash("a2"), "ann "+hash("a2"))
		second.stop()
	})
}
