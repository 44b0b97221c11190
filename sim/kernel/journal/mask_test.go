package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func mask(text string, cut bool, secrets ...string) string {
	var values []secret.Value
	for _, s := range secrets {
		values = append(values, secret.New(s))
	}
	return newMasker(values).text(text, cut)
}

func TestMask(t *testing.T) {
	tests := map[string]struct {
		text    string
		secrets []string
		cut     bool
		want    string
	}{
		"nothing named":             {`{"a":"b"}`, nil, false, `{"a":"b"}`},
		"not there":                 {`{"a":"b"}`, []string{"xyz"}, false, `{"a":"b"}`},
		"plain":                     {`{"password":"Geheim1!"}`, []string{"Geheim1!"}, false, `{"password":"•"}`},
		"twice":                     {`Geheim1!Geheim1!`, []string{"Geheim1!"}, false, `••`},
		"JSON quote":                {`{"password":"a\"b"}`, []string{`a"b`}, false, `{"password":"•"}`},
		"JSON backslash":            {`{"password":"a\\b"}`, []string{`a\b`}, false, `{"password":"•"}`},
		"JSON slash as PHP does":    {`{"password":"a\/b"}`, []string{`a/b`}, false, `{"password":"•"}`},
		"JSON HTML as Go does":      {`{"password":"a\u003cb\u0026"}`, []string{`a<b&`}, false, `{"password":"•"}`},
		"JSON ASCII as Python does": {`{"password":"p\u00e4ss"}`, []string{`päss`}, false, `{"password":"•"}`},
		"JSON in upper case":        {`{"password":"p\u00E4ss"}`, []string{`päss`}, false, `{"password":"•"}`},
		"JSON pair of surrogates":   {`{"password":"\ud83d\udd11x"}`, []string{"🔑x"}, false, `{"password":"•"}`},
		"JSON escaped for no need":  {`{"password":"\u0061\u0062c"}`, []string{`abc`}, false, `{"password":"•"}`},
		"JSON half a pair":          {`{"password":"\ud83dx"}`, []string{"🔑x"}, false, `{"password":"\ud83dx"}`},
		"URL path":                  {`/p/a%20b%2Fc`, []string{`a b/c`}, false, `/p/•`},
		"URL in lower case":         {`/p/a%20b%2fc`, []string{`a b/c`}, false, `/p/•`},
		"URL form":                  {`x=1&password=a+b%26&y=2`, []string{`a b&`}, false, `x=1&password=•&y=2`},
		"URL escaped for no need":   {`password=%61%62c`, []string{`abc`}, false, `password=•`},
		"a plus that is a plus":     {`password=a+b`, []string{`a+b`}, false, `password=•`},
		"a percent of its own":      {`100%secret`, []string{`100%secret`}, false, `•`},
		"base64":                    {`x R2VoZWltMSE= y`, []string{`Geheim1!`}, false, `x •= y`},
		"base64 for URLs":           {`_-_-_w`, []string{"\xff\xef\xfe\xff"}, false, `•`},
		"longest first":             {`abc123 abc`, []string{"abc", "abc123"}, false, `• •`},
		"cut within":                {`{"password":"Gehe`, []string{`Geheim1!`}, true, `{"password":"•`},
		"cut after one letter":      {`{"password":"G`, []string{`Geheim1!`}, true, `{"password":"•`},
		"cut within an escape":      {`{"password":"p\u00`, []string{`päss`}, true, `{"password":"•`},
		"cut within base64":         {`x R2Vo`, []string{`Geheim1!`}, true, `x •`},
		"cut within a pair":         {`{"password":"\ud83d\ud`, []string{"🔑x"}, true, `{"password":"•`},
		"not cut":                   {`{"password":"Gehe`, []string{`Geheim1!`}, false, `{"password":"Gehe`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, strings.ReplaceAll(tt.want, "•", dots), mask(tt.text, tt.cut, tt.secrets...))
		})
	}
}

// spellings are the ways in which encoders write a text.
var spellings = map[string]func(string) string{
	"plain":        func(s string) string { return s },
	"JSON (Go)":    func(s string) string { return inQuotes(s, true) },
	"JSON (plain)": func(s string) string { return inQuotes(s, false) },
	"JSON (all escaped)": func(s string) string {
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(s)) {
			_, _ = fmt.Fprintf(&b, `\u%04X`, unit)
		}
		return b.String()
	},
	"URL path":         url.PathEscape,
	"URL query":        url.QueryEscape,
	"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 (raw URL)": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
}

// inQuotes is what stands between the quotes of a JSON string.
func inQuotes(s string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always can be encoded
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

func TestNoSpellingOfASecretSurvives(t *testing.T) {
	for name, spell := range spellings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				password := rapid.StringN(4, 30, -1).Draw(t, "password")
				spelled := spell(password)
				head := rapid.StringMatching(`[{":x ]{0,10}`).Draw(t, "head")
				text := head + spelled + `"}`
				if strings.Contains(password, dots[:3]) {
					t.Skip("the password is made of the dots")
				}
				if got := mask(text, false, password); strings.Contains(got, spelled) {
					t.Fatalf("%q is still in %q", spelled, got)
				}
				end := len(head) + rapid.IntRange(1, len(spelled)).Draw(t, "cut")
				if got := mask(text[:end], true, password); strings.HasSuffix(got, text[len(head):end]) {
					t.Fatalf("%q is still at the end of %q", text[len(head):end], got)
				}
			})
		})
	}
}

func TestHeadersAndQueriesThatAreCredentials(t *testing.T) {
	h := http.Header{
		"Authorization":      {"Basic c2VhdHJpYWw6Z2VoZWlt", "Bearer eyJhbGciOi", "opaque", "Digest username=x"},
		"Cookie":             {"session=abc; other=def"},
		"Set-Cookie":         {"session=abc"},
		"X-Openidm-Password": {"openidm-admin"},
		"X-Trace":            {"visible", "with Geheim1! inside"},
	}
	original := h["X-Trace"]
	got := newMasker([]secret.Value{secret.New("Geheim1!")}).headers(flatten(h)).Map()
	assert.Equal(t, http.Header{
		"Authorization":      {"Basic " + dots, "Bearer " + dots, dots, "Digest " + dots},
		"Cookie":             {dots},
		"Set-Cookie":         {dots},
		"X-Openidm-Password": {dots},
		"X-Trace":            {"visible", "with " + dots + " inside"},
	}, got)
	assert.Equal(t, "with Geheim1! inside", original[1], "the request's own header is left alone")

	for query, want := range map[string]string{
		"":                                  "",
		"filter=userName+eq+%22b%22":        "filter=userName+eq+%22b%22",
		"a=1&password=Geheim1%21&b=2":       "a=1&password=" + dots + "&b=2",
		"client_secret=x&access_token=y&z":  "client_secret=" + dots + "&access_token=" + dots + "&z",
		"q=" + url.QueryEscape("other one"): "q=" + dots,
	} {
		assert.Equal(t, want, newMasker([]secret.Value{secret.New("other one")}).query(query))
	}
}

func FuzzMask(f *testing.F) {
	for _, seed := range []string{`{"password":"a\"b"}`, `\ud83d`, `%4`, `a%20b+c`, `\u00`, `\`} {
		f.Add(seed, "a b", true)
		f.Add(seed, `a"b`, false)
	}
	f.Fuzz(func(t *testing.T, text, password string, cut bool) {
		if password == "" || strings.Contains(dots, password) || strings.Contains(password, dots[:3]) {
			t.Skip()
		}
		if got := mask(text, cut, password); strings.Contains(strings.ReplaceAll(got, dots, "\x00"), password) && !strings.Contains(password, "\x00") {
			t.Fatalf("%q still shows %q: %q", text, password, got)
		}
	})
}
