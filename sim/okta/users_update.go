package okta

import (
	"maps"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// patchUser is POST: what is not sent stays.
func (c *call) patchUser() error { return c.updateUser(true) }

// replaceUser is PUT: the profile is replaced as a whole. A body without a profile leaves the profile, one without
// credentials the credentials (recorded).
func (c *call) replaceUser() error { return c.updateUser(false) }

func (c *call) updateUser(partial bool) error {
	var b userBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	write, err := c.adminWrite(b.Credentials)
	if err != nil {
		return err
	}
	hash, err := c.readHash(b.Credentials)
	if err != nil {
		return err
	}
	kind := eventUpdateProfile
	if write != nil || hash != nil {
		c.x.Operation, kind = "write_password", eventUpdatePassword
	}
	p, err := c.storeUser(kind, &b, partial, write, hash)
	if err != nil {
		return err
	}
	return c.sendUser(&p)
}

// storeUser is the write itself, before anything is sent: an answer takes as long as its reader does.
func (c *call) storeUser(kind eventKind, b *userBody, partial bool, w *passwordWrite, h Hash) (people.Person, error) {
	if b.Profile != nil { // a login may change with it
		c.s.writes.Lock()
		defer c.s.writes.Unlock()
	}
	var before, after string
	p, err := c.changeProfile(kind, func(p *people.Person, a *Account, m *profile) error {
		if err := c.expects(c.s.tag(*m)); err != nil {
			return err
		}
		before = (*m)["login"]
		if err := c.applyProfile(a, m, b, partial); err != nil {
			return err
		}
		after = (*m)["login"]
		return c.applyCredentials(p, a, *m, b, w, h)
	})
	if err == nil && after != before && b.Profile != nil {
		c.s.index.rename(before, after, p.ID)
	}
	return p, err
}

func (c *call) applyProfile(a *Account, m *profile, b *userBody, partial bool) error {
	if b.Profile == nil {
		return nil
	}
	next, err := c.s.adopt(*m, b.Profile, partial)
	if err != nil {
		return err
	}
	if maps.Equal(next, *m) {
		return nil
	}
	if a.Mastered {
		return refuse(masteredElsewhere)
	}
	if owner, taken := c.s.index.owner(next["login"]); taken && plain(next["login"]) != plain((*m)["login"]) && owner != "" {
		return loginIsTaken()
	}
	*m, a.LastUpdated = next, c.s.now()
	return nil
}

func (c *call) applyCredentials(p *people.Person, a *Account, m profile, b *userBody, w *passwordWrite, h Hash) error {
	if b.Credentials == nil {
		return nil
	}
	if w != nil {
		if err := c.s.adminSet(p, a, m, w); err != nil {
			return err
		}
	}
	if h != nil {
		if a.Status != Staged || a.federated() || a.delegated() {
			return refuse(validation, "password").because("password: Hashed passwords can be set for staged users only")
		}
		c.s.setHash(p, a, h)
	}
	// A client that sends a user back as it read it sends a question without an answer.
	if q := b.Credentials.Question; q != nil && (q.Answer != nil || q.Question != a.Question) {
		return c.s.setQuestion(a, q)
	}
	return nil
}

// expects compares If-Match with the tag of the user.
func (c *call) expects(tag string) error {
	header := c.r.Header["If-Match"]
	if len(header) == 0 {
		return nil
	}
	for one := range strings.SplitSeq(strings.Join(header, ","), ",") {
		one = strings.TrimSpace(one)
		if one == "*" || one == tag {
			return nil
		}
	}
	return refuse(versionMismatch)
}
