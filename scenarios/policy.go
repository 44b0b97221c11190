package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/okta"
)

// Policy is a password policy: the name of one, or the vendor's own attributes, with or without "like: standard" to begin from
// one that has a name. Oracle's have the names standard and simple, Okta's has the name default.
type Policy struct {
	rulebook.Book
	written string // the name, or the attributes, as they were written
}

// String is the policy as the scenario writes it.
func (p Policy) String() string { return p.written }

const policyNames = "standard or simple (Oracle's), or default (Okta's)"

func namedPolicy(name string) (rulebook.Book, bool) {
	switch name {
	case "standard":
		return rulebook.Oracles{Policy: policy.Standard()}, true
	case "simple":
		return rulebook.Oracles{Policy: policy.Simple()}, true
	case "default":
		return rulebook.Oktas{PasswordSettings: okta.DefaultSettings()}, true
	default:
		return nil, false
	}
}

// sections are the parts of a policy of Okta's: who names one speaks Okta's language.
var sections = []string{"complexity", "age", "lockout"}

// UnmarshalJSON reads a name or attributes. An attribute written after "like" replaces that of the policy it is like;
// zero and false take a restriction away.
func (p *Policy) UnmarshalJSON(data []byte) error {
	p.written = string(data)
	if name, err := scalarText(data); err == nil {
		named, ok := namedPolicy(name)
		if !ok {
			return fmt.Errorf("there is no policy %q: write %s, or attributes such as {minLength: 12, …}", name, policyNames)
		}
		p.Book, p.written = named, name
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	var begin rulebook.Book = rulebook.Oracles{}
	for _, section := range sections {
		if _, is := all[section]; is {
			begin = rulebook.Oktas{}
		}
	}
	if like, ok := all["like"]; ok {
		name, _ := scalarText(like)
		named, ok := namedPolicy(name)
		if !ok {
			return fmt.Errorf("there is no policy %q to be like: write %s", name, policyNames)
		}
		begin = named
		delete(all, "like")
	}
	own, err := json.Marshal(all)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(own))
	decoder.DisallowUnknownFields()
	switch vendor := begin.(type) {
	case rulebook.Oracles:
		err = decoder.Decode(&vendor.Policy)
		p.Book = vendor
	case rulebook.Oktas:
		err = decoder.Decode(&vendor.PasswordSettings)
		p.Book = vendor
	}
	return err
}

// JSONSchema has the attributes of both vendors' policies; which of them go together is the linter's affair, which knows the
// target.
func (Policy) JSONSchema() *jsonschema.Schema {
	names := []any{"standard", "simple", "default"}
	reflector := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, DoNotReference: true, RequiredFromJSONSchemaTags: true}
	attributes := reflector.Reflect(policy.Policy{})
	attributes.Version = ""
	for pair := reflector.Reflect(okta.PasswordSettings{}).Properties.Oldest(); pair != nil; pair = pair.Next() {
		attributes.Properties.Set(pair.Key, pair.Value)
	}
	attributes.Properties.Set("like", &jsonschema.Schema{Type: "string", Enum: names, Description: "The policy to begin from."})
	schema := textOr("object", &jsonschema.Schema{Enum: names}, attributes)
	schema.Description = "standard, simple or default, or attributes under the target's own names, with or without like: standard."
	return schema
}
