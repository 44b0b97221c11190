package reports

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestHuman(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                              "0 s",
		1500:                           "1.5 µs",
		2345 * time.Microsecond:        "2.35 ms",
		120400 * time.Microsecond:      "120 ms",
		999600 * time.Microsecond:      "1.00 s",
		2300 * time.Millisecond:        "2.30 s",
		41 * time.Second:               "41.0 s",
		time.Minute - time.Millisecond: "1 min 0 s",
		4*time.Hour + 3*time.Minute:    "4 h 3 min",
		14*24*time.Hour + 2*time.Hour:  "14 d 2 h",
		-1500 * time.Millisecond:       "-1.50 s",
	} {
		assert.Equal(t, want, human(d), d.String())
	}
}

func TestTimeTicksAreRoundAndCoverTheSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "top"))
		ticks, end := timeTicks(top)
		assert.GreaterOrEqual(t, end, top)
		assert.Equal(t, time.Duration(0), ticks[0])
		assert.Equal(t, end, ticks[len(ticks)-1])
		assert.LessOrEqual(t, len(ticks), 6)
		for i := 2; i < len(ticks); i++ {
			assert.Equal(t, ticks[1], ticks[i]-ticks[i-1], "even")
		}
	})
}

func TestVisibleLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{"", "seán.o'neill", "山田 花子", "••••••••", "a\tb"} {
		if s == "a\tb" {
			assert.Equal(t, `a\tb`, line(s))
			assert.Equal(t, s, block(s))
			continue
		}
		assert.Equal(t, s, line(s))
		assert.Equal(t, s, block(s))
	}
	assert.Equal(t, "a\nb", block("a\r\nb"))
	assert.Equal(t, `\u202eabc`, line("\u202eabc"))
}
