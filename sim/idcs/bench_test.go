package idcs_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// benchmarkClient keeps its connections, one per client at work.
func benchmarkClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}}
}

// processorTime is what this process has used; unlike the wall clock it does not measure the neighbours.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pace is what a run came to: requests by the second, and processor time by the request, client and server together.
type pace struct{ rate, processor float64 }

// drive sends requests from parallel clients over loopback, HTTP/1.1 with keep-alive.
func drive(b *testing.B, client *http.Client, next func() *http.Request) pace {
	b.Helper()
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	start, used := time.Now(), processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			response, err := client.Do(next())
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
				b.Errorf("status %d, %v", response.StatusCode, err)
			}
			_ = response.Body.Close()
		}
	})
	elapsed := time.Since(start)
	b.StopTimer()
	p := pace{float64(b.N) / elapsed.Seconds(), float64(processorTime(b)-used) / float64(b.N)}
	b.ReportMetric(p.rate, "req/s")
	b.ReportMetric(p.processor, "cpu-ns/op")
	return p
}

// patchRequest is the n-th request, the same for the yardstick and for what is measured.
func patchRequest(b *testing.B, url, token string, n int64) *http.Request {
	b.Helper()
	body := patchPassword(fmt.Sprintf("Spring-Tide-%d", n))
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPatch, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", token)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// empty is the last run of BenchmarkEmptyHandler, the yardstick of the others.
var empty pace

func BenchmarkEmptyHandler(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	d := newDomain(b)
	token := "Bearer " + d.token(b, "engine")
	var count atomic.Int64
	empty = drive(b, benchmarkClient(), func() *http.Request {
		return patchRequest(b, server.URL+d.path(), token, count.Add(1))
	})
}

// BenchmarkPatchPassword is the hot path of every load test: token, look-up by id, policy, history, write, journal, answer.
// Run it together with BenchmarkEmptyHandler; "ratio" is its share of the empty handler's rate, and "cpu-ratio" the same by
// processor time, which a busy machine does not distort.
func BenchmarkPatchPassword(b *testing.B) {
	for _, users := range []int{10, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			d := newDomain(b)
			urls := make([]string, users)
			server := httptest.NewServer(d.Handler())
			defer server.Close()
			for i := range users {
				p, err := d.Populate(people.Person{
					UserName: fmt.Sprintf("user%d", i), GivenName: "Barbara", FamilyName: "Jensen", Active: true,
					Emails:     []people.Email{{Value: fmt.Sprintf("user%d@example.com", i), Primary: true}},
					Credential: people.Credential{Password: secret.New(firstPassword)},
				})
				if err != nil {
					b.Fatal(err)
				}
				urls[i] = server.URL + "/admin/v1/Users/" + p.ID
			}
			token := "Bearer " + d.token(b, "engine")
			var count atomic.Int64
			p := drive(b, benchmarkClient(), func() *http.Request {
				n := count.Add(1)
				return patchRequest(b, urls[int(n)%users], token, n)
			})
			if empty.rate > 0 {
				b.ReportMetric(p.rate/empty.rate, "ratio")
				b.ReportMetric(empty.processor/p.processor, "cpu-ratio")
			}
		})
	}
}

// BenchmarkSearchByUserName is the look-up that goes before each write.
func BenchmarkSearchByUserName(b *testing.B) {
	for _, users := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			d := newDomain(b)
			for i := range users {
				d.add(b, fmt.Sprintf("user%d", i))
			}
			token := "Bearer " + d.token(b, "engine")
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/admin/v1/Users?filter=userName+eq+%22user7%22", nil)
				r.Header.Set("Authorization", token)
				if a := d.send(r); a.status != http.StatusOK {
					b.Fatal(a.status)
				}
			}
		})
	}
}

func BenchmarkToken(b *testing.B) {
	d := newDomain(b)
	b.ReportAllocs()
	for b.Loop() {
		if a := d.form(b, tokenPath, "engine", "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__"); a.status != http.StatusOK {
			b.Fatal(a.status)
		}
	}
}

// BenchmarkPatchHandler is the same without client and network.
func BenchmarkPatchHandler(b *testing.B) {
	d := newDomain(b)
	token := "Bearer " + d.token(b, "engine")
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		body := []byte(patchPassword(fmt.Sprintf("Spring-Tide-%d", n)))
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPatch, d.path(), bytes.NewReader(body))
		r.Header.Set("Authorization", token)
		r.Header.Set("Content-Type", "application/json")
		if a := d.send(r); a.status != http.StatusOK {
			b.Fatal(a.status)
		}
	}
}
