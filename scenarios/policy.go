package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// Policy is a password policy: standard, simple, or the vendor's own attributes, with or without "like: standard" to
// begin from one of the two.
type Policy struct {
	policy.Policy
	written string // the name, or the attributes, as they were written
}

// String is the policy as the scenario writes it.
func (p Policy) String() string { return p.written }

func namedPolicy(name string) (policy.Policy, bool) {
	switch name {
	case "standard":
		return policy.Standard(), true
	case "simple":
		return policy.Simple(), true
	default:
		return policy.Policy{}, false
	}
}

// UnmarshalJSON reads a name or attributes. An attribute written after "like" replaces that of the policy it is like;
// zero and false take a restriction away.
func (p *Policy) UnmarshalJSON(data []byte) error {
	p.written = string(data)
	if name, err := scalarText(data); err == nil {
		named, ok := namedPolicy(name)
		if !ok {
			return fmt.Errorf("there is no policy %q: write standard, simple, or {minLength: 12, …}", name)
		}
		p.Policy, p.written = named, name
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	p.Policy = policy.Policy{}
	if like, ok := all["like"]; ok {
		name, _ := scalarText(like)
		named, ok := namedPolicy(name)
		if !ok {
			return fmt.Errorf("there is no policy %q to be like: write standard or simple", name)
		}
		p.Policy = named
		delete(all, "like")
	}
	own, err := json.Marshal(all)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(own))
	decoder.DisallowUnknownFields()
	return decoder.Decode(&p.Policy)
}

// JSONSchema has the attributes of the vendor's policy.
func (Policy) JSONSchema() *jsonschema.Schema {
	names := []any{"standard", "simple"}
	attributes := (&jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, DoNotReference: true}).Reflect(policy.Policy{})
	attributes.Version = ""
	attributes.Properties.Set("like", &jsonschema.Schema{Type: "string", Enum: names, Description: "The policy to begin from."})
	schema := textOr("object", &jsonschema.Schema{Enum: names}, attributes)
	schema.Description = "standard, simple, or attributes under the vendor's names, with or without like: standard."
	return schema
}
