package directory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	people   = "ou=People,dc=example,dc=com"
	bjensen  = "uid=bjensen,ou=People,dc=example,dc=com"
	kvaughan = "uid=kvaughan,ou=People,dc=example,dc=com"
	scarter  = "uid=scarter,ou=People,dc=example,dc=com"
	hmiller  = "uid=hmiller,ou=People,dc=example,dc=com"
)

// trial is a directory with the sessions that most tests want.
type trial struct {
	*directory.Directory
	t                testing.TB
	admin, anonymous *directory.Session
	clock            *clock.Clock
}

// start builds a directory of ds-evaluation, after changes to its configuration.
func start(tb testing.TB, change ...func(*directory.Config)) *trial {
	tb.Helper()
	c := directory.DefaultConfig(directory.DS7)
	for _, f := range change {
		f(&c)
	}
	return build(tb, c, "ds")
}

func build(tb testing.TB, c directory.Config, name string) *trial {
	tb.Helper()
	turned := new(clock.Clock)
	d, err := directory.New(c, directory.Kernel{Clock: turned, Seed: 1, Digester: secret.NewDigester([]byte("sixteen bytes or more")), Name: name})
	require.NoError(tb, err)
	x := &trial{Directory: d, t: tb, admin: &directory.Session{Secure: true}, anonymous: &directory.Session{Secure: true}, clock: turned}
	require.Equal(tb, ldap.Success, d.Bind(tb.Context(), x.admin, c.RootDN, secret.New("password"), nil).Code)
	return x
}

// as is a session that has bound.
func (x *trial) as(dn, password string) *directory.Session {
	x.t.Helper()
	s := &directory.Session{Secure: true}
	require.Equal(x.t, ldap.Success, x.Bind(x.t.Context(), s, dn, secret.New(password), nil).Code, dn)
	return s
}

// bind tells how a bind ends.
func (x *trial) bind(dn, password string, controls ...ldap.Control) ldap.Result {
	return x.Bind(x.t.Context(), &directory.Session{Secure: true}, dn, secret.New(password), controls)
}

func filter(tb testing.TB, text string) ldap.Filter {
	tb.Helper()
	f, err := ldap.ParseFilter(text)
	require.NoError(tb, err)
	return f
}

func collect(into *[]ldap.Entry) directory.Emit {
	return func(e ldap.Entry, _ []ldap.Control) error {
		*into = append(*into, e)
		return nil
	}
}

// find searches the whole suffix as the administrator, and returns the DNs.
func (x *trial) find(text string) []string {
	x.t.Helper()
	var found []ldap.Entry
	r := x.Search(x.t.Context(), x.admin, ldap.SearchRequest{BaseDN: "dc=example,dc=com", Scope: ldap.ScopeSubtree, Filter: filter(x.t, text), Attributes: []string{"1.1"}}, nil, collect(&found))
	require.Equal(x.t, ldap.Success, r.Code, r.Message)
	dns := make([]string, 0, len(found))
	for _, e := range found {
		dns = append(dns, e.DN)
	}
	return dns
}

// read is one entry as a session sees it: attribute descriptions with their values, joined.
func (x *trial) read(s *directory.Session, dn string, attributes ...string) map[string]string {
	x.t.Helper()
	var found []ldap.Entry
	r := x.Search(x.t.Context(), s, ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBase, Attributes: attributes}, nil, collect(&found))
	require.Equal(x.t, ldap.Success, r.Code, r.Message)
	if len(found) == 0 {
		return nil
	}
	return values(found[0])
}

func values(e ldap.Entry) map[string]string {
	m := map[string]string{}
	for _, a := range e.Attributes {
		texts := make([]string, 0, len(a.Values))
		for _, v := range a.Values {
			texts = append(texts, string(v))
		}
		m[a.Description] = strings.Join(texts, "|")
	}
	return m
}

func attr(name string, values ...string) ldap.Attribute {
	a := ldap.Attribute{Description: name}
	for _, v := range values {
		a.Values = append(a.Values, []byte(v))
	}
	return a
}

func mod(op ldap.ChangeOp, name string, values ...string) ldap.Change {
	return ldap.Change{Op: op, Attribute: attr(name, values...)}
}

func (x *trial) modify(s *directory.Session, dn string, mods ...ldap.Change) ldap.Result {
	return x.Modify(x.t.Context(), s, ldap.ModifyRequest{DN: dn, Changes: mods}, nil)
}

// addPerson adds somebody below ou=People.
func (x *trial) addPerson(s *directory.Session, uid string, more ...ldap.Attribute) ldap.Result {
	return x.Add(x.t.Context(), s, ldap.AddRequest{
		DN:         "uid=" + uid + "," + people,
		Attributes: append([]ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", strings.ToUpper(uid)), attr("sn", uid)}, more...),
	}, nil)
}

func crowd(x *trial, n int) {
	x.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "dn: dc=example,dc=com\nobjectClass: domain\n\ndn: %s\nobjectClass: organizationalUnit\n\n", people)
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=user.%[1]d,%[2]s\nobjectClass: inetOrgPerson\ncn: User Number%[1]d\nsn: Number%[1]d\ngivenName: User\nmail: user.%[1]d@example.com\nemployeeNumber: %[1]d\ntelephoneNumber: +1 555 %[1]d\nuserPassword: {SSHA512}%[3]s\n\n", i, people, hash)
	}
	count, err := x.Import(context.Background(), "crowd.ldif", strings.NewReader(b.String()))
	require.NoError(x.t, err)
	require.Equal(x.t, n+2, count)
}

// hash is Secret12! in SSHA512 with the salt 00…07.
const hash = "FS55DjFj6mAn1VjsJTM2DbJwB60s0x8gznGuD9ZkXzXORe2rYxZeO8clGHOpWZQ4/mIEbHVwOiJRegYiWccvvAABAgMEBQYH"

func TestLayouts(t *testing.T) {
	x := start(t)
	assert.Equal(t, []string{bjensen}, x.find("(uid=bjensen)"))
	assert.Len(t, x.find("(objectClass=inetOrgPerson)"), 7)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	assert.Equal(t, ldap.Success, x.bind(kvaughan, "bribery").Code)

	idm := start(t, func(c *directory.Config) {
		c.Layout, c.AccountPassword = directory.IDM, secret.New("idm password")
	})
	assert.Equal(t, ldap.Success, idm.bind("uid=idm,ou=Administrators,dc=example,dc=com", "idm password").Code)
	empty := start(t, func(c *directory.Config) { c.Layout, c.Suffix = directory.Empty, "o=example" })
	assert.Equal(t, 2, empty.Size())

	require.NoError(t, x.Reset())
	assert.Equal(t, 13, x.Size(), "the suffix, three units, seven people, a group, the administrator")
}

func TestConfigTellsEveryMistake(t *testing.T) {
	c := directory.DefaultConfig(directory.DS7)
	c.Profile, c.Layout, c.Suffix, c.ServerID, c.ACIs = "x", "y", "z", 0, []string{"(target)"}
	c.Indexes = []directory.Index{{Attribute: "nobody"}, {Attribute: "member", Substring: true}}
	c.Limits.Size, c.Hashing.Workers, c.Changelog.Mode, c.Policy.DefaultScheme = -1, 0, "on", "ROT13"
	c.Switches = directory.Switches{"insecureBind": "maybe"}
	c.Schemes = map[string]schemes.Settings{"ROT13": {}}
	err := c.Validate()
	require.ErrorIs(t, err, directory.ErrInvalid)
	for _, want := range []string{
		"ds.profile", "ds.layout", "ds.suffix", "ds.serverID", "ds.acis[0]", "ds.indexes[0]", "ds.indexes[1]", "ds.limits.size",
		"ds.hashing.workers", "ds.changelog.mode", "ds.policies[0]", "ds.switches", "ds.schemes",
	} {
		assert.ErrorContains(t, err, want)
	}
	_, err = directory.New(c, directory.Kernel{})
	require.Error(t, err)
	for _, p := range []directory.Profile{directory.DS7, directory.OpenDJ} {
		c := directory.DefaultConfig(p)
		require.NoError(t, c.Validate())
	}
}

func TestSameSeedSameEntries(t *testing.T) {
	a, b := start(t), start(t)
	assert.Equal(t, a.read(a.admin, bjensen, "entryUUID"), b.read(b.admin, bjensen, "entryUUID"))
	assert.Equal(t, a.read(a.admin, bjensen, "userPassword"), b.read(b.admin, bjensen, "userPassword"))
	other := random.Seed(2)
	d, err := directory.New(directory.DefaultConfig(directory.DS7), directory.Kernel{Clock: new(clock.Clock), Seed: other, Digester: secret.NewDigester([]byte("k"))})
	require.NoError(t, err)
	dn, ok := d.Identify("u:bjensen")
	require.True(t, ok)
	assert.Equal(t, bjensen, dn)
	assert.False(t, slices.Contains(a.find("(entryUUID="+"00000000-0000-4000-8000-000000000000)"), dn))
}
