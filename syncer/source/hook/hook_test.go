package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
)

const token = "a-token-of-the-test"

// sink is an engine that keeps what it is given.
type sink struct {
	taken     []Change
	passwords []string
	err       error
	ready     error
	standby   bool
	receipt   Receipt
	shelf     // parked changes
}

func (s *sink) Accept(_ context.Context, c Change) (Receipt, error) {
	if s.err != nil {
		return Receipt{}, s.err
	}
	s.taken = append(s.taken, c)
	s.passwords = append(s.passwords, string(c.Password)) // It is wiped afterwards.
	if s.receipt != (Receipt{}) {
		return s.receipt, nil
	}
	return Receipt{ID: "id-1", State: Queued}, nil
}

func (s *sink) Status(id string) (Status, bool) {
	return Status{ID: id, State: Parked, Reason: "policy"}, id == "known"
}

func (s *sink) Outcomes(after uint64, limit int) ([]Outcome, uint64) {
	return []Outcome{{Sequence: after + 1}, {Sequence: uint64(limit)}}, 9
}
func (s *sink) Ready() (bool, error) { return s.standby, s.ready }

func serve(s *sink) http.Handler {
	c := DefaultConfig()
	c.Token = seal.Secret(token)
	return Handler(c, s, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
}

func ask(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAChangeIsTakenAsItStands(t *testing.T) {
	s := &sink{}
	w := ask(serve(s), "POST", "/v1/changes",
		` {"attributes":{"givenName":"Zo\u00eb","sn":""}, "userName" : "zoë+x", "password":"a\"\\\/\n\u0001\ud834\udd1e,}{" ,"transactionId":"t-1"} `)
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	assert.JSONEq(t, `{"id":"id-1","state":"queued"}`, w.Body.String())
	require.Len(t, s.taken, 1)
	assert.Equal(t, "zoë+x", s.taken[0].UserName)
	assert.Equal(t, "t-1", s.taken[0].TransactionID)
	assert.Equal(t, map[string]string{"givenName": "Zoë", "sn": ""}, s.taken[0].Attributes)
	assert.Equal(t, "a\"\\/\n\x01𝄞,}{", s.passwords[0])
	assert.Equal(t, make([]byte, len(s.taken[0].Password)), []byte(s.taken[0].Password), "wiped")
}

func TestMistakesNameTheField(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := map[string]struct{ body, field, text string }{
		"empty":                     {``, "", "not JSON"},
		"array":                     {`[]`, "", "not a JSON object"},
		"cut":                       {`{"userName":"a"`, "", "not JSON"},
		"two values":                {`{"userName":"a","password":"SECRET"} {}`, "", "not JSON"},
		"not UTF-8":                 {"{\"userName\":\"\xff\",\"password\":\"SECRET\"}", "", "not JSON"},
		"no user":                   {`{"password":"SECRET"}`, "userName", "missing"},
		"blank user":                {`{"userName":" ","password":"SECRET"}`, "userName", "empty"},
		"user is a number":          {`{"userName":7,"password":"SECRET"}`, "userName", "not a string"},
		"user is null":              {`{"userName":null,"password":"SECRET"}`, "userName", "not a string"},
		"user with a line end":      {`{"userName":"a\nb","password":"SECRET"}`, "userName", "control character"},
		"long user":                 {`{"userName":"` + long + `","password":"SECRET"}`, "userName", "longer than 256"},
		"no password":               {`{"userName":"a"}`, "password", "missing"},
		"empty password":            {`{"userName":"a","password":""}`, "password", "empty"},
		"password is an object":     {`{"userName":"a","password":{"$crypto":"SECRET"}}`, "password", "not a string"},
		"long password":             {`{"userName":"a","password":"SECRET` + long + `"}`, "password", "longer than 1024"},
		"unknown member":            {`{"userName":"a","password":"SECRET","pasword":"SECRET"}`, "pasword", "not known"},
		"another case":              {`{"username":"a","password":"SECRET"}`, "username", "not known"},
		"password twice":            {`{"userName":"a","password":"SECRET","password":"SECRET"}`, "password", "twice"},
		"hidden twice":              {`{"userName":"a","password":"SECRET","pass\u0077ord":"SECRET"}`, "password", "twice"},
		"attributes is a list":      {`{"userName":"a","password":"SECRET","attributes":[]}`, "attributes", "not an object"},
		"attribute is a list":       {`{"userName":"a","password":"SECRET","attributes":{"mail":["SECRET"]}}`, "attributes.mail", "not a string"},
		"attribute twice":           {`{"userName":"a","password":"SECRET","attributes":{"sn":"a","sn":"b"}}`, "attributes.sn", "twice"},
		"long attribute":            {`{"userName":"a","password":"SECRET","attributes":{"sn":"` + long + `"}}`, "attributes.sn", "longer than 4096"},
		"attribute without a name":  {`{"userName":"a","password":"SECRET","attributes":{"":"x"}}`, "attributes.", "1 to 128"},
		"long transaction":          {`{"userName":"a","password":"SECRET","transactionId":"` + long + `"}`, "transactionId", "longer than 256"},
		"transaction with line end": {`{"userName":"a","password":"SECRET","transactionId":"a\r\nb"}`, "transactionId", "control character"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			w := ask(serve(s), "POST", "/v1/changes", tt.body)
			assert.Equal(t, http.StatusBadRequest, w.Code)
			var answer struct{ Error, Field string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			assert.Equal(t, tt.field, answer.Field)
			assert.Contains(t, answer.Error, tt.text)
			assert.NotContains(t, w.Body.String(), "SECRET")
			assert.Empty(t, s.taken)
		})
	}
}

func TestTheDoor(t *testing.T) {
	good := `{"userName":"a","password":"b"}`
	tests := map[string]struct {
		method, path, body string
		headers            []string
		engine             sink
		want               int
	}{
		"no token":          {"POST", "/v1/changes", good, []string{"Authorization", ""}, sink{}, 401},
		"wrong token":       {"POST", "/v1/changes", good, []string{"Authorization", "Bearer " + token + "x"}, sink{}, 401},
		"basic":             {"POST", "/v1/changes", good, []string{"Authorization", "Basic " + token}, sink{}, 401},
		"lower-case scheme": {"POST", "/v1/changes", good, []string{"Authorization", "bearer " + token}, sink{}, 202},
		"token for status":  {"GET", "/v1/changes/known", "", []string{"Authorization", ""}, sink{}, 401},
		"token for list":    {"GET", "/v1/outcomes", "", []string{"Authorization", ""}, sink{}, 401},
		"form":              {"POST", "/v1/changes", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, sink{}, 415},
		"no type":           {"POST", "/v1/changes", good, []string{"Content-Type", ""}, sink{}, 415},
		"charset":           {"POST", "/v1/changes", good, []string{"Content-Type", "application/json; charset=utf-8"}, sink{}, 202},
		"too long":          {"POST", "/v1/changes", `{"userName":"` + strings.Repeat("x", 65<<10), nil, sink{}, 413},
		"just fits":         {"POST", "/v1/changes", good + strings.Repeat(" ", 64<<10-len(good)), nil, sink{}, 202},
		"one too many":      {"POST", "/v1/changes", good + strings.Repeat(" ", 64<<10-len(good)+1), nil, sink{}, 413},
		"stopping":          {"POST", "/v1/changes", good, nil, sink{err: ErrUnavailable}, 503},
		"queue down":        {"POST", "/v1/changes", good, nil, sink{err: errors.New("queue")}, 503},
		"wrong method":      {"PUT", "/v1/changes", good, nil, sink{}, 405},
		"known":             {"GET", "/v1/changes/known", "", nil, sink{}, 200},
		"unknown":           {"GET", "/v1/changes/other", "", nil, sink{}, 404},
		"list":              {"GET", "/v1/outcomes?after=3&limit=5", "", nil, sink{}, 200},
		"list badly":        {"GET", "/v1/outcomes?after=-1", "", nil, sink{}, 400},
		"list oddly":        {"GET", "/v1/outcomes?since=1", "", nil, sink{}, 400},
		"list of none":      {"GET", "/v1/outcomes?limit=0", "", nil, sink{}, 400},
		"healthy":           {"GET", "/healthz", "", []string{"Authorization", ""}, sink{ready: errors.New("x")}, 200},
		"ready":             {"GET", "/readyz", "", []string{"Authorization", ""}, sink{}, 200},
		"standing by":       {"GET", "/readyz", "", nil, sink{standby: true}, 200},
		"odd query":         {"POST", "/v1/changes?wiat=5s", `{"userName":"a","password":"b"}`, nil, sink{}, 400},
		"not ready":         {"GET", "/readyz", "", nil, sink{ready: errors.New("x")}, 503},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(serve(&tt.engine), tt.method, tt.path, tt.body, tt.headers...)
			assert.Equal(t, tt.want, w.Code, w.Body)
			assert.Equal(t, tt.want == 503 && tt.method == "POST", w.Header().Get("Retry-After") != "")
			assert.Equal(t, tt.want == 401, w.Header().Get("WWW-Authenticate") != "")
			if tt.want >= 400 {
				assert.Empty(t, tt.engine.taken)
			}
		})
	}
}

func TestOutcomesAreBounded(t *testing.T) {
	var answer struct {
		Outcomes []Outcome
		Last     uint64
	}
	for query, limit := range map[string]uint64{"": defaultOutcomes, "?limit=7": 7, "?limit=99999999": maxOutcomes} {
		w := ask(serve(&sink{}), "GET", "/v1/outcomes"+query, "")
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		assert.Equal(t, limit, answer.Outcomes[1].Sequence)
		assert.Equal(t, uint64(9), answer.Last)
	}
}

func TestAChunkedBodyIsRead(t *testing.T) {
	s := &sink{}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/changes", io.MultiReader(strings.NewReader(`{"userName":"a",`), strings.NewReader(`"password":"b"}`)))
	r.ContentLength = -1
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	serve(s).ServeHTTP(w, r)
	assert.Equal(t, http.StatusAccepted, w.Code)
}

func TestConfigMistakes(t *testing.T) {
	valid := DefaultConfig()
	valid.Token = seal.Secret("0123456789abcdef")
	require.NoError(t, valid.Validate())
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"address": {func(c *Config) { c.Listen = "8470" }, "listen:"},
		"token":   {func(c *Config) { c.Token = nil }, "token: not set"},
		"short":   {func(c *Config) { c.Token = seal.Secret("short") }, "at least 16"},
		"half":    {func(c *Config) { c.CertFile = "x" }, "go together"},
		"limit":   {func(c *Config) { c.BodyLimit = 0 }, "bodyLimit:"},
		"mode":    {func(c *Config) { c.Mode = "firm" }, "mode:"},
		"wait":    {func(c *Config) { c.Wait = time.Hour }, "wait:"},
	} {
		t.Run(name, func(t *testing.T) {
			c := valid
			tt.change(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
		})
	}
}

// FuzzParse compares with encoding/json: what is taken means the same there, and what that takes strictly is taken.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"userName":"a","password":"b"}`, `{"transactionId":"t","userName":"\u00e9\ud834\udd1e","password":"\"\\\/\b\f\n\r\t","attributes":{"a":"b"}}`,
		`{"userName":"a","password":"\ud800x"}`, `{"userName":1,"password":[{}],"attributes":{"x":-1e5}}`, `{ }`, `{"a":{"b":[1,{"c":"}"}]}}`,
		`{"userName":"a","password":"\ud834\u0041"}`, `{"userName":"a" , "password" : "b" , "attributes" : { } }`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(body)
		if err != nil {
			var field *fieldError
			require.True(t, errors.As(err, &field))
			assert.True(t, utf8.ValidString(field.text))
			return
		}
		var want struct {
			TransactionID string            `json:"transactionId"`
			UserName      string            `json:"userName"`
			Password      string            `json:"password"`
			Attributes    map[string]string `json:"attributes"`
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&want))
		assert.Equal(t, want.UserName, c.UserName)
		assert.Equal(t, want.Password, string(c.Password))
		assert.Equal(t, want.TransactionID, c.TransactionID)
		assert.Equal(t, want.Attributes, c.Attributes)
	})
}
