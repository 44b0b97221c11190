package okta_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// The hot paths of every load test, from the handler on: token, limits, look-up, answer, journal; without sockets. A search by
// login is answered from the index, one by another attribute looks at everybody.
//
// Last figures, two busy cores, at 10, 10 000 and 100 000 users:
//
//	AdminPasswordSet    64, 97 and 50 µs, 237 allocations
//	ReadUser            25, 33 and 35 µs, 164 allocations
//	SearchByLogin       24, 24 and 31 µs, 115 allocations
//	SearchByAttribute   34 µs, 11 ms and 169 ms; 5 allocations a user
func BenchmarkAdminPasswordSet(b *testing.B) {
	bench(b, func(id string, n int64) *http.Request {
		return request(b, http.MethodPost, usersPath+"/"+id, setPassword(fmt.Sprintf("Spring-Tide-%d", n)))
	})
}

func BenchmarkReadUser(b *testing.B) {
	bench(b, func(id string, _ int64) *http.Request { return request(b, http.MethodGet, usersPath+"/"+id, "") })
}

func BenchmarkSearchByLogin(b *testing.B) {
	bench(b, func(string, int64) *http.Request {
		return request(b, http.MethodGet, usersPath+"?search="+url.QueryEscape(`profile.login eq "user7@example.net"`), "")
	})
}

func BenchmarkSearchByAttribute(b *testing.B) {
	bench(b, func(string, int64) *http.Request {
		return request(b, http.MethodGet, usersPath+"?search="+url.QueryEscape(`profile.email eq "user7@example.net"`), "")
	})
}

func request(b *testing.B, method, path, body string) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, "https://"+host+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return nil
	}
	r.Header.Set("Authorization", "SSWS token-of-admin")
	r.Header.Set("Content-Type", "application/json")
	return r
}

// bench asks orgs of three sizes; ask makes the n-th request, about a user with that id.
func bench(b *testing.B, ask func(id string, n int64) *http.Request) {
	b.Helper()
	for _, users := range []int{10, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			o := newOrg(b, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
			ids := make([]string, users)
			for i := range ids {
				ids[i] = o.add(b, fmt.Sprintf("user%d@example.net", i)).ID
			}
			handler := o.Server.Handler()
			var count atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := count.Add(1)
					r := ask(ids[int(n)%users], n)
					if r == nil {
						return
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Errorf("status %d: %s", w.Code, w.Body)
						return
					}
				}
			})
			b.StopTimer()
			require.Equal(b, users+1, o.People().Len())
		})
	}
}
