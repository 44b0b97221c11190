package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// The listings. A plain one leaves out who is deactivated, and a filter for the status finds them (Okta, Users API, list users;
// 200 is the largest page). Searches are not used: their index is behind.
const (
	listActive      = usersPath + "?limit=200"
	listDeactivated = usersPath + `?filter=status+eq+%22DEPROVISIONED%22&limit=200`
)

// People lists every user, those who are deactivated last.
func (t *Target) People(ctx context.Context) iter.Seq2[target.Person, error] {
	return func(yield func(target.Person, error) bool) {
		known := map[string]bool{} // Who is deactivated meanwhile is in both listings.
		for _, path := range []string{listActive, listDeactivated} {
			for r, err := range t.list(ctx, path) {
				if err != nil {
					yield(target.Person{}, err)
					return
				}
				if known[r.ID] {
					continue
				}
				known[r.ID] = true
				if !yield(r.person(), nil) {
					return
				}
			}
		}
	}
}

// KeepWarm lists all users at once and then twice in each period for which they are remembered, when that is wanted.
func (t *Target) KeepWarm(ctx context.Context) {
	if !t.config.Warm {
		return
	}
	t.Target.KeepWarm(ctx, func() (seen int, err error) {
		for _, err = range t.list(ctx, listActive) {
			if err == nil {
				seen++
			}
		}
		return seen, err
	})
}

// list asks for page after page and remembers whom it sees. A cursor stands on a user, so who comes or goes hides nobody.
func (t *Target) list(ctx context.Context, path string) iter.Seq2[resource, error] {
	return func(yield func(resource, error) bool) {
		asked := map[string]bool{}
		for count := 0; path != ""; {
			if asked[path] {
				yield(resource{}, errors.New("list users: the org's pages go in a circle"))
				return
			}
			asked[path] = true
			began := time.Now()
			r, err := t.Ask(ctx, path, count)
			if err != nil {
				yield(resource{}, fmt.Errorf("list users from %d: %w", count+1, err))
				return
			}
			var page []resource
			if err := json.Unmarshal(r.Body, &page); err != nil {
				yield(resource{}, fmt.Errorf("list users from %d: the answer is not a list of users", count+1))
				return
			}
			for _, one := range page {
				if one.ID == "" || one.Profile.text("login") == "" {
					continue
				}
				count++
				t.Remember(one.user(), began)
				if !yield(one, nil) {
					return
				}
			}
			path = nextPage(r)
		}
	}
}

// nextPage is the path of the link to the next page, or "". Its host does not count: a gateway may have another one than the org.
func nextPage(r rest.Reply) string {
	for _, header := range r.Header.Values("Link") {
		for link := range strings.SplitSeq(header, ", <") {
			address, parameters, ok := strings.Cut(strings.TrimPrefix(link, "<"), ">")
			if !ok || !strings.Contains(parameters, `rel="next"`) {
				continue
			}
			if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Path, "/api/v1/") {
				return u.RequestURI()
			}
		}
	}
	return ""
}

// person is what a listing tells about a user, under the names that sources use.
func (r resource) person() target.Person {
	u := r.user()
	setAt, _ := time.Parse(time.RFC3339Nano, u.State)
	created, _ := time.Parse(time.RFC3339Nano, r.Created)
	p := target.Person{
		ID: r.ID, UserName: u.Name, GivenName: r.Profile.text("firstName"), FamilyName: r.Profile.text("lastName"),
		DisplayName: r.Profile.text("displayName"), Mail: r.Profile.text("email"), Active: r.Status != deprovisioned,
		Federated: r.federated(), PasswordSetAt: setAt, Created: created, Attributes: map[string]string{},
	}
	for _, ours := range []string{"title", "preferredLanguage", "telephoneNumber", "employeeNumber", "departmentNumber"} {
		if value := r.Profile.text(profileNames[ours]); value != "" {
			p.Attributes[ours] = value
		}
	}
	return p
}
