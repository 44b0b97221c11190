package idmconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// document is a JSON file whose members know the line they stand in.
type document struct {
	file  string
	root  any
	lines map[string]int // by path, "/configurationProperties/oauth2/scope"
}

// syntaxError says where a file stops being JSON.
type syntaxError struct {
	line, column int
	message      string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("not JSON (line %d, column %d): %s", e.line, e.column, e.message)
}

func parse(data []byte) (document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var root any
	if err := json.Unmarshal(data, &root); err != nil {
		return document{}, locate(data, err)
	}
	doc := document{root: root, lines: map[string]int{}}
	decoder := json.NewDecoder(bytes.NewReader(data))
	doc.walk(data, decoder, "")
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
	line := 1 + bytes.Count(data[:at], []byte("\n"))
	return &syntaxError{line: line, column: at - bytes.LastIndexByte(data[:at], '\n'), message: message}
}

// walk notes the line of each member. The data is known to be valid, so no token can fail.
func (d *document) walk(data []byte, decoder *json.Decoder, path string) {
	token, err := decoder.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return
	}
	if _, known := d.lines[path]; !known {
		d.lines[path] = lineAt(data, decoder)
	}
	switch token {
	case json.Delim('{'):
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return
			}
			member := fmt.Sprintf("%s/%v", path, key)
			d.lines[member] = lineAt(data, decoder)
			d.walk(data, decoder, member)
		}
		_, _ = decoder.Token()
	case json.Delim('['):
		for i := 0; decoder.More(); i++ {
			d.walk(data, decoder, path+"/"+strconv.Itoa(i))
		}
		_, _ = decoder.Token()
	}
}

func lineAt(data []byte, decoder *json.Decoder) int {
	return 1 + bytes.Count(data[:decoder.InputOffset()], []byte("\n"))
}

// line is where the member at path stands, or the nearest member above it.
func (d document) line(path string) int {
	for {
		if line, ok := d.lines[path]; ok {
			return line
		}
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			return 0
		}
		path = path[:cut]
	}
}

// object is the object at keys, nil when there is none.
func (d document) object(keys ...string) map[string]any {
	node, _ := d.root.(map[string]any)
	for _, key := range keys {
		node, _ = node[key].(map[string]any)
	}
	return node
}
