//go:build tools

package graph

// The generator stays among the module's requirements, so that go.mod pins its version.
import _ "github.com/99designs/gqlgen"
