package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestWhoReadsPasswords(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout, c.AccountPassword = directory.IDM, secret.New("idm password") })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	_, err = x.Populate(t.Context(), person("scarter", "sprain 1"))
	require.NoError(t, err)
	idm := x.as("uid=idm,ou=Administrators,dc=example,dc=com", "idm password")
	assert.Contains(t, x.read(idm, bjensen, "userPassword")["userPassword"], "{PBKDF2-HMAC-SHA256}10:")
	assert.Contains(t, x.read(x.as(bjensen, "hifalutin"), bjensen, "userPassword")["userPassword"], "{PBKDF2")
	assert.Empty(t, x.read(x.as(scarter, "sprain 1"), bjensen), "DS 7 lets nobody read without an instruction")
	assert.Empty(t, x.read(x.anonymous, bjensen))

	// The account that was given a right to all but forgotten for the password: nothing tells it.
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetattr!="userPassword")(version 3.0; acl "sync"; allow (read,search,compare) userdn="ldap:///`+scarter+`";)`)).Code)
	e := x.read(x.as(scarter, "sprain 1"), bjensen, "uid", "userPassword")
	assert.Equal(t, map[string]string{"uid": "bjensen"}, e)
	var found []ldap.Entry
	r := x.Search(t.Context(), x.as(scarter, "sprain 1"), ldap.SearchRequest{BaseDN: bjensen, Filter: filter(t, "(userPassword=*)")}, nil, collect(&found))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, found, "nor can it be asked for")

	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetattr="userPassword")(version 3.0; acl "sync"; allow (read) userdn="ldap:///`+scarter+`";)`)).Code)
	assert.Contains(t, x.read(x.as(scarter, "sprain 1"), bjensen, "userPassword")["userPassword"], "{PBKDF2")
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "aci", `(targetattr="userPassword")(version 3.0; acl "not hers"; deny (all) userdn="ldap:///uid=*,`+people+`";)`)).Code)
	assert.Empty(t, x.read(x.as(scarter, "sprain 1"), bjensen, "userPassword"), "to deny is stronger")
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Delete, "aci")).Code)
	assert.NotEmpty(t, x.read(x.as(scarter, "sprain 1"), bjensen, "userPassword"))
}

func TestWhoChangesWhat(t *testing.T) {
	x := start(t)
	s, admin := x.as(scarter, "sprain"), x.as(kvaughan, "bribery")
	assert.Equal(t, ldap.Success, x.modify(s, scarter, mod(ldap.Replace, "mail", "x@y")).Code, "the own entry")
	r := x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y"))
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code)
	assert.Equal(t, "The entry "+bjensen+" cannot be modified due to insufficient access rights", r.Message)
	assert.Equal(t, ldap.InsufficientAccessRights, x.addPerson(s, "new").Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.Delete(t.Context(), s, ldap.DeleteRequest{DN: bjensen}, nil).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.ModifyDN(t.Context(), s, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=x"}, nil).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.Compare(t.Context(), s, ldap.CompareRequest{DN: bjensen, Attribute: "userPassword"}, nil).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(s, scarter, mod(ldap.Add, "ds-privilege-name", "bypass-acl")).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(s, scarter, mod(ldap.Add, "aci", `(targetattr="*")(version 3.0; acl "a"; allow (all) userdn="ldap:///self";)`)).Code)
	// What is wrong with a modification is told before the right to it is asked for, as in OpenDJ.
	assert.Equal(t, ldap.ConstraintViolation, x.modify(s, bjensen, mod(ldap.Replace, "entryUUID", "x")).Code)
	assert.Equal(t, ldap.InvalidAttributeSyntax, x.modify(s, bjensen, mod(ldap.Add, "aci", "x")).Code)
	assert.Equal(t, ldap.NoSuchAttribute, x.modify(s, bjensen, mod(ldap.Delete, "description")).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(admin, scarter, mod(ldap.Add, "ds-privilege-name", "bypass-acl")).Code, "a right to write is not enough")

	assert.Equal(t, ldap.Success, x.addPerson(admin, "new").Code, "by the group")
	assert.Equal(t, ldap.Success, x.modify(admin, "uid=new,"+people, mod(ldap.Replace, "mail", "x@y")).Code)
	assert.Equal(t, ldap.Success, x.ModifyDN(t.Context(), admin, ldap.ModifyDNRequest{DN: "uid=new," + people, NewRDN: "uid=newer"}, nil).Code)
	assert.Equal(t, ldap.Success, x.Delete(t.Context(), admin, ldap.DeleteRequest{DN: "uid=newer," + people}, nil).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, "cn=Directory Administrators,ou=Groups,"+suffix, mod(ldap.Delete, "uniqueMember", kvaughan)).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.addPerson(admin, "new").Code, "rights are looked up for each operation")

	require.Equal(t, ldap.Success, x.modify(x.admin, "uid=admin", mod(ldap.Add, "ds-privilege-name", "-bypass-acl")).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(x.admin, bjensen, mod(ldap.Replace, "mail", "z@y")).Code, "even the administrator's can be taken away")
}

func TestInstructions(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	s := x.as(bjensen, "hifalutin")
	for name, c := range map[string]struct {
		instruction string
		secure      bool
		sees        bool // description, of ou=Groups
	}{
		"anyone":          {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///anyone";)`, true, true},
		"all":             {`(targetattr="description||objectClass")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"self":            {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///self";)`, true, false},
		"another":         {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///` + scarter + `";)`, true, false},
		"two":             {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///` + scarter + ` || ldap:///` + bjensen + `";)`, true, true},
		"pattern":         {`(targetattr="*")(version 3.0; acl "a"; allow (all) userdn="ldap:///uid=*,` + people + `";)`, true, true},
		"not":             {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn!="ldap:///` + bjensen + `";)`, true, false},
		"both":            {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf>="128";)`, true, true},
		"both, one fails": {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf>="128";)`, false, false},
		"either":          {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///self" or userdn="ldap:///all";)`, true, true},
		"other attribute": {`(targetattr="ou||objectClass")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"all but":         {`(targetattr!="ou")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"all but this":    {`(targetattr!="description")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"base":            {`(targetscope="base")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"one level":       {`(targetscope="onelevel")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"subordinate":     {`(targetscope="subordinate")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"target":          {`(target="ldap:///ou=Groups,` + suffix + `")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"other target":    {`(target="ldap:///` + people + `")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"filter":          {`(targetfilter="(ou=groups)")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"other filter":    {`(targetfilter="(ou=people)")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"two rules":       {`(targetattr="*")(version 3.0; acl "a;b"; allow (search) userdn="ldap:///all"; allow (read) userdn="ldap:///all";)`, true, true},
		"denied":          {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all"; deny (read) userdn="ldap:///` + bjensen + `";)`, true, false},
		"group":           {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) groupdn="ldap:///cn=g,ou=Groups,` + suffix + `";)`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, ldap.Success, x.modify(x.admin, "ou=Groups,"+suffix, mod(ldap.Replace, "description", "seen")).Code)
			r := x.modify(x.admin, suffix, mod(ldap.Replace, "aci", c.instruction))
			require.Equal(t, ldap.Success, r.Code, r.Message)
			s.Secure = c.secure
			assert.Equal(t, c.sees, x.read(s, "ou=Groups,"+suffix)["description"] == "seen")
		})
	}
	for _, wrong := range []string{
		"", "(targetattr=\"*\"", "(version 3.0)", `(version 2.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(targetattr="*")(version 3.0; acl "a"; permit (read) userdn="ldap:///all";)`, `(version 3.0; acl "a"; allow (look) userdn="ldap:///all";)`,
		`(version 3.0; acl "a"; allow (read) userdn="all";)`, `(version 3.0; acl "a"; allow (read) weather="fine";)`, `(version 3.0; acl "a"; allow (read);)`,
		`(version 3.0; acl "a"; allow (read) userdn="ldap:///all")`, `(targetscope="universe")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(targetfilter="(")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`, `(target="nobody")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(weather="fine")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`, `(target!="ldap:///o=x")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(version 3.0; acl "a"; allow (read) userdn="ldap:///nonsense";)`,
	} {
		assert.Equal(t, ldap.InvalidAttributeSyntax, x.modify(x.admin, suffix, mod(ldap.Replace, "aci", wrong)).Code, wrong)
	}
}

func TestControlsAreGranted(t *testing.T) {
	x := start(t)
	r := x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix}, []ldap.Control{{OID: ldap.OIDPersistentSearch, Critical: true}}, nil)
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
	assert.Equal(t, `The request control with Object Identifier (OID) "2.16.840.1.113730.3.4.3" cannot be used due to insufficient access rights`, r.Message)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="2.16.840.1.113730.3.4.3")(version 3.0; acl "psearch"; allow (read) userdn="ldap:///all";)`)).Code)
	r = x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix}, []ldap.Control{{OID: ldap.OIDPersistentSearch, Critical: true}}, nil)
	assert.Equal(t, ldap.ProtocolError, r.Code, "allowed, though without a value")
}

func TestInstructionsMoveWithTheirEntries(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	s := x.as(bjensen, "hifalutin")
	groups, staff := "ou=Groups,"+suffix, "ou=Staff,ou=Teams,"+suffix
	require.Equal(t, ldap.Success, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "ou=Staff," + groups, Attributes: []ldap.Attribute{
		attr("objectClass", "organizationalUnit"), attr("aci", `(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`),
	}}, nil).Code)
	require.NotEmpty(t, x.read(s, "ou=Staff,"+groups))
	require.Equal(t, ldap.Success, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: groups, NewRDN: "ou=Teams", DeleteOldRDN: true}, nil).Code)
	assert.NotEmpty(t, x.read(s, staff), "an instruction is about its entry, whatever that is called")
	require.Equal(t, ldap.Success, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: groups, Attributes: []ldap.Attribute{attr("objectClass", "organizationalUnit")}}, nil).Code)
	require.Equal(t, ldap.Success, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "ou=Staff," + groups, Attributes: []ldap.Attribute{attr("objectClass", "organizationalUnit")}}, nil).Code)
	assert.Empty(t, x.read(s, "ou=Staff,"+groups), "and not about the next one of that name")
}
