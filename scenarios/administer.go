package scenarios

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
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
	if t.Recreate == nil {
		return nil
	}
	for _, p := range r.pick(*t.Recreate) {
		dn := "uid=" + goldap.EscapeDN(p.UserName) + "," + base
		entry := goldap.NewAddRequest(dn, nil)
		entry.Attribute("objectClass", []string{"top", "person", "organizationalPerson", "inetOrgPerson"})
		for name, value := range map[string]string{"cn": p.DisplayName, "sn": p.FamilyName, "givenName": p.GivenName, "mail": p.PrimaryEmail()} {
			entry.Attribute(name, []string{value})
		}
		if err := errors.Join(c.Del(goldap.NewDelRequest(dn, nil)), c.Add(entry)); err != nil {
			return err
		}
	}
	return nil
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
