package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/seatrial/seatrial/sim/control/graph"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	// bodyLimit admits some hundred thousand users in one addUsers.
	bodyLimit = 32 << 20
	// complexityLimit is in fields of one query; the largest of [Client] has about 70.
	complexityLimit = 5_000
	// queryCache is in queries. The texts of [Client] are a few dozen, and those of a suite not many more.
	queryCache = 500
)

// resolver answers the queries and mutations of the schema.
type resolver struct {
	simulators []Simulator
	journal    *journal.Journal
	info       WorldInfo
}

// Handler serves the control plane at /graphql: POST for everything, GET for queries. It wants the token as a bearer token.
// GET /healthz needs none and tells that somebody is there.
func Handler(token secret.Value, simulators []Simulator, j *journal.Journal, info WorldInfo) (http.Handler, error) {
	if token.Empty() {
		return nil, errors.New("control.token: is empty: whoever reaches the control plane could do as he likes")
	}
	if info.URL == nil {
		info.URL = func(string) string { return "" }
	}
	root := &resolver{simulators: simulators, journal: j, info: info}
	server := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: root}))
	server.AddTransport(transport.GET{})
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](queryCache))
	server.Use(extension.Introspection{})
	server.Use(extension.FixedComplexityLimit(complexityLimit))

	mux := http.NewServeMux()
	mux.Handle("/graphql", authorized(token, bounded(server)))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("there is nothing at %.100q: the control plane is at /graphql", r.URL.Path))
	})
	return mux, nil
}

// Query makes the resolver the root of the queries.
func (r *resolver) Query() graph.QueryResolver { return query{r} }

// Mutation makes the resolver the root of the mutations.
func (r *resolver) Mutation() graph.MutationResolver { return mutation{r} }

func authorized(token secret.Value, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		switch {
		case !strings.EqualFold(scheme, "Bearer"):
			w.Header().Set("WWW-Authenticate", `Bearer realm="seatrial control plane"`)
			refuse(w, http.StatusUnauthorized, "the control plane wants its token: send the header Authorization: Bearer <token>")
		case !token.Equal(secret.New(strings.TrimSpace(given))): // in constant time
			w.Header().Set("WWW-Authenticate", `Bearer realm="seatrial control plane", error="invalid_token"`)
			refuse(w, http.StatusUnauthorized, "this is not the token of this control plane: each world has its own, shown at its start")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// bounded refuses what is too large. A body of unknown length is read first, because gqlgen would answer its failure with
// status 200.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		tooLarge := r.ContentLength > bodyLimit
		if r.ContentLength < 0 {
			body, err := io.ReadAll(r.Body)
			var over *http.MaxBytesError
			switch {
			case errors.As(err, &over):
				tooLarge = true
			case err != nil:
				refuse(w, http.StatusBadRequest, "the request broke off: "+err.Error())
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		if tooLarge {
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a request may have %d MiB: add the users in several batches", bodyLimit>>20))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers in the form of GraphQL's errors, so that a client needs to know one form only.
func refuse(w http.ResponseWriter, status int, message string) {
	body, err := json.Marshal(refusal{Errors: []refusalError{{Message: message}}})
	if err != nil { // a string in two structs: cannot be
		http.Error(w, message, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

type refusal struct {
	Errors []refusalError `json:"errors"`
}

type refusalError struct {
	Message string `json:"message"`
}
