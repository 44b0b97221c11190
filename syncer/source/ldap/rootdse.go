package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// cookieControl is ForgeRock's and OpenDJ's External Changelog Cookie.
const cookieControl = "1.3.6.1.4.1.26027.1.5.4"

// rootDSE is what a server says about itself.
type rootDSE struct {
	vendor, version string
	controls        []string
	changelog       string // the base of the changelog, or ""
	first, last     int64  // change numbers; they mean something when numbered
	numbered        bool
	cookie          string
}

// rootAttributes are asked for by name: "*" alone would return none of them on DS, and the changelog's are only there for
// accounts that may see them.
var rootAttributes = []string{
	"vendorName", "vendorVersion", "supportedControl", "changelog", "firstChangeNumber", "lastChangeNumber",
	"lastExternalChangelogCookie",
}

var errNoRoot = errors.New("the server shows no root DSE")

func (c *conn) root(ctx context.Context) (rootDSE, error) {
	r, _, err := c.search(ctx, &goldap.SearchRequest{
		Scope: goldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: rootAttributes,
	})
	switch {
	case err != nil:
		return rootDSE{}, fmt.Errorf("root DSE: %w", err)
	case len(r.Entries) == 0:
		return rootDSE{}, errNoRoot
	}
	e := r.Entries[0]
	d := rootDSE{
		vendor: value(e, "vendorName"), version: value(e, "vendorVersion"), controls: values(e, "supportedControl"),
		changelog: value(e, "changelog"), cookie: value(e, "lastExternalChangelogCookie"),
	}
	first, firstErr := strconv.ParseInt(value(e, "firstChangeNumber"), 10, 64)
	last, lastErr := strconv.ParseInt(value(e, "lastChangeNumber"), 10, 64)
	if firstErr == nil && lastErr == nil && first >= 0 && last >= 0 {
		d.first, d.last, d.numbered = first, last, true
	}
	if d.changelog == "" {
		d.changelog = "cn=changelog"
	}
	return d, nil
}

func (d rootDSE) supports(control string) bool { return slices.Contains(d.controls, control) }

// rehashesSilently: 389-DS rehashes a password at a bind without naming a modifier, and keeps no pwdChangedTime.
func (d rootDSE) rehashesSilently() bool { return strings.HasPrefix(d.vendor, "389 ") }

// value is the first value of an attribute, in whatever case the server writes its name; values are all of them.
func value(e *goldap.Entry, name string) string {
	if v := values(e, name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func values(e *goldap.Entry, name string) []string { return e.GetEqualFoldAttributeValues(name) }
