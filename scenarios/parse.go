package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Parse reads a scenario and checks all that can be checked without running it: the grammar, the queries against the
// control plane's schema, the expressions against the queries' answers, and that users, rules and faults exist. The error
// is an [*InvalidError] with every mistake and its place.
func Parse(file string, data []byte) (Scenario, error) {
	found := &problems{file: file}
	scenario := parse(data, found)
	scenario.file = file
	if err := found.err(); err != nil {
		return Scenario{}, err
	}
	return scenario, nil
}

// ReadFile reads a scenario from a file.
func ReadFile(path string) (Scenario, error) {
	data, err := os.ReadFile(path) // #nosec G304 -- the user names the file on the command line
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(path, data)
}

func parse(data []byte, found *problems) Scenario {
	tree := readTree(data, found)
	if tree == nil || len(found.found) > 0 {
		return Scenario{}
	}
	checkGrammar(tree, found)
	if len(found.found) > 0 {
		return Scenario{}
	}
	var scenario Scenario
	encoded, err := json.Marshal(tree.plain())
	if err != nil {
		found.add(tree.at, "%v", err)
		return Scenario{}
	}
	if err := json.Unmarshal(encoded, &scenario); err != nil {
		found.add(locate(tree, err), "%v", err)
		return Scenario{}
	}
	scenario.tree = tree
	lint(scenario, splitLines(data), found)
	return scenario
}

// locate finds the place that a decoding error is about, as far as it names one.
func locate(tree *node, err error) Position {
	var mistyped *json.UnmarshalTypeError
	if !errors.As(err, &mistyped) {
		return tree.at
	}
	for step := range strings.SplitSeq(mistyped.Field, ".") {
		if next := tree.child(step); next != nil {
			tree = next
		}
	}
	return tree.at
}
