package oauth

import (
	"net/http"
	"net/url"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Basic reads the client credentials of an Authorization header. Both parts are form-encoded before they are joined (RFC
// 6749, 2.3.1); a client that did not encode gets its text taken as it stands where it cannot be decoded.
func Basic(r *http.Request) (id string, s secret.Value, ok bool) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return "", secret.Value{}, false
	}
	return decoded(user), secret.New(decoded(password)), true
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
