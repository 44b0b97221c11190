package journal

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exchange sends one request over a real connection to a journalled handler and returns its entry and what the client
// got.
func exchange(t *testing.T, h http.HandlerFunc, method, target, body string) (e Entry, status int, answer string, err error) {
	t.Helper()
	j := newJournal(10)
	recorded := make(chan struct{})
	inner := j.Wrap("idcs", h)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(recorded)
		inner.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer eyJhbGciOi")
	response, err := server.Client().Do(request)
	if err == nil {
		var read []byte
		read, err = io.ReadAll(response.Body)
		err = errors.Join(err, response.Body.Close())
		status, answer = response.StatusCode, string(read)
	}
	<-recorded
	page := j.Search(Query{})
	require.Len(t, page.Entries, 1)
	return page.Entries[0], status, answer, err
}

func TestWrapRecordsTheExchange(t *testing.T) {
	before := time.Now()
	e, status, answer, err := exchange(t, func(w http.ResponseWriter, r *http.Request) {
		x := From(r.Context())
		x.ShowBodies()
		x.Secret(secret.New("Geheim 1!"))
		x.User, x.Route, x.Surprise = "bjensen", "PATCH /admin/v1/Users/{id}", "Geheim 1! is no attribute"
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "not sent")
		_, _ = w.Write(body)
	}, http.MethodPatch, "/admin/v1/Users/Geheim%201!?q=Geheim+1%21", `{"password":"Geheim 1!"}`)
	require.NoError(t, err)
	assert.JSONEq(t, `{"password":"Geheim 1!"}`, answer, "the client gets the answer as it is")
	assert.Equal(t, http.StatusCreated, status)

	assert.Equal(t, uint64(1), e.Sequence)
	assert.Equal(t, "idcs", e.Target)
	assert.Equal(t, http.MethodPatch, e.Method)
	assert.Equal(t, "/admin/v1/Users/"+dots, e.Path)
	assert.Equal(t, "q="+dots, e.Query)
	assert.Equal(t, "PATCH /admin/v1/Users/{id}", e.Route)
	assert.Equal(t, "bjensen", e.User)
	assert.Equal(t, dots+" is no attribute", e.Surprise)
	assert.Equal(t, http.StatusCreated, e.Status)
	assert.Equal(t, `{"password":"`+dots+`"}`, e.RequestBody)
	assert.Equal(t, e.RequestBody, e.ResponseBody)
	assert.Equal(t, []string{"Bearer " + dots}, e.RequestHeaders.Map()["Authorization"])
	assert.Equal(t, http.Header{"Content-Type": {"application/scim+json"}}, e.ResponseHeaders.Map())
	assert.False(t, e.Received.Before(before))
	assert.False(t, e.Answered.Before(e.Received))
}

func TestBodiesAreKeptOnlyWhenVouchedForAndUpToTheLimit(t *testing.T) {
	long := strings.Repeat("é", BodyLimit)
	tests := map[string]struct {
		handler         http.HandlerFunc
		request         string
		asked, answered string
	}{
		"not vouched for": {
			func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, "hello")
			}, "password=Geheim1", "(16 bytes, not shown)", "(5 bytes, not shown)",
		},
		"not read": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
			"password=Geheim1", "(16 bytes, not shown)", "",
		},
		"empty": {
			func(_ http.ResponseWriter, r *http.Request) { From(r.Context()).ShowBodies() },
			"", "", "",
		},
		"longer than the limit": {
			func(w http.ResponseWriter, r *http.Request) {
				From(r.Context()).ShowBodies()
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
			}, "x" + long,
			"x" + long[:BodyLimit-2] + "\uFFFD… (8193 bytes in all)", "x" + long[:BodyLimit-2] + "\uFFFD… (8193 bytes in all)",
		},
		"read in part": {
			func(_ http.ResponseWriter, r *http.Request) {
				From(r.Context()).ShowBodies()
				From(r.Context()).Secret(secret.New("Geheim1"))
				_, _ = io.ReadFull(r.Body, make([]byte, 12))
			}, "password=Geheim1", "password=" + dots + "… (16 bytes in all)", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, _, _, err := exchange(t, tt.handler, http.MethodPost, "/", tt.request)
			require.NoError(t, err)
			assert.Equal(t, tt.asked, e.RequestBody)
			assert.Equal(t, tt.answered, e.ResponseBody)
		})
	}
}

func TestStatusIsWhatWasSent(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		status  int
		fails   bool
	}{
		"none written":        {func(http.ResponseWriter, *http.Request) {}, 200, false},
		"written by the body": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }, 200, false},
		"written twice": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusInternalServerError)
		}, 404, false},
		"informational before": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		}, 202, false},
		"flushed": {func(w http.ResponseWriter, _ *http.Request) {
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		}, 200, false},
		"flushed by a controller": {func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() }, 200, false},
		"aborted":                 {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, true},
		"panicked":                {func(http.ResponseWriter, *http.Request) { panic("a bug") }, 0, true},
		"hijacked": {func(w http.ResponseWriter, _ *http.Request) {
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = c.Close()
			}
		}, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, status, _, err := exchange(t, tt.handler, http.MethodGet, "/", "")
			assert.Equal(t, tt.status, e.Status)
			if tt.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.status, status)
		})
	}
}

func TestTheControllerReachesTheConnection(t *testing.T) {
	_, _, _, err := exchange(t, func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute)))
	}, http.MethodGet, "/", "")
	require.NoError(t, err)
}

func TestWhoSeesACutFindsItsEntry(t *testing.T) {
	j := newJournal(10)
	found := make(chan int, 1)
	h := j.Wrap("idcs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c net.Conn
		c, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		assert.True(t, From(r.Context()).AfterRecord(func() {
			found <- j.Search(Query{Status: Unanswered}).Total
			_ = c.Close()
		}))
	}))
	server := httptest.NewServer(h)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, 1, <-found)
}

func TestWithoutAJournalTheExchangeIsAThrowAway(t *testing.T) {
	x := From(context.Background())
	require.NotNil(t, x)
	x.User = "bjensen"
	x.ShowBodies()
	assert.Empty(t, From(context.Background()).User)
	assert.False(t, x.AfterRecord(func() { t.Error("nothing is recorded, so nothing is after it") }))
}

func TestTheRouteOfAServeMuxIsTaken(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /Users/{id}", func(http.ResponseWriter, *http.Request) {})
	e, _, _, err := exchange(t, mux.ServeHTTP, http.MethodGet, "/Users/1", "")
	require.NoError(t, err)
	assert.Equal(t, "GET /Users/{id}", e.Route)
}

// patch is a password write as an engine sends it.
const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"Correct-Horse-7"}]}`

func BenchmarkWrap(b *testing.B) {
	answer := []byte(strings.Repeat(`{"id":"2819c223","userName":"bjensen"}`, 30))
	for name, named := range map[string]bool{"bare": false, "journalled": true} {
		b.Run(name, func(b *testing.B) {
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if named {
					x := From(r.Context())
					x.ShowBodies()
					x.Secret(secret.New("Correct-Horse-7"))
					x.Route, x.User, x.Operation, x.Outcome = "PATCH /admin/v1/Users/{id}", "bjensen", "write_password", "accepted"
				}
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/scim+json")
				_, _ = w.Write(answer)
			})
			if named {
				h = newJournal(100_000).Wrap("idcs", h)
			}
			header := http.Header{
				"Authorization": {"Bearer " + strings.Repeat("x", 900)}, "Content-Type": {"application/scim+json"},
				"Accept": {"application/scim+json"}, "User-Agent": {"seatrial"}, "Accept-Encoding": {"gzip"},
			}
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPatch, "/admin/v1/Users/2819c223", strings.NewReader(patch))
				r.Header = header
				h.ServeHTTP(&discard{header: http.Header{}}, r)
			}
		})
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func BenchmarkSearch(b *testing.B) {
	for _, size := range []struct {
		name  string
		count int
	}{{"10", 10}, {"10000", 10_000}, {"100000", 100_000}} {
		b.Run(size.name, func(b *testing.B) {
			j := newJournal(size.count)
			for range size.count {
				j.Record(Entry{Target: "idcs", User: "bjensen", Route: "PATCH /admin/v1/Users/{id}", Status: 200})
			}
			b.ReportAllocs()
			for b.Loop() {
				j.Search(Query{Target: "idcs", User: "scarter", Limit: 100})
			}
		})
	}
}
