package idcs

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// CreateHashed creates the user with the hash as the password: Oracle takes it as it is, in the forms of its import (Importing and
// Exporting Users, Groups, and AppRoles). Those of a directory differ in little.
func (x api) CreateHashed(j target.Job, userName string) (rest.Request, bool) {
	value, ok := oracleHash(j.Hash)
	defer value.Wipe()
	if !ok {
		return rest.Request{}, false
	}
	user, err := newUser(userName, j.Attributes, x.config.CreateAttributes)
	if err != nil {
		return rest.Request{}, false
	}
	body := make([]byte, 0, len(user)+len(`,"password":}`)+6*len(value))
	body = append(body, bytes.TrimSuffix(user, []byte("}"))...)
	body = append(body, `,"password":`...)
	body = rest.AppendQuoted(body, value)
	return rest.Request{Method: http.MethodPost, Path: usersPath, Body: append(body, '}')}, true
}

// oracleHash writes a value of userPassword the way Oracle reads it. Salted digests are the same in both. PBKDF2 names its hash,
// and has a dollar sign where a directory has a colon.
func oracleHash(stored seal.Secret) (seal.Secret, bool) {
	name, value, ok := bytes.Cut(bytes.TrimPrefix(stored, []byte("{")), []byte("}"))
	if !ok || !bytes.HasPrefix(stored, []byte("{")) {
		return nil, false
	}
	scheme := strings.ToUpper(string(name))
	switch scheme {
	case "SSHA", "SSHA256", "SSHA384", "SSHA512":
	case "PBKDF2", "PBKDF2-HMAC-SHA1", "PBKDF2-HMAC-SHA256", "PBKDF2-HMAC-SHA384", "PBKDF2-HMAC-SHA512":
		if scheme == "PBKDF2" {
			scheme = "PBKDF2-HMAC-SHA1"
		}
		rounds, rest, separated := bytes.Cut(value, []byte(":"))
		if !separated {
			return nil, false
		}
		value = bytes.Join([][]byte{rounds, rest}, []byte("$"))
		defer clear(value)
	default:
		return nil, false
	}
	all := make(seal.Secret, 0, len(scheme)+2+len(value))
	all = append(append(append(all, '{'), scheme...), '}')
	return append(all, value...), true
}
