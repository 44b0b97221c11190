package okta

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	hooksPath = "/api/v1/inlineHooks"
	// passwordImport is the type of the one inline hook that is simulated.
	passwordImport = "com.okta.user.credential.password.import" //nolint:gosec // G101: the name of a type
)

func mountHooks(t table) {
	t.add(http.MethodGet, hooksPath, "hook", readHooks, (*call).listHooks)
	t.add(http.MethodPost, hooksPath, "hook", writeHooks, (*call).createHook)
	t.add(http.MethodGet, hooksPath+"/{id}", "hook", readHooks, (*call).readHook)
	t.add(http.MethodDelete, hooksPath+"/{id}", "hook", writeHooks, (*call).deleteHook)
	t.add(http.MethodPost, hooksPath+"/{id}/lifecycle/activate", "hook", writeHooks, func(c *call) error { return c.switchHook(true) })
	t.add(http.MethodPost, hooksPath+"/{id}/lifecycle/deactivate", "hook", writeHooks, func(c *call) error { return c.switchHook(false) })
}

// hook is the registered password import inline hook. An org has one at most (Okta, OpenAPI, createPasswordImportInlineHook).
type hook struct {
	id, name, uri        string
	headers              map[string]string
	authName             string
	authValue            secret.Value
	inactive             bool
	created, lastUpdated time.Time
}

// hookStore holds the hook; nil is none.
type hookStore struct {
	mu  sync.RWMutex
	one *hook
}

func (h *hookStore) get() (hook, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.one == nil {
		return hook{}, false
	}
	return *h.one, true
}

func (h *hookStore) put(one *hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.one = one
}

// create is false when there is one already.
func (h *hookStore) create(one hook) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.one != nil {
		return false
	}
	h.one = &one
	return true
}

func (c *call) hook() (hook, error) {
	if h, ok := c.s.hooks.get(); ok && h.id == c.id {
		return h, nil
	}
	return hook{}, refuse(notFound, c.id, "CallbackId")
}

type hookBody struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Channel struct {
		Type   string `json:"type"`
		Config struct {
			URI     string `json:"uri"`
			Headers []struct {
				Key   string `json:"key"`
				Value string `json:"value"`
			} `json:"headers"`
			AuthScheme struct {
				Type  string `json:"type"`
				Key   string `json:"key"`
				Value string `json:"value"`
			} `json:"authScheme"`
		} `json:"config"`
	} `json:"channel"`
}

func (b *hookBody) read(into *hook) error {
	wrong := func(field, text string) error { return refuse(validation, field).because(field + ": " + text) }
	config := b.Channel.Config
	address, err := url.Parse(config.URI)
	switch {
	case b.Type != passwordImport:
		return refuse(notSimulated).surprising("inline hooks of type %q are not simulated", b.Type)
	case strings.TrimSpace(b.Name) == "":
		return wrong("name", "The field cannot be left blank")
	case b.Channel.Type != "HTTP":
		return refuse(notSimulated).surprising("channels of type %q are not simulated", b.Channel.Type)
	case err != nil, address.Scheme != "https", address.Host == "":
		return wrong("channel.config.uri", "must be an address that begins with https")
	}
	into.name, into.uri = b.Name, config.URI
	into.headers = map[string]string{}
	for _, one := range config.Headers {
		into.headers[one.Key] = one.Value
	}
	into.authName, into.authValue = config.AuthScheme.Key, secret.New(config.AuthScheme.Value)
	return nil
}

func (c *call) createHook() error {
	var b hookBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	h := hook{id: c.s.ids.next("cal"), created: c.s.now()}
	h.lastUpdated = h.created
	if err := b.read(&h); err != nil {
		return err
	}
	if !c.s.hooks.create(h) {
		return refuse(validation, "type").because("type: There can be only one password import inline hook")
	}
	return c.sendJSON(c.hookDocument(&h))
}

func (c *call) listHooks() error {
	list := []object{}
	if h, ok := c.s.hooks.get(); ok && (c.query.Get("type") == "" || c.query.Get("type") == passwordImport) {
		list = append(list, c.hookDocument(&h))
	}
	return c.sendJSON(list)
}

func (c *call) readHook() error {
	h, err := c.hook()
	if err != nil {
		return err
	}
	return c.sendJSON(c.hookDocument(&h))
}

func (c *call) switchHook(on bool) error {
	h, err := c.hook()
	if err != nil {
		return err
	}
	h.inactive, h.lastUpdated = !on, c.s.now()
	c.s.hooks.put(&h)
	return c.sendJSON(c.hookDocument(&h))
}

// deleteHook wants the hook deactivated first.
func (c *call) deleteHook() error {
	h, err := c.hook()
	if err != nil {
		return err
	}
	if !h.inactive {
		return refuse(validation, "status").because("status: The inline hook must be deactivated before it is deleted")
	}
	c.s.hooks.put(nil)
	c.send(http.StatusNoContent, nil)
	return nil
}

// hookDocument shows all but the value of the authorization.
func (c *call) hookDocument(h *hook) object {
	status := "ACTIVE"
	if h.inactive {
		status = "INACTIVE"
	}
	headers := []object{}
	for _, name := range slices.Sorted(maps.Keys(h.headers)) {
		c.x.Secret(secret.New(h.headers[name])) // an API key, as likely as not
		headers = append(headers, object{{"key", name}, {"value", h.headers[name]}})
	}
	self := c.base + hooksPath + "/" + h.id
	return object{
		{"id", h.id},
		{"status", status},
		{"name", h.name},
		{"type", passwordImport},
		{"version", "1.0.0"},
		{"channel", object{
			{"type", "HTTP"},
			{"version", "1.0.0"},
			{"config", object{{"uri", h.uri}, {"headers", headers}, {"method", http.MethodPost}, {"authScheme", object{{"type", "HEADER"}, {"key", h.authName}}}}},
		}},
		{"created", stamp(h.created)},
		{"lastUpdated", stamp(h.lastUpdated)},
		{"_links", object{{"self", object{{"href", self}}}}},
	}
}

// hooked stands in the place of an imported hash: what the password is, another system knows, and only a sign-in asks it.
type hooked struct{}

// Verify is false: nobody here knows.
func (hooked) Verify(secret.Value) (bool, error) { return false, nil }

// readHookOf reads credentials.password.hook.
func readHookOf(document json.RawMessage) (Hash, error) {
	var b struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(document, &b) != nil || b.Type != "default" {
		return nil, refuse(validation, "password").because("password: The type of a hook must be default")
	}
	return hooked{}, nil
}
