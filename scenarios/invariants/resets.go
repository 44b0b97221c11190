package invariants

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/control"
)

// judgeResets: Okta sends no Retry-After; when a window of a rate limit begins anew stands in X-Rate-Limit-Reset, for the bucket
// of the request. Until then nothing in this bucket is answered, so nothing needs to be asked. When too many requests are under
// way at once both other headers are 0, and the reset is an estimate that nobody needs to wait for (Okta, Rate limits).
func (v *view) judgeResets(f *findings) {
	type closed struct {
		by    control.Entry
		until time.Time
	}
	open := map[string]closed{}
	for _, e := range byArrival(v.Entries) {
		key := e.Client + " " + bucket(e)
		if c, told := open[key]; told && e.Received.After(c.by.Answered.Add(onWay)) && e.Received.Before(c.until) {
			f.add("entry %s at %s, %s: told in entry %s at %s that the limit is used up until %s",
				numbers(e), clock(e.Received), request(e), numbers(c.by), clock(c.by.Answered), clock(c.until))
			delete(open, key) // one finding for each time
		}
		if until := reset(e); until.After(open[key].until) {
			open[key] = closed{e, until}
		}
	}
}

// reset is when the limit that refused a request begins anew, zero when none did.
func reset(e control.Entry) time.Time {
	if e.Status != http.StatusTooManyRequests || header(e.ResponseHeaders, "X-Rate-Limit-Limit") == "0" {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(header(e.ResponseHeaders, "X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).Add(-time.Second) // whole seconds, rounded up: the window may begin as much earlier
}

// bucket is what shares a limit, as far as engines use them: reading one user, writing one user, and everything else by its path.
func bucket(e control.Entry) string {
	parts := strings.Split(strings.Trim(e.Path, "/"), "/") // api, v1, users, id, …
	kind := "write"
	if e.Method == http.MethodGet {
		kind = "read"
	}
	switch {
	case len(parts) == 4 && parts[2] == "users":
		return kind + " one user"
	case len(parts) > 4 && parts[2] == "users":
		return "/api/v1/users"
	}
	return e.Path
}
