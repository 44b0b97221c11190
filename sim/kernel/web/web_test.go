package web_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

func TestCredential(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer abc": "abc", "bearer abc": "abc", "BEARER  abc ": "abc",
		"": "-", "Bearer": "-", "Bearerabc": "-", "Basic abc": "-", "Bearer\tabc": "-",
	} {
		text, ok := web.Credential(header, "Bearer")
		assert.Equal(t, want != "-", ok, header)
		if ok {
			assert.Equal(t, want, text, header)
		}
	}
}

func TestRequest(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/x", http.NoBody)
	r.Host = "host:8443"
	assert.Equal(t, http.MethodGet, web.Method(r))
	assert.Equal(t, "http://host:8443", web.Address(r))
	r.Method, r.TLS = http.MethodPatch, &tls.ConnectionState{}
	assert.Equal(t, http.MethodPatch, web.Method(r))
	assert.Equal(t, "https://host:8443", web.Address(r))
}

func TestBody(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errors.New("cut")))
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		want   string
		err    error
	}{
		"of known length":           {strings.NewReader("abcd"), 4, "abcd", nil},
		"of unknown length":         {strings.NewReader("abcd"), -1, "abcd", nil},
		"none":                      {strings.NewReader(""), 0, "", nil},
		"announced as too large":    {strings.NewReader("abcde"), 5, "", web.ErrTooLarge},
		"unannounced and too large": {strings.NewReader("abcde"), -1, "", web.ErrTooLarge},
		"shorter than announced":    {strings.NewReader("abc"), 4, "", web.ErrBroken},
		"broken off":                {broken, -1, "", web.ErrBroken},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x", c.body)
			r.ContentLength = c.length
			got, err := web.Body(r, 4)
			assert.ErrorIs(t, err, c.err)
			assert.Equal(t, c.want, string(got))
		})
	}
}

func TestAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	web.Answer(w, http.StatusTeapot, []string{"text/plain"}, []byte("short"))
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	assert.Equal(t, "5", w.Header().Get("Content-Length"))
	assert.Equal(t, "short", w.Body.String())

	w = httptest.NewRecorder()
	web.Answer(w, http.StatusNoContent, nil, nil)
	assert.Empty(t, w.Header())

	for body, want := range map[string]string{`{"a":1}`: "application/json", "<p>": "text/html", "busy": "text/plain", "": "text/plain"} {
		assert.Equal(t, want, web.ContentType(body), body)
	}
	assert.Contains(t, string(web.Page("Bad Gateway")), "<h1>Bad Gateway</h1>")
	assert.Equal(t, "2", web.WholeSeconds(1001*time.Millisecond))
	assert.Equal(t, "1", web.WholeSeconds(time.Second))
}

func TestRepeated(t *testing.T) {
	for body, want := range map[string]bool{
		`{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`: false,
		`{"a":1,"A":2}`:       false, // other names
		`{"a":1,"b":2,"a":3}`: true,
		`{"x":[{"password":"first","password":"second"}]}`: true,
		`{"pass\u0077ord":"first","password":"second"}`:    true,
		`{"x":{"y":{"z":[[{"k":{},"l":"k"}]]}},"y":"x"}`:   false,
		`{"x":{"y":{"z":[[{"k":{},"l":"k","k":null}]]}}}`:  true,
		`[]`: false, `"a"`: false, ``: false, `{`: false, `{"a`: false,
	} {
		_, twice := web.Repeated([]byte(body))
		assert.Equal(t, want, twice, body)
	}
	at, _ := web.Repeated([]byte(`{"a":1,"a":2}`))
	assert.EqualValues(t, 10, at)
}
