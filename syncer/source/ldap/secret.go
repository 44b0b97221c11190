package ldap

import (
	"encoding/base64"
	"strings"

	"github.com/seatrial/seatrial/syncer/seal"
)

const passwordAttribute = "userPassword"

// maxPassword is the length of the longest value that is delivered. A PBKDF2 value has some 150 bytes.
const maxPassword = 4096

// unterminated removes what 389-DS leaves at the end of a value in its changelog.
func unterminated(value string) string { return strings.TrimRight(value, "\x00") }

// scheme is the name in front of a stored password, "PBKDF2-HMAC-SHA256", or "" when there is none. The test is the one of
// DS: "{", at least one character, "}", and at least one more; nobody asks whether there is such a scheme.
//
// OpenDJ, UserPasswordSyntax.isEncoded.
func scheme(value string) (name, rest string) {
	end := strings.IndexByte(value, '}')
	if !strings.HasPrefix(value, "{") || end < 2 || end == len(value)-1 {
		return "", value
	}
	return strings.ToUpper(value[1:end]), value[end+1:]
}

// passwordOf returns the password of a value that is one, or only hides it from a glance.
func passwordOf(value string) (password seal.Secret, ok bool) {
	switch name, rest := scheme(value); name {
	case "", "CLEAR", "CLEARTEXT":
		return seal.Secret(rest), true
	case "BASE64":
		decoded, err := base64.StdEncoding.DecodeString(rest)
		return decoded, err == nil && len(decoded) > 0
	}
	return nil, false
}
