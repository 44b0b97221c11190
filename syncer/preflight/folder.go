package preflight

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seatrial/seatrial/syncer/idmconf"
)

// Limits of what is read. A project folder is a few hundred small files; whatever exceeds this is told, not read.
const (
	maxEntries = 50_000   // files and folders looked at
	maxTotal   = 64 << 20 // bytes read in all
	maxScript  = 256 << 10
	maxTold    = 20 // findings about files that were not read
)

// kinds are the files that rules look into, by extension.
var kinds = []string{".json", ".js", ".groovy", ".properties", ".yaml", ".yml"}

// product are folders of an IDM installation that are the product's and not the project's.
var product = []string{
	"bin", "bundle", "connectors", "db", "docs", "felix-cache", "lib", "logs", "node_modules", "samples", "ui", "web",
}

// file is one text file of the folder.
type file struct {
	path  string
	text  string
	lines []string
}

// tree walks a folder. It follows links inside the folder, and never enters a folder twice.
type tree struct {
	fsys    fs.FS
	files   []*file
	told    []Finding // what was not read, and why
	untold  int
	entries int
	total   int
	seen    []fs.FileInfo // folders
	linked  []string      // links to folders, walked last so that real names come first
}

func walk(fsys fs.FS) *tree {
	t := &tree{fsys: fsys}
	t.folder(".")
	for len(t.linked) > 0 {
		next := t.linked[0]
		t.linked = t.linked[1:]
		info, err := fs.Stat(fsys, next)
		if err == nil && !slices.ContainsFunc(t.seen, func(s fs.FileInfo) bool { return os.SameFile(s, info) }) {
			t.folder(next)
		}
	}
	if t.entries >= maxEntries {
		t.skipped(".", fmt.Sprintf("the folder has more than %d entries; the rest was not looked at", maxEntries))
	}
	if t.untold > 0 {
		t.told = append(t.told, Finding{ID: "P40", File: ".", Problem: fmt.Sprintf("%d more files were not read", t.untold), Fix: readFix})
	}
	slices.SortFunc(t.files, func(a, b *file) int { return strings.Compare(a.path, b.path) })
	return t
}

const readFix = "Read it yourself, or make it readable and run preflight again."

func (t *tree) skipped(name, why string) {
	if len(t.told) >= maxTold {
		t.untold++
		return
	}
	t.told = append(t.told, Finding{ID: "P40", File: name, Problem: why + ", so nothing is known about it.", Fix: readFix})
}

func (t *tree) folder(name string) {
	if info, err := fs.Stat(t.fsys, name); err == nil {
		t.seen = append(t.seen, info)
	}
	entries, err := fs.ReadDir(t.fsys, name)
	if err != nil {
		t.skipped(name, "the folder cannot be read: "+cause(err))
	}
	for _, entry := range entries {
		if t.entries >= maxEntries {
			return
		}
		t.entries++
		t.entry(path.Join(name, entry.Name()), entry)
	}
}

func (t *tree) entry(name string, entry fs.DirEntry) {
	base := entry.Name()
	switch {
	case strings.HasPrefix(base, "."): // .git, .idea, and the folders in which Kubernetes keeps versions
	case entry.IsDir():
		if !slices.Contains(product, name) {
			t.folder(name)
		}
	case entry.Type()&fs.ModeSymlink != 0:
		info, err := fs.Stat(t.fsys, name)
		switch {
		case err == nil && info.IsDir():
			t.linked = append(t.linked, name)
		case relevant(name) && err != nil:
			t.skipped(name, "the link leads nowhere, or out of the folder: "+cause(err))
		case relevant(name):
			t.read(name)
		}
	case relevant(name):
		t.read(name)
	}
}

func relevant(name string) bool { return slices.Contains(kinds, strings.ToLower(path.Ext(name))) }

// read takes one file, if it is a text of sensible size.
func (t *tree) read(name string) {
	if t.total > maxTotal {
		t.skipped(name, fmt.Sprintf("%d MiB have been read before it, which is the limit", maxTotal>>20))
		return
	}
	data, err := idmconf.ReadFile(t.fsys, name)
	t.total += len(data)
	switch script := languageOf(name) != nil; {
	case err != nil:
		t.skipped(name, "the file cannot be read: "+cause(err))
	case script && len(data) > maxScript:
		t.skipped(name, fmt.Sprintf("the script is longer than %d KiB", maxScript>>10))
	case bytes.IndexByte(data, 0) >= 0:
		t.skipped(name, "the file is not text (it has zero bytes)")
	case !utf8.Valid(data):
		t.skipped(name, "the file is not UTF-8 text")
	default:
		t.files = append(t.files, newFile(name, string(data)))
	}
}

func newFile(name, text string) *file {
	text = strings.TrimPrefix(text, "\ufeff")
	return &file{path: name, text: text, lines: strings.Split(text, "\n")}
}

// cause is the error without the operation and path that the finding names already.
func cause(err error) string {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
