package idmconf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Project is what a project folder says about password synchronisation. An empty field was not found or could not be
// used; the findings tell why.
type Project struct {
	BaseAddress string // "https://…", without a trailing slash
	TokenURL    string
	ClientID    string
	Scope       string
	ContentType string // of requests to the target, when the connector sets one
	Schedule    string // Quartz cron expression of the retries
	Policy      Policy // the source's password policy
	Findings    []Finding
}

// Finding is one thing that was taken from the folder, or could not be.
type Finding struct {
	What    string // "endpoint", "client", "scope", "retry schedule", "source policy", …
	Value   string // what was taken; empty when nothing was
	File    string // below the project folder, "conf/policy.json"
	Line    int    // 1-based; 0 when the whole file is meant
	Problem string // why it could not be read or used as it stands; empty when all is well
	Instead string // what is used in its place
}

// Where is the finding's place, "conf/policy.json:6".
func (f Finding) Where() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// String is the finding in one line.
func (f Finding) String() string {
	text := f.Where() + ": " + f.What
	if f.Value != "" {
		text += " " + f.Value
	}
	if f.Problem != "" {
		text += ": " + f.Problem
	}
	if f.Instead != "" {
		text += "; used instead: " + f.Instead
	}
	return text
}

// Read reads the project folder. The only error is a folder that cannot be one of an IDM project.
func Read(folder fs.FS) (Project, error) {
	if info, err := fs.Stat(folder, "conf"); err != nil {
		return Project{}, fmt.Errorf("not an IDM project folder: it has no folder conf: %w", err)
	} else if !info.IsDir() {
		return Project{}, errors.New("not an IDM project folder: its conf is no folder")
	}
	r := reader{folder: folder}
	r.provisioner()
	r.policy()
	r.schedule()
	return r.project, nil
}

// reader fills a project from a folder.
type reader struct {
	folder  fs.FS
	project Project
}

func (r *reader) found(f Finding) { r.project.Findings = append(r.project.Findings, f) }

// read parses one file; when that fails it records a finding about what and says what is used instead.
func (r *reader) read(name, what, instead string) (document, bool) {
	data, err := fs.ReadFile(r.folder, name)
	if err != nil {
		problem := "cannot be read: " + reason(err)
		if errors.Is(err, fs.ErrNotExist) {
			problem = "is not there" + r.neighbours(name)
		}
		r.found(Finding{What: what, File: name, Problem: problem, Instead: instead})
		return document{}, false
	}
	doc, err := parse(data)
	if err != nil {
		f := Finding{What: what, File: name, Problem: err.Error(), Instead: instead}
		if syntax := (*syntaxError)(nil); errors.As(err, &syntax) {
			f.Line = syntax.line
		}
		r.found(f)
		return document{}, false
	}
	doc.file = name
	return doc, true
}

// neighbours lists files of the same kind, for a name that is only slightly off.
func (r *reader) neighbours(name string) string {
	kind, _, _ := strings.Cut(path.Base(name), "-")
	names, err := fs.Glob(r.folder, path.Join(path.Dir(name), kind+"*"))
	if err != nil || len(names) == 0 {
		return ""
	}
	return "; the folder has " + strings.Join(names, ", ")
}

// reason is the error without the operation and path that the finding names already.
func reason(err error) string {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
