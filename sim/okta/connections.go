package okta

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func mountConnections(t table) {
	const path = appPath + "/connections/default"
	t.add(http.MethodGet, path, "connection", readApps, (*call).readConnection)
	t.add(http.MethodPost, path, "connection", writeApps, (*call).changeConnection)
	t.add(http.MethodPost, path+"/lifecycle/activate", "connection", writeApps, func(c *call) error { return c.switchConnection(true) })
	t.add(http.MethodPost, path+"/lifecycle/deactivate", "connection", writeApps, func(c *call) error { return c.switchConnection(false) })
	// Who reads the keys is decided in readKeys: the other org has no token of this one.
	t.put(http.MethodGet, path+"/jwks", endpoint{operation: "connection", open: true, serve: (*call).readKeys})
}

const (
	schemeToken = "TOKEN"
	schemeOAuth = "OAUTH2"
)

// connection is how an application reaches the other org. It is a value, but for the key, which is never changed.
type connection struct {
	enabled bool
	scheme  string // schemeToken or schemeOAuth; "" before it is set up
	baseURL string // when it differs from the application's
	token   secret.Value
	// clientID is the service application's in the other org; key signs for it.
	clientID string
	rotation string
	key      *rsa.PrivateKey
	keyID    string
}

// address is the other org's.
func (a *application) address() string {
	if a.connection.baseURL != "" {
		return a.connection.baseURL
	}
	return a.setting("baseUrl")
}

// apiToken is the token of a connection; that of the application's settings is an older place for it.
func (a *application) apiToken() secret.Value {
	if !a.connection.token.Empty() {
		return a.connection.token
	}
	return a.token
}

// connectionApp is the application of the path, which must be one that can have a connection.
func (c *call) connectionApp() (application, error) {
	a, err := c.app()
	if err != nil {
		return application{}, err
	}
	if a.name != org2org {
		return application{}, refuse(validation, "connection").because("Provisioning is not supported for the app instance.")
	}
	return a, nil
}

// connectionDocument never shows a token.
func (c *call) connectionDocument(a *application) object {
	self := c.base + appsPath + "/" + a.id + "/connections/default"
	status, turn, scheme := disabled, "activate", a.connection.scheme
	if a.connection.enabled {
		status, turn = enabled, "deactivate"
	}
	if scheme == "" {
		scheme = "UNKNOWN"
	}
	shown := object{{"authScheme", scheme}}
	if a.connection.clientID != "" {
		shown = append(shown, member{"clientId", a.connection.clientID}, member{"signing", object{{"rotationMode", a.connection.rotation}}})
	}
	return object{
		{"authScheme", scheme},
		{"status", status},
		{"baseUrl", a.address()},
		{"profile", shown},
		{"_links", object{
			{"self", href(self, http.MethodGet, http.MethodPost)},
			{turn, href(self+"/lifecycle/"+turn, http.MethodPost)},
		}},
	}
}

func (c *call) readConnection() error {
	a, err := c.connectionApp()
	if err != nil {
		return err
	}
	return c.sendJSON(c.connectionDocument(&a))
}

// connectionBody is a connection in a request.
type connectionBody struct {
	BaseURL string `json:"baseUrl"`
	Profile *struct {
		AuthScheme string `json:"authScheme"`
		Token      string `json:"token"`
		ClientID   string `json:"clientId"`
		Signing    *struct {
			RotationMode string `json:"rotationMode"`
		} `json:"signing"`
	} `json:"profile"`
}

// connection is what a request makes of an older one.
func (b *connectionBody) connection(old connection, inSettings bool) (connection, error) {
	next := connection{enabled: old.enabled, baseURL: b.BaseURL, key: old.key, keyID: old.keyID}
	wrong := func(field, text string) (connection, error) {
		return connection{}, refuse(validation, field).because(field + ": " + text)
	}
	if u, err := url.Parse(b.BaseURL); b.BaseURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return wrong("baseUrl", "must be an address that begins with https")
	}
	p := b.Profile
	if p == nil {
		return wrong("profile", "The field cannot be left blank")
	}
	switch p.AuthScheme {
	case schemeToken:
		if p.Token == "" && old.token.Empty() && !inSettings {
			return wrong("profile.token", "The field cannot be left blank")
		}
		if next.token = old.token; p.Token != "" {
			next.token = secret.New(p.Token)
		}
	case schemeOAuth:
		if p.ClientID == "" {
			return wrong("profile.clientId", "The field cannot be left blank")
		}
		next.clientID, next.rotation = p.ClientID, "AUTO"
		if p.Signing != nil {
			next.rotation = p.Signing.RotationMode
		}
		if next.rotation != "AUTO" && next.rotation != "MANUAL" {
			return wrong("profile.signing.rotationMode", "must be AUTO or MANUAL")
		}
	default:
		return wrong("profile.authScheme", "must be TOKEN or OAUTH2")
	}
	next.scheme = p.AuthScheme
	return next, nil
}

// changeConnection takes the credentials on trust: whether Okta tries them first is not documented for the API.
func (c *call) changeConnection() error {
	activate, err := c.flag("activate", false)
	if err != nil {
		return err
	}
	var b connectionBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	if _, err := c.connectionApp(); err != nil {
		return err
	}
	if err := c.s.needKey(c.id, &b); err != nil {
		return err
	}
	a, err := c.s.apps.change(c.id, func(a *application) error {
		next, err := b.connection(a.connection, !a.token.Empty())
		if err != nil {
			return err
		}
		next.enabled = next.enabled || activate
		a.connection, a.lastUpdated = next, c.s.now()
		return nil
	})
	if err != nil {
		return err
	}
	c.s.hubs.drop(a.id)
	c.log(eventAppUpdate, nil, "SUCCESS", "", a.target())
	return c.sendJSON(c.connectionDocument(&a))
}

// needKey makes the key of a connection that signs, once. Making one takes a while, so the store is not held.
func (s *Server) needKey(app string, b *connectionBody) error {
	if b.Profile == nil || b.Profile.AuthScheme != schemeOAuth {
		return nil
	}
	if a, ok := s.apps.find(app); !ok || a.connection.key != nil {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	id := letters(s.random, 43)
	_, err = s.apps.change(app, func(a *application) error {
		if a.connection.key == nil {
			a.connection.key, a.connection.keyID = key, id
		}
		return nil
	})
	return err
}

func (c *call) switchConnection(on bool) error {
	if _, err := c.connectionApp(); err != nil {
		return err
	}
	a, err := c.s.apps.change(c.id, func(a *application) error {
		if a.connection.scheme == "" {
			return refuse(validation, "connection").because("Provisioning is not supported for the app instance.")
		}
		a.connection.enabled, a.lastUpdated = on, c.s.now()
		return nil
	})
	if err != nil {
		return err
	}
	c.log(eventAppUpdate, nil, "SUCCESS", "", a.target())
	c.send(http.StatusNoContent, nil)
	return nil
}

// readKeys are the public keys of a connection, in the form of Okta's example: a JWKS inside jwks.
func (c *call) readKeys() error {
	if c.s.is(jwksAccess, "token") {
		if err := c.authenticate(); err != nil {
			return err
		}
		if err := c.authorize(readApps); err != nil {
			return err
		}
	}
	a, err := c.connectionApp()
	if err != nil {
		return err
	}
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	if k := a.connection.key; k != nil {
		keys.Keys = append(keys.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: a.connection.keyID, Algorithm: "RS256", Use: "sig"})
	}
	return c.sendJSON(object{{"jwks", keys}})
}
