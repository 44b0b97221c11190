package sim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// An export goes into the directory as it is: another suffix, a class of its own, a hash in a scheme of old, a policy. A reset at
// either replica brings it back.
func TestCommandFillsTheDirectoryWithAnExport(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	export := write("export.ldif", "version: 1\n\ndn: o=acme\nobjectClass: organization\no: acme\n\n"+
		"dn: ou=People,o=acme\nobjectClass: organizationalUnit\nou: People\n\n"+
		"dn: cn=Strict,o=acme\nobjectClass: subentry\nobjectClass: ds-pwp-password-policy\ncn: Strict\nds-pwp-password-attribute: userPassword\n"+
		"ds-pwp-default-password-storage-scheme: SSHA\nsubtreeSpecification: { base \"ou=People\" }\n\n"+
		"dn: cn=Smith\\, \\\"Jr\\\",ou=People,o=acme\nobjectClass: inetOrgPerson\nobjectClass: badged\nuid: smith\ncn: Smith, \"Jr\"\nsn: Smith\nbadge: 7\n"+
		"userPassword: {SSHA}hSanIPIIjBnP5Y0+JIaUBB\n 87lbIAAQIDBAUGBw==\nentryUUID: 00000000-aaaa-bbbb-cccc-000000000001\npwdChangedTime: 20260101000000.123Z\n\n"+
		"dn: uid=x,ou=People,o=acme\nobjectClass: martian\nuid: x\n")
	definitions := write("99-user.ldif", "dn: cn=schema\nobjectClass: subschema\nattributeTypes: ( 1.2.3.1 NAME 'badge' SUP name )\nobjectClasses: ( 1.2.3.2 NAME 'badged' AUXILIARY MAY badge )\n")
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(folder, "ca.pem")
	first, notes, done := execute(ctx, t, "--json", "--run", "ds,ds2", "--ds-ldif", export, "--ds-schema", definitions, "--ds-schemes", "SSHA", "--ca", ca)
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a), notes)
	assert.Equal(t, "ou=People,o=acme", a.DS.Base)
	assert.Equal(t, 1, a.DS2.Users)

	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	plane := control.NewClient(a.Control.URL, secret.New(a.Control.Token), client)
	_, err = plane.RemoveUsers(ctx, DS, "smith")
	require.NoError(t, err)
	require.NoError(t, plane.Reset(ctx, DS2))
	_, err = plane.RemoveUsers(ctx, DS2, "smith")
	require.NoError(t, err)
	require.NoError(t, plane.Reset(ctx, DS))
	for _, s := range []*announcedServer{a.DS, a.DS2} {
		c, err := goldap.DialURL(s.URL, goldap.DialWithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
		require.NoError(t, err)
		require.NoError(t, c.Bind(s.Account, s.Password))
		found, err := c.Search(goldap.NewSearchRequest(s.Base, goldap.ScopeSingleLevel, 0, 0, 0, false, "(badge=7)",
			[]string{"userPassword", "entryUUID", "pwdChangedTime", "pwdPolicySubentry"}, nil))
		require.NoError(t, err)
		require.Len(t, found.Entries, 1)
		e := found.Entries[0]
		assert.Equal(t, "{SSHA}hSanIPIIjBnP5Y0+JIaUBB87lbIAAQIDBAUGBw==", e.GetAttributeValue("userPassword"))
		assert.Equal(t, "00000000-aaaa-bbbb-cccc-000000000001", e.GetAttributeValue("entryUUID"))
		assert.Equal(t, "20260101000000.123Z", e.GetAttributeValue("pwdChangedTime"))
		assert.Equal(t, "cn=Strict,o=acme", e.GetAttributeValue("pwdPolicySubentry"))
		require.NoError(t, c.Bind(e.DN, "Secret12!"))
		assert.True(t, goldap.IsErrorWithCode(c.Bind(e.DN, "Secret13!"), goldap.LDAPResultInvalidCredentials))
		require.NoError(t, c.Close())
	}
	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)
	said := notes.String()
	assert.Contains(t, said, "export.ldif: 4 entries in the directory, 1 left out")
	assert.Contains(t, said, "refused by ds: "+export+":31: invalid: Entry uid=x,ou=People,o=acme violates")
	assert.Contains(t, said, "what the schema lacks is added with --ds-schema")
	assert.NotContains(t, said, "hSanIPI")
}

// Whoever brings hashes that nobody can bind with is told how many, and what to do. Braces may hold a part of a password in clear.
func TestCommandTellsOfSchemesThatAreNotEnabled(t *testing.T) {
	const ssha, other = "{SSHA}hSanIPIIjBnP5Y0+JIaUBB87lbIAAQIDBAUGBw==", "{ssha}B6UJG9wdDJFc6kIKlGgLHLtpLHgAAQIDBAUGBw=="
	const good = "{SSHA512}FS55DjFj6mAn1VjsJTM2DbJwB60s0x8gznGuD9ZkXzXORe2rYxZeO8clGHOpWZQ4/mIEbHVwOiJRegYiWccvvAABAgMEBQYH"
	text := "dn: o=acme\nobjectClass: organization\no: acme\n\ndn: ou=People,o=acme\nobjectClass: organizationalUnit\nou: People\n"
	for i, values := range [][]string{{ssha}, {other}, {ssha, good}, {good}, {"clear"}, nil, {"{CRYPT}rqXexS6ZhobKA"}, {"{AES}AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"}, {"{winter}2026"}, {"{SSHA}short"}} {
		text += fmt.Sprintf("\ndn: uid=u%[1]d,ou=People,o=acme\nobjectClass: inetOrgPerson\nuid: u%[1]d\ncn: u\nsn: u\n", i)
		for _, v := range values {
			text += "userPassword: " + v + "\n"
		}
	}
	folder := t.TempDir()
	export := filepath.Join(folder, "export.ldif")
	require.NoError(t, os.WriteFile(export, []byte(text), 0o600))
	for name, c := range map[string]struct {
		flags []string
		want  string
		not   string
	}{
		"not enabled": {nil, "  3 users have a password in a storage scheme that is not enabled, and cannot bind (49): CRYPT 1, SSHA 2; --ds-schemes CRYPT,SSHA enables it\n", ""},
		"one is":      {[]string{"--ds-schemes", "Salted SHA-1"}, "  1 users have a password in a storage scheme that is not enabled, and cannot bind (49): CRYPT 1; --ds-schemes CRYPT enables it\n", ""},
		"all are":     {[]string{"--ds-schemes", "SSHA,CRYPT"}, "  3 users have a password that cannot be verified here, and cannot bind (49): AES 1, unknown or malformed 2\n", "--ds-schemes"},
		"AES":         {nil, "  3 users have a password that cannot be verified here, and cannot bind (49): AES 1, unknown or malformed 2\n", "winter"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			_, notes, done := execute(ctx, t, append(c.flags, "--json", "--run", "ds", "--ds-ldif", export, "--ca", filepath.Join(folder, "ca.pem"))...)
			cancel()
			require.NoError(t, <-done)
			assert.Contains(t, notes.String(), c.want)
			if c.not != "" {
				assert.NotContains(t, notes.String(), c.not)
			}
		})
	}
}

// AM keeps its users in ou=identities: the control plane knows them, adds others beside them, and the lines to try look there.
func TestCommandKnowsUsersOutsidePeople(t *testing.T) {
	folder := t.TempDir()
	export := filepath.Join(folder, "export.ldif")
	require.NoError(t, os.WriteFile(export, []byte("dn: o=acme\nobjectClass: organization\n\ndn: ou=identities,o=acme\nobjectClass: organizationalUnit\n\n"+
		"dn: uid=smith,ou=identities,o=acme\nobjectClass: inetOrgPerson\ncn: s\nsn: s\nuserPassword: Secret12!\n"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(folder, "ca.pem")
	first, notes, done := execute(ctx, t, "--json", "--run", "ds,ds2", "--ds-ldif", export, "--ds-people", "OU=Identities, o=acme", "--ca", ca)
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a), notes)
	assert.Equal(t, []int{1, 1}, []int{a.DS.Users, a.DS2.Users})
	assert.Contains(t, a.text(), "-b 'OU=Identities, o=acme' -z 3 '(uid=*)'")

	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	plane := control.NewClient(a.Control.URL, secret.New(a.Control.Token), client)
	_, err = plane.AddUsers(ctx, DS, []control.UserInput{{UserName: "jones", FamilyName: "Jones", Password: secret.New("first phrase")}})
	require.NoError(t, err)
	for _, target := range []string{DS, DS2} {
		answers, err := plane.LogIns(ctx, target, []control.LogInInput{
			{UserName: "smith", Password: secret.New("Secret12!")},
			{UserName: "smith", Password: secret.New("Secret13!")},
			{UserName: "jones", Password: secret.New("first phrase")},
			{UserName: "sync", Password: secret.New("x")},
		})
		require.NoError(t, err)
		assert.Equal(t, []control.LogIn{{OK: true}, {Reason: "wrong_password"}, {OK: true}, {Reason: "not_found"}}, answers, target)
	}
	c, err := goldap.DialURL(a.DS2.URL, goldap.DialWithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
	require.NoError(t, err)
	require.NoError(t, c.Bind("uid=jones,ou=identities,o=acme", "first phrase"))
	require.NoError(t, c.Close())
	require.NoError(t, plane.Reset(ctx, DS))
	target, err := plane.Target(ctx, DS2)
	require.NoError(t, err)
	assert.Equal(t, 1, target.Users)
	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)
	assert.NotContains(t, notes.String(), "nobody is below")
}
