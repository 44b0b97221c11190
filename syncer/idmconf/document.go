package idmconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file. Lines and columns count from 1, columns in characters; zero means the whole file.
type Position struct{ Line, Column int }

// Document is a JSON file whose members know where they stand.
type Document struct {
	File  string
	Root  any                 // as encoding/json decodes it
	marks map[string]Position // by JSON pointer, "/configurationProperties/oauth2/scope"
}

// SyntaxError says where a file stops being JSON.
type SyntaxError struct {
	Position
	Message string
}

// Error is the message with its place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not JSON (line %d, column %d): %s", e.Line, e.Column, e.Message)
}

// Parse reads one JSON file. When the data is not JSON, the error is a *SyntaxError.
func Parse(file string, data []byte) (Document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	doc := Document{File: file, marks: map[string]Position{}}
	if err := json.Unmarshal(data, &doc.Root); err != nil {
		return Document{}, locate(data, err)
	}
	w := walker{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1, marks: doc.marks}
	w.walk("")
	return doc, nil
}

// locate turns a decoding error into one with a line; a comment, the commonest cause, is named.
func locate(data []byte, err error) error {
	syntax := (*json.SyntaxError)(nil)
	if !errors.As(err, &syntax) {
		return err
	}
	at := min(max(int(syntax.Offset)-1, 0), len(data)) // Offset counts the offending byte in
	message := syntax.Error()
	if rest := data[at:]; bytes.HasPrefix(rest, []byte("//")) || bytes.HasPrefix(rest, []byte("/*")) {
		message = "a comment, which JSON does not have"
	}
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	return &SyntaxError{
		Position: Position{1 + bytes.Count(data[:at], []byte("\n")), 1 + utf8.RuneCount(data[start:at])},
		Message:  message,
	}
}

// walker notes where each member stands, in one pass. The data is known to be valid, so no token can fail.
type walker struct {
	data             []byte
	decoder          *json.Decoder
	at, line, newest int // up to at, the data has line lines, and the newest of them starts at newest
	marks            map[string]Position
}

// next reads a token and tells where it begins.
func (w *walker) next() (json.Token, Position) {
	begins := int(w.decoder.InputOffset())
	token, err := w.decoder.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, Position{}
	}
	for begins < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[begins]) >= 0 {
		begins++
	}
	for ; w.at < begins; w.at++ {
		if w.data[w.at] == '\n' {
			w.line, w.newest = w.line+1, w.at+1
		}
	}
	return token, Position{w.line, 1 + utf8.RuneCount(w.data[w.newest:begins])}
}

func (w *walker) walk(pointer string) {
	token, at := w.next()
	if _, known := w.marks[pointer]; !known {
		w.marks[pointer] = at
	}
	switch token {
	case json.Delim('{'):
		for w.decoder.More() {
			key, at := w.next()
			name, _ := key.(string)
			member := pointer + "/" + escape(name)
			w.marks[member] = at
			w.walk(member)
		}
		w.next()
	case json.Delim('['):
		for i := 0; w.decoder.More(); i++ {
			w.walk(pointer + "/" + strconv.Itoa(i))
		}
		w.next()
	}
}

// escape makes a member's name a part of a JSON pointer. Source: RFC 6901, section 3.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// Position is where the member at a JSON pointer stands (its name, when it has one), or the nearest member above it.
func (d Document) Position(pointer string) Position {
	for {
		if at, ok := d.marks[pointer]; ok {
			return at
		}
		cut := strings.LastIndexByte(pointer, '/')
		if cut < 0 {
			return Position{}
		}
		pointer = pointer[:cut]
	}
}

// Has tells whether the document has a member at a JSON pointer.
func (d Document) Has(pointer string) bool {
	_, ok := d.marks[pointer]
	return ok
}

// Object is the object at keys, nil when there is none.
func (d Document) Object(keys ...string) map[string]any {
	node, _ := d.Root.(map[string]any)
	for _, key := range keys {
		node, _ = node[key].(map[string]any)
	}
	return node
}

// Member is one value of a document.
type Member struct {
	Pointer string
	Name    string // of the object's member; the index in a list; empty for the root
	Value   any
}

// Visit calls visit for every value of the document, the root first, members in the order of their names.
func (d Document) Visit(visit func(Member)) { visitValue(Member{Value: d.Root}, visit) }

func visitValue(m Member, visit func(Member)) {
	visit(m)
	switch value := m.Value.(type) {
	case map[string]any:
		for _, name := range sortedKeys(value) {
			visitValue(Member{Pointer: m.Pointer + "/" + escape(name), Name: name, Value: value[name]}, visit)
		}
	case []any:
		for i, item := range value {
			index := strconv.Itoa(i)
			visitValue(Member{Pointer: m.Pointer + "/" + index, Name: index, Value: item}, visit)
		}
	}
}
