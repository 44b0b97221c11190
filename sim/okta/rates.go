package okta

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// bucket is what shares one rate limit.
type bucket int

const (
	usersBucket     bucket = iota // list and create
	readUserBucket                // GET of one user
	writeUserBucket               // POST, PUT and DELETE of one user, the admin's password set among them
	lifecycleBucket               // credential and lifecycle calls, when they have one of their own
	appsBucket
	appBucket
	groupsBucket
	groupBucket
	logsBucket
	authnBucket
	tokenBucket
	otherBucket // everything else
	buckets     // how many there are
)

func (b bucket) String() string {
	return [...]string{
		"/api/v1/users", "GET /api/v1/users/{id}", "/api/v1/users/{id}", "/api/v1/users/{id}/(credentials|lifecycle)", "/api/v1/apps",
		"/api/v1/apps/{id}", "/api/v1/groups", "/api/v1/groups/{id}", "/api/v1/logs", "/api/v1/authn", "/oauth2/v1/token", "/api/v1",
	}[b]
}

const unlimited = 1_000_000

// plan is the requests a minute by bucket, how many may be under way at once, and the sign-ins a second of one user name.
type plan struct {
	limits     [buckets]int
	concurrent int
	signIns    int
}

// plans is the table of Okta's rate limit pages of 2025, before multipliers of licences. The bucket of credential calls has no
// row there; 600 is our reading. Four sign-ins a second of one user name are the same in all orgs (Okta, Additional rate limits).
var plans = map[string]plan{
	"free":       {[buckets]int{100, 100, 100, 100, 20, 100, 100, 100, 20, 100, 300, 100}, 35, 4},
	"one-app":    {[buckets]int{600, 1000, 600, 600, 100, 600, 600, 600, 50, 600, 1200, 600}, 35, 4},
	"enterprise": {[buckets]int{600, 1000, 600, 600, 100, 600, 600, 600, 50, 600, 1200, 600}, 75, 4},
	"workforce":  {[buckets]int{600, 2000, 600, 600, 100, 500, 500, 1000, 120, 500, 2000, 1200}, 75, 4},
	"unlimited": {[buckets]int{
		unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited,
	}, unlimited, unlimited},
}

// Plans lists the plans, whose rate limits differ.
func Plans() []string { return slices.Sorted(maps.Keys(plans)) }

func checkPlan(name string) error {
	if _, known := plans[name]; !known {
		return fmt.Errorf("%w: okta.plan: there is no plan %q; there are %s", ErrInvalid, name, strings.Join(Plans(), ", "))
	}
	return nil
}

func checkShare(percent int) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("%w: okta.tokenShare: %d is not within 1 to 100", ErrInvalid, percent)
	}
	return nil
}

func checkConcurrent(n int) error {
	if n < 0 || n > unlimited {
		return fmt.Errorf("%w: okta.concurrentLimit: %d is not within 0 to %d", ErrInvalid, n, unlimited)
	}
	return nil
}

// bucketOf finds the bucket of a request: the exact one first, else that of the longest beginning.
func (s *Server) bucketOf(method, path string) bucket {
	if path == tokenPath {
		return tokenBucket
	}
	rest, ok := strings.CutPrefix(path, "/api/v1/")
	if !ok {
		return otherBucket
	}
	collection, rest, deeper := strings.Cut(rest, "/")
	_, below, _ := strings.Cut(rest, "/")
	credential := strings.HasPrefix(below, "credentials/") || strings.HasPrefix(below, "lifecycle/")
	switch collection {
	case "users":
		switch {
		case !deeper:
			return usersBucket
		case credential && s.is(credentialBucket, "own"):
			return lifecycleBucket
		case credential:
			return usersBucket
		case method == http.MethodGet || method == http.MethodHead:
			return readUserBucket
		}
		return writeUserBucket
	case "apps":
		return appsBucket + bucket(oneIf(deeper))
	case "groups":
		return groupsBucket + bucket(oneIf(deeper))
	case "logs":
		return logsBucket
	case "authn":
		return authnBucket
	}
	return otherBucket
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
