package flawed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

const (
	federatedAttribute = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User:isFederatedUser"
	lastSet            = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User:lastSuccessfulSetDate"
)

// domain is an Oracle identity domain.
type domain struct{ *engine }

func (domain) credential() string { return "" }

func (d domain) tokenRequest() (string, url.Values, error) {
	credentials := []byte(url.QueryEscape(d.place.ClientID) + ":" + url.QueryEscape(d.place.ClientSecret.Reveal()))
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {or(d.place.Scope, "urn:opc:idm:__myscopes__")}}
	return "Basic " + base64.StdEncoding.EncodeToString(credentials), form, nil
}

// classify reads an error of the target.
func (domain) classify(r response) verdict {
	switch {
	case r.status == http.StatusUnauthorized:
		return verdict{reason: "credential", passing: true}
	case r.status == http.StatusTooManyRequests:
		return verdict{reason: "throttled", passing: true}
	case r.status >= http.StatusInternalServerError:
		return verdict{reason: "unavailable", passing: true, unknown: true}
	case r.status == http.StatusNotFound:
		return verdict{reason: "not_found"}
	case r.status == http.StatusForbidden:
		return verdict{reason: "forbidden"}
	case r.status == http.StatusConflict:
		return verdict{reason: "duplicate"}
	case bytes.Contains(r.body, []byte("error.identity.passwordmgmt.pwdpolicyViolation")):
		return verdict{reason: "policy"}
	}
	return verdict{reason: "malformed"}
}

type wireUser struct {
	ID        string `json:"id"`
	Active    *bool  `json:"active"`
	Extension struct {
		Federated bool `json:"isFederatedUser"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"`
	State struct {
		Set string `json:"lastSuccessfulSetDate"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"`
}

func (w wireUser) user() user {
	return user{id: w.ID, active: w.Active == nil || *w.Active, federated: w.Extension.Federated, passwordSet: w.State.Set}
}

func (d domain) find(j *job) (user, verdict) {
	query := url.Values{
		"filter":     {`userName eq "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(j.UserName) + `"`},
		"attributes": {"userName,active," + federatedAttribute + "," + lastSet},
	}
	r, v := d.call(http.MethodGet, "/admin/v1/Users?"+query.Encode(), nil)
	if v.reason != "" {
		v.unknown = false // reading changes nothing
		return user{}, v
	}
	var list struct{ Resources []wireUser }
	if err := json.Unmarshal(r.body, &list); err != nil {
		return user{}, verdict{reason: "unavailable", passing: true}
	}
	if len(list.Resources) == 0 {
		return user{}, verdict{}
	}
	return list.Resources[0].user(), verdict{}
}

// create makes the user without a password, since one that is set here would have to be changed at the next log-in; a hash has no
// other door.
func (d domain) create(j *job) (user, verdict) {
	body := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": j.UserName,
		"name":   map[string]string{"givenName": j.Attributes["givenName"], "familyName": or(j.Attributes["sn"], j.UserName)},
		"emails": []map[string]any{{"value": or(j.Attributes["mail"], j.UserName+"@example.invalid"), "type": "work", "primary": true}},
	}
	if hash := oracleHash(j.hash.Reveal()); hash != "" {
		body["password"] = hash
	}
	r, v := d.call(http.MethodPost, "/admin/v1/Users", body)
	if v.reason == "duplicate" {
		v.passing = true // an answer was lost: the next attempt finds the user
	}
	if v.reason != "" {
		v.unknown = v.unknown && !j.hash.Empty()
		return user{}, v
	}
	var w wireUser
	if err := json.Unmarshal(r.body, &w); err != nil || w.ID == "" {
		return user{}, verdict{reason: "unavailable", passing: true}
	}
	return w.user(), verdict{}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (d domain) writePassword(id string, j *job) verdict {
	if d.flaw == PatchDoor || d.flaw == Recipe || d.place.Door == "patch" {
		return d.patch(id, "password", j.Password.Reveal())
	}
	_, v := d.call(http.MethodPut, "/admin/v1/UserPasswordChanger/"+url.PathEscape(id), map[string]any{
		"schemas":  []string{"urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"},
		"password": j.Password.Reveal(), "bypassNotification": true,
	})
	if v.reason == "not_found" {
		v.passing = true // deleted since it was found: look again
	}
	return v
}

func (d domain) patch(id, path string, value any) verdict {
	_, v := d.call(http.MethodPatch, "/admin/v1/Users/"+url.PathEscape(id), map[string]any{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []map[string]any{{"op": "replace", "path": path, "value": value}},
	})
	return v
}

func (d domain) unfederate(id string) verdict { return d.patch(id, federatedAttribute, false) }

func (d domain) tidy(id, displayName string) verdict { return d.patch(id, "displayName", displayName) }
