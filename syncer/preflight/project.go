package preflight

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seatrial/seatrial/syncer/idmconf"
	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// place is where a finding stands, with the text that stands there.
type place struct {
	file         string
	line, column int
	text         string
}

// script is a script of the folder: a file of its own, or the text of a member "source" in a configuration file.
type script struct {
	*code.File
	lines  []string
	inline *place // where the text of an inline script stands
	events []hook // what calls it
}

// at is the place of a token.
func (s *script) at(i int) place {
	if len(s.Tokens) == 0 {
		return place{file: s.Path}
	}
	t := s.Tokens[min(max(i, 0), len(s.Tokens)-1)]
	text := ""
	if t.Line <= len(s.lines) {
		text = s.lines[t.Line-1]
	}
	if s.inline != nil {
		return place{s.inline.file, s.inline.line, s.inline.column, text}
	}
	return place{s.Path, t.Line, t.Column, text}
}

// hook is a place in a configuration file that names a script.
type hook struct {
	event   string // the member's name: "onUpdate", "postUpdate", …; "schedule" for the script of a schedule
	object  string // of a managed object, its name
	doc     idmconf.Document
	pointer string
	path    string // of the script's file; empty for an inline script
}

// project is a folder as the rules see it.
type project struct {
	fsys     fs.FS
	tree     *tree
	conf     idmconf.Project
	docs     []idmconf.Document // conf/*.json, also those that are JSON but for their comments
	broken   []broken           // conf/*.json that are not JSON
	scripts  []*script
	hooks    []hook
	globals  map[string]bool // names that configurations hand to scripts
	requests []request
	vault    vault
	findings []Finding
	counts   map[string]int // findings by rule and file
}

// maxAlike is how often one rule speaks about one file. After that a person has understood.
const maxAlike = 25

// broken is a configuration file that IDM cannot load.
type broken struct {
	file *file
	err  error
}

// languageOf is the language of a script by its file's name, nil for other files.
func languageOf(name string) *code.Language {
	language := code.JavaScript
	switch strings.ToLower(path.Ext(name)) {
	case ".js":
	case ".groovy":
		language = code.Groovy
	default:
		return nil
	}
	return &language
}

func open(fsys fs.FS) (*project, error) {
	conf, err := idmconf.Read(fsys)
	if err != nil {
		return nil, err
	}
	p := &project{fsys: fsys, conf: conf, tree: walk(fsys), globals: map[string]bool{}, counts: map[string]int{}}
	for _, f := range p.tree.files {
		p.take(f)
	}
	for _, doc := range p.docs {
		p.wire(doc)
	}
	for _, s := range p.scripts {
		p.vault.script(s)
		p.requests = append(p.requests, requestsOf(s)...)
	}
	return p, nil
}

// take reads one file by its kind.
func (p *project) take(f *file) {
	switch language := languageOf(f.path); {
	case language != nil:
		p.scripts = append(p.scripts, &script{File: code.Parse(f.path, *language, f.text), lines: f.lines})
	case strings.HasSuffix(f.path, ".properties"):
		p.vault.properties(f)
	case strings.HasSuffix(f.path, ".json") && strings.HasPrefix(f.path, "conf/"):
		doc, err := idmconf.Parse(f.path, []byte(f.text))
		if err != nil {
			p.broken = append(p.broken, broken{f, err})
			if doc, err = idmconf.Parse(f.path, []byte(withoutComments(f.text))); err != nil {
				return
			}
		}
		p.docs = append(p.docs, doc)
		p.vault.document(doc)
	}
}

// events are the members of a managed object that name a script. Source: Ping Identity, Managed objects reference.
var events = []string{
	"onCreate", "onRead", "onUpdate", "onDelete", "postCreate", "postUpdate", "postDelete", "onValidate", "onRetrieve", "onStore",
	"onSync",
}

// wire follows a configuration file to the scripts that it names or contains.
func (p *project) wire(doc idmconf.Document) {
	doc.Visit(func(m idmconf.Member) {
		object, isObject := m.Value.(map[string]any)
		if !isObject {
			return
		}
		if globals, ok := object["globals"].(map[string]any); ok {
			for name := range globals {
				p.globals[name] = true
			}
		}
		kind, _ := object["type"].(string)
		h := hook{event: m.Name, doc: doc, pointer: m.Pointer}
		if strings.HasPrefix(path.Base(doc.File), "schedule-") {
			h.event = "schedule"
		}
		if slices.Contains(events, m.Name) {
			h.object = owner(doc, m.Pointer)
		}
		for name := range object { // beside type and file, members are variables of the script
			if strings.Contains(kind, "javascript") || strings.Contains(kind, "groovy") {
				p.globals[name] = true
			}
		}
		if name, ok := object["file"].(string); ok && (languageOf(name) != nil || strings.Contains(kind, "groovy") || strings.Contains(kind, "javascript")) {
			h.path = path.Clean(name)
			p.hooks = append(p.hooks, h)
			for _, s := range p.scripts {
				if s.Path == h.path {
					s.events = append(s.events, h)
				}
			}
		}
		if text, ok := object["source"].(string); ok && (strings.Contains(kind, "groovy") || strings.Contains(kind, "javascript")) {
			language := code.JavaScript
			if strings.Contains(kind, "groovy") {
				language = code.Groovy
			}
			at := p.member(doc, m.Pointer+"/source")
			p.hooks = append(p.hooks, h)
			p.scripts = append(p.scripts, &script{
				File: code.Parse(doc.File, language, text), lines: strings.Split(text, "\n"), inline: &at, events: []hook{h},
			})
		}
	})
}

// owner is the name of the managed object whose member is at a pointer, in IDM's form or in the published guides'.
func owner(doc idmconf.Document, pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(parts) == 3 && parts[0] == "managed" {
		return parts[1]
	}
	if len(parts) < 3 || parts[0] != "objects" {
		return ""
	}
	objects, _ := doc.Object()["objects"].([]any)
	name := ""
	for i, object := range objects {
		if members, ok := object.(map[string]any); ok && strconv.Itoa(i) == parts[1] {
			name, _ = members["name"].(string)
		}
	}
	return name
}

// member is the place of a member of a configuration file.
func (p *project) member(doc idmconf.Document, pointer string) place {
	at := doc.Position(pointer)
	return p.line(doc.File, at.Line, at.Column)
}

// line is a place in a file of the folder.
func (p *project) line(name string, line, column int) place {
	at := place{file: name, line: line, column: column}
	i, ok := slices.BinarySearchFunc(p.tree.files, name, func(f *file, name string) int { return strings.Compare(f.path, name) })
	if ok && line > 0 && line <= len(p.tree.files[i].lines) {
		at.text = p.tree.files[i].lines[line-1]
	}
	return at
}

// found reports a finding, with the severity of its rule.
func (p *project) found(id string, at place, problem, fix string) {
	p.foundAs(ruleOf(id).Severity, id, at, problem, fix)
}

// foundAs reports a finding that is less certain than its rule.
func (p *project) foundAs(severity Severity, id string, at place, problem, fix string) {
	key := id + " " + at.file
	if p.counts[key]++; p.counts[key] > maxAlike {
		return
	}
	p.findings = append(p.findings, Finding{
		ID: id, Severity: severity, File: at.file, Line: at.line, Column: at.column,
		Problem: p.vault.mask(clean(problem)), Evidence: p.evidence(at), Fix: fix,
	})
}

// evidence is the line of a place: masked, without control characters, and not longer than a terminal is wide.
func (p *project) evidence(at place) string {
	const wide = 160
	line := clean(strings.TrimSpace(p.vault.mask(at.text)))
	if utf8.RuneCountInString(line) <= wide {
		return line
	}
	return string([]rune(line)[:wide-1]) + "…"
}

// clean takes out what a terminal would obey.
func clean(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line)
}
