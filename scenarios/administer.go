package scenarios

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/sim/kernel/ldif"
)

// branch is where users are moved to, below the people.
const branch = "ou=Elsewhere"

// administer does over LDAP what an administrator of the directory does to entries.
func (r *run) administer(at string, t DirectoryTurn) (err error) {
	c, err := r.administrator(at)
	if err != nil {
		return fmt.Errorf("administrator of %s: %w", at, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	base := r.place.Directory.Base
	if t.Move != nil {
		above := goldap.NewAddRequest(branch+","+base, nil)
		above.Attribute("objectClass", []string{"top", "organizationalUnit"})
		if err := c.Add(above); err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultEntryAlreadyExists) {
			return err
		}
		for _, p := range r.pick(*t.Move) {
			rdn := "uid=" + goldap.EscapeDN(p.UserName)
			if err := c.ModifyDN(goldap.NewModifyDNRequest(rdn+","+base, rdn, true, branch+","+base)); err != nil {
				return err
			}
		}
	}
	if t.Recreate != nil {
		err = r.recreate(c, *t.Recreate)
	}
	return errors.Join(err, t.addTo(c))
}

func (r *run) recreate(c *goldap.Conn, users Users) error {
	for _, p := range r.pick(users) {
		dn := "uid=" + goldap.EscapeDN(p.UserName) + "," + r.place.Directory.Base
		entry := goldap.NewAddRequest(dn, nil)
		entry.Attribute("objectClass", []string{"top", "person", "organizationalPerson", "inetOrgPerson"})
		for _, a := range [][2]string{{"cn", p.DisplayName}, {"sn", p.FamilyName}, {"givenName", p.GivenName}, {"mail", p.PrimaryEmail()}} {
			entry.Attribute(a[0], []string{a[1]})
		}
		if err := errors.Join(c.Del(goldap.NewDelRequest(dn, nil)), c.Add(entry)); err != nil {
			return err
		}
	}
	return nil
}

// entries are those that are to be added.
func (t DirectoryTurn) entries() (list []ldif.Record, err error) {
	for in := ldif.NewReader("add", strings.NewReader(t.Add)); ; {
		record, err := in.Record()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, record)
	}
}

func (t DirectoryTurn) addTo(c *goldap.Conn) error {
	list, err := t.entries()
	for _, e := range list {
		added := goldap.NewAddRequest(e.DN, nil)
		for _, a := range e.Attributes {
			values := make([]string, len(a.Values))
			for i, v := range a.Values {
				values[i] = string(v)
			}
			added.Attribute(a.Description, values)
		}
		if err := c.Add(added); err != nil {
			return fmt.Errorf("add %s: %w", e.DN, err)
		}
	}
	return err
}

func (r *run) administrator(at string) (*goldap.Conn, error) {
	server, err := url.Parse(r.world.URL(at))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.ctx, submitTimeout)
	defer cancel()
	raw, err := r.world.Network().DialContext(ctx, "tcp", server.Host)
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{RootCAs: r.world.Authority().Pool(), ServerName: strings.Split(server.Host, ":")[0], MinVersion: tls.VersionTLS12}
	c := goldap.NewConn(tls.Client(raw, trust), true)
	c.SetTimeout(submitTimeout)
	c.Start()
	dn, password := r.world.DSAdministrator()
	if err := c.Bind(dn, password.Reveal()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
