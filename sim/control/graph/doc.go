// Package graph is the wire side of the control plane: the Go types of its schema, its scalars, and the executable schema
// that gqlgen generates from ../schema.graphqls.
package graph

//go:generate sh -c "cd .. && go run github.com/99designs/gqlgen generate --config gqlgen.yml"
