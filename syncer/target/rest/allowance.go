package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// Three families of headers are in use, in the spelling of http.Header: that of many gateways, Okta's, and the early drafts of
// the IETF (ratelimit-headers, to 06). All are read from every target: a gateway before it may send its own.
var limitHeaders = [...]struct{ remaining, limit, reset string }{
	{"X-Ratelimit-Remaining", "X-Ratelimit-Limit", "X-Ratelimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Limit", "X-Rate-Limit-Reset"},
	{"Ratelimit-Remaining", "Ratelimit-Limit", "Ratelimit-Reset"},
}

// readAllowance reads what an answer says about the limit. Times are turned into ours by the Date of the same answer.
func readAllowance(h http.Header, status int, date, now time.Time) target.Allowance {
	for _, names := range limitHeaders {
		remaining, ok := count(first(h, names.remaining))
		if !ok {
			continue
		}
		a := target.Allowance{Known: true, Remaining: remaining}
		limit, told := count(first(h, names.limit))
		a.Limit = limit
		a.Reset = reset(first(h, names.reset), date, now)
		// Okta, "Concurrency limit": a refusal with a limit of 0 is one for too many requests at a time.
		a.Concurrent = status == http.StatusTooManyRequests && told && limit == 0 && remaining == 0
		return a
	}
	return draftAllowance(first(h, "Ratelimit"), date, now)
}

// draftAllowance reads the one field of the later drafts: `"default";r=50;t=30` for each policy (08 and later), before that
// `limit=100, remaining=50, reset=30` (07). The policy with the least left counts.
func draftAllowance(text string, date, now time.Time) (least target.Allowance) {
	if text == "" {
		return target.Allowance{}
	}
	if strings.Contains(text, "remaining=") {
		text = strings.ReplaceAll(text, ",", ";")
	}
	for policy := range strings.SplitSeq(text, ",") {
		var a target.Allowance
		for member := range strings.SplitSeq(policy, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
			switch name {
			case "r", "remaining":
				a.Remaining, a.Known = count(value)
			case "limit":
				a.Limit, _ = count(value)
			case "t", "reset":
				a.Reset = reset(value, date, now)
			}
		}
		if a.Known && (!least.Known || a.Remaining < least.Remaining) {
			least = a
		}
	}
	return least
}

func first(h http.Header, canonical string) string {
	if values := h[canonical]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// count reads a number of requests; early drafts have its policies behind it: `100, 100;w=60`.
func count(text string) (int, bool) {
	text, _, _ = strings.Cut(text, ",")
	text, _, _ = strings.Cut(text, ";")
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	return int(n), err == nil && n >= 0
}

// reset reads when a period ends: in some seconds, or at a time, in seconds or milliseconds since 1970. A number below a
// hundred million, which as a time was in 1973, is a duration. Times of whole seconds, the Date among them, say nothing about the
// part of a second that is left; like Okta's own clients we wait for one second more.
func reset(text string, date, now time.Time) time.Time {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(seconds >= 0 && seconds <= 1e14) { // NaN is neither.
		return time.Time{}
	}
	if seconds > 1e11 {
		seconds /= 1000
	}
	if seconds >= 1e8 {
		if date.IsZero() {
			date = now
		}
		seconds += 1 - float64(date.UnixMilli())/1000
	}
	wait := time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second))
	return now.Add(wait)
}

// tighter is the allowance with less left; of two equal ones the second, which is newer.
func tighter(a, b target.Allowance) target.Allowance {
	if a.Known && (!b.Known || a.Remaining < b.Remaining) {
		return a
	}
	return b
}

// maxRetryAfter bounds what a target can ask for: a slip of a gateway must not stop the work for a year.
const maxRetryAfter = time.Hour

// retryAfter reads both forms of RFC 9110, 10.2.3. A date is compared with the Date of the same answer when there is one,
// because the target's clock need not agree with ours.
func retryAfter(h http.Header, date, now time.Time) time.Duration {
	text := strings.TrimSpace(first(h, "Retry-After"))
	if text == "" {
		return 0
	}
	var wait time.Duration
	if strings.Trim(text, "0123456789") == "" {
		seconds, err := time.ParseDuration(text + "s")
		if err != nil {
			return maxRetryAfter // Too large for a number.
		}
		wait = seconds
	} else if until, err := http.ParseTime(text); err == nil {
		if !date.IsZero() {
			now = date
		}
		wait = until.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
