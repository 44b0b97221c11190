package web

import (
	"bytes"
	"encoding/json"
)

// Repeated finds a member that its object has already, and where its name ends. Decoders take the last one in silence; what
// the first one held is then in the request and in nobody's hands. The body must be valid JSON.
func Repeated(body []byte) (offset int64, found bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	found = repeated(d)
	return d.InputOffset(), found
}

// repeated reads one value.
func repeated(d *json.Decoder) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	open, nested := token.(json.Delim)
	if !nested {
		return false
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return false
			}
			name, _ := token.(string)
			if seen[name] {
				return true
			}
			seen[name] = true
		}
		if repeated(d) {
			return true
		}
	}
	_, _ = d.Token() // the end of it; an error would be found by the next
	return false
}
