package idcs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/web"
)

// decodeObject reads a JSON object. The error names a place, never a piece of the body: there are passwords in it. A member
// that stands there twice is refused: of the first nobody would know, and the journal would show it.
func decodeObject(body []byte) (map[string]any, error) {
	var m map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&m); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax):
			return nil, refuse(malformedJSON, "syntax error at byte "+strconv.FormatInt(syntax.Offset, 10))
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, refuse(malformedJSON, "it ends too early")
		}
		return nil, refuse(malformedJSON, "it is not an object")
	}
	if m == nil {
		return nil, refuse(malformedJSON, "it is not an object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(malformedJSON, "something follows the object")
	}
	if at, twice := web.Repeated(body); twice {
		return nil, refuse(malformedJSON, "a member that was there before at byte "+strconv.FormatInt(at, 10))
	}
	return m, nil
}

// document reads a body that must say that it is of the schema.
func (c *call) document(urn string) (map[string]any, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	m, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	nameSecrets(c.x, m, false)
	c.x.ShowBodies()
	return m, requireSchema(m, urn)
}

// requireSchema checks that a body says what it is.
func requireSchema(m map[string]any, urn string) error {
	for key, value := range m {
		if !strings.EqualFold(key, "schemas") {
			continue
		}
		list, _ := value.([]any)
		if slices.ContainsFunc(list, func(v any) bool {
			s, ok := v.(string)
			return ok && strings.EqualFold(s, urn)
		}) {
			return nil
		}
		return refuse(wrongSchema, urn)
	}
	return refuse(missingAttributes, "schemas")
}

// secretName tells whether an attribute of that name may hold a secret, also one that the API does not know.
func secretName(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "passw") && !strings.Contains(name, "passwordstate") && name != "passwordstrength" ||
		strings.Contains(name, "secret") || strings.Contains(name, "token")
}

// nameSecrets tells the journal every string in a decoded body that may be a secret.
func nameSecrets(x *journal.Exchange, value any, isSecret bool) {
	switch v := value.(type) {
	case string:
		if isSecret {
			x.Secret(secret.New(v))
		}
	case []any:
		for _, item := range v {
			nameSecrets(x, item, isSecret)
		}
	case map[string]any:
		for key, item := range v {
			nameSecrets(x, item, isSecret || secretName(key))
		}
	}
}

// sendJSON answers with any value.
func (c *call) sendJSON(status int, value any) error {
	body, err := encode(nil, value)
	if err != nil {
		return err
	}
	c.send(status, scimContentType, body)
	return nil
}

// encode appends value as JSON that leaves &, < and > as they are.
func encode(buffer []byte, value any) ([]byte, error) {
	out := bytes.NewBuffer(buffer)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// buffer holds an answer while it is written. Nobody keeps the bytes: net/http and the journal copy what they are given.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, 4096)} }}

func takeBuffer() *buffer {
	b, ok := buffers.Get().(*buffer)
	if !ok { // the pool holds nothing else
		return &buffer{}
	}
	b.bytes = b.bytes[:0]
	return b
}

// put gives the buffer back, unless a large answer has made it too large to keep.
func (b *buffer) put() {
	if cap(b.bytes) <= 1<<16 {
		buffers.Put(b)
	}
}
