package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const reader = "uid=sync,ou=Apps,dc=example,dc=com"

func reading(c *directory.Config) {
	c.Reader = directory.Reader{DN: reader, Password: secret.New("read all 1")}
}

// rightsOf asks for the rights of somebody; "" is the asker's own.
func rightsOf(dn string, attributes ...string) ldap.Control {
	c := ldap.Control{OID: ldap.OIDEffectiveRights, Critical: true}
	if dn == "" {
		return c
	}
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, "dn:"+dn)
	if len(attributes) > 0 {
		var list int
		b, list = ber.Open(b, ber.Sequence)
		for _, a := range attributes {
			b = ber.AppendString(b, ber.OctetString, a)
		}
		b = ber.Close(b, list)
	}
	c.HasValue, c.Value = true, ber.Close(b, at)
	return c
}

func (x *trial) rights(s *directory.Session, dn string, c ldap.Control, attributes ...string) (map[string]string, ldap.Result) {
	x.t.Helper()
	var found []ldap.Entry
	r := x.Search(x.t.Context(), s, ldap.SearchRequest{BaseDN: dn, Attributes: attributes}, []ldap.Control{c}, collect(&found))
	if len(found) == 0 {
		return nil, r
	}
	return values(found[0]), r
}

const (
	none  = "search:0,read:0,compare:0,write:0,selfwrite_add:0,selfwrite_delete:0,proxy:0"
	reads = "search:1,read:1,compare:1,write:0,selfwrite_add:0,selfwrite_delete:0,proxy:0"
)

func TestMayTheSynchronisationReadPasswords(t *testing.T) {
	x := start(t, reading)
	got, _ := x.rights(x.admin, bjensen, rightsOf(reader), "aclRightsInfo", "userPassword")
	assert.Equal(t, "acl_summary(main): access allowed(read) on entry/attr("+bjensen+", userPassword) to ("+reader+") (not proxied) ( reason: evaluated allow , deciding_aci: Password synchronisation reads)",
		got["aclRightsInfo;logs;attributeLevel;read;userpassword"])
	assert.NotContains(t, got, "aclRights;entryLevel", "that was not asked for")
	got, r := x.rights(x.admin, bjensen, rightsOf(reader), "aclRights", "userPassword")
	require.Equal(t, ldap.Success, r.Code, r.Message)
	assert.Contains(t, got["userPassword"], "{PBKDF2", "what was asked for besides")
	delete(got, "userPassword")
	assert.Equal(t, map[string]string{
		"aclRights;attributeLevel;userpassword": reads,
		"aclRights;entryLevel":                  "add:0,delete:0,read:1,write:0,proxy:0",
	}, got)
	assert.NotEmpty(t, x.read(x.as(reader, "read all 1"), bjensen, "userPassword"), "and so it is")

	require.NoError(t, x.SetPasswordReadable(t.Context(), false))
	got, _ = x.rights(x.admin, bjensen, rightsOf(reader), "aclRights", "aclRightsInfo", "userPassword", "mail")
	assert.Equal(t, none, got["aclRights;attributeLevel;userpassword"])
	assert.Equal(t, reads, got["aclRights;attributeLevel;mail"])
	assert.Equal(t, "add:0,delete:0,read:1,write:0,proxy:0", got["aclRights;entryLevel"])
	assert.Equal(t, "acl_summary(main): access not allowed(read) on entry/attr("+bjensen+", userPassword) to ("+reader+") (not proxied) ( reason: evaluated deny , deciding_aci: Password synchronisation does not read passwords)",
		got["aclRightsInfo;logs;attributeLevel;read;userpassword"])
	assert.Equal(t, "acl_summary(main): access not allowed(delete) on entry/attr("+bjensen+", NULL) to ("+reader+") (not proxied) ( reason: no acis matched the subject )",
		got["aclRightsInfo;logs;entryLevel;delete"])
	assert.Empty(t, x.read(x.as(reader, "read all 1"), bjensen, "userPassword"), "and so it is")
}

func TestWhoMayAskForRights(t *testing.T) {
	x := start(t, reading)
	s := x.as(reader, "read all 1")
	_, r := x.rights(s, bjensen, rightsOf(""), "aclRights")
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
	assert.Equal(t, `The request control with Object Identifier (OID) "1.3.6.1.4.1.42.2.27.9.5.2" cannot be used due to insufficient access rights`, r.Message)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="1.3.6.1.4.1.42.2.27.9.5.2")(version 3.0; acl "asks"; allow (read) userdn="ldap:///all";)`)).Code)
	got, r := x.rights(s, bjensen, rightsOf(""), "aclRights", "userPassword")
	require.Equal(t, ldap.Success, r.Code, r.Message)
	assert.Equal(t, reads, got["aclRights;attributeLevel;userpassword"], "its own")

	// The control is not enough: aclRights must be readable on the entry.
	got, r = x.rights(x.as(scarter, "sprain"), bjensen, rightsOf(""), "aclRights", "uid")
	require.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, map[string]string{"uid": "bjensen"}, got)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci",
		`(targetattr="aclRights")(version 3.0; acl "asks"; allow (read) userdn="ldap:///`+scarter+`";)`,
		`(targetattr="distinguishedName")(version 3.0; acl "joins"; allow (selfwrite) userdn="ldap:///`+scarter+`";)`)).Code)
	got, _ = x.rights(x.as(scarter, "sprain"), bjensen, rightsOf(""), "aclRights", "uid")
	assert.Equal(t, "search:1,read:1,compare:1,write:0,selfwrite_add:1,selfwrite_delete:1,proxy:0", got["aclRights;attributeLevel;uid"])
	got, _ = x.rights(x.as(scarter, "sprain"), bjensen, rightsOf(""), "aclRights", "aclRightsInfo", "uid")
	assert.Equal(t, map[string]string{"uid": "bjensen"}, got, "each of the two needs its own right")
	_, r = x.rights(x.admin, "", rightsOf(scarter), "aclRights")
	assert.Equal(t, ldap.Success, r.Code, "the root DSE is an entry, too")
	_, r = x.rights(x.as(scarter, "sprain"), "", rightsOf(scarter), "aclRights")
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
}

func TestEffectiveRights(t *testing.T) {
	x := start(t)
	const all = "search:1,read:1,compare:1,write:1,selfwrite_add:1,selfwrite_delete:1,proxy:1"
	for name, tt := range map[string]struct {
		whose      string
		extra      []string
		attributes []string
		want       map[string]string
	}{
		"the administrator's own": {"", nil, []string{"aclRights", "mail"}, map[string]string{"aclRights;attributeLevel;mail": all, "aclRights;entryLevel": "add:1,delete:1,read:1,write:1,proxy:1"}},
		"herself": {bjensen, nil, []string{"aclRights", "userPassword"}, map[string]string{
			"aclRights;attributeLevel;userpassword": "search:1,read:1,compare:1,write:1,selfwrite_add:1,selfwrite_delete:1,proxy:0", "aclRights;entryLevel": "add:0,delete:0,read:1,write:1,proxy:0",
		}},
		"somebody": {scarter, nil, []string{"aclRights", "userPassword", "aci"}, map[string]string{
			"aclRights;attributeLevel;userpassword": none, "aclRights;attributeLevel;aci": none, "aclRights;entryLevel": "add:0,delete:0,read:1,write:0,proxy:0",
		}},
		"a member of a group": {kvaughan, nil, []string{"aclRights", "userPassword"}, map[string]string{
			"aclRights;attributeLevel;userpassword": "search:1,read:1,compare:1,write:1,selfwrite_add:1,selfwrite_delete:1,proxy:0", "aclRights;entryLevel": "add:1,delete:1,read:1,write:1,proxy:0",
		}},
		"anonymous, an attribute that the entry does not have": {"", []string{"displayName"}, []string{"aclRights"}, map[string]string{
			"aclRights;attributeLevel;displayname": reads, "aclRights;entryLevel": "add:0,delete:0,read:1,write:0,proxy:0",
		}},
		"somebody who is not there": {"uid=nobody," + people, nil, []string{"aclRights", "userPassword"}, map[string]string{
			"aclRights;attributeLevel;userpassword": none, "aclRights;entryLevel": "add:0,delete:0,read:1,write:0,proxy:0",
		}},
		"only the entry":   {scarter, nil, []string{"aclRights"}, map[string]string{"aclRights;entryLevel": "add:0,delete:0,read:1,write:0,proxy:0"}},
		"neither is asked": {scarter, []string{"cn"}, []string{"uid"}, map[string]string{"uid": "bjensen"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := rightsOf(tt.whose, tt.extra...)
			if len(tt.extra) > 0 && tt.whose == "" { // "dn:" is who has not bound.
				c = rightsOf(" ", tt.extra...)
			}
			got, r := x.rights(x.admin, bjensen, c, tt.attributes...)
			require.Equal(t, ldap.Success, r.Code, r.Message)
			for _, a := range tt.attributes {
				if _, wanted := tt.want[a]; !wanted {
					delete(got, a)
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
	got, _ := x.rights(x.admin, bjensen, rightsOf(scarter), "*", "aclRights")
	assert.Contains(t, got, "aclRights;attributeLevel;userpassword")
	assert.NotContains(t, got, "aclRights;attributeLevel;pwdchangedtime")
	got, _ = x.rights(x.admin, bjensen, rightsOf(scarter), "+", "aclRights")
	assert.Contains(t, got, "aclRights;attributeLevel;pwdchangedtime")
	assert.NotContains(t, got, "aclRights;attributeLevel;userpassword")

	for name, tt := range map[string]struct {
		value []byte
		code  ldap.ResultCode
	}{
		"a name":         {[]byte("\x30\x05\x04\x03u:x"), ldap.ProtocolError},
		"nothing":        {[]byte("\x30\x00"), ldap.ProtocolError},
		"no sequence":    {[]byte("\x04\x03dn:"), ldap.ProtocolError},
		"more than that": {[]byte("\x30\x09\x04\x03dn:\x30\x00\x05\x00"), ldap.ProtocolError},
		"no DN":          {[]byte("\x30\x06\x04\x04dn:x"), ldap.InvalidDNSyntax},
	} {
		_, r := x.rights(x.admin, bjensen, ldap.Control{OID: ldap.OIDEffectiveRights, HasValue: true, Value: tt.value}, "aclRights")
		assert.Equal(t, tt.code, r.Code, name)
	}
}

func TestRightsOfWhoBypassesInstructions(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout, c.AccountPassword = directory.IDM, secret.New("idm password") })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	const idm = "uid=idm,ou=Administrators,dc=example,dc=com"
	got, _ := x.rights(x.as(idm, "idm password"), bjensen, rightsOf(""), "aclRights", "aclRightsInfo", "userPassword")
	assert.Contains(t, got["aclRights;attributeLevel;userpassword"], "read:1", "asked by itself")
	assert.Contains(t, got["aclRightsInfo;logs;attributeLevel;read;userpassword"], "( reason: user has bypass-acl privileges )")
	got, _ = x.rights(x.admin, bjensen, rightsOf(idm), "aclRights", "userPassword")
	assert.Contains(t, got["aclRights;attributeLevel;userpassword"], "read:0", "asked by another, OpenDJ says what the instructions say")
	require.NoError(t, x.SetSwitch("effectiveRightsBypass", "count"))
	got, _ = x.rights(x.admin, bjensen, rightsOf(idm), "aclRights", "userPassword")
	assert.Contains(t, got["aclRights;attributeLevel;userpassword"], "read:1")
}
