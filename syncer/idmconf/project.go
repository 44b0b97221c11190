package idmconf

import (
	"errors"
	"fmt"
	"io"
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
	// PolicyInForce tells that IDM itself reads the policy too. Without it IDM enforces what its own default is.
	PolicyInForce bool
	Findings      []Finding
}

// Kind tells apart what can be the matter with a finding.
type Kind string

// The kinds of findings.
const (
	Taken         Kind = ""               // the value was taken
	Missing       Kind = "missing"        // the file or the member is not there
	NotJSON       Kind = "not JSON"       // the file is not JSON, so IDM does not load it either
	Unreadable    Kind = "unreadable"     // the file could not be read
	Ignored       Kind = "ignored"        // IDM does not look at that place
	UnknownPolicy Kind = "unknown policy" // none of IDM's own policies
	Unusable      Kind = "unusable"       // anything else; the problem tells
)

// Finding is one thing that was taken from the folder, or could not be.
type Finding struct {
	Kind  Kind
	What  string // "endpoint", "client", "scope", "retry schedule", "source policy", …
	Value string // what was taken; empty when nothing was
	File  string // below the project folder, "conf/policy.json"
	Position
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
func (r *reader) read(name, what, instead string) (Document, bool) {
	f := Finding{Kind: Unreadable, What: what, File: name, Instead: instead}
	data, err := ReadFile(r.folder, name)
	if err != nil {
		f.Problem = "cannot be read: " + reason(err)
		if errors.Is(err, fs.ErrNotExist) {
			f.Kind, f.Problem = Missing, "is not there"+r.neighbours(name)
		}
		r.found(f)
		return Document{}, false
	}
	doc, err := Parse(name, data)
	if err != nil {
		f.Kind, f.Problem = NotJSON, err.Error()
		if syntax := (*SyntaxError)(nil); errors.As(err, &syntax) {
			f.Position = syntax.Position
		}
		r.found(f)
		return Document{}, false
	}
	return doc, true
}

// MaxFile is the longest file that is read, in bytes: longer ones are no configuration.
const MaxFile = 4 << 20

// ErrTooLong is what ReadFile answers for a file longer than MaxFile.
var ErrTooLong = fmt.Errorf("longer than %d MiB", MaxFile>>20)

// ReadFile reads a file of a project folder: regular files only (a pipe would wait for ever), and only up to MaxFile.
func ReadFile(folder fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > MaxFile {
		return nil, ErrTooLong
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		return nil, ErrTooLong // it grew
	}
	return data, err
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
