package oktatest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// lifecycle are the calls of a repair that are about a user.
func (o *Org) lifecycle(call string, u *User) answer {
	switch call {
	case "reset_password":
		if u.Status == "DEPROVISIONED" || u.Status == "STAGED" {
			return refuse(403, "E0000017", "Password reset failed", "Password reset is not allowed in the user's current status")
		}
		if u.Provider != "OKTA" {
			u.Provider, u.Status = "OKTA", o.Converted
		}
		return ok(map[string]any{"resetPasswordUrl": "http://hub.test/signin/reset-password/x"}) //nolint:gosec // Not a password.
	case "deactivate":
		if u.Status == "DEPROVISIONED" {
			return refuse(403, "E0000038", "This operation is not allowed in the user's current status.")
		}
		u.Status = "DEPROVISIONED"
		return ok(map[string]any{})
	case "delete":
		if u.Status == "DEPROVISIONED" {
			o.users = slices.DeleteFunc(o.users, func(other *User) bool { return other == u })
		}
		u.Status, u.Password, u.SetAt = "DEPROVISIONED", "", time.Time{}
		return answer{status: http.StatusNoContent}
	case "groups":
		list := []any{}
		for _, g := range o.groups {
			if slices.Contains(u.Groups, g.ID) {
				list = append(list, map[string]any{"id": g.ID, "type": g.Type, "profile": map[string]any{"name": g.Name}})
			}
		}
		return ok(list)
	case "appLinks":
		return ok([]any{map[string]any{"appName": "mail", "label": "Mail"}})
	case "idps":
		return ok(o.shown(func(p IDP) bool { return slices.Contains(u.IDPs, p.ID) }))
	}
	return refuse(404, "E0000008", "The requested path was not found")
}

func (o *Org) shown(wanted func(IDP) bool) []any {
	list := []any{}
	for _, p := range o.idps {
		if !wanted(p) {
			continue
		}
		action := map[bool]string{true: "AUTO", false: "DISABLED"}[p.JIT]
		list = append(list, map[string]any{"id": p.ID, "name": p.Name, "status": "ACTIVE", "type": "SAML2", "policy": map[string]any{
			"provisioning": map[string]any{"action": action, "profileMaster": p.Master}, "accountLink": map[string]any{"action": "AUTO"},
		}})
	}
	return list
}

// providers lists identity providers, or unlinks a user from one: DELETE /api/v1/idps/{id}/users/{user}.
func (o *Org) providers(r *http.Request) answer {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if r.Method == http.MethodGet {
		return ok(o.shown(func(IDP) bool { return true }))
	}
	u := o.find(parts[len(parts)-1])
	if len(parts) != 6 || u == nil || !slices.Contains(u.IDPs, parts[3]) {
		return refuse(404, "E0000007", "Not found: Resource not found: "+parts[len(parts)-1]+" (IdpAppUser)")
	}
	u.IDPs = slices.DeleteFunc(u.IDPs, func(id string) bool { return id == parts[3] })
	return answer{status: http.StatusNoContent}
}

// join puts a user into a group: PUT /api/v1/groups/{id}/users/{user}.
func (o *Org) join(r *http.Request) answer {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	u := o.find(parts[len(parts)-1])
	known := len(parts) == 6 && slices.ContainsFunc(o.groups, func(g Group) bool { return g.ID == parts[3] })
	if u == nil || !known {
		return refuse(404, "E0000007", "Not found: Resource not found: "+parts[len(parts)-1]+" (UserGroup)")
	}
	if !slices.Contains(u.Groups, parts[3]) {
		u.Groups = append(u.Groups, parts[3])
	}
	return answer{status: http.StatusNoContent}
}
