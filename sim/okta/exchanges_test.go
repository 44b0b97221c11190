package okta_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/okta"
)

// exchangesFolder is the environment variable that names the folder into which the tests write every exchange, as lines of JSON
// in exchanges.jsonl. sim/okta/clients holds them to Okta's OpenAPI document.
const exchangesFolder = "SEATRIAL_OKTA_EXCHANGES"

// exchange is one request and its answer as they went over the wire.
type exchange struct {
	Test   string `json:"test"`
	Method string `json:"method"`
	URL    string `json:"url"`
	// Type is the Content-Type of the request, by which a client may ask for less.
	Type   string      `json:"type"`
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

// recorder sees every exchange of the tests of this package.
type recorder struct {
	mu   sync.Mutex
	file io.Writer
	// produced is the codes of errors, each with a test that is named after it and met it.
	produced map[string]string
}

var recorded = &recorder{produced: map[string]string{}}

func (r *recorder) add(e exchange) {
	var refusal struct {
		Code string `json:"errorCode"`
	}
	if e.Status >= http.StatusBadRequest {
		_ = json.Unmarshal([]byte(e.Body), &refusal) // what has no code produces none
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal.Code != "" && strings.Contains(e.Test, refusal.Code) {
		r.produced[refusal.Code] = e.Test
	}
	if r.file != nil {
		if err := json.NewEncoder(r.file).Encode(e); err != nil {
			panic(err)
		}
	}
}

// missing is the codes of the table that no test produced by its name.
func (r *recorder) missing() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var codes []string
	for _, row := range okta.Answers() {
		if row.Code != "" && r.produced[row.Code] == "" && !slices.Contains(codes, row.Code) {
			codes = append(codes, row.Code)
		}
	}
	return codes
}

type testName struct{}

// named is the context of a request that the test sends.
func named(tb testing.TB) context.Context {
	tb.Helper()
	return context.WithValue(tb.Context(), testName{}, tb.Name())
}

// wrap records what a handler is asked and answers; test is its name where the request has none of its own.
func (r *recorder) wrap(test string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name, _ := req.Context().Value(testName{}).(string)
		c := &capture{ResponseWriter: w}
		next.ServeHTTP(c, req)
		r.add(exchange{
			Test: cmp.Or(name, test), Method: req.Method, URL: req.URL.RequestURI(), Type: req.Header.Get("Content-Type"), Status: c.status, Header: w.Header().Clone(), Body: c.body.String(),
		})
	})
}

// capture keeps a copy of an answer.
type capture struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *capture) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *capture) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

// Unwrap lets a connection be cut as if there were no capture.
func (c *capture) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// suite is all tests of the package, and what they must have seen together.
type suite struct{ *testing.M }

// Run runs the tests; when all of them ran, every code of the table must have been produced.
func (s suite) Run() int {
	if folder := os.Getenv(exchangesFolder); folder != "" {
		file, err := os.Create(filepath.Join(folder, "exchanges.jsonl"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = file.Close() }() // a write that failed has ended the tests
		recorded.file = file
	}
	code := s.M.Run()
	if code != 0 || !everythingRan() {
		return code
	}
	for _, missing := range recorded.missing() {
		fmt.Fprintf(os.Stderr, "FAIL: %s is in the table of answers, and no test that is named after it produced it\n", missing)
		code = 1
	}
	return code
}

func everythingRan() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }
