package preflight

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample is one file of testdata/rules: folders that have the fault, named bad or bad-…, each with the places where it must
// be found; and folders that do not, named good or good-….
type sample struct {
	wants   map[string][]string
	folders map[string]fstest.MapFS
}

func readSample(t *testing.T, path string) sample {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	s := sample{map[string][]string{}, map[string]fstest.MapFS{}}
	header, rest, _ := strings.Cut(string(data), "-- ")
	for line := range strings.Lines(header) {
		name, places, ok := strings.Cut(strings.TrimSpace(line), ": ")
		require.True(t, ok, "%s: %q is no line of the header", path, line)
		s.wants[name] = strings.Split(places, ", ")
	}
	for part := range strings.SplitSeq("\n"+"-- "+rest, "\n-- ") {
		if part == "" {
			continue
		}
		name, text, ok := strings.Cut(part, " --\n")
		require.True(t, ok, "%s: %q", path, part)
		folder, file, ok := strings.Cut(name, "/")
		require.True(t, ok, "%s: %q", path, name)
		if s.folders[folder] == nil {
			s.folders[folder] = fstest.MapFS{"conf": {Mode: os.ModeDir | 0o755}}
		}
		s.folders[folder][file] = &fstest.MapFile{Data: []byte(text)}
	}
	return s
}

func TestEveryRuleFindsItsSampleAndNotTheFixedOne(t *testing.T) {
	for _, rule := range Rules() {
		if rule.ID == "P40" {
			continue // what cannot be read does not stand in a sample: see limits_test.go
		}
		t.Run(rule.ID, func(t *testing.T) {
			s := readSample(t, filepath.Join("testdata", "rules", rule.ID+".txt"))
			bad, good := 0, 0
			for name, folder := range s.folders {
				report, err := check(folder)
				require.NoError(t, err)
				var places []string
				for _, f := range report.Findings {
					if f.ID == rule.ID {
						places = append(places, f.Where())
						assert.NotEmpty(t, f.Problem)
						assert.NotEmpty(t, f.Fix)
					}
				}
				slices.Sort(places)
				slices.Sort(s.wants[name])
				assert.Equal(t, s.wants[name], places, name)
				if strings.HasPrefix(name, "bad") {
					bad++
					require.NotEmpty(t, s.wants[name], "%s: the header does not tell where it is found", name)
				} else {
					good++
				}
			}
			assert.Positive(t, bad)
			assert.Positive(t, good)
			assert.Len(t, s.wants, bad, "the header names folders that are not there")
		})
	}
	files, err := filepath.Glob("testdata/rules/*.txt")
	require.NoError(t, err)
	assert.Len(t, files, len(Rules())-1, "a sample without a rule")
}

func TestRulesHaveTheirOrderAndSeverity(t *testing.T) {
	assert.True(t, slices.IsSortedFunc(Rules(), func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }))
	for _, rule := range Rules() {
		assert.Contains(t, Severities(), rule.Severity, fmt.Sprint(rule))
	}
}
