package idcs

import (
	"net/http"
	"net/url"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// newWrite shapes the write. Only UserPasswordChanger leaves a password that can be used at once; PATCH leaves
// passwordState.mustChange set, whatever the request says.
func newWrite(c Config, id string, password seal.Secret) rest.Request {
	// One allocation: a body that grows would leave pieces of the password behind.
	body := make([]byte, 0, 256+6*len(password))
	if c.Door == DoorPatch {
		body = append(body, `{"schemas":["`+schemaPatch+`"],"Operations":[{"op":"replace","path":"password","value":`...)
		body = rest.AppendQuoted(body, password)
		body = append(body, `}]}`...)
		return rest.Request{Method: http.MethodPatch, Path: usersPath + "/" + url.PathEscape(id), Body: body}
	}
	body = append(body, `{"schemas":["`+schemaChanger+`"],"password":`...)
	body = rest.AppendQuoted(body, password)
	if !c.Notify {
		body = append(body, `,"bypassNotification":true`...)
	}
	return rest.Request{Method: http.MethodPut, Path: "/admin/v1/UserPasswordChanger/" + url.PathEscape(id), Body: append(body, '}')}
}
