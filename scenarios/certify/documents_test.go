package certify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/certify"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/syncer"
	forecast "github.com/seatrial/seatrial/syncer/forecast/command"
	"github.com/seatrial/seatrial/syncer/preflight"
)

// root is the folder of the module, seen from this package.
var root = filepath.Join("..", "..")

// document is a README.
type document struct {
	path   string // from the root
	prose  string // what is outside of fences
	fences []fence
}

// fence is a block of code.
type fence struct {
	path     string
	line     int
	language string
	text     string
}

func (f fence) String() string { return fmt.Sprintf("%s:%d", f.path, f.line) }

// name is the file that a block shows: its first line is a comment with the name.
func (f fence) name(t *testing.T) string {
	t.Helper()
	first, _, _ := strings.Cut(f.text, "\n")
	name, found := strings.CutPrefix(first, "# ")
	require.True(t, found, "%s: the first line must be a comment with the name of the file", f)
	return name
}

func readDocuments(t *testing.T) []document {
	t.Helper()
	paths := []string{"README.md"}
	for _, folder := range []string{"sim", "syncer", "scenarios", "loadtest", "reports", "docker"} {
		paths = append(paths, folder+"/README.md")
	}
	documents := make([]document, 0, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		d, open := document{path: path}, (*fence)(nil)
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			language, mark := strings.CutPrefix(strings.TrimSpace(line), "```")
			switch {
			case mark && open == nil:
				open = &fence{path: path, line: number, language: language}
			case mark:
				d.fences = append(d.fences, *open)
				open = nil
			case open != nil:
				open.text += line
			default:
				d.prose += line
			}
		}
		require.Nil(t, open, "%s: a block of code has no end", path)
		documents = append(documents, d)
	}
	return documents
}

func documentOf(t *testing.T, path string) document {
	t.Helper()
	all := readDocuments(t)
	return all[slices.IndexFunc(all, func(d document) bool { return d.path == path })]
}

// table is the body of the table whose first heading is given.
func (d document) table(t *testing.T, heading string) [][]string {
	t.Helper()
	_, after, found := strings.Cut(d.prose, "\n| "+heading+" |")
	require.True(t, found, "%s has no table of %ss", d.path, heading)
	var rows [][]string
	for i, line := range strings.Split(after, "\n") {
		if i < 2 {
			continue // the headings and the rule below them
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		var row []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

var coded = regexp.MustCompile("`([^`]+)`")

// words are what stands in code in a text.
func words(text string) []string {
	var list []string
	for _, match := range coded.FindAllStringSubmatch(text, -1) {
		list = append(list, match[1])
	}
	return list
}

// column is the words of a table's first column.
func (d document) column(t *testing.T, heading string) []string {
	t.Helper()
	var list []string
	for _, row := range d.table(t, heading) {
		list = append(list, words(row[0])...)
	}
	return list
}

func TestDocumentsNameFlagsAndTargetsThatExist(t *testing.T) {
	t.Parallel()
	known := flags(t)
	for _, d := range readDocuments(t) {
		for _, word := range words(d.prose) {
			if target, found := strings.CutPrefix(word, "make "); found {
				recipes(t, target)
			}
			for _, flag := range regexp.MustCompile(`(?:^| )(--[a-z][a-z0-9-]*)`).FindAllStringSubmatch(word, -1) {
				if flag[1] != "--connect-to" { // curl's
					assert.Contains(t, known, flag[1], "%s: `%s`", d.path, word)
				}
			}
		}
	}
}

// flags are those of all commands.
func flags(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	collect := func(help string) {
		for _, flag := range regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z0-9-]+)`).FindAllStringSubmatch(help, -1) {
			known[flag[1]] = true
		}
	}
	var all func(commands []*cobra.Command)
	all = func(commands []*cobra.Command) {
		for _, command := range commands {
			collect(command.UsageString())
			all(command.Commands())
		}
	}
	all([]*cobra.Command{
		certify.Command(""), loadtest.Command(), sim.Command(), preflight.Command(), forecast.Command(), scenarios.Command(), syncer.Command(),
	})
	return known
}

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, d := range readDocuments(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(d.prose, -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			assert.FileExists(t, filepath.Join(root, filepath.Dir(d.path), link[1]), d.path)
		}
	}
}

// recipes are the command lines of a Makefile's target that call the binary.
func recipes(t *testing.T, target string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n"+target+":")
	require.True(t, found, "the Makefile has no target %q", target)
	body, _, _ := strings.Cut(after, "\n\n")
	var lines []string
	for line := range strings.Lines(body) {
		if arguments, found := strings.CutPrefix(line, "\t$(BINARY) "); found {
			lines = append(lines, "seatrial "+strings.ReplaceAll(strings.TrimSpace(arguments), "$(BUILD)", ".build"))
		}
	}
	return lines
}
