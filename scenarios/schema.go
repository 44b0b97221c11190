package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaID = "https://seatrial.dev/scenario.schema.json"

// Schema is the JSON schema of the language, made from the Go types: what an editor needs to complete and check a
// scenario while it is written. scenario.schema.json is a copy of it.
func Schema() ([]byte, error) {
	reflector := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	schema := reflector.Reflect(Scenario{})
	schema.ID = schemaID
	schema.Title = "A seatrial scenario"
	schema.Description = "One rehearsal of password synchronisation: what is given, what happens, what is expected."
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("schema of the scenario language: %w", err)
	}
	return append(text, '\n'), nil
}

// grammar is the schema in the two forms that reading a file needs: to validate, and to look up what is allowed at a
// place, for "did you mean".
type grammar struct {
	compiled *validator.Schema
	document any
}

var compileGrammar = sync.OnceValues(func() (*grammar, error) {
	text, err := Schema()
	if err != nil {
		return nil, err
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema of the scenario language: %w", err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource(schemaID, document); err != nil {
		return nil, fmt.Errorf("schema of the scenario language: %w", err)
	}
	compiled, err := compiler.Compile(schemaID)
	if err != nil {
		return nil, fmt.Errorf("schema of the scenario language: %w", err)
	}
	return &grammar{compiled: compiled, document: document}, nil
})
