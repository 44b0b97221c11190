package flawed

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// org is an Okta org.
type org struct{ *engine }

func (o org) credential() string {
	if o.place.OktaToken.Empty() {
		return ""
	}
	return "SSWS " + o.place.OktaToken.Reveal()
}

// tokenRequest proves the key of a service application (private_key_jwt).
func (o org) tokenRequest() (string, url.Values, error) {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON([]byte(o.place.ClientKey.Reveal())); err != nil {
		return "", nil, err
	}
	algorithm := jose.RS256
	if _, elliptic := key.Key.(*ecdsa.PrivateKey); elliptic {
		algorithm = jose.ES256
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		return "", nil, err
	}
	assertion, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: o.place.ClientID, Subject: o.place.ClientID, Audience: jwt.Audience{o.place.URL + "/oauth2/v1/token"},
		Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)), ID: o.chance.Hex(16),
	}).Serialize()
	return "", url.Values{
		"grant_type": {"client_credentials"}, "scope": {"okta.users.manage"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}, err
}

func (org) classify(r response) verdict {
	says := func(text string) bool { return bytes.Contains(r.body, []byte(text)) }
	switch {
	case r.status == http.StatusUnauthorized:
		return verdict{reason: "credential", passing: true}
	case r.status == http.StatusTooManyRequests:
		return verdict{reason: "throttled", passing: true}
	case r.status >= http.StatusInternalServerError:
		return verdict{reason: "unavailable", passing: true, unknown: r.status != http.StatusServiceUnavailable}
	case r.status == http.StatusConflict || r.status == http.StatusLocked:
		return verdict{reason: "unavailable", passing: true}
	case says("E0000038"):
		return verdict{reason: "inactive"}
	case says("already exists"):
		return verdict{reason: "duplicate"}
	case r.status == http.StatusNotFound:
		return verdict{reason: "not_found"}
	case says(`"password: Password"`):
		return verdict{reason: "federated"}
	case says("Api validation failed: password"):
		return verdict{reason: "policy"}
	case r.status == http.StatusForbidden:
		return verdict{reason: "forbidden"}
	}
	return verdict{reason: "malformed"}
}

func (o org) read(body []byte) (user, verdict) {
	var w struct {
		ID          string `json:"id"`
		Status      string `json:"status"`
		Changed     string `json:"passwordChanged"`
		Credentials struct {
			Provider struct {
				Type string `json:"type"`
			} `json:"provider"`
		} `json:"credentials"`
	}
	if err := json.Unmarshal(body, &w); err != nil || w.ID == "" {
		return user{}, verdict{reason: "unavailable", passing: true}
	}
	here := w.Credentials.Provider.Type == "OKTA" || w.Credentials.Provider.Type == "IMPORT"
	return user{id: w.ID, active: w.Status != "DEPROVISIONED", federated: !here, passwordSet: w.Changed}, verdict{}
}

func (o org) find(j *job) (user, verdict) {
	path := "/api/v1/users/" + url.PathEscape(j.UserName)
	filtered := strings.ContainsAny(j.UserName, "/?") // which no path can have
	if filtered {
		path = "/api/v1/users?" + url.Values{"filter": {"profile.login eq " + strconv.Quote(j.UserName)}}.Encode()
	}
	r, v := o.call(http.MethodGet, path, nil)
	switch {
	case v.reason == "not_found":
		return user{}, verdict{}
	case v.reason != "":
		v.unknown = false // reading changes nothing
		return user{}, v
	}
	var list []json.RawMessage
	switch {
	case !filtered:
		return o.read(r.body)
	case json.Unmarshal(r.body, &list) != nil || len(list) == 0:
		return user{}, verdict{}
	}
	return o.read(list[0])
}

// create makes the user with the password; the write that follows brings it once more, which an org does not mind.
func (o org) create(j *job) (user, verdict) {
	r, v := o.call(http.MethodPost, "/api/v1/users?activate=true", map[string]any{"profile": map[string]string{
		"login": j.UserName, "email": or(j.Attributes["mail"], j.UserName), "firstName": or(j.Attributes["givenName"], "-"),
		"lastName": or(j.Attributes["sn"], "-"),
	}})
	if v.reason == "duplicate" {
		v.passing = true // an answer was lost: the next attempt finds the user
	}
	if v.unknown = false; v.reason != "" {
		return user{}, v
	}
	return o.read(r.body)
}

func (o org) writePassword(id string, j *job) verdict {
	_, v := o.call(http.MethodPost, "/api/v1/users/"+url.PathEscape(id)+"?strict="+strconv.FormatBool(o.strict()), map[string]any{
		"credentials": map[string]any{"password": map[string]string{"value": j.Password.Reveal()}},
	})
	if v.reason == "not_found" {
		v.passing = true // deleted since it was found: look again
	}
	return v
}

// strict is whether the scenario asks for it.
func (o org) strict() bool {
	section, _ := o.place.Settings["okta"].(map[string]any)
	strict, _ := section["strict"].(bool)
	return strict
}

func (o org) unfederate(id string) verdict {
	_, v := o.call(http.MethodPost, "/api/v1/users/"+url.PathEscape(id)+"/lifecycle/reset_password?sendEmail=false", nil)
	return v
}

func (o org) tidy(id, displayName string) verdict {
	_, v := o.call(http.MethodPost, "/api/v1/users/"+url.PathEscape(id), map[string]any{"profile": map[string]string{"displayName": displayName}})
	return v
}
