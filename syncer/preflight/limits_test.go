package preflight

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// project makes a project folder on disk.
func makeProject(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "conf"), 0o750))
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func places(r Report, id string) []string {
	var all []string
	for _, f := range r.Findings {
		if f.ID == id {
			all = append(all, f.Where()+" "+f.Problem)
		}
	}
	return all
}

func TestLinksAreFollowedInsideTheFolderOnly(t *testing.T) {
	const hook = "if (request.value) { send(); }"
	outside := filepath.Join(makeProject(t, map[string]string{"secret.js": hook}), "secret.js")
	dir := makeProject(t, map[string]string{"shared/hook.js": hook, "script/readme.txt": "x"})
	link := func(to, name string) { require.NoError(t, os.Symlink(to, filepath.Join(dir, name))) }
	link("..", "script/up")                     // a loop
	link("loop", "loop")                        // a link to itself
	link("../shared", "script/again")           // a second way into a folder
	link("../shared/hook.js", "script/hook.js") // a file, as Kubernetes mounts them
	link(outside, "script/outside.js")
	link("nowhere.js", "script/dangling.js")

	report, err := Run(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"script/hook.js", "shared/hook.js"}, report.Read)
	assert.Len(t, places(report, "F05"), 2)
	told := strings.Join(places(report, "P40"), "\n")
	assert.Contains(t, told, "script/outside.js the link leads nowhere, or out of the folder")
	assert.Contains(t, told, "script/dangling.js the link leads nowhere")
}

func TestWhatCannotBeReadIsTold(t *testing.T) {
	cases := map[string]struct{ name, text, want string }{
		"not UTF-8": {"script/a.js", "var a = '\xff\xfe';", "script/a.js the file is not UTF-8 text"},
		"binary":    {"script/a.groovy", "PK\x03\x04\x00\x00", "script/a.groovy the file is not text"},
		"a script as long as a library": {
			"script/a.js", strings.Repeat("var a = 1;\n", 30_000), "script/a.js the script is longer than 256 KiB",
		},
		"longer than any configuration": {
			"conf/a.json", strings.Repeat(" ", 4<<20+1), "conf/a.json the file cannot be read: longer than 4 MiB",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			report, err := Run(makeProject(t, map[string]string{c.name: c.text}))
			require.NoError(t, err)
			assert.Contains(t, strings.Join(places(report, "P40"), "\n"), c.want)
			assert.Empty(t, report.Read)
		})
	}
}

func TestAHugeFileAndAPipeDoNotHoldItUp(t *testing.T) {
	dir := makeProject(t, nil)
	huge := filepath.Join(dir, "conf", "dump.json")
	require.NoError(t, os.WriteFile(huge, nil, 0o600))
	require.NoError(t, os.Truncate(huge, 100<<20))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "conf", "policy.json"), 0o600))
	began := time.Now()
	report, err := Run(dir)
	require.NoError(t, err)
	assert.Less(t, time.Since(began), 5*time.Second)
	told := strings.Join(places(report, "P40"), "\n")
	assert.Contains(t, told, "conf/dump.json the file cannot be read: longer than 4 MiB")
	assert.Contains(t, told, "conf/policy.json the file cannot be read: not a regular file")
}

// locked is a folder in which some files cannot be opened, whoever asks.
type locked struct {
	fstest.MapFS
	names map[string]bool
}

func (l locked) Open(name string) (fs.File, error) {
	if l.names[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if l.names[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("permission denied")}
	}
	return fs.ReadDir(l.MapFS, name)
}

func TestAnUnreadableFileOrFolderIsTold(t *testing.T) {
	folder := locked{fstest.MapFS{
		"conf/managed.json": {Data: []byte(`{"objects": []}`)},
		"conf/policy.json":  {Data: []byte(`{}`)},
		"script/a.js":       {Data: []byte(`a()`)},
	}, map[string]bool{"conf/policy.json": true, "script": true}}
	report, err := check(folder)
	require.NoError(t, err)
	told := strings.Join(places(report, "P40"), "\n")
	assert.Contains(t, told, "conf/policy.json the file cannot be read: permission denied")
	assert.Contains(t, told, "script the folder cannot be read: permission denied")
	assert.Equal(t, []string{"conf/managed.json"}, report.Read)
}

func TestTenThousandFiles(t *testing.T) {
	folder := fstest.MapFS{"conf": {Mode: fs.ModeDir | 0o755}}
	for i := range 10_000 {
		folder[fmt.Sprintf("script/%d/%05d.js", i%50, i)] = &fstest.MapFile{Data: []byte("openidm.read('managed/user/' + id);\n")}
	}
	began := time.Now()
	report, err := check(folder)
	require.NoError(t, err)
	assert.Len(t, report.Read, 10_000)
	assert.Empty(t, report.Findings)
	assert.Less(t, time.Since(began), time.Minute)
}

func TestAFolderBeyondTheLimitIsTold(t *testing.T) {
	folder := fstest.MapFS{"conf": {Mode: fs.ModeDir | 0o755}}
	for i := range maxEntries + 10 {
		folder[fmt.Sprintf("data/%06d.csv", i)] = &fstest.MapFile{}
	}
	for i := range maxTold + 5 {
		folder[fmt.Sprintf("a/%03d.js", i)] = &fstest.MapFile{Data: []byte{0}}
	}
	report, err := check(folder)
	require.NoError(t, err)
	told := strings.Join(places(report, "P40"), "\n")
	assert.Contains(t, told, "6 more files were not read") // the limit itself is one of them
	assert.Len(t, places(report, "P40"), maxTold+1)
}

// TestHostileScripts are files that a person did not write: what is quadratic in their length would not end.
func TestHostileScripts(t *testing.T) {
	t.Parallel()
	const size = maxScript - 100
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	cases := map[string]string{
		"brackets":    fill("{"),
		"calls":       fill("a("),
		"assignments": fill("a=") + "1",
		"templates":   fill("\"${"),
		"closures":    fill("a.each{"),
		"lines":       fill("a=b\n"),
		"catches":     fill("try{a}catch(e){e}\n"),
		"functions":   fill("def f(a){b}\n"),
		"queries":     fill("openidm.query('repo/fails',[_queryFilter:'a eq 1'])\n"),
		"records":     fill("openidm.create('repo/fails',null,a)\n"),
		"sends":       fill("x.put(path:'UserPasswordChanger')\n"),
		"commas":      "f(" + fill("a,") + "1)",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := fstest.MapFS{
				"conf":            {Mode: fs.ModeDir | 0o755},
				"script/a.groovy": {Data: []byte(text)},
				"script/a.js":     {Data: []byte(text)},
			}
			began := time.Now()
			_, err := check(folder)
			require.NoError(t, err)
			assert.Less(t, time.Since(began), time.Minute)
			t.Log(time.Since(began))
		})
	}
}

func TestARuleDoesNotRepeatItselfForEver(t *testing.T) {
	report, err := Run(makeProject(t, map[string]string{"script/a.groovy": strings.Repeat("openidm.create('audit/x', null, [a: 1])\n", 30)}))
	require.NoError(t, err)
	assert.Len(t, report.Findings, maxAlike)
	assert.Contains(t, report.Findings[maxAlike-1].Problem, "(And 5 more like this in the file.)")
}

func TestEvidenceDoesNotReachTheTerminalAsCommands(t *testing.T) {
	folder := fstest.MapFS{
		"conf":        {Mode: fs.ModeDir | 0o755},
		"script/a.js": {Data: []byte("if (request.value) { '\x1b[2J\x07\u202e' }" + strings.Repeat(" x", 200))},
	}
	report, err := check(folder)
	require.NoError(t, err)
	require.Len(t, report.Findings, 1)
	assert.NotContains(t, report.Findings[0].Evidence, "\x1b")
	assert.NotContains(t, report.Findings[0].Evidence, "\u202e")
	assert.LessOrEqual(t, len([]rune(report.Findings[0].Evidence)), 160)
}

// FuzzCheck looks for secrets that get out, whatever stands around them.
func FuzzCheck(f *testing.F) {
	f.Add("{\"clientSecret\": \"", "\", \"scope\": \"urn:opc:idm:x\"}")
	f.Add("var clientSecret = '", "'; request.value")
	f.Add("def apiKey = \"", "\"\nlogger.info(apiKey)")
	f.Fuzz(func(t *testing.T, before, after string) {
		const canary = "Canary4711NeverShown"
		text := before + canary + after
		folder := fstest.MapFS{
			"conf/managed.json":         {Data: []byte(text)},
			"conf/boot/boot.properties": {Data: []byte("idcs.client.secret=" + canary)},
			"script/a.js":               {Data: []byte(text)},
			"script/a.groovy":           {Data: []byte(text)},
			"rules.yaml":                {Data: []byte(text)},
		}
		report, err := check(folder)
		require.NoError(t, err)
		for _, found := range report.Findings {
			assert.NotContains(t, found.Evidence+found.Problem+found.Fix, canary)
			assert.NotEmpty(t, ruleOf(found.ID).Finds, found.ID)
		}
	})
}
