package virtualtime_test

import (
	"testing"

	"go.uber.org/goleak"
)

// The goroutines of a deadlocked bubble can never end: those that the tests plant are known by name.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/seatrial/seatrial/scenarios/virtualtime_test.waitForEver"),
		goleak.IgnoreAnyFunction("testing/synctest.testingSynctestTest"),
		goleak.IgnoreAnyFunction("github.com/seatrial/seatrial/scenarios/virtualtime.call"),
	)
}
