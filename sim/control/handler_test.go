package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "the-token"

func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := control.Handler(secret.New(token), nil, journal.New(10, secret.NewDigester([]byte("0123456789abcdef"))), control.WorldInfo{Seed: 7})
	require.NoError(t, err)
	return h
}

func TestHandlerWantsAToken(t *testing.T) {
	_, err := control.Handler(secret.Value{}, nil, nil, control.WorldInfo{})
	assert.ErrorContains(t, err, "control.token: is empty")
}

func TestHandler(t *testing.T) {
	h := handler(t)
	post := func(body string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			return r
		}
	}
	get := func(path string) func() *http.Request {
		return func() *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }
	}
	query := func(text string) func() *http.Request { return get("/graphql?query=" + url.QueryEscape(text)) }
	const good = "Bearer " + token
	for name, c := range map[string]struct {
		request       func() *http.Request
		authorization string
		status        int
		want          string
	}{
		"a query by POST":          {post(`{"query":"{ world { seed } }"}`), good, 200, `{"data":{"world":{"seed":"7"}}}`},
		"a query by GET":           {query("{ world { seed } }"), good, 200, `{"data":{"world":{"seed":"7"}}}`},
		"the schema, by GET":       {query("{ __schema { queryType { name } mutationType { name } } }"), good, 200, `"queryType":{"name":"Query"}`},
		"bearer in another case":   {query("{ world { seed } }"), "bearer " + token, 200, `"seed":"7"`},
		"no token":                 {post(`{"query":"{ world { seed } }"}`), "", 401, `{"errors":[{"message":"the control plane wants its token: send the header Authorization: Bearer`},
		"another scheme":           {post(`{"query":"{ world { seed } }"}`), "Basic " + token, 401, "wants its token"},
		"a wrong token":            {post(`{"query":"{ world { seed } }"}`), good + "x", 401, "not the token of this control plane"},
		"no token, the schema":     {query("{ __schema { queryType { name } } }"), "", 401, "wants its token"},
		"a mutation by GET":        {query(`mutation { reset }`), good, 406, "GET requests only allow query operations"},
		"a syntax error":           {post(`{"query":"{ world { "}`), good, 422, `Expected Name`},
		"an unknown field":         {post(`{"query":"{ world { sed } }"}`), good, 422, `Did you mean \"seed\"?`},
		"an unknown enum value":    {post(`{"query":"mutation { addFault(fault: {kind: rain}) { id } }"}`), good, 422, `rain`},
		"a duration without unit":  {post(`{"query":"mutation { turnClock(by: 5) { offset } }"}`), good, 200, `write it with a unit`},
		"no JSON":                  {post(`query`), good, 400, "json"},
		"too many fields":          {post(`{"query":"{ ` + manyWorlds(2000) + `}"}`), good, 200, "operation has complexity"},
		"another page":             {get("/"), good, 404, "the control plane is at /graphql"},
		"alive":                    {get("/healthz"), "", 200, "ok"},
		"a query with what method": {func() *http.Request { return httptest.NewRequest(http.MethodPut, "/graphql", nil) }, good, 400, "transport not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.request()
			r.Header.Set("Authorization", c.authorization)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, c.status, w.Code)
			assert.Contains(t, w.Body.String(), c.want)
			if w.Code == http.StatusUnauthorized {
				assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
				assert.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
				assert.True(t, json.Valid(w.Body.Bytes()))
			}
		})
	}
}

func manyWorlds(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d: world { seed version } ", i)
	}
	return b.String()
}

func TestHandlerBoundsBodies(t *testing.T) {
	h := handler(t)
	huge := []byte(`{"query":"` + strings.Repeat(" ", 33<<20) + `{ world { seed } }"}`)
	for name, length := range map[string]int64{"announced": int64(len(huge)), "in chunks": -1} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", io.MultiReader(bytes.NewReader(huge)))
			r.ContentLength = length
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
			assert.Equal(t, `{"errors":[{"message":"a request may have 32 MiB: add the users in several batches"}]}`, strings.TrimSpace(w.Body.String()))
		})
	}
}

// The client says what went wrong, wherever it did.
func TestClientErrors(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"several":         {200, `{"errors":[{"message":"one","path":["addUsers","users",3,"userName"]},{"message":"two","locations":[{"line":4,"column":2}]},{"message":"three"}],"data":null}`, "addUsers.users[3].userName: one\n4:2: two\nthree"},
		"a proxy's page":  {502, "<html>Bad Gateway</html>", `control plane answered 502 Bad Gateway, which is not GraphQL: "<html>Bad Gateway</html>"`},
		"nothing":         {200, ``, `control plane answered 200 OK, which is not GraphQL: ""`},
		"something else":  {200, `{"status":"up"}`, "which is not GraphQL"},
		"another type":    {200, `{"data":{"digests":7}}`, "control plane: decode the answer"},
		"unauthorized":    {401, `{"errors":[{"message":"this is not the token"}]}`, "this is not the token"},
		"data and errors": {200, `{"data":{"digests":[]},"errors":[{"message":"half","path":["digests"]}]}`, "digests: half"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			_, err := control.NewClient(server.URL, secret.New("the-secret-token"), server.Client()).Digests(ctx, secret.New("p"))
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "the-secret-token")
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		_, err := control.NewClient(server.URL, secret.New("t"), &http.Client{Transport: &http.Transport{}}).World(ctx)
		assert.ErrorContains(t, err, "connection refused")
	})
	t.Run("one of them", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errors":[{"message":"one","path":["world"]}]}`)
		}))
		defer server.Close()
		_, err := control.NewClient(server.URL, secret.New("t"), server.Client()).World(ctx)
		var one *control.Error
		require.True(t, errors.As(err, &one))
		assert.Equal(t, []any{"world"}, one.Path)
	})
}

// The embedded text is the schema that is served.
func TestSchemaIsWhatIsServed(t *testing.T) {
	embedded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: control.Schema})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/graphql?query="+url.QueryEscape("{ __schema { types { name fields { name } } } }"), nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	handler(t).ServeHTTP(w, r)
	var answer struct {
		Data struct {
			Schema struct {
				Types []struct {
					Name   string
					Fields []struct{ Name string }
				}
			} `json:"__schema"`
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	served := 0
	for _, kind := range answer.Data.Schema.Types {
		definition := embedded.Types[kind.Name]
		require.NotNil(t, definition, kind.Name)
		for _, field := range kind.Fields {
			if !strings.HasPrefix(kind.Name, "__") {
				assert.NotNil(t, definition.Fields.ForName(field.Name), "%s.%s", kind.Name, field.Name)
				served++
			}
		}
	}
	assert.Greater(t, served, 100)
	source, err := os.ReadFile("schema.graphqls")
	require.NoError(t, err)
	assert.Equal(t, string(source), control.Schema)
}
