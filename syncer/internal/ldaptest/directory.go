package ldaptest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// What every directory has.
const (
	Base     = "ou=People,dc=example,dc=com"
	BindDN   = "uid=sync,ou=Apps,dc=example,dc=com"
	Password = "Bind-Password-2026"
)

// Directory is a set of replicas. Its methods change all of them but those that lag.
type Directory struct {
	servers []*Server
	mu      sync.Mutex
	changes int
	origin  int
	ahead   time.Duration
}

// Start starts a replica for each host name.
func Start(hosts ...string) *Directory {
	d := &Directory{}
	for i, host := range hosts {
		d.servers = append(d.servers, startServer(host, 1000*i))
	}
	return d
}

// Stop ends all connections and goroutines.
func (d *Directory) Stop() {
	for _, s := range d.servers {
		s.Stop()
	}
}

// Server returns a replica.
func (d *Directory) Server(i int) *Server { return d.servers[i] }

// URLs are the replicas' addresses.
func (d *Directory) URLs() []string {
	var list []string
	for _, s := range d.servers {
		list = append(list, "ldap://"+s.host)
	}
	return list
}

// DialContext connects to the replica that the address names.
func (d *Directory) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, _ := strings.Cut(address, ":")
	for _, s := range d.servers {
		if s.host == host {
			return s.listener.DialContext(ctx, network, address)
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// Lag lets a replica miss what changes from now on, until it is called with false.
func (d *Directory) Lag(i int, lags bool) {
	s := d.servers[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lags = lags
	if !lags {
		for _, f := range s.missed {
			f(s)
		}
		s.missed = nil
	}
}

// From lets changes come from the replica with that id; 1 is the first.
func (d *Directory) From(id int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.origin = id
}

// Ahead sets the clock by which changes are dated from now on.
func (d *Directory) Ahead(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead = by
}

// apply changes every replica.
func (d *Directory) apply(f func(s *Server, csn string, now time.Time)) {
	d.mu.Lock()
	d.changes++
	csn := fmt.Sprintf("%016x%04x%08x", time.Now().UnixMilli(), max(d.origin, 1), d.changes)
	now := time.Now().UTC().Add(d.ahead)
	d.mu.Unlock()
	change := func(s *Server) {
		before := len(s.entries)
		if f(s, csn, now); len(s.entries) != before {
			s.index = nil
		}
	}
	for _, s := range d.servers {
		s.mu.Lock()
		if s.lags {
			s.missed = append(s.missed, change)
		} else {
			change(s)
		}
		s.mu.Unlock()
	}
}

// DN is where a user is.
func DN(uid string) string { return "uid=" + uid + "," + Base }

func uuid(uid string) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", uint64(len(uid))<<40|uint64(checksum(uid)))
}

func checksum(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// Add adds users with a password each, "{SSHA512}" and their name in base64.
func (d *Directory) Add(uids ...string) {
	for _, uid := range uids {
		d.AddWith(uid, Hash(uid))
	}
}

// Hash makes something that looks like a stored password.
func Hash(of string) string {
	return "{SSHA512}" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(of+"|", 72/(len(of)+1)+1)))
}

// AddWith adds a user with values of userPassword.
func (d *Directory) AddWith(uid string, passwords ...string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		e := &entry{dn: DN(uid), values: map[string][]string{}}
		e.set("objectClass", "top", "person", "inetOrgPerson")
		e.set("uid", uid)
		e.set("mail", uid+"@example.com")
		e.set("sn", "Family "+uid)
		e.set("entryUUID", uuid(uid))
		e.set("createTimestamp", stamp(now)) // No modifyTimestamp before the first modification, as on DS.
		var b strings.Builder
		for _, line := range []string{"objectClass: top", "objectClass: person", "uid: " + uid, "entryUUID: " + uuid(uid)} {
			b.WriteString(line + "\n")
		}
		if len(passwords) > 0 {
			e.set("userPassword", passwords...)
			s.date(e, now)
			for _, p := range passwords {
				b.WriteString("userPassword: " + p + "\n")
			}
			if at := e.get("pwdChangedTime"); at != "" {
				b.WriteString("pwdChangedTime: " + at + "\n")
			}
		}
		b.WriteString("creatorsName: cn=Directory Manager\n")
		s.entries[strings.ToLower(e.dn)] = e
		s.log(change{csn: csn, at: now, kind: "add", dn: e.dn, uid: uuid(uid), changes: b.String()})
	})
}

// SetPassword is what a user or an administrator does: the password gets a date.
func (d *Directory) SetPassword(uid string, values ...string) {
	d.write(DN(uid), BindAdmin, true, values)
}

// BindAdmin is who changes passwords unless somebody else is said to.
const BindAdmin = "uid=admin"

// SetPasswordAt is for an entry that is not among the users.
func (d *Directory) SetPasswordAt(dn string, values ...string) { d.write(dn, BindAdmin, true, values) }

// SetPasswordBy names who does it.
func (d *Directory) SetPasswordBy(initiator, uid string, values ...string) {
	d.write(DN(uid), initiator, true, values)
}

// Rehash is what a bind does when the scheme is deprecated: another hash, no date, and on 389-DS nobody who did it.
func (d *Directory) Rehash(uid string, values ...string) {
	d.write(DN(uid), "cn=Internal Client", false, values)
}

func (d *Directory) write(dn, initiator string, dated bool, values []string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		e := s.entries[strings.ToLower(dn)]
		if e == nil {
			return
		}
		e.set("userPassword", values...)
		e.set("modifyTimestamp", stamp(now))
		var b strings.Builder
		b.WriteString("replace: userPassword\n")
		for _, v := range values {
			b.WriteString(s.line("userPassword", v))
		}
		b.WriteString("-\n")
		if dated {
			s.date(e, now)
			if at := e.get("pwdChangedTime"); at != "" {
				b.WriteString("replace: pwdChangedTime\npwdChangedTime: " + at + "\n-\n")
			}
		}
		if dated || !s.Is389 {
			b.WriteString("replace: modifiersName\nmodifiersName: " + initiator + "\n-\n")
		}
		b.WriteString("replace: modifyTimestamp\nmodifyTimestamp: " + stamp(now) + "\n-\n")
		s.log(change{csn: csn, at: now, kind: "modify", dn: e.dn, uid: e.get("entryUUID"), changes: b.String()})
		if s.Is389 && dated { // It counts grace log-ins down in an entry of its own.
			s.log(change{csn: csn, at: now, kind: "modify", dn: e.dn, uid: e.get("entryUUID"), changes: "replace: passwordgraceusertime\npasswordgraceusertime: 0\n-\n\x00"})
		}
	})
}

// Set changes attributes that are no password.
func (d *Directory) Set(uid, name string, values ...string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		e := s.entries[strings.ToLower(DN(uid))]
		if e == nil {
			return
		}
		e.set(name, values...)
		e.set("modifyTimestamp", stamp(now))
		s.log(change{csn: csn, at: now, kind: "modify", dn: e.dn, uid: e.get("entryUUID"), changes: "replace: " + name + "\n-\n"})
	})
}

// Log puts a change into the changelog as it stands.
func (d *Directory) Log(uid, kind, changes string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		s.log(change{csn: csn, at: now, kind: kind, dn: DN(uid), uid: uuid(uid), changes: changes})
	})
}

// Delete deletes a user.
func (d *Directory) Delete(uid string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		e := s.entries[strings.ToLower(DN(uid))]
		if e == nil {
			return
		}
		delete(s.entries, strings.ToLower(e.dn))
		s.log(change{csn: csn, at: now, kind: "delete", dn: e.dn, uid: e.get("entryUUID")})
	})
}

// Rename gives a user another name; the entry keeps its entryUUID.
func (d *Directory) Rename(from, to string) { d.Move(DN(from), DN(to)) }

// Move gives an entry another DN, "uid=…,…".
func (d *Directory) Move(from, to string) {
	d.apply(func(s *Server, csn string, now time.Time) {
		e := s.entries[strings.ToLower(from)]
		if e == nil {
			return
		}
		rdn, superior, _ := strings.Cut(to, ",")
		delete(s.entries, strings.ToLower(from))
		e.dn = to
		e.set("uid", strings.TrimPrefix(rdn, "uid="))
		e.set("modifyTimestamp", stamp(now))
		s.entries[strings.ToLower(to)] = e
		c := change{csn: csn, at: now, kind: "modrdn", dn: from, uid: e.get("entryUUID"), rdn: rdn}
		if strings.HasSuffix(from, ","+superior) {
			superior = ""
		}
		c.superior = superior
		s.log(c)
	})
}

// entry is one of a directory. Names of attributes are compared without regard to case and shown as they were set.
type entry struct {
	dn     string
	names  []string
	values map[string][]string
}

func (e *entry) set(name string, values ...string) {
	key := strings.ToLower(name)
	if _, ok := e.values[key]; !ok {
		e.names = append(e.names, name)
	}
	e.values[key] = values
}

func (e *entry) get(name string) string {
	if v := e.values[strings.ToLower(name)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format("20060102150405Z") }
