package idcs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// The schemas that are read and written here.
const (
	schemaUser          = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaUserExtension = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"
	schemaPasswordState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User" //nolint:gosec // A name, not a credential.
	schemaChanger       = "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"
	schemaPatch         = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// user is what a look-up shows.
type user struct {
	id        string
	active    bool
	federated bool
	setAt     string // passwordState.lastSuccessfulSetDate as it stands; "" when there is none or it is not shown
}

// findQuery asks for one user by name. passwordState is returned only on request. Values in a filter are JSON strings
// (RFC 7644, 3.4.2.2); the query is form-encoded, where a plus sign would mean a blank.
func findQuery(userName string) string {
	return url.Values{
		"filter":     {"userName eq " + jsonString(userName)},
		"attributes": {"id,userName,active," + schemaUserExtension + ":isFederatedUser," + schemaPasswordState + ":lastSuccessfulSetDate"},
		"count":      {"2"},
	}.Encode()
}

// jsonString quotes without the HTML escapes that encoding/json adds by default.
func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) //nolint:errchkjson // A string always encodes.
	return strings.TrimSuffix(b.String(), "\n")
}

// readUsers reads a ListResponse and keeps the users who bear the name. A target or proxy that ignores the filter must not
// make us write to a stranger.
func readUsers(body []byte, userName string) ([]user, error) {
	var list struct {
		Total     *int `json:"totalResults"`
		Resources []struct {
			ID       string `json:"id"`
			UserName string `json:"userName"`
			Active   *bool  `json:"active"`
			User     struct {
				Federated bool `json:"isFederatedUser"`
			} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"`
			Password struct {
				SetAt string `json:"lastSuccessfulSetDate"`
			} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"`
		} `json:"Resources"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("not a list of users: %w", err)
	}
	if list.Total == nil {
		return nil, fmt.Errorf("not a list of users: no totalResults")
	}
	var users []user
	for _, r := range list.Resources {
		if r.ID == "" || !strings.EqualFold(r.UserName, userName) {
			continue
		}
		users = append(users, user{
			id: r.ID, active: r.Active == nil || *r.Active, federated: r.User.Federated, setAt: r.Password.SetAt,
		})
	}
	return users, nil
}

// newUser is the body that creates a user, without a password: one in this body would have to be changed at the first
// log-in and would count as a write, so the configured door sets it afterwards.
func newUser(userName string, attributes map[string]string, extra map[string]any) ([]byte, error) {
	schemas := []string{schemaUser}
	u := map[string]any{"userName": userName, "active": true}
	name := map[string]any{}
	if v := attributes["givenName"]; v != "" {
		name["givenName"] = v
	}
	if v := attributes["sn"]; v != "" {
		name["familyName"] = v
	}
	if len(name) > 0 {
		u["name"] = name
	}
	if v := attributes["displayName"]; v != "" {
		u["displayName"] = v
	}
	if v := attributes["mail"]; v != "" {
		u["emails"] = []any{map[string]any{"value": v, "type": "work", "primary": true}}
	}
	maps.Copy(u, extra)
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		if strings.HasPrefix(key, "urn:") {
			schemas = append(schemas, key)
		}
	}
	u["schemas"] = schemas
	data, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("new user: %w", err)
	}
	return data, nil
}
