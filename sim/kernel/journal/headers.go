package journal

import (
	"net/http"
	"strings"
)

// Headers are the headers of a request or an answer in one piece: most entries are never looked at, and two maps for each
// would be a third of what an entry costs.
type Headers string

// Map returns the headers as net/http has them, nil when there are none.
func (h Headers) Map() http.Header {
	if h == "" {
		return nil
	}
	m := http.Header{}
	for line := range strings.Lines(string(h)) {
		// No name has a colon in it, and neither has a value a line end (RFC 9110, 5).
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); found {
			m[name] = append(m[name], value)
		}
	}
	return m
}
