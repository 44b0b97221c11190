package idcs

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

func mountUsers(t table) {
	t.add(http.MethodPost, usersPath, "create", mayWriteUsers, (*call).createUser)
	t.add(http.MethodGet, usersPath, "find", maySearchUsers, (*call).searchUsers)
	t.add(http.MethodPost, usersPath+"/.search", "find", maySearchUsers, (*call).searchUsersByPost)
	t.add(http.MethodGet, usersPath+"/{id}", "read", mayReadUsers, (*call).readUser)
	t.add(http.MethodPut, usersPath+"/{id}", "update", mayWriteUsers, (*call).replaceUser)
	t.add(http.MethodPatch, usersPath+"/{id}", "update", mayWriteUsers, (*call).patchUser)
	t.add(http.MethodDelete, usersPath+"/{id}", "delete", mayWriteUsers, (*call).deleteUser)
}

func (c *call) createUser() error {
	m, write, err := c.userBody(true)
	if err != nil {
		return err
	}
	now := c.s.kernel.Clock.Now()
	p := people.Person{ID: c.s.ids.Hex(idLength), Created: now}
	if err := adopt(m, &p); err != nil {
		return err
	}
	c.x.User = p.UserName
	if err := c.s.require(&p); err != nil {
		return err
	}
	p.Attributes[createdBy] = c.s.author(c.token.Client).actor
	c.s.touch(&p, c.token.Client, now)
	if write != nil {
		if err := c.s.setPassword(&p, *write); err != nil {
			return err
		}
	}
	created, err := c.s.people.Create(p)
	if errors.Is(err, people.ErrDuplicate) {
		return refuse(userNameTaken, p.UserName)
	}
	if err != nil {
		return err
	}
	c.s.newcomers.created(created.ID, now)
	c.x.Outcome = "accepted"
	c.w.Header()["Location"] = []string{c.base + usersPath + "/" + created.ID}
	return c.sendUser(http.StatusCreated, &created)
}

// userBody reads a user, without its password, which comes back beside it. A creation takes one that is hashed, too.
func (c *call) userBody(creation bool) (map[string]any, *passwordWrite, error) {
	body, err := c.body()
	if err != nil {
		return nil, nil, err
	}
	m, err := decodeObject(body)
	if err != nil {
		return nil, nil, err
	}
	nameSecrets(c.x, m, false)
	c.x.ShowBodies()
	if err := requireSchema(m, scim.UserURN); err != nil {
		return nil, nil, err
	}
	var write *passwordWrite
	for key, value := range m {
		if !strings.EqualFold(strings.TrimPrefix(key, scim.UserURN+":"), "password") {
			continue
		}
		delete(m, key)
		if value == nil {
			continue
		}
		if plain, is := value.(string); is && creation && hashed(plain) {
			write, err = c.newHash(plain)
		} else {
			write, err = c.newWrite(value, fromAdministrator)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return m, write, nil
}

func (c *call) readUser() error {
	p, ok := c.s.people.ByID(plainID(c.id))
	if !ok || c.s.unseen(p.ID) && c.s.is(visibilityByID, "late") {
		return refuse(noSuchUser, c.id)
	}
	c.x.ShowBodies()
	return c.sendUser(http.StatusOK, &p)
}

func (c *call) replaceUser() error {
	id := plainID(c.id)
	m, write, err := c.userBody(false)
	if err != nil {
		return err
	}
	if write != nil {
		c.x.Operation = "write_password"
	}
	return c.update(id, func(p *people.Person) error {
		if err := c.keepsReadOnly(userSchema, m, c.s.resource(p, c.base)); err != nil {
			return err
		}
		if err := adopt(m, p); err != nil {
			return err
		}
		if err := c.s.require(p); err != nil {
			return err
		}
		if write != nil {
			return c.s.setPassword(p, *write)
		}
		return nil
	})
}

// bookkeeping are readOnly attributes that a client sends back as it read them, perhaps outdated by now.
var bookkeeping = map[string]bool{"meta": true, createdBy: true, modifiedBy: true, "idcsPreventedOperations": true}

// keepsReadOnly refuses a PUT that would change what cannot be written. A client that read the user, changed one attribute
// and sends all of it back is no offender.
func (c *call) keepsReadOnly(s *schema, m, current map[string]any) error {
	for key, value := range m {
		prefix, content, before := "", map[string]any{key: value}, current
		if urn, ok := s.extensions[strings.ToLower(key)]; ok {
			content, _ = value.(map[string]any)
			before, _ = current[urn].(map[string]any)
			prefix = urn + ":"
		}
		for name, v := range content {
			a := s.find(prefix + name)
			if a == nil || bookkeeping[a.name] {
				continue
			}
			old, has := before[a.name]
			changed := !has || !reflect.DeepEqual(v, old)
			switch {
			case a.mutability == readOnly && changed && c.s.is(readOnlyWrite, "refuse"),
				a.mutability == immutable && changed && has:
				return refuse(readOnlyAttribute, prefix+name)
			}
		}
	}
	return nil
}

func (c *call) deleteUser() error {
	id := plainID(c.id)
	err := c.removeUser(id)
	if errors.Is(err, people.ErrNotFound) {
		return refuse(noSuchUser, c.id)
	}
	if err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil, nil)
	return nil
}

// removeUser deletes a user, and what refers to the user.
func (c *call) removeUser(id string) error {
	c.s.writes.Lock()
	defer c.s.writes.Unlock()
	err := c.s.people.Delete(id, func(p people.Person) error {
		if err := c.matches(&p); err != nil {
			return err
		}
		return c.mayRelease("user", p.UserName, len(c.s.groupsOf(id)) > 0 || c.s.grants.hasGrantee("User", id))
	})
	if err == nil {
		c.s.groups.forget(id)
		c.s.grants.forget("User", id)
	}
	return err
}

// update changes one user and answers with the result.
func (c *call) update(id string, change func(*people.Person) error) error {
	p, err := c.change(id, change)
	if err != nil {
		if errors.Is(err, people.ErrNotFound) {
			return refuse(noSuchUser, c.id)
		}
		return err
	}
	return c.sendUser(http.StatusOK, &p)
}

// change is one write: the version that the client expects, the change, the author, the outcome.
func (c *call) change(id string, change func(*people.Person) error) (people.Person, error) {
	now := c.s.kernel.Clock.Now()
	wanted := ""
	p, err := c.s.people.Update(id, func(p *people.Person) error {
		if err := c.matches(p); err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		wanted = p.UserName
		if c.token.User == p.ID {
			touchBy(p, ownAuthor(p), now)
		} else {
			c.s.touch(p, c.token.Client, now)
		}
		return nil
	})
	switch {
	case errors.Is(err, people.ErrDuplicate):
		return people.Person{}, refuse(userNameTaken, wanted)
	case err != nil:
		return people.Person{}, err
	}
	if c.x.Operation == "write_password" {
		c.x.Outcome = "accepted"
	}
	return p, nil
}

// matches compares If-Match with the version of a user.
func (c *call) matches(p *people.Person) error {
	if len(c.r.Header["If-Match"]) == 0 {
		return nil
	}
	return c.expects(version(p))
}

// expects compares If-Match with a version, in whatever form the client wrote it.
func (c *call) expects(version string) error {
	header := c.r.Header["If-Match"]
	if len(header) == 0 {
		return nil
	}
	for tag := range strings.SplitSeq(strings.Join(header, ","), ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if tag == "*" || tag == version {
			return nil
		}
	}
	status, err := strconv.Atoi(c.s.switches.Value(versionConflict))
	if err != nil {
		return err
	}
	return refuse(versionMismatch, strings.Join(header, ",")).as(status)
}

// sendUser answers with a user in the view that the request asks for.
func (c *call) sendUser(status int, p *people.Person) error {
	v, err := c.view()
	if err != nil {
		return err
	}
	buffer := takeBuffer()
	defer buffer.put()
	if buffer.bytes, err = c.s.appendView(buffer.bytes, p, c.base, v); err != nil {
		return err
	}
	c.w.Header()["Etag"] = []string{`"` + version(p) + `"`}
	c.send(status, scimContentType, buffer.bytes)
	return nil
}
