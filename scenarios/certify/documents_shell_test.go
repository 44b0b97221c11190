package certify_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reader with a terminal follows each README from top to bottom: what it tells to type works, and what it shows as output
// comes out.
func TestDocumentsCanBeFollowed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the examples are for a POSIX shell")
	}
	bin := build(t)
	documents := readDocuments(t)
	for _, d := range documents {
		t.Run(d.path, func(t *testing.T) {
			t.Parallel()
			f := &follower{T: t, bin: bin, dir: t.TempDir(), ports: map[string]string{}, files: fixtures(t, documents)}
			for _, fence := range d.fences {
				f.follow(fence)
			}
			f.metrics(d)
		})
	}
}

// build makes the binary once and returns its folder.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "seatrial"), ".")
	command.Dir = root
	said, err := command.CombinedOutput()
	require.NoError(t, err, "go build: %s", said)
	return bin
}

// quick makes expensive commands short, and lenient towards a busy machine. A flag that the line sets to 0 stays.
var quick = map[string][][2]string{
	"seatrial certify": {
		{"--population", "300"},
		{"--burst", "100"},
		{"--rate", "5"},
		{"--for", "3s"},
		{"--latency-p50", "20ms"},
		{"--latency-p95", "60ms"},
		{"--criteria", "lenient.yaml"},
	},
	"seatrial pilot": {
		{"--users", "20"},
		{"--days", "1"},
	},
	"seatrial loadtest crash": {
		{"--changes", "300"},
		{"--kills", "3"},
		{"--users", "40"},
	},
	"seatrial loadtest": {
		{"--population", "300"},
		{"--burst", "100"},
		{"--rate", "0"},
		{"--latency-p50", "20ms"},
		{"--latency-p95", "60ms"},
		{"--criteria", "lenient.yaml"},
	},
}

// lenient demands nothing that depends on the speed of this machine.
const lenient = "success: 0.9\nmean: 1m\np95: 2m\nmin_concurrency: 2\n"

// stalled is what a run says when the machine, not the engine, was too slow.
const stalled = "this machine did not keep up"

// fixtures are the files that the examples name, by path: those that the READMEs show, and those that a reader has.
func fixtures(t *testing.T, documents []document) map[string]string {
	t.Helper()
	files := map[string]string{"lenient.yaml": lenient, "bad.yaml": "success: 0.9\nmean: 2\n", "policy.json": `{"minLength": 14, "minNumerals": 1}`}
	for _, d := range documents {
		for _, f := range d.fences {
			if f.language == "yaml" {
				files[f.name(t)] = f.text
			}
		}
	}
	files["broken.yaml"] = strings.NewReplacer("[31, 32]", "[31, 99]", "violates: minLength", "violates: minLenght").Replace(files["my-scenario.yaml"])
	require.NotEqual(t, files["my-scenario.yaml"], files["broken.yaml"], "the example of scenarios/README.md has other steps now: break it elsewhere")
	var people strings.Builder
	for i := range 160 {
		fmt.Fprintf(&people, "dn: uid=p%[1]d,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: p%[1]d\ngivenName: Given%[1]d\nsn: Family%[1]d\nmail: p%[1]d@example.com\n\n", i)
	}
	files["people.ldif"] = people.String()
	project := filepath.Join(root, "syncer", "idmconf", "testdata", "project")
	require.NoError(t, filepath.WalkDir(project, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(project, path)
		files[filepath.Join("openidm", name)] = string(text)
		return err
	}))
	return files
}

// follower follows one document.
type follower struct {
	*testing.T
	bin, dir  string
	files     map[string]string
	ports     map[string]string // those of the document, and those that were free
	variables []string
	printed   bytes.Buffer // all that came out so far
}

func (f *follower) follow(block fence) {
	f.Helper()
	switch block.language {
	case "sh":
		f.shell(block)
	case "text":
		printed := map[string]bool{}
		for line := range strings.Lines(f.printed.String()) {
			printed[normal(line)] = true
		}
		for line := range strings.Lines(block.text) {
			if normal(line) != "" && !printed[normal(line)] {
				f.Errorf("%s: no command before prints a line like %q:\n%s", block, strings.TrimSpace(line), &f.printed)
				return
			}
		}
	}
}

// metrics compares the metrics that the document names with those that were printed.
func (f *follower) metrics(d document) {
	f.Helper()
	var named []string
	for _, word := range words(d.prose) {
		if strings.HasPrefix(word, "idm_") {
			named = append(named, word)
		}
	}
	var printed []string
	for _, metric := range regexp.MustCompile(`(?m)^# TYPE (idm_\w+)`).FindAllStringSubmatch(f.printed.String(), -1) {
		printed = append(printed, metric[1])
	}
	assert.ElementsMatch(f, printed, named, "%s: metrics", d.path)
}

var (
	comment    = regexp.MustCompile(`\s+#\s+(.*)$`)
	exitCode   = regexp.MustCompile(`^exit (\d)`)
	assignment = regexp.MustCompile(`^(export )?[A-Z_]+=`)
	curl       = regexp.MustCompile(`^(curl|\$[A-Z_]+) `)
	ldapTool   = regexp.MustCompile(`^(ldap[a-z]+|\$LDAP[A-Z_]*) `)
	longLived  = regexp.MustCompile(`^seatrial (sim|sync run)\b`)
	amount     = regexp.MustCompile(`\d+(\.\d+)?`)
	span       = regexp.MustCompile(`(# ?(h|min|ms|µs|s|m)\b ?)+`)
)

// normal is a line without what differs from run to run: figures, spans of time, the width of columns.
func normal(line string) string {
	line = amount.ReplaceAllString(strings.Join(strings.Fields(line), " "), "#")
	return strings.TrimSpace(span.ReplaceAllString(line, "a while "))
}

func (f *follower) shell(block fence) {
	f.Helper()
	var running []*process
	defer func() {
		for _, p := range slices.Backward(running) {
			p.stop(f)
		}
	}()
	for line := range strings.Lines(block.text) {
		line, want := strings.TrimSpace(line), 0
		if note := comment.FindStringSubmatch(line); note != nil {
			line = strings.TrimSuffix(line, note[0])
			if code := exitCode.FindStringSubmatch(note[1]); code != nil {
				want = int(code[1][0] - '0')
			}
		}
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case assignment.MatchString(line):
			f.variables = append(f.variables, line)
		case strings.HasPrefix(line, "make "):
			for _, recipe := range recipes(f.T, strings.TrimPrefix(line, "make ")) {
				f.run(block, recipe, want)
			}
		case longLived.MatchString(line):
			running = append(running, f.start(block, line))
		case strings.HasPrefix(line, "seatrial "):
			f.run(block, line, want)
		case ldapTool.MatchString(line):
			if _, err := exec.LookPath("ldapsearch"); err != nil {
				require.NotEqual(f, "1", os.Getenv("REQUIRE_LDAP_CLIENTS"), "REQUIRE_LDAP_CLIENTS is set, and there is no ldapsearch")
				f.Skip("NOT TESTED: there are no LDAP tools here")
			}
			f.run(block, line, want)
		case curl.MatchString(line):
			if _, err := exec.LookPath("curl"); err != nil {
				f.Skip("there is no curl here")
			}
			f.run(block, line+" --fail", want)
			assert.NotContains(f, f.printed.String(), `"errors":`, "%s: %s", block, line)
		default:
			f.Fatalf("%s: nobody knows how to check the line %q", block, line)
		}
	}
}

// command is a line for the shell, with the variables so far, in a folder with all the files.
func (f *follower) command(line string) *exec.Cmd {
	f.Helper()
	var pairs []string
	for _, port := range slices.Sorted(maps.Keys(f.ports)) {
		pairs = append(pairs, ":"+port, ":"+f.ports[port])
	}
	ports := strings.NewReplacer(pairs...)
	for name, text := range f.files {
		path := filepath.Join(f.dir, name)
		require.NoError(f, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(f, os.WriteFile(path, []byte(ports.Replace(text)), 0o600))
	}
	command := exec.CommandContext(f.Context(), "sh", "-euc", ports.Replace(strings.Join(append(slices.Clone(f.variables), line), "\n")))
	command.Dir = f.dir
	command.Env = append(os.Environ(), "PATH="+f.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1")
	return command
}

// run runs a line to its end, and again when it proved nothing, which happens on a machine that is too busy.
func (f *follower) run(block fence, line string, want int) {
	f.Helper()
	if want == 0 {
		line = hurry(line)
	}
	const tries = 3
	for try := 1; ; try++ {
		command := f.command(line)
		said, err := command.CombinedOutput()
		if command.ProcessState == nil {
			f.Fatalf("%s: %s: %v", block, line, err)
		}
		code := command.ProcessState.ExitCode()
		if want == 0 && code == 3 && try < tries {
			continue
		}
		if want == 0 && code == 3 && bytes.Contains(said, []byte(stalled)) {
			f.Skipf("%s: %s: %s, %d times in a row", block, line, stalled, tries)
		}
		f.printed.Write(said)
		f.printed.WriteByte('\n')
		if code != want {
			f.Fatalf("%s: %s\nexit code %d, wanted %d\n%s", block, line, code, want, said)
		}
		return
	}
}

// hurry adds the quick flags of the command that the line begins with, the longest one that fits.
func hurry(line string) string {
	command := ""
	for prefix := range quick {
		if strings.HasPrefix(line, prefix) && len(prefix) > len(command) {
			command = prefix
		}
	}
	for _, flag := range quick[command] {
		if !strings.Contains(line+" ", " "+flag[0]+" 0 ") {
			line += " " + flag[0] + " " + flag[1]
		}
	}
	return line
}
