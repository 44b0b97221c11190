package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

//go:embed suites
var suites embed.FS

// builtIn reads the suites once. They are linted by a test, so an error here is a mistake in the build.
var builtIn = sync.OnceValues(func() ([]Scenario, error) {
	var list []Scenario
	err := fs.WalkDir(suites, "suites", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		data, err := suites.ReadFile(file)
		if err != nil {
			return err
		}
		s, err := Parse(file, data)
		if err != nil {
			return err
		}
		s.embedded = true
		list = append(list, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Scenario) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(list); i++ {
		if list[i].ID == list[i-1].ID {
			return nil, fmt.Errorf("%s and %s have the same id %s", list[i-1].file, list[i].file, list[i].ID)
		}
	}
	return list, nil
})

// Suite returns the built-in scenarios whose id matches any of the patterns, in the order of their ids; all of them
// without a pattern. In a pattern * stands for any text, a slash included, and an area ("idcs") for all that is in it.
func Suite(glob ...string) ([]Scenario, error) {
	all, err := builtIn()
	if err != nil || len(glob) == 0 {
		return slices.Clone(all), err
	}
	chosen := map[string]bool{}
	var missing []error
	for _, pattern := range glob {
		found := false
		for _, s := range all {
			if matches(pattern, s.ID) {
				chosen[s.ID], found = true, true
			}
		}
		if !found {
			missing = append(missing, fmt.Errorf("no scenario %q%s", pattern, didYouMean(pattern, ids(all))))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, &unknownError{err}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s Scenario) bool { return !chosen[s.ID] }), nil
}

// unknownError is a pattern that matches nothing.
type unknownError struct{ error }

func (unknownError) ExitCode() int { return exitInvalid }

func (e *unknownError) Unwrap() error { return e.error }

func ids(list []Scenario) []string {
	names := make([]string, 0, len(list))
	for _, s := range list {
		names = append(names, s.ID)
	}
	return names
}

// matches compares an id with a pattern, without regard to case.
func matches(pattern, id string) bool {
	pattern = strings.TrimSuffix(strings.ToLower(pattern), "/")
	return strings.HasPrefix(id, pattern+"/") || journal.Glob(pattern, id)
}
