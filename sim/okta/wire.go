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
	if err := nameSecrets(c.x, body); err != nil {
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
		strings.Contains(name, "token") || name == "answer" || name == "authscheme" || name == "headers"
}

// harmless are members beside a secret whose values are names or numbers: of a hash, of USER_PROVISIONING, of a password policy.
var harmless = map[string]bool{
	"algorithm": true, "saltOrder": true, "digestAlgorithm": true, "type": true, "key": true,
	"status": true, "seed": true, "change": true, "complexity": true, "age": true, "lockout": true,
}

// shortestNumber is how many digits of a number may be a password; shorter ones would blot out half of the journal.
const shortestNumber = 4

// nameSecrets tells the journal every string and number of a JSON text that may be a secret.
func nameSecrets(x *journal.Exchange, text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return nameSecretsOf(x, d, false)
}

// nameSecretsOf reads one value. It reads tokens, because a member that is there twice is there twice in what the journal shows,
// too.
func nameSecretsOf(x *journal.Exchange, d *json.Decoder, isSecret bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case string:
		if isSecret && v != "" {
			x.Secret(secret.New(v))
		}
	case json.Number:
		if isSecret && len(v) >= shortestNumber {
			x.Secret(secret.New(v.String()))
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
			if err := nameSecretsOf(x, d, inner); err != nil {
				return err
			}
		}
		_, err = d.Token() // the end of it
	}
	return err
}
