package directory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Roster are the users: the entries anywhere below [Directory.PeopleDN] that have a uid. Administrators and accounts of
// applications live elsewhere.
type Roster struct{ d *Directory }

// Users are those of the directory, to be read.
func (d *Directory) Users() Roster { return Roster{d} }

// people is the entry above the users; nil when there is none. The tree must be locked.
func (d *Directory) people() *entry { return d.tree.find(d.peopleKey()) }

func (d *Directory) peopleKey() string { return d.keyOf(d.PeopleDN()) }

// PeopleDN is the DN of the entry above the users.
func (d *Directory) PeopleDN() string { return cmp.Or(d.config.People, "ou=People,"+d.config.Suffix) }

// CheckPeople tells what is wrong with where the users are.
func (c *Config) CheckPeople() error {
	if c.People == "" {
		return nil
	}
	dn, err := names.Parse(c.People)
	if err != nil || len(dn) == 0 {
		return fmt.Errorf("%q is not a DN", c.People)
	}
	rules := schema.Standard()
	suffix, err := names.Parse(c.Suffix)
	if err != nil || len(suffix) == 0 {
		return nil //nolint:nilerr // Validate has another word for that.
	}
	if !below(dn.Parent().Key(rules), suffix.Key(rules)) {
		return fmt.Errorf("%q is not below the suffix %q", c.People, c.Suffix)
	}
	return nil
}

// isUser tells whether an entry is one of the roster.
func (r Roster) isUser(e *entry) bool {
	return e != nil && e.value(r.d.known.uid) != "" && below(e.key, r.d.peopleKey())
}

// Len counts what is below PeopleDN but for subentries: all of that are users, unless somebody has added another kind of entry.
func (r Roster) Len() int {
	subentries := len(r.d.subentriesBelow(r.d.peopleKey()))
	r.d.mu.RLock()
	defer r.d.mu.RUnlock()
	e := r.d.people()
	if e == nil {
		return 0
	}
	return r.d.tree.slots[e.id].below - subentries
}

// ByID finds a user by the entryUUID.
func (r Roster) ByID(id string) (people.Person, bool) { return r.person(r.d.byUUID(id)) }

// ByUserName finds a user by the uid, which must be of one entry only.
func (r Roster) ByUserName(name string) (people.Person, bool) { return r.person(r.d.named(name)) }

func (r Roster) person(e *entry) (people.Person, bool) {
	if !r.isUser(e) {
		return people.Person{}, false
	}
	return r.d.personOf(e), true
}

// All are the users in the order of their creation; who is added meanwhile comes along.
func (r Roster) All() iter.Seq[people.Person] {
	return func(yield func(people.Person) bool) {
		for _, i := range r.ids() {
			r.d.mu.RLock()
			e := r.d.tree.at(i)
			r.d.mu.RUnlock()
			if p, ok := r.person(e); ok && !yield(p) {
				return
			}
		}
	}
}

func (r Roster) ids() []id {
	r.d.mu.RLock()
	defer r.d.mu.RUnlock()
	e := r.d.people()
	if e == nil {
		return nil
	}
	return r.d.tree.subtree(e.id)
}

// personOf is an entry in the words of all simulators. Its password is what is stored of it, which nobody can sign in with.
func (d *Directory) personOf(e *entry) people.Person {
	k := &d.known
	p := people.Person{
		ID: e.value(k.entryUUID), UserName: e.value(k.uid), GivenName: e.value(k.givenName), FamilyName: e.value(k.sn),
		DisplayName: e.value(k.displayName), Version: e.version, Attributes: map[string]any{"dn": e.name},
	}
	for i, mail := range e.values(k.mail) {
		p.Emails = append(p.Emails, people.Email{Value: string(mail), Type: "work", Primary: i == 0})
	}
	at := func(kind *schema.Attribute) (t time.Time) {
		if text := e.value(kind); text != "" {
			t, _ = schema.ParseTime(text) // what is no time was refused
		}
		return t
	}
	p.Created, p.Modified, p.Credential.SetAt = at(k.createTimestamp), at(k.modifyTimestamp), at(k.pwdChangedTime)
	if p.Modified.IsZero() {
		p.Modified = p.Created
	}
	a := d.account(e)
	p.Active = !a.disabled() && !a.expiredAccount()
	p.Locked, _ = a.locked()
	p.Credential.MustChange = a.mustChange()
	for range e.values(k.pwdHistory) {
		p.Credential.History = append(p.Credential.History, secret.Digest{})
	}
	return p
}

// Standing is how the account with that entryUUID stands now.
func (d *Directory) Standing(id string) harness.Standing {
	e := d.byUUID(id)
	if e == nil {
		return harness.Standing{}
	}
	a := d.account(e)
	locked, _ := a.locked()
	s := harness.Standing{
		Active: !a.disabled() && !a.expiredAccount(), Locked: locked || a.resetTooOld(), MustChange: a.mustChange(),
		HasPassword: len(e.values(d.known.userPassword)) > 0,
	}
	if s.Locked {
		s.LockedBy = people.ByFailures
	}
	return s
}

// StoredDigest is the keyed digest of what is stored of the password of a user name; zero when nothing is.
func (d *Directory) StoredDigest(userName string) secret.Digest {
	if stored := d.Stored(userName); !stored.Empty() {
		return d.kernel.Digester.Digest(stored)
	}
	return secret.Digest{}
}

// Stored is what is stored of the password of a user name, as it stands in userPassword; empty when nothing is.
func (d *Directory) Stored(userName string) secret.Value {
	if e := d.named(userName); e != nil {
		return secret.New(e.value(d.known.userPassword))
	}
	return secret.Value{}
}

// SetDisabled closes the account with that entryUUID as an administrator does (ds-pwp-account-disabled), or opens it.
func (d *Directory) SetDisabled(ctx context.Context, id string, on bool) error {
	e := d.byUUID(id)
	if e == nil {
		return fmt.Errorf("user %q: %w", id, people.ErrNotFound)
	}
	if d.account(e).disabled() == on {
		return nil
	}
	mod := replacement(d.known.accountDisabled)
	if on {
		mod = replacement(d.known.accountDisabled, "TRUE")
	}
	return d.Change(ctx, "dn:"+e.name, mod)
}

// SetLocked locks the account with that entryUUID as too many failures do, or ends the lock. There are no locks where the policy
// has no lockout-failure-count.
func (d *Directory) SetLocked(ctx context.Context, id string, on bool) error {
	e := d.byUUID(id)
	if e == nil {
		return fmt.Errorf("user %q: %w", id, people.ErrNotFound)
	}
	a := d.account(e)
	if on && a.policy.LockoutFailures == 0 {
		return fmt.Errorf("%w: lock %q: the password policy locks nobody: set lockout-failure-count, or disable the account", ErrInvalid, e.name)
	}
	k := &d.known
	mods := a.cleared(k.pwdFailureTime, k.pwdAccountLockedTime)
	if on {
		mods = []ldap.Change{replacement(k.pwdAccountLockedTime, a.time())}
	}
	if len(mods) == 0 {
		return nil
	}
	return d.Change(ctx, "dn:"+e.name, mods...)
}

// Remove deletes the user with that entryUUID, as an administrator does: it is in the changelog.
func (d *Directory) Remove(id string) error {
	for range attempts {
		e := d.byUUID(id)
		if e == nil {
			return fmt.Errorf("user %q: %w", id, people.ErrNotFound)
		}
		if d.commit(change{kind: deleted, before: e, wholeTree: true, by: d.config.RootDN, at: d.kernel.Clock.Now()}) {
			return nil
		}
	}
	return fmt.Errorf("remove %q: %s", id, busy.Message)
}

// Adopt copies an entry of another replica as it is there, past replication: neither changelog hears of it.
func (d *Directory) Adopt(from *Directory, dn string) error {
	e := from.entry(from.keyOf(dn))
	if e == nil {
		return fmt.Errorf("%q: %w", dn, people.ErrNotFound)
	}
	own, err := d.adopt(e)
	if err != nil {
		return err
	}
	return d.plant(own)
}

// reader is the account of a synchronisation, and what lets it read.
func (d *Directory) reader() (account plan, acis []string, ok bool) {
	r := d.config.Reader
	dn, err := names.Parse(r.DN)
	if err != nil || len(dn) == 0 {
		return plan{}, nil, false // Config.Validate has refused what is no DN.
	}
	uid := dn[0].Value("uid")
	account = plan{dn: r.DN, password: r.Password, attributes: append(person(uid, "Password", "Synchronisation", d.config.Suffix),
		[2]string{"ds-privilege-name", string(ChangelogRead)}, [2]string{"ds-privilege-name", string(UnindexedSearch)},
		[2]string{"ds-rlim-size-limit", "0"}, [2]string{"ds-rlim-lookthrough-limit", "0"})}
	return account, []string{
		`(targetattr="*||+")(version 3.0; acl "Password synchronisation reads"; allow (read,search,compare) userdn="ldap:///` + r.DN + `";)`,
		`(targetcontrol="PSearch||Ecl||1.2.840.113556.1.4.319")(version 3.0; acl "Password synchronisation uses controls"; allow (read) userdn="ldap:///` + r.DN + `";)`,
	}, true
}

// readerGlobalACIs open the changelog, which is below no suffix, to the account of a synchronisation (ForgeRock, Administration
// Guide, "Read the external changelog").
func (d *Directory) readerGlobalACIs() []string {
	r := d.config.Reader
	if r.DN == "" {
		return nil
	}
	who := `allow (read,search,compare) userdn="ldap:///` + r.DN + `";)`
	return []string{
		`(target="ldap:///cn=changelog")(targetattr="*||+")(version 3.0; acl "Password synchronisation reads the changelog"; ` + who,
		`(target="ldap:///")(targetscope="base")(targetattr="changelog||firstChangeNumber||lastChangeNumber||lastExternalChangelogCookie")(version 3.0; acl "Password synchronisation reads the state of the changelog"; ` + who,
		`(targetcontrol="Ecl")(version 3.0; acl "Password synchronisation uses cookies"; allow (read) userdn="ldap:///` + r.DN + `";)`,
	}
}

// hidden is the instruction that takes the passwords away from who reads all the rest.
func (d *Directory) hidden() string {
	return `(targetattr="userPassword||authPassword")(version 3.0; acl "Password synchronisation does not read passwords"; deny (read,search,compare) userdn="ldap:///` + d.config.Reader.DN + `";)`
}

// PasswordReadable tells whether the account of Config.Reader may read userPassword.
func (d *Directory) PasswordReadable() bool {
	e := d.entry(d.suffix)
	return d.config.Reader.DN != "" && e != nil && d.indexOf(d.known.aci, e.values(d.known.aci), []byte(d.hidden())) < 0
}

// SetPasswordReadable gives the account of Config.Reader the right to read userPassword, or takes it away: an instruction at the
// suffix, which reaches the replicas as any change does.
func (d *Directory) SetPasswordReadable(ctx context.Context, on bool) error {
	if d.config.Reader.DN == "" {
		return fmt.Errorf("%w: reader: there is no account whose right that would be", ErrInvalid)
	}
	if d.PasswordReadable() == on {
		return nil
	}
	mod := ldap.Change{Op: ldap.Add, Attribute: ldap.Attribute{Description: "aci", Values: octets(d.hidden())}}
	if on {
		mod.Op = ldap.Delete
	}
	return d.Change(ctx, "dn:"+d.config.Suffix, mod)
}
