package rest

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/target"
)

func TestAllowances(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	ahead := now.Add(4 * time.Minute) // The domain's clock.
	unix := func(d time.Duration) string { return strconv.FormatInt(ahead.Add(d).Unix(), 10) }
	for name, tt := range map[string]struct {
		headers map[string]string
		status  int
		want    target.Allowance
	}{
		"none":                     {nil, 200, target.Allowance{}},
		"a gateway's":              {map[string]string{"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "42", "X-RateLimit-Reset": "30"}, 200, target.Allowance{Known: true, Remaining: 42, Limit: 100, Reset: now.Add(30 * time.Second)}},
		"a fraction":               {map[string]string{"X-RateLimit-Remaining": "42", "X-RateLimit-Reset": "0.5"}, 200, target.Allowance{Known: true, Remaining: 42, Reset: now.Add(500 * time.Millisecond)}},
		"okta's":                   {map[string]string{"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(12 * time.Second)}, 200, target.Allowance{Known: true, Limit: 600, Reset: now.Add(13 * time.Second)}},
		"okta's, concurrent":       {map[string]string{"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(0)}, 429, target.Allowance{Known: true, Reset: now.Add(time.Second), Concurrent: true}},
		"milliseconds":             {map[string]string{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": unix(9*time.Second) + "000"}, 200, target.Allowance{Known: true, Remaining: 1, Reset: now.Add(10 * time.Second)}},
		"long ago, as in a bubble": {map[string]string{"X-Rate-Limit-Remaining": "1", "X-Rate-Limit-Reset": "946684860"}, 200, target.Allowance{Known: true, Remaining: 1, Reset: now}},
		"in the past":              {map[string]string{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": unix(-9 * time.Second)}, 200, target.Allowance{Known: true, Remaining: 1, Reset: now}},
		"far ahead":                {map[string]string{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": unix(999 * time.Hour)}, 200, target.Allowance{Known: true, Remaining: 1, Reset: now.Add(time.Hour)}},
		"an early draft":           {map[string]string{"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "9", "RateLimit-Reset": "60"}, 200, target.Allowance{Known: true, Remaining: 9, Limit: 100, Reset: now.Add(time.Minute)}},
		"draft 07":                 {map[string]string{"RateLimit": "limit=100, remaining=50, reset=30"}, 200, target.Allowance{Known: true, Remaining: 50, Limit: 100, Reset: now.Add(30 * time.Second)}},
		"draft 08":                 {map[string]string{"RateLimit": `"default";r=50;t=30`}, 200, target.Allowance{Known: true, Remaining: 50, Reset: now.Add(30 * time.Second)}},
		"two policies":             {map[string]string{"RateLimit": `"day";r=500;t=3000, "burst";r=3;t=1`}, 200, target.Allowance{Known: true, Remaining: 3, Reset: now.Add(time.Second)}},
		"a word":                   {map[string]string{"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "30"}, 200, target.Allowance{}},
		"negative":                 {map[string]string{"X-RateLimit-Remaining": "-1"}, 200, target.Allowance{}},
		"huge":                     {map[string]string{"X-RateLimit-Remaining": "99999999999999999999"}, 200, target.Allowance{}},
		"a reset that is none":     {map[string]string{"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "NaN"}, 200, target.Allowance{Known: true, Remaining: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			for key, value := range tt.headers {
				h.Set(key, value)
			}
			assert.Equal(t, tt.want, readAllowance(h, tt.status, ahead, now))
		})
	}
}

func FuzzAllowance(f *testing.F) {
	f.Add("10", "30", `"default";r=50;t=30, limit=9`, 429)
	f.Fuzz(func(t *testing.T, remaining, reset, draft string, status int) {
		now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		for _, h := range []http.Header{
			{"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}, "X-Ratelimit-Limit": {draft}}, {"Ratelimit": {draft}},
		} {
			a := readAllowance(h, status, now, now)
			assert.True(t, a.Known || a == target.Allowance{})
			assert.True(t, a.Remaining >= 0 && a.Limit >= 0)
			assert.True(t, a.Reset.IsZero() || !a.Reset.Before(now) && !a.Reset.After(now.Add(maxRetryAfter)))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, tt := range map[string]struct {
		header, date string
		want         time.Duration
	}{
		"seconds":              {"7", "", 7 * time.Second},
		"spaces":               {" 7 ", "", 7 * time.Second},
		"zero":                 {"0", "", 0},
		"negative":             {"-7", "", 0},
		"fraction":             {"1.5", "", 0},
		"units":                {"7s", "", 0},
		"huge":                 {"99999999999999999999", "", time.Hour},
		"a year":               {"31536000", "", time.Hour},
		"date":                 {now.Add(9 * time.Second).Format(http.TimeFormat), "", 9 * time.Second},
		"date in the past":     {now.Add(-9 * time.Second).Format(http.TimeFormat), "", 0},
		"date, clock is ahead": {now.Add(249 * time.Second).Format(http.TimeFormat), now.Add(240 * time.Second).Format(http.TimeFormat), 9 * time.Second},
		"word":                 {"later", "", 0},
		"none":                 {"", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Retry-After", tt.header)
			date, _ := http.ParseTime(tt.date)
			assert.Equal(t, tt.want, retryAfter(h, date, now))
		})
	}
}
