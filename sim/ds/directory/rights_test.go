package directory_test

import (
	"strings"
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
	assert.Equal(t, ldap.Success, x.modify(x.as(bjensen, "hifalutin"), bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code, "DS 7 lets users change their password")
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(x.as(bjensen, "Brand new 1!"), bjensen, mod(ldap.Replace, "mail", "x@y")).Code, "and nothing else")
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "userPassword", "hifalutin")))
	assert.NotContains(t, x.read(x.as(bjensen, "hifalutin"), bjensen, "uid", "pwdPolicySubentry"), "pwdPolicySubentry", "computed, and no less guarded")
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
	assert.Equal(t, ldap.EntryAlreadyExists, x.addPerson(s, "bjensen").Code, "whoever asks")
	assert.Equal(t, ldap.InsufficientAccessRights, x.Delete(t.Context(), s, ldap.DeleteRequest{DN: people}, nil).Code, "before that there are entries below")
	assert.Equal(t, ldap.AssertionFailed, x.Delete(t.Context(), s, ldap.DeleteRequest{DN: bjensen}, []ldap.Control{{OID: ldap.OIDAssertion, Value: equality("uid", "other"), HasValue: true}}).Code, "before the right to delete")
	// What is wrong with a modification is told before the right to it is asked for, as in OpenDJ.
	assert.Equal(t, ldap.ConstraintViolation, x.modify(s, bjensen, mod(ldap.Replace, "entryUUID", "x")).Code)
	assert.Equal(t, ldap.InvalidAttributeSyntax, x.modify(s, bjensen, mod(ldap.Add, "aci", "x")).Code)
	assert.Equal(t, ldap.NoSuchAttribute, x.modify(s, bjensen, mod(ldap.Delete, "description")).Code)
	assert.Contains(t, x.modify(s, bjensen, mod(ldap.Add, "ds-privilege-name", "bypass-acl")).Message, "privilege-change is needed")
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(admin, scarter, mod(ldap.Add, "ds-privilege-name", "bypass-acl")).Code, "a right to write is not enough")

	grant := mod(ldap.Add, "aci", `(targetattr="cn")(version 3.0; acl "a"; allow (read) userdn="ldap:///self";)`)
	assert.Equal(t, ldap.Success, x.modify(admin, people, grant).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, kvaughan, mod(ldap.Delete, "ds-privilege-name", "modify-acl")).Code)
	assert.Contains(t, x.modify(admin, people, mod(ldap.Delete, "aci")).Message, "modify-acl is needed")

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
		"anyone":                     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///anyone";)`, true, true},
		"all":                        {`(targetattr="description||objectClass")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"self":                       {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///self";)`, true, false},
		"another":                    {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///` + scarter + `";)`, true, false},
		"two":                        {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///` + scarter + ` || ldap:///` + bjensen + `";)`, true, true},
		"pattern":                    {`(targetattr="*")(version 3.0; acl "a"; allow (all) userdn="ldap:///uid=*,` + people + `";)`, true, true},
		"not":                        {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn!="ldap:///` + bjensen + `";)`, true, false},
		"both":                       {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf>="128";)`, true, true},
		"both, one fails":            {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf>="128";)`, false, false},
		"either":                     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///self" or userdn="ldap:///all";)`, true, true},
		"other attribute":            {`(targetattr="ou||objectClass")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"all but":                    {`(targetattr!="ou")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"all but this":               {`(targetattr!="description")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"base":                       {`(targetscope="base")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"one level":                  {`(targetscope="onelevel")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"subordinate":                {`(targetscope="subordinate")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"target":                     {`(target="ldap:///ou=Groups,` + suffix + `")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"other target":               {`(target="ldap:///` + people + `")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"filter":                     {`(targetfilter="(ou=groups)")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"other filter":               {`(targetfilter="(ou=people)")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"two rules":                  {`(targetattr="*")(version 3.0; acl "a;b"; allow (search) userdn="ldap:///all"; allow (read) userdn="ldap:///all";)`, true, true},
		"denied":                     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all"; deny (read) userdn="ldap:///` + bjensen + `";)`, true, false},
		"not two":                    {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn!="ldap:///` + scarter + ` || ldap:///` + bjensen + `";)`, true, false},
		"plain only":                 {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf!="128";)`, false, true},
		"plain only, but is not":     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf!="128";)`, true, false},
		"denied first":               {`(targetattr="*")(version 3.0; acl "a"; deny (read) userdn="ldap:///` + bjensen + `"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"one level of the root":      {`(target="ldap:///")(targetscope="onelevel")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"subordinate to itself":      {`(target="ldap:///ou=Groups,` + suffix + `")(targetscope="subordinate")(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"parentheses":                {`(target ="ldap:///dc=example,dc=com")(targetattr !="userPassword")(version 3.0;acl "Anonymous read-search access";allow (read, search, compare)(userdn = "ldap:///anyone");)`, true, true},
		"nested":                     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) (userdn="ldap:///self" or (userdn="ldap:///all" and ssf>="128"));)`, true, true},
		"a and (b or c)":             {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///self" and userdn="ldap:///self" or userdn="ldap:///all";)`, true, false},
		"not all":                    {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) not userdn="ldap:///all";)`, true, false},
		"and not self":               {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and not userdn="ldap:///self";)`, true, true},
		"and not (all)":              {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and not (userdn="ldap:///all" or ssf="0");)`, true, false},
		"parent":                     {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///parent";)`, true, false},
		"all but none":               {`(targetattr!="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"all but an operational one": {`(targetattr!="entryUUID")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, false},
		"all but an unknown one":     {`(targetattr!="martian")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`, true, true},
		"group":                      {`(targetattr="*")(version 3.0; acl "a"; allow (read,search) groupdn="ldap:///cn=g,ou=Groups,` + suffix + `";)`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, ldap.Success, x.modify(x.admin, "ou=Groups,"+suffix, mod(ldap.Replace, "description", "seen")).Code)
			r := x.modify(x.admin, suffix, mod(ldap.Replace, "aci", c.instruction))
			require.Equal(t, ldap.Success, r.Code, r.Message)
			s.Secure = c.secure
			assert.Equal(t, c.sees, x.read(s, "ou=Groups,"+suffix)["description"] == "seen")
		})
	}
	for names, sees := range map[string]bool{"*": false, "*||+": true} {
		require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Replace, "aci", `(targetattr="`+names+`")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all";)`)).Code)
		assert.Equal(t, sees, x.read(s, suffix, "aci")["aci"] != "", "an operational attribute by %q", names)
	}
	assert.Empty(t, x.read(x.anonymous, suffix), "nobody is not among all")
	for _, wrong := range []string{
		"", "(targetattr=\"*\"", "(version 3.0)", `(version 2.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(targetattr="*")(version 3.0; acl "a"; permit (read) userdn="ldap:///all";)`, `(version 3.0; acl "a"; allow (look) userdn="ldap:///all";)`,
		`(version 3.0; acl "a"; allow (read) userdn="all";)`, `(version 3.0; acl "a"; allow (read) weather="fine";)`, `(version 3.0; acl "a"; allow (read);)`,
		`(version 3.0; acl "a"; allow (read) userdn="ldap:///all")`, `(targetscope="universe")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(targetfilter="(")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`, `(target="nobody")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(weather="fine")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`, `(target!="ldap:///o=x")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
		`(version 3.0; acl "a"; allow (read) userdn="ldap:///nonsense";)`, `(version 3.0; acl "a"; allow (read) (userdn="ldap:///all";)`,
		`(version 3.0; acl "a"; allow (read) userdn="ldap:///all" xor userdn="ldap:///all";)`, `(version 3.0; acl "a"; allow (read) userdn="ldap:///all" and;)`,
		`(version 3.0; acl "a"; allow (read) ` + strings.Repeat("(", 200) + `userdn="ldap:///all"` + strings.Repeat(")", 200) + `;)`,
	} {
		assert.Equal(t, ldap.InvalidAttributeSyntax, x.modify(x.admin, suffix, mod(ldap.Replace, "aci", wrong)).Code, wrong)
	}
}

func TestControlsAreGranted(t *testing.T) {
	x := start(t)
	r := x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix}, []ldap.Control{{OID: ldap.OIDPersistentSearch, Critical: true}}, nil)
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
	assert.Equal(t, `The request control with Object Identifier (OID) "2.16.840.1.113730.3.4.3" cannot be used due to insufficient access rights`, r.Message)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="2.16.840.1.113730.3.4.3")(version 3.0; acl "psearch"; allow (search,write) userdn="ldap:///all";)`)).Code)
	r = x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix}, []ldap.Control{{OID: ldap.OIDPersistentSearch, Critical: true}}, nil)
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code, "it is the right to read that counts")
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="2.16.840.1.113730.3.4.3")(version 3.0; acl "psearch"; allow (read) userdn="ldap:///all";)`)).Code)
	r = x.Search(t.Context(), x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix}, []ldap.Control{{OID: ldap.OIDPersistentSearch, Critical: true}}, nil)
	assert.Equal(t, ldap.ProtocolError, r.Code, "allowed, though without a value")
}

// uncritical is a control that may be passed over.
func uncritical(c ldap.Control) ldap.Control {
	c.Critical = false
	return c
}

func TestAControlThatIsNotCriticalIsPassedOverWithoutTheRight(t *testing.T) {
	x := start(t)
	s := x.as(bjensen, "hifalutin")
	found := 0
	r := x.Search(t.Context(), s, ldap.SearchRequest{BaseDN: bjensen}, []ldap.Control{
		uncritical(persistent(15, false, true)), {OID: ldap.OIDAccountUsability}, {OID: ldap.OIDEffectiveRights, HasValue: true},
	}, directory.Emit(func(_ ldap.Entry, controls []ldap.Control) error {
		found++
		assert.Empty(t, controls)
		return nil
	}))
	assert.Equal(t, ldap.Success, r.Code, "the search ends, and what is wrong with a control that does not count does not matter")
	assert.Equal(t, 1, found)
	advised := uncritical(asksAdvice[0])
	r = x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}}, []ldap.Control{advised})
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Empty(t, r.Controls)
	_, r = x.PasswordModify(t.Context(), s, nil, hidden("hifalutin"), hidden("short"), []ldap.Control{advised})
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Empty(t, r.Controls)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", mayAdvise)).Code)
	r = x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}}, []ldap.Control{advised})
	assert.Equal(t, "-length-based +dictionary", advice(t, r), "with the right it counts")
}

func TestFiltersTellNothingThatMayNotBeSearched(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	s := x.as(bjensen, "hifalutin")
	require.Equal(t, ldap.Success, x.modify(x.admin, "ou=Groups,"+suffix, mod(ldap.Replace, "description", "secret"), mod(ldap.Replace, "aci", `(targetattr="ou||objectClass")(version 3.0; acl "a"; allow (read,search,write) userdn="ldap:///all";)`)).Code)
	for text, sees := range map[string]bool{
		"(ou=groups)":                            true,
		"(description=secret)":                   false,
		"(!(description=secret))":                false,
		"(!(description=other))":                 false,
		"(|(ou=groups)(description=secret))":     false,
		"(&(ou=groups)(!(ou=people)))":           true,
		"(&(ou=groups)(!(description>=a)))":      false,
		"(&(ou=groups)(!(description=s*)))":      false,
		"(&(ou=groups)(!(description~=x)))":      false,
		"(&(ou=groups)(!(description<=a)))":      false,
		"(&(ou=groups)(!(description:=secret)))": false,
		"(&(objectClass=*)(!(description=*)))":   false,
		"(:caseIgnoreMatch:=groups)":             true,
		"(:caseIgnoreMatch:=secret)":             false,
	} {
		var found []ldap.Entry
		r := x.Search(t.Context(), s, ldap.SearchRequest{BaseDN: "ou=Groups," + suffix, Filter: filter(t, text)}, nil, collect(&found))
		require.Equal(t, ldap.Success, r.Code)
		assert.Equal(t, sees, len(found) == 1, text)
	}
	r := x.Modify(t.Context(), s, ldap.ModifyRequest{DN: "ou=Groups," + suffix, Changes: []ldap.Change{mod(ldap.Add, "ou", "Teams")}}, []ldap.Control{{OID: ldap.OIDAssertion, Value: equality("description", "secret"), HasValue: true}})
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code)
	assert.Equal(t, `The request control with Object Identifier (OID) "1.3.6.1.1.12" cannot be used due to insufficient access rights`, r.Message)
}

func TestRightsToEntriesAsAWhole(t *testing.T) {
	groups := "ou=Groups," + suffix
	team, moved := "ou=team,"+groups, "ou=team,ou=Administrators,"+suffix
	for name, c := range map[string]struct {
		rights                    string
		add, rename, move, remove ldap.ResultCode
	}{
		"all":            {`(targetattr="*")(version 3.0; acl "a"; allow (all) userdn="ldap:///all";)`, ldap.Success, ldap.Success, ldap.InsufficientAccessRights, ldap.Success},
		"and to move":    {`(targetattr="*")(version 3.0; acl "a"; allow (all,import,export) userdn="ldap:///all";)`, ldap.Success, ldap.Success, ldap.Success, ldap.Success},
		"to take only":   {`(targetattr="*")(version 3.0; acl "a"; allow (all,import) userdn="ldap:///all";)`, ldap.Success, ldap.Success, ldap.InsufficientAccessRights, ldap.Success},
		"to give only":   {`(targetattr="*")(version 3.0; acl "a"; allow (all,export) userdn="ldap:///all";)`, ldap.Success, ldap.Success, ldap.InsufficientAccessRights, ldap.Success},
		"one attribute":  {`(targetattr="description")(version 3.0; acl "a"; allow (add,delete) userdn="ldap:///all";)`, ldap.Success, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights, ldap.Success},
		"of a control":   {`(targetcontrol="*")(version 3.0; acl "a"; allow (all,import,export) userdn="ldap:///all";)`, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights},
		"to move, apart": {`(targetattr="*")(version 3.0; acl "a"; allow (import,export) userdn="ldap:///all";)` + "\n" + `(targetattr="*")(version 3.0; acl "b"; allow (write) userdn="ldap:///all";)`, ldap.InsufficientAccessRights, ldap.Success, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights},
		"not the name's": {`(targetattr="description")(version 3.0; acl "a"; allow (write) userdn="ldap:///all";)`, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights},
		"the name's":     {`(targetattr="ou")(version 3.0; acl "a"; allow (write) userdn="ldap:///all";)`, ldap.InsufficientAccessRights, ldap.Success, ldap.InsufficientAccessRights, ldap.InsufficientAccessRights},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
			_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
			require.NoError(t, err)
			s := x.as(bjensen, "hifalutin")
			require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Replace, "aci", strings.Split(c.rights, "\n")...)).Code)
			request := ldap.AddRequest{DN: team, Attributes: []ldap.Attribute{attr("objectClass", "organizationalUnit")}}
			assert.Equal(t, c.add, x.Add(t.Context(), s, request, nil).Code, "add")
			x.Add(t.Context(), x.admin, request, nil)
			assert.Equal(t, c.rename, x.ModifyDN(t.Context(), s, ldap.ModifyDNRequest{DN: team, NewRDN: "ou=Team", DeleteOldRDN: true}, nil).Code, "rename")
			assert.Equal(t, c.move, x.ModifyDN(t.Context(), s, ldap.ModifyDNRequest{DN: team, NewRDN: "ou=team", NewSuperior: "ou=Administrators," + suffix, HasNewSuperior: true}, nil).Code, "move")
			at := team
			if c.move == ldap.Success {
				at = moved
			}
			assert.Equal(t, c.remove, x.Delete(t.Context(), s, ldap.DeleteRequest{DN: at}, nil).Code, "delete")
		})
	}
}

func TestAParentHasRightsToItsChildren(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
	_, err := x.Populate(t.Context(), person("bjensen", "hifalutin"))
	require.NoError(t, err)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Replace, "aci", `(targetattr="*")(version 3.0; acl "a"; allow (all) userdn="ldap:///parent";)`)).Code)
	s := x.as(bjensen, "hifalutin")
	unit := ldap.AddRequest{DN: "ou=phone," + bjensen, Attributes: []ldap.Attribute{attr("objectClass", "organizationalUnit")}}
	assert.Equal(t, ldap.Success, x.Add(t.Context(), s, unit, nil).Code)
	assert.Equal(t, "phone", x.read(s, unit.DN)["ou"])
	unit.DN = "ou=cell,ou=phone," + bjensen
	assert.Equal(t, ldap.InsufficientAccessRights, x.Add(t.Context(), s, unit, nil).Code, "not to theirs")
	unit.DN = "ou=phone," + people
	assert.Equal(t, ldap.InsufficientAccessRights, x.Add(t.Context(), s, unit, nil).Code)
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
