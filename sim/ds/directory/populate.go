package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Populate adds a user as an administrator would find one: uid=… below [Directory.PeopleDN], in the class inetOrgPerson. Neither
// the password policy nor the changelog hears of it. Strings and lists of strings in p.Attributes are further attributes;
// "userPassword" among them is stored as it is when it is encoded. The ID that comes back is the entryUUID.
func (d *Directory) Populate(ctx context.Context, p people.Person) (people.Person, error) {
	if p.Credential.MustChange && !d.policies.Load().standard.forcesChange() {
		return people.Person{}, fmt.Errorf("%w: user %q: nobody has to change a password where the policy has neither force-change-on-add nor force-change-on-reset", ErrInvalid, p.UserName)
	}
	e, err := d.load(ctx, d.UserDN(p.UserName), d.attributesOf(p))
	if err != nil {
		return people.Person{}, fmt.Errorf("user %q: %w", p.UserName, err)
	}
	p.ID = e.value(d.known.entryUUID)
	if at, err := schema.ParseTime(e.value(d.known.createTimestamp)); err == nil {
		p.Created = at
	}
	return p, nil
}

// UserDN is the DN of who has been populated under a user name.
func (d *Directory) UserDN(userName string) string {
	parent, err := names.Parse(d.PeopleDN())
	if err != nil {
		return ""
	}
	return parent.Child(names.RDN{{Type: "uid", Value: userName}}).String()
}

func (d *Directory) attributesOf(p people.Person) []ldap.Attribute {
	all := []ldap.Attribute{{Description: "objectClass", Values: octets("top", "person", "organizationalPerson", "inetOrgPerson")}}
	put := func(name string, values ...string) {
		if len(values) == 0 || values[0] == "" || slices.ContainsFunc(all, func(a ldap.Attribute) bool { return a.Description == name }) {
			return
		}
		all = append(all, ldap.Attribute{Description: name, Values: octets(values...)})
	}
	put("uid", p.UserName)
	full := strings.TrimSpace(p.GivenName + " " + p.FamilyName)
	if p.DisplayName != "" && !strings.EqualFold(p.DisplayName, full) {
		put("cn", slices.DeleteFunc([]string{p.DisplayName, full}, func(name string) bool { return name == "" })...)
	}
	put("cn", full)
	put("cn", p.UserName) // Everybody has a name.
	put("sn", p.FamilyName)
	put("sn", p.UserName) // A person needs one.
	put("givenName", p.GivenName)
	put("displayName", p.DisplayName)
	var mails []string
	for _, m := range p.Emails {
		mails = append(mails, m.Value)
	}
	put("mail", mails...)
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) { // in the same order in each run
		switch value := p.Attributes[name].(type) {
		case string:
			put(name, value)
		case []string:
			put(name, value...)
		}
	}
	k := &d.known
	if c := p.Credential; !c.Password.Empty() {
		put(k.userPassword.Name(), c.Password.Reveal())
		if !c.SetAt.IsZero() {
			put(k.pwdChangedTime.Name(), c.SetAt.UTC().Format(schema.Milliseconds))
		}
		if c.MustChange {
			put(k.pwdReset.Name(), "TRUE")
		}
	}
	if !p.Active {
		put(k.accountDisabled.Name(), "TRUE")
	}
	if p.Locked {
		put(k.pwdAccountLockedTime.Name(), d.kernel.Clock.Now().Format(schema.Milliseconds))
	}
	return all
}

func octets(values ...string) [][]byte {
	raw := make([][]byte, len(values))
	for i, v := range values {
		raw[i] = []byte(v)
	}
	return raw
}

// Change lets an operator of the harness modify an entry past rights and policy: "ds-pwp-account-disabled" for instance. It is in
// the changelog like any other change.
func (d *Directory) Change(ctx context.Context, identity string, mods ...ldap.Change) error {
	for range attempts {
		e := d.identified(identity)
		if e == nil {
			return fmt.Errorf("change %q: %w", identity, people.ErrNotFound)
		}
		u := &update{asker: d.harness(), now: d.kernel.Clock.Now(), permissive: true}
		c, _, r := d.prepareModify(ctx, u, ldap.ModifyRequest{DN: e.name, Changes: mods})
		if r.Code != ldap.Success {
			return fmt.Errorf("change %q: %w: %s: %s", identity, ErrInvalid, r.Code, r.Message)
		}
		if d.commit(c) {
			return nil
		}
	}
	return fmt.Errorf("change %q: %s", identity, busy.Message)
}

// PolicyJSON is the default password policy, in the names of dsconfig.
func (d *Directory) PolicyJSON() any { return *d.policies.Load().standard }

// SetPolicyJSON changes what the JSON names of the default password policy, from now on. A name that policies do not have is
// refused: a typo must not weaken one in silence. The policy in force shares no list with what the JSON is read into.
func (d *Directory) SetPolicyJSON(raw json.RawMessage) error {
	standing, err := json.Marshal(d.policies.Load().standard) //nolint:gosec // G117: it names schemes, and no secret
	if err != nil {
		return fmt.Errorf("%w: policy: %w", ErrInvalid, err)
	}
	var policy PasswordPolicy
	for _, text := range [][]byte{standing, raw} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&policy)
		if err == nil {
			if _, err = decoder.Token(); errors.Is(err, io.EOF) {
				continue
			}
			err = errors.New("something follows the object")
		}
		return fmt.Errorf("%w: policy: %w", ErrInvalid, err)
	}
	return d.SetPolicy(policy)
}

// SetPolicy replaces the default policy, or the further one of its DN.
func (d *Directory) SetPolicy(policy PasswordPolicy) error {
	if err := policy.Validate(); err != nil {
		return fmt.Errorf("%w: policy: %w", ErrInvalid, err)
	}
	if !d.config.enables(policy.DefaultScheme) {
		return fmt.Errorf("%w: policy: default-password-storage-scheme: %s is not enabled, so nobody could bind", ErrInvalid, policy.DefaultScheme)
	}
	defer d.refreshSubentries() // They may inherit from it.
	d.mu.Lock()
	defer d.mu.Unlock()
	all := *d.policies.Load()
	key := d.keyOf(policy.DN)
	byKey := map[string]*PasswordPolicy{key: &policy}
	for k, p := range all.byKey {
		if k != key {
			byKey[k] = p
		}
	}
	all.byKey = byKey
	switch key {
	case d.keyOf(all.standard.DN):
		all.standard = &policy
	case d.keyOf(all.root.DN):
		all.root = &policy
	}
	d.policies.Store(&all)
	return nil
}

// Violation is why a policy refuses a password.
type Violation struct {
	Rule   string
	Detail string
}

// CheckPassword tells why the policy in force for a user would refuse a password: the validators, and the history.
func (d *Directory) CheckPassword(ctx context.Context, identity string, password secret.Value) ([]Violation, error) {
	e := d.identified(identity)
	if e == nil {
		e = d.pseudoEntry("", "top")
	}
	a := d.account(e)
	var all []Violation
	if schemes.PreEncoded(password.Reveal()) && !a.policy.AllowPreEncoded {
		all = append(all, Violation{"allow-pre-encoded-passwords", "User passwords may not be provided in pre-encoded form"})
	}
	for _, v := range a.policy.Validators.violations(candidate{d: d, entry: e, password: password}) {
		all = append(all, Violation{v.Validator, v.Reason})
	}
	used, err := d.used(ctx, a, password)
	if used {
		all = append(all, Violation{"password-history", "The provided new password was found in the password history for the user"})
	}
	return all, err
}
