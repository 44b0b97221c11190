package okta_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// BenchmarkAdminPasswordSet is the hot path of every load test: token, limits, look-up by id, policy, write, log, journal,
// answer; without sockets. Last figures, two cores: 39 µs and 236 allocations at 10 users, 37 µs and 235 at 100 000.
func BenchmarkAdminPasswordSet(b *testing.B) {
	for _, users := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			o := newOrg(b, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
			paths := make([]string, users)
			for i := range paths {
				paths[i] = "https://" + host + usersPath + "/" + o.add(b, fmt.Sprintf("user%d@example.net", i)).ID
			}
			handler := o.Server.Handler()
			var count atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := count.Add(1)
					r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, paths[int(n)%users], strings.NewReader(setPassword(fmt.Sprintf("Spring-Tide-%d", n))))
					if err != nil {
						b.Error(err)
						return
					}
					r.Header.Set("Authorization", "SSWS token-of-admin")
					r.Header.Set("Content-Type", "application/json")
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
