package idcs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

const (
	// pageSize is the largest that Oracle allows ("REST API for identity domains, Query Parameters").
	pageSize = 1000
	// described are the attributes of a listing that people read.
	described = shown + ",displayName,title,preferredLanguage,name.givenName,name.familyName,emails,phoneNumbers,meta.created," +
		schemaEnterprise + ":employeeNumber," + schemaEnterprise + ":department"
)

// People lists every user, by name. Users who come or go meanwhile do not make it miss others.
func (t *Target) People(ctx context.Context) iter.Seq2[target.Person, error] {
	return func(yield func(target.Person, error) bool) {
		for r, err := range t.list(ctx, described) {
			if err != nil {
				yield(target.Person{}, err)
				return
			}
			if !yield(r.person(), nil) {
				return
			}
		}
	}
}

// list asks for page after page and remembers whom it sees. Pages are counted by position, so users who go shift those who
// follow. Therefore each page begins with the last user of the page before; when its first user is a new one, the listing
// goes back until it stands on one that it knows.
func (t *Target) list(ctx context.Context, attributes string) iter.Seq2[resource, error] {
	return func(yield func(resource, error) bool) {
		known := map[string]bool{}
		for start, pages := 1, 0; ; pages++ {
			began := time.Now()
			total, page, err := t.page(ctx, attributes, start)
			switch {
			case err != nil:
				yield(resource{}, fmt.Errorf("list users from %d: %w", start, err))
				return
			case len(page) == 0 && start <= total:
				yield(resource{}, fmt.Errorf("list users from %d: the domain counts %d and sends none", start, total))
				return
			case pages > 100+4*total/max(len(page), 1):
				yield(resource{}, errors.New("list users: the order of the domain's pages changes all the time; try again when fewer users come and go"))
				return
			case start > 1 && (len(page) == 0 || !known[page[0].ID]):
				start = max(1, start-pageSize/2)
				continue
			}
			for _, r := range page {
				if r.ID == "" || r.UserName == "" || known[r.ID] {
					continue
				}
				known[r.ID] = true
				t.Remember(r.user(), began)
				if !yield(r, nil) {
					return
				}
			}
			if start += len(page) - 1; start >= total {
				return
			}
		}
	}
}

// page asks for one page, several times if need be.
func (t *Target) page(ctx context.Context, attributes string, start int) (int, []resource, error) {
	query := url.Values{
		"attributes": {attributes}, "startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(pageSize)}, "sortBy": {"userName"},
	}.Encode()
	r, err := t.Ask(ctx, usersPath+"?"+query, start)
	if err != nil {
		return 0, nil, err
	}
	return readPage(r.Body)
}

// KeepWarm lists all users at once and then twice in each period for which they are remembered, when that is wanted.
func (t *Target) KeepWarm(ctx context.Context) {
	if !t.config.Warm {
		return
	}
	t.Target.KeepWarm(ctx, func() (seen int, err error) {
		for _, err = range t.list(ctx, shown) {
			if err == nil {
				seen++
			}
		}
		return seen, err
	})
}

// person is what a listing tells about a user, under the names that sources use.
func (r resource) person() target.Person {
	setAt, _ := time.Parse(time.RFC3339Nano, r.Password.SetAt)
	created, _ := time.Parse(time.RFC3339Nano, r.Meta.Created)
	p := target.Person{
		ID: r.ID, UserName: r.UserName, GivenName: r.Name.Given, FamilyName: r.Name.Family, DisplayName: r.DisplayName,
		Mail: r.mail(), Active: r.active(), Federated: r.User.Federated, PasswordSetAt: setAt, Created: created, Attributes: map[string]string{},
	}
	for key, value := range map[string]string{
		"title": r.Title, "preferredLanguage": r.Language, "telephoneNumber": work(r.Phones), "employeeNumber": r.Enterprise.Number,
		"departmentNumber": r.Enterprise.Department,
	} {
		if value != "" {
			p.Attributes[key] = value
		}
	}
	return p
}

// mail is the primary address. The domain adds one of type recovery by itself, which is nobody's choice.
func (r resource) mail() string {
	for _, m := range r.Emails {
		if m.Primary {
			return m.Value
		}
	}
	return work(r.Emails)
}

// work is the value of type work, or else the first one.
func work(list []typed) string {
	for _, v := range list {
		if strings.EqualFold(v.Type, "work") {
			return v.Value
		}
	}
	if len(list) > 0 {
		return list[0].Value
	}
	return ""
}
