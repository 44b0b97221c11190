package reports_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
)

// evil tries to leave every medium: scripts, quotes, template and comment marks, terminal sequences (7 and 8 bit), line
// breaks, right-to-left override, line separators, a byte that is no UTF-8, and the end of a CDATA section.
const evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{.}}--> ]]>\x1b[2J\x1b]0;owned\x07\u009b31m\r\nVERDICT\u202egnp\u2028\u2029\x00\xff&amp;"

// poison puts the text into every string of a report.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[reports.Verdict]() {
			return // an enumeration; it is poisoned apart
		}
		v.SetString(v.String() + text)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, field := range v.Fields() {
			poison(field, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		if v.Len() > 0 {
			poisoned := reflect.MakeMap(v.Type())
			for _, key := range v.MapKeys() {
				poisoned.SetMapIndex(reflect.ValueOf(key.String()+text), v.MapIndex(key))
			}
			v.Set(poisoned)
		}
	default:
	}
}

func poisoned() reports.Report {
	r := notCertified()
	poison(reflect.ValueOf(&r).Elem(), evil)
	return r
}

// steering are characters that act on a terminal or reorder text.
var steering = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

func TestHostileTextStaysText(t *testing.T) {
	clean, hostile := notCertified(), poisoned()
	for kind, write := range writers() {
		t.Run(kind, func(t *testing.T) {
			out := render(t, write, hostile)
			assert.NotEqual(t, render(t, write, clean), out)
			if kind == "color.txt" {
				out = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(out, "") // our own colours
			}
			assert.Empty(t, steering.FindString(out), "%q", steering.FindString(out))
			assert.True(t, strings.ToValidUTF8(out, "?") == out, "valid UTF-8")
		})
	}
}

func TestHostileTextOpensNoElementInHTML(t *testing.T) {
	tags := regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
	names := func(out string) map[string]int {
		m := map[string]int{}
		for _, tag := range tags.FindAllString(out, -1) {
			name, _, _ := strings.Cut(strings.Trim(tag, "</>"), " ")
			m[name]++
		}
		return m
	}
	want, got := names(render(t, reports.WriteHTML, notCertified())), names(render(t, reports.WriteHTML, poisoned()))
	// Whole lines may be more (a problem in each input), but no other elements, no further script and no image.
	for name := range got {
		assert.Contains(t, want, name)
	}
	assert.Equal(t, want["script"], got["script"])
	assert.Zero(t, got["img"])
	out := render(t, reports.WriteHTML, poisoned())
	assert.NotContains(t, out, "<img")
	assert.Regexp(t, `&lt;img src=x onerror=alert\(2\)&gt;`, out, "shown as text")
	assert.NotRegexp(t, `(?i)\b(src|href)\s*=\s*["']?(https?:)?//`, out, "nothing from elsewhere")
	assert.NotRegexp(t, `(?i)url\(|@import`, out, "nothing from elsewhere")
}

func TestHostileTextAddsNoLineOnTheTerminal(t *testing.T) {
	for l := range strings.Lines(render(t, writers()["txt"], poisoned())) {
		assert.NotRegexp(t, `^VERDICT`, l)
	}
}

func TestHostileTextIsKeptInJSON(t *testing.T) {
	out := render(t, reports.WriteJSON, poisoned())
	require.True(t, json.Valid([]byte(out)))
	got, err := reports.ReadJSON(strings.NewReader(out))
	require.NoError(t, err)
	assert.Equal(t, "Certificate: ForgeRock IDM to Oracle IDCS"+strings.ToValidUTF8(evil, "\uFFFD"), got.Title, "escaped, not changed")
}

func TestHostileTextLeavesXMLWellFormed(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(render(t, reports.WriteJUnit, poisoned())))
	allowed := map[string]bool{"testsuites": true, "testsuite": true, "properties": true, "property": true, "testcase": true, "failure": true, "error": true, "skipped": true}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			assert.True(t, allowed[start.Name.Local], start.Name.Local)
		}
	}
}

func TestAnUnknownVerdictIsNeverAPass(t *testing.T) {
	r := certified()
	r.Verdict = evil
	assert.Equal(t, 3, r.ExitCode())
	for kind, write := range writers() {
		if kind == "color.txt" {
			continue
		}
		out := render(t, write, r)
		assert.Empty(t, steering.FindString(out), kind)
	}
	assert.NotContains(t, render(t, reports.WriteHTML, r), "<img")
}

func TestJSONComesBackAsItWas(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, reports.WriteJSON(&b, r))
			got, err := reports.ReadJSON(&b)
			require.NoError(t, err)
			if r.Suite.Scenarios == nil {
				r.Suite.Scenarios = []reports.Scenario{}
			}
			assert.Equal(t, r, got)
		})
	}
}

func TestJUnitCountsAgree(t *testing.T) {
	type suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Cases    []struct {
			Failure *struct {
				Text string `xml:",chardata"`
			} `xml:"failure"`
			Error *struct{} `xml:"error"`
		} `xml:"testcase"`
	}
	var all struct {
		Tests    int     `xml:"tests,attr"`
		Failures int     `xml:"failures,attr"`
		Errors   int     `xml:"errors,attr"`
		Suites   []suite `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal([]byte(render(t, reports.WriteJUnit, notCertified())), &all))
	require.Len(t, all.Suites, 4)
	var sum suite
	text := ""
	for _, s := range all.Suites {
		assert.Len(t, s.Cases, s.Tests)
		sum.Tests, sum.Failures, sum.Errors = sum.Tests+s.Tests, sum.Failures+s.Failures, sum.Errors+s.Errors
		for _, c := range s.Cases {
			if c.Failure != nil {
				text += c.Failure.Text
			}
		}
	}
	assert.Equal(t, []int{sum.Tests, sum.Failures, sum.Errors}, []int{all.Tests, all.Failures, all.Errors})
	assert.Equal(t, []int{5, 2}, []int{all.Failures, all.Errors}, "two scenarios, a criterion and two points of the checklist; what is void is an error")
	assert.Contains(t, text, "PATCH /admin/v1/Users/1b0a4f67c1e54d5d8c3e8e1d2f3a4b5c -> no answer  120ms  lose-first  applied, but the answer was lost")
	assert.Contains(t, text, "  < upstream connect error", "the criterion's failure holds its exchanges")
}

// failing is a disk that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("disk full")

func TestWritersPassOnTheErrorOfTheirWriter(t *testing.T) {
	for kind, write := range writers() {
		assert.ErrorIs(t, write(failing{}, certified()), errFull, kind)
	}
}
