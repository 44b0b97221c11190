package directory_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	kernel "github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func person(userName, password string) kernel.Person {
	return kernel.Person{
		UserName: userName, GivenName: "Given", FamilyName: "Family", Active: true,
		Emails:     []kernel.Email{{Value: userName + "@example.com", Primary: true}},
		Credential: kernel.Credential{Password: secret.New(password)},
	}
}

func TestPopulate(t *testing.T) {
	x := start(t, numbered, func(c *directory.Config) { c.Layout, c.Policy.ForceChangeOnAdd = directory.IDM, true })
	odd := person(`Zoë, "the" 1+1`, "x")
	odd.Emails[0].Value = "zoe@example.com"
	odd.Attributes = map[string]any{"employeeNumber": "7", "title": []string{"a", "b"}, "ignored": 9}
	odd.Credential.MustChange, odd.Credential.SetAt = true, time.Date(2020, 1, 2, 3, 4, 5, 6e6, time.UTC)
	p, err := x.Populate(t.Context(), odd)
	require.NoError(t, err)
	dn := x.UserDN(odd.UserName)
	e := x.read(x.admin, dn, "*", "+")
	assert.Equal(t, p.ID, e["entryUUID"])
	assert.Equal(t, odd.UserName, e["uid"])
	assert.Equal(t, "a|b", e["title"])
	assert.Equal(t, "20200102030405.006Z", e["pwdChangedTime"])
	assert.Equal(t, "TRUE", e["pwdReset"])
	assert.Equal(t, kernel.LogIn{OK: true, MustChange: true}, x.LogIn(t.Context(), odd.UserName, secret.New("x")))
	assert.Equal(t, ldap.Success, x.bind(dn, "x").Code)

	off := person("off", "x")
	off.Active = false
	_, err = x.Populate(t.Context(), off)
	require.NoError(t, err)
	assert.Equal(t, kernel.LogIn{Reason: "inactive"}, x.LogIn(t.Context(), "off", secret.New("x")))
	bare := kernel.Person{UserName: "bare", Active: true}
	_, err = x.Populate(t.Context(), bare)
	require.NoError(t, err)
	assert.Equal(t, kernel.LogIn{Reason: "no_password"}, x.LogIn(t.Context(), "bare", secret.New("x")))
	assert.Equal(t, kernel.LogIn{Reason: "not_found"}, x.LogIn(t.Context(), "nobody", secret.New("x")))
	hashed := kernel.Person{UserName: "hashed", Active: true, Attributes: map[string]any{"userPassword": "{SSHA512}" + hash}}
	_, err = x.Populate(t.Context(), hashed)
	require.NoError(t, err)
	assert.Equal(t, kernel.LogIn{OK: true}, x.LogIn(t.Context(), "u:hashed", secret.New("Secret12!")))
	_, err = x.Populate(t.Context(), bare)
	require.ErrorIs(t, err, directory.ErrInvalid)
	_, err = x.Populate(t.Context(), kernel.Person{UserName: "x", Attributes: map[string]any{"martian": "x"}})
	require.ErrorIs(t, err, directory.ErrInvalid)
	_, last := x.ChangeNumbers()
	assert.Equal(t, 0, last, "nobody has changed anything")
	require.Error(t, x.Change(t.Context(), "nobody"))
	require.ErrorIs(t, x.Change(t.Context(), "bare", mod(ldap.Delete, "sn")), directory.ErrInvalid)
	require.NoError(t, x.Change(t.Context(), "bare", mod(ldap.Replace, "pwdReset", "TRUE")))
	_, last = x.ChangeNumbers()
	assert.Equal(t, 1, last)
}

func TestImportRefuses(t *testing.T) {
	const base = "dn: dc=example,dc=com\nobjectClass: domain\n\n"
	for text, want := range map[string]string{
		"nonsense":                                                 "x.ldif:1",
		"dn: nonsense\nobjectClass: domain\n":                      "x.ldif:1: invalid: not a distinguished name",
		"dn: ou=a,dc=example,dc=com\nou: a\n":                      "x.ldif:1: invalid: Entry ou=a,dc=example,dc=com violates",
		"dn: uid=a,ou=b,dc=example,dc=com\nobjectClass: account\n": "x.ldif:1: invalid: uid=a,ou=b,dc=example,dc=com has no parent",
		"dn:\nobjectClass: domain\n":                               `x.ldif:1: invalid: "" is not below dc=example,dc=com`,
		"dn: o=other\nobjectClass: organization\n":                 `x.ldif:1: invalid: "o=other" is not below dc=example,dc=com`,
		base + base: "x.ldif:4: invalid: dc=example,dc=com is there already",
		base + "dn: uid=a,dc=example,dc=com\nobjectClass: account\nmartian: x\n": "x.ldif:4: invalid: objectClassViolation",
	} {
		x := start(t)
		_, err := x.Import(t.Context(), "x.ldif", strings.NewReader(text))
		require.ErrorIs(t, err, directory.ErrInvalid)
		assert.ErrorContains(t, err, want)
	}
}

// An administrator's export has neither the account that the engine under trial binds with, nor only entries that fit.
func TestImportWithoutWhatIsRefused(t *testing.T) {
	const (
		reader = "uid=sync,ou=Administrators,dc=example,dc=com"
		text   = "dn: dc=example,dc=com\nobjectClass: domain\naci: (targetattr=\"cn\")(version 3.0; acl \"a\"; allow (read) userdn=\"ldap:///anyone\";)\n\n" +
			"dn: uid=a,dc=example,dc=com\nobjectClass: martian\n\n" +
			"dn: uid=b,dc=example,dc=com\nobjectClass: account\nobjectClass: simpleSecurityObject\nuserPassword: {SSHA512}FS55DjFj6mAn1VjsJTM2DbJwB60s0x8gznGuD9ZkXzXORe2rYxZeO8clGHOpWZQ4/mIEbHVwOiJRegYiWccvvAABAgMEBQYH\n\n"
	)
	for name, theirs := range map[string]string{
		"neither the account nor its unit": "",
		"an account of the same name": "dn: ou=Administrators,dc=example,dc=com\nobjectClass: organizationalUnit\n\n" +
			"dn: " + reader + "\nobjectClass: account\nobjectClass: simpleSecurityObject\nuserPassword: theirs\n",
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(c *directory.Config) {
				c.Layout, c.Reader = directory.IDM, directory.Reader{DN: reader, Password: secret.New("ours")}
			})
			var refused []string
			_, err := x.ImportWithout(t.Context(), "x.ldif", strings.NewReader(text+theirs), func(err error) error {
				refused = append(refused, err.Error())
				return nil
			})
			require.NoError(t, err)
			require.Len(t, refused, 1)
			assert.Contains(t, refused[0], "x.ldif:5: invalid: Entry uid=a,dc=example,dc=com violates")
			assert.Equal(t, ldap.Success, x.bind("uid=b,dc=example,dc=com", "Secret12!").Code)
			assert.Equal(t, ldap.Success, x.bind(reader, "ours").Code)
			s := x.as(reader, "ours")
			assert.Contains(t, x.read(s, "uid=b,dc=example,dc=com", "userPassword")["userPassword"], "{SSHA512}")
			assert.Contains(t, x.read(s, "dc=example,dc=com", "aci")["aci"], `acl "a"`)
			assert.True(t, x.PasswordReadable())
		})
	}
}

func TestExportAndImportAreTheIdentity(t *testing.T) {
	export := func(t require.TestingT, x *trial) string {
		var b bytes.Buffer
		require.NoError(t, x.Export(&b))
		return b.String()
	}
	x, y := start(t), start(t, func(c *directory.Config) { c.Layout = directory.Empty })
	crowd(x, 3)
	text := rapid.StringMatching(`(?s).{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		dn := "uid=user.1," + people
		r := x.Modify(x.t.Context(), x.admin, ldap.ModifyRequest{DN: dn, Changes: []ldap.Change{
			mod(ldap.Replace, "description", text.Draw(t, "description")), mod(ldap.Replace, "cn;lang-de", text.Draw(t, "cn")),
			mod(ldap.Replace, "jpegPhoto", string(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "photo"))),
		}}, nil)
		require.Equal(t, ldap.Success, r.Code, r.Message)
		renamed := x.ModifyDN(x.t.Context(), x.admin, ldap.ModifyDNRequest{DN: "uid=user.2," + people, NewRDN: "uid=user.2"}, nil)
		require.Equal(t, ldap.Success, renamed.Code)
		first := export(t, x)
		_, err := y.Import(x.t.Context(), "export.ldif", strings.NewReader(first))
		require.NoError(t, err)
		require.Equal(t, first, export(t, y))
	})
	assert.Equal(t, ldap.Success, y.bind("uid=user.1,"+people, "Secret12!").Code)
	assert.Equal(t, x.read(x.admin, "uid=user.1,"+people, "+"), y.read(y.admin, "uid=user.1,"+people, "+"))
}

func TestCheapVerification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		require.NoError(t, x.SetHashing(directory.Hashing{Workers: 1, Cheap: true, Delay: 300 * time.Millisecond}))
		begin := time.Now()
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
		assert.Equal(t, 300*time.Millisecond, time.Since(begin))
		assert.Contains(t, x.read(x.admin, bjensen)["userPassword"], "{PBKDF2-HMAC-SHA256}1:")
		begin = time.Now()
		done := make(chan ldap.ResultCode, 3)
		for _, password := range []string{"Brand new 1!", "wrong", "Brand new 1!"} {
			go func() { done <- x.bind(bjensen, password).Code }()
		}
		synctest.Wait()
		assert.Equal(t, []string{bjensen}, x.find("(uid=bjensen)"), "a storm of binds does not stop a search")
		assert.Equal(t, time.Duration(0), time.Since(begin))
		codes := map[ldap.ResultCode]int{<-done: 1}
		codes[<-done]++
		codes[<-done]++
		assert.Equal(t, map[ldap.ResultCode]int{ldap.Success: 2, ldap.InvalidCredentials: 1}, codes)
		assert.Equal(t, 900*time.Millisecond, time.Since(begin), "one worker, one after the other")
		require.ErrorIs(t, x.SetHashing(directory.Hashing{}), directory.ErrInvalid)
	})
}

func TestSameSeedSameOrder(t *testing.T) {
	var orders []string
	for range 5 {
		x := start(t)
		_, err := x.Populate(t.Context(), kernel.Person{UserName: "new", FamilyName: "New", Active: true, Attributes: map[string]any{"telephoneNumber": "1", "description": "2", "title": "3", "employeeNumber": "4", "roomNumber": "5", "street": "6"}})
		require.NoError(t, err)
		x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "uid=new,ou=People," + suffix}, nil, directory.Emit(func(e ldap.Entry, _ []ldap.Control) error {
			var order []string
			for _, a := range e.Attributes {
				order = append(order, a.Description)
			}
			orders = append(orders, strings.Join(order, " "))
			return nil
		}))
	}
	require.Len(t, orders, 5)
	assert.Len(t, slices.Compact(orders), 1)
}
