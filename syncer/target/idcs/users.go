package idcs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// usersPath is the collection of users.
const usersPath = "/admin/v1/Users"

// The schemas that are read and written here.
const (
	schemaUser          = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaUserExtension = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"
	schemaEnterprise    = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaPasswordState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User" //nolint:gosec // A name, not a credential.
	schemaChanger       = "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"
	schemaPatch         = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// shown are the attributes of a look, and no more: an answer with all of them is twenty times as long. passwordState is
// returned only on request.
const shown = "id,userName,active," + schemaUserExtension + ":isFederatedUser," + schemaPasswordState + ":lastSuccessfulSetDate"

// findQuery asks for one user by name. Values in a filter are JSON strings (RFC 7644, 3.4.2.2); the query is form-encoded,
// where a plus sign would mean a blank.
func findQuery(userName string) string {
	return url.Values{"filter": {"userName eq " + jsonString(userName)}, "attributes": {shown}, "count": {"2"}}.Encode()
}

// jsonString quotes without the HTML escapes that encoding/json adds by default.
func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) //nolint:errchkjson // A string always encodes.
	return strings.TrimSuffix(b.String(), "\n")
}

// resource is a user as the domain sends it, as far as anything here asks for it.
type resource struct {
	ID          string `json:"id"`
	UserName    string `json:"userName"`
	Active      *bool  `json:"active"`
	DisplayName string `json:"displayName"`
	Title       string `json:"title"`
	Language    string `json:"preferredLanguage"`
	Name        struct {
		Given  string `json:"givenName"`
		Family string `json:"familyName"`
	} `json:"name"`
	Emails []typed `json:"emails"`
	Phones []typed `json:"phoneNumbers"`
	Meta   struct {
		Created string `json:"created"`
	} `json:"meta"`
	User struct {
		Federated bool `json:"isFederatedUser"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"`
	Password struct {
		SetAt string `json:"lastSuccessfulSetDate"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"`
	Enterprise struct {
		Number     string `json:"employeeNumber"`
		Department string `json:"department"`
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

type typed struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

func (r resource) active() bool { return r.Active == nil || *r.Active }

func (r resource) user() rest.User {
	u := rest.User{ID: r.ID, Name: r.UserName, State: r.Password.SetAt}
	switch {
	case r.User.Federated:
		u.Barred = target.Federated
	case !r.active():
		u.Barred = target.Inactive
	}
	return u
}

// readPage reads a ListResponse.
func readPage(body []byte) (total int, list []resource, err error) {
	var page struct {
		Total     *int       `json:"totalResults"`
		Resources []resource `json:"Resources"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return 0, nil, fmt.Errorf("not a list of users: %w", err)
	}
	if page.Total == nil {
		return 0, nil, errors.New("not a list of users: no totalResults")
	}
	return *page.Total, page.Resources, nil
}

// readUsers keeps the users of a list who bear the name. A target or proxy that ignores the filter must not make us write to
// a stranger.
func readUsers(body []byte, userName string) ([]rest.User, error) {
	_, list, err := readPage(body)
	if err != nil {
		return nil, err
	}
	var users []rest.User
	for _, r := range list {
		if r.ID != "" && strings.EqualFold(r.UserName, userName) {
			users = append(users, r.user())
		}
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
