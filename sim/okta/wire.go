package okta

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// decodeBody reads a JSON object into a typed request, and tells the journal its secrets first, so that it may be shown. The
// error names nothing of the body: there are passwords in it.
func (c *call) decodeBody(into any) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(body) {
		return refuse(malformedBody)
	}
	if err := nameSecrets(c.x, json.NewDecoder(bytes.NewReader(body)), false); err != nil {
		return refuse(malformedBody)
	}
	c.x.ShowBodies()
	if err := json.Unmarshal(body, into); err != nil {
		return refuse(malformedBody)
	}
	return nil
}

// secretName tells whether a member of that name may hold a secret, also one that the API does not know.
func secretName(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "passw") && name != "passwordchanged" || strings.Contains(name, "secret") ||
		strings.Contains(name, "token") || name == "answer" || name == "authscheme"
}

// harmless are members beside a hash whose values are names.
var harmless = map[string]bool{"algorithm": true, "saltOrder": true, "digestAlgorithm": true, "type": true, "key": true}

// nameSecrets reads one value and tells the journal every string in it that may be a secret. It reads tokens, because a member
// that is there twice is there twice in what the journal shows, too.
func nameSecrets(x *journal.Exchange, d *json.Decoder, isSecret bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case string:
		if isSecret && v != "" {
			x.Secret(secret.New(v))
		}
	case json.Delim:
		for d.More() {
			inner := isSecret
			if v == '{' {
				key, err := d.Token()
				if err != nil {
					return err
				}
				name, _ := key.(string)
				inner = (isSecret || secretName(name)) && !harmless[name]
			}
			if err := nameSecrets(x, d, inner); err != nil {
				return err
			}
		}
		_, err = d.Token() // the end of it
	}
	return err
}
