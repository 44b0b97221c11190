package idcstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// render is a user as the domain shows one. Whatever was asked for, it is all there is.
func (d *Domain) render(u *User) map[string]any {
	r := map[string]any{
		"id": u.ID, "userName": u.UserName, "active": !u.Inactive,
		"name":   map[string]any{"givenName": u.GivenName, "familyName": u.FamilyName},
		"emails": []any{map[string]any{"value": u.Mail, "type": "work", "primary": true}},
		"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User": map[string]any{"isFederatedUser": u.Federated},
	}
	if !u.SetAt.IsZero() && !d.Dateless {
		r["urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"] = map[string]any{
			"lastSuccessfulSetDate": u.SetAt.UTC().Format("2006-01-02T15:04:05.000Z"),
		}
	}
	return r
}

// page is a part of all users by name.
func (d *Domain) page(query url.Values) func(http.ResponseWriter) {
	all := make([]*User, 0, len(d.users))
	for _, u := range d.users {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *User) int { return strings.Compare(strings.ToLower(a.UserName), strings.ToLower(b.UserName)) })
	start, _ := strconv.Atoi(query.Get("startIndex"))
	count, _ := strconv.Atoi(query.Get("count"))
	if d.Page > 0 {
		count = min(count, d.Page)
	}
	from := min(max(start, 1)-1, len(all))
	return d.list(len(all), count, all[from:min(from+count, len(all))]...)
}

func (d *Domain) list(total, size int, users ...*User) func(http.ResponseWriter) {
	found := make([]any, 0, len(users))
	for _, u := range users {
		found = append(found, d.render(u))
	}
	return func(w http.ResponseWriter) {
		reply(w, 200, map[string]any{"totalResults": total, "Resources": found, "startIndex": 1, "itemsPerPage": size})
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // A reader who has gone is no news to the fake.
}

func refuse(w http.ResponseWriter, status int, message, detail string, html bool) {
	if html {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>no</body></html>")
		return
	}
	reply(w, status, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "detail": detail, "status": fmt.Sprint(status),
		"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": map[string]any{"messageId": message},
	})
}
