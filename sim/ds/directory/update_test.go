package directory_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

func TestAdd(t *testing.T) {
	x := start(t)
	person := func(more ...ldap.Attribute) []ldap.Attribute {
		return append([]ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", "New"), attr("sn", "New")}, more...)
	}
	for name, c := range map[string]struct {
		dn         string
		attributes []ldap.Attribute
		code       ldap.ResultCode
		message    string
	}{
		"plain":             {"uid=new," + people, person(), ldap.Success, ""},
		"not a DN":          {"uid", person(), ldap.InvalidDNSyntax, ""},
		"there already":     {"UID=bjensen, ou=people," + suffix, person(), ldap.EntryAlreadyExists, "cannot be added because an entry with that name already exists"},
		"no parent":         {"uid=x,ou=Nowhere," + suffix, person(), ldap.NoSuchObject, "its parent entry ou=Nowhere,dc=example,dc=com does not exist"},
		"another suffix":    {"uid=x,o=other", person(), ldap.NoSuchObject, "does not have a backend"},
		"the root":          {"", person(), ldap.NoSuchObject, ""},
		"schema":            {"cn=x,cn=schema", person(), ldap.UnwillingToPerform, ""},
		"no class":          {"uid=x," + people, []ldap.Attribute{attr("cn", "x")}, ldap.ObjectClassViolation, "does not include a structural objectclass"},
		"unknown class":     {"uid=x," + people, person(attr("objectclass", "martian")), ldap.ObjectClassViolation, "objectclass martian which is not defined"},
		"missing":           {"uid=x," + people, []ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", "x")}, ldap.ObjectClassViolation, "missing attribute sn which is required by objectclass person"},
		"two passwords":     {"uid=x," + people, person(attr("userPassword", "First one 1", "Second one 2")), ldap.ConstraintViolation, "Only a single value may be provided for the password attribute userPassword"},
		"not allowed":       {"uid=x," + people, person(attr("dc", "x")), ldap.ObjectClassViolation, "includes attribute dc which is not allowed"},
		"unknown":           {"uid=x," + people, person(attr("martian", "x")), ldap.ObjectClassViolation, "includes attribute martian which is not allowed"},
		"twice":             {"uid=x," + people, person(attr("mail", "a@b", "A@B")), ldap.AttributeOrValueExists, "mail"},
		"two of single":     {"uid=x," + people, person(attr("displayName", "a", "b")), ldap.ObjectClassViolation, "multiple values for attribute displayName"},
		"syntax":            {"uid=x," + people, person(attr("manager", "nobody")), ldap.InvalidAttributeSyntax, "manager"},
		"operational":       {"uid=x," + people, person(attr("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14")), ldap.ConstraintViolation, "NO-USER-MODIFICATION"},
		"name not of class": {"dc=x," + people, person(), ldap.ObjectClassViolation, "dc"},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.Add(t.Context(), x.admin, ldap.AddRequest{DN: c.dn, Attributes: c.attributes}, nil)
			assert.Equal(t, c.code, r.Code, r.Message)
			assert.Contains(t, r.Message, c.message)
		})
	}
	told := x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=told," + people, Attributes: []ldap.Attribute{
		attr("objectClass", "top", "person", "inetOrgPerson"), attr("cn", "New"), attr("sn", "New"), attr("userPassword", "Brand new 1!"),
	}}, asksPolicy)
	assert.Equal(t, ldap.Success, told.Code)
	assert.Equal(t, "inetOrgPerson", x.read(x.admin, "uid=told,"+people, "structuralObjectClass")["structuralObjectClass"], "the most special one")
	assert.Empty(t, told.Controls, "OpenDJ answers the control where there is an error only")
	e := x.read(x.admin, "uid=new,"+people, "*", "+")
	assert.Equal(t, "new", e["uid"], "the name is an attribute")
	assert.Equal(t, "inetOrgPerson|organizationalPerson|person|top", e["objectClass"], "classes are completed")
	assert.Equal(t, "uid=admin", e["creatorsName"])
	assert.Len(t, e["etag"], 16)
	for _, dn := range append(x.find("(objectClass=person)"), suffix) {
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, x.read(x.admin, dn, "entryUUID")["entryUUID"])
	}
	assert.NotContains(t, e, "modifyTimestamp")
	assert.Equal(t, ldap.NoSuchObject, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=y,uid=x," + people, Attributes: person()}, nil).Code)
}

func TestModify(t *testing.T) {
	x := start(t)
	dn := "uid=new," + people
	for name, c := range map[string]struct {
		mods    []ldap.Change
		code    ldap.ResultCode
		message string
		want    string // of description
	}{
		"add":                {[]ldap.Change{mod(ldap.Add, "description", "b")}, ldap.Success, "", "a|b"},
		"add twice":          {[]ldap.Change{mod(ldap.Add, "description", "A")}, ldap.AttributeOrValueExists, "duplicate values for attribute description", "a"},
		"delete":             {[]ldap.Change{mod(ldap.Delete, "description", "A")}, ldap.Success, "", ""},
		"delete all":         {[]ldap.Change{mod(ldap.Delete, "description")}, ldap.Success, "", ""},
		"delete absent":      {[]ldap.Change{mod(ldap.Delete, "description", "x")}, ldap.NoSuchAttribute, "that were not present", "a"},
		"delete none":        {[]ldap.Change{mod(ldap.Delete, "mail")}, ldap.NoSuchAttribute, "this attribute is not present", "a"},
		"replace":            {[]ldap.Change{mod(ldap.Replace, "description", "x", "y")}, ldap.Success, "", "x|y"},
		"replace by nothing": {[]ldap.Change{mod(ldap.Replace, "description"), mod(ldap.Replace, "mail")}, ldap.Success, "", ""},
		"replace twice":      {[]ldap.Change{mod(ldap.Replace, "description", "x", "X")}, ldap.AttributeOrValueExists, "", "a"},
		"all or nothing":     {[]ldap.Change{mod(ldap.Replace, "description", "x"), mod(ldap.Delete, "mail")}, ldap.NoSuchAttribute, "", "a"},
		"increment":          {[]ldap.Change{mod(ldap.Replace, "employeeNumber", "9"), mod(ldap.Increment, "employeeNumber", "-10"), mod(ldap.Replace, "description", "done")}, ldap.Success, "", "done"},
		"increment text":     {[]ldap.Change{mod(ldap.Increment, "description", "1")}, ldap.InvalidAttributeSyntax, "could not be parsed as an integer", "a"},
		"increment nothing":  {[]ldap.Change{mod(ldap.Increment, "uidNumber", "1")}, ldap.ConstraintViolation, "increment", "a"},
		"increment by text":  {[]ldap.Change{mod(ldap.Increment, "description", "x")}, ldap.InvalidAttributeSyntax, "could not be parsed as an integer", "a"},
		"increment by none":  {[]ldap.Change{mod(ldap.Increment, "description")}, ldap.ProtocolError, "did not include a value", "a"},
		"increment by two":   {[]ldap.Change{mod(ldap.Increment, "description", "1", "2")}, ldap.ProtocolError, "multiple values", "a"},
		"increment the name": {[]ldap.Change{mod(ldap.Increment, "uid", "1")}, ldap.NotAllowedOnRDN, "RDN attribute", "a"},
		"add nothing":        {[]ldap.Change{mod(ldap.Add, "description")}, ldap.ProtocolError, "no values were provided", "a"},
		"the name, for now":  {[]ldap.Change{mod(ldap.Delete, "uid", "new"), mod(ldap.Add, "uid", "new")}, ldap.NotAllowedOnRDN, "would have removed a value used in the RDN", "a"},
		"delete no mail":     {[]ldap.Change{mod(ldap.Delete, "mail", "é")}, ldap.NoSuchAttribute, "this attribute is not present", "a"},
		"delete unknown":     {[]ldap.Change{mod(ldap.Delete, "martian")}, ldap.NoSuchAttribute, "martian", "a"},
		"the name":           {[]ldap.Change{mod(ldap.Replace, "uid", "other")}, ldap.NotAllowedOnRDN, "", "a"},
		"required":           {[]ldap.Change{mod(ldap.Delete, "sn")}, ldap.ObjectClassViolation, "missing attribute sn", "a"},
		"unknown":            {[]ldap.Change{mod(ldap.Add, "martian", "x")}, ldap.ObjectClassViolation, "martian", "a"},
		"operational":        {[]ldap.Change{mod(ldap.Replace, "entryUUID", "x")}, ldap.ConstraintViolation, "NO-USER-MODIFICATION", "a"},
		"syntax":             {[]ldap.Change{mod(ldap.Add, "mail", "é")}, ldap.InvalidAttributeSyntax, "mail", "a"},
		"aci":                {[]ldap.Change{mod(ldap.Add, "aci", "nonsense")}, ldap.InvalidAttributeSyntax, "aci", "a"},
		"options":            {[]ldap.Change{mod(ldap.Add, "description;lang-de;x-y", "b")}, ldap.Success, "", "a"},
		"unknown operation":  {[]ldap.Change{mod(9, "description", "b")}, ldap.ProtocolError, "", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, ldap.Success, x.addPerson(x.admin, "new", attr("description", "a")).Code)
			before := x.read(x.admin, dn, "etag", "modifyTimestamp")
			r := x.modify(x.admin, dn, c.mods...)
			assert.Equal(t, c.code, r.Code, r.Message)
			assert.Contains(t, r.Message, c.message)
			after := x.read(x.admin, dn, "description", "etag", "modifyTimestamp", "modifiersName")
			assert.Equal(t, c.want, after["description"])
			assert.Equal(t, c.code != ldap.Success, before["etag"] == after["etag"], "the etag moves with the content")
			assert.Equal(t, c.code == ldap.Success, after["modifiersName"] == "uid=admin")
			require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: dn}, nil).Code)
		})
	}
	r := x.modify(x.admin, "uid=nobody,"+people, mod(ldap.Replace, "mail"))
	assert.Equal(t, ldap.NoSuchObject, r.Code)
	assert.Equal(t, people, r.MatchedDN)
	r = x.modify(x.admin, bjensen)
	assert.Equal(t, ldap.ConstraintViolation, r.Code, "to change nothing is no change")
	assert.Contains(t, r.Message, "did not contain any modifications")
	r = x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Add, "cn", "Barbara Jensen"), mod(ldap.Delete, "mail", "nobody"), mod(ldap.Delete, "carLicense")}}, []ldap.Control{{OID: ldap.OIDPermissiveModify}})
	assert.Equal(t, ldap.Success, r.Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "objectClass", "inetOrgPerson")).Code)
	assert.Equal(t, "inetOrgPerson|organizationalPerson|person|top", x.read(x.admin, bjensen)["objectClass"], "classes are completed")
}

func TestRename(t *testing.T) {
	x := start(t)
	rename := func(r ldap.ModifyDNRequest) ldap.Result { return x.ModifyDN(t.Context(), x.admin, r, nil) }
	before := x.read(x.admin, bjensen, "entryUUID")
	require.Equal(t, ldap.Success, rename(ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=babs", DeleteOldRDN: true}).Code)
	babs := "uid=babs," + people
	assert.Equal(t, before, x.read(x.admin, babs, "entryUUID"), "the entry is the same")
	assert.Equal(t, "babs", x.read(x.admin, babs)["uid"])
	assert.Empty(t, x.find("(uid=bjensen)"))
	require.Equal(t, ldap.Success, rename(ldap.ModifyDNRequest{DN: babs, NewRDN: "cn=Babs+uid=b"}).Code)
	assert.Equal(t, "babs|b", x.read(x.admin, "uid=b+cn=babs,"+people)["uid"], "the old value stays, and the order of a name does not matter")

	require.Equal(t, ldap.Success, rename(ldap.ModifyDNRequest{DN: people, NewRDN: "ou=Staff", DeleteOldRDN: true, NewSuperior: "ou=Apps," + suffix, HasNewSuperior: true}).Code)
	assert.Equal(t, []string{"uid=scarter,ou=Staff,ou=Apps," + suffix}, x.find("(uid=scarter)"), "those below move along")
	assert.Equal(t, ldap.Success, x.bind("uid=scarter,ou=Staff,ou=Apps,"+suffix, "sprain").Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(scarter, "sprain").Code)

	staff := "ou=Staff,ou=Apps," + suffix
	for name, c := range map[string]struct {
		request ldap.ModifyDNRequest
		want    ldap.ResultCode
	}{
		"nobody":       {ldap.ModifyDNRequest{DN: "uid=x," + suffix, NewRDN: "uid=y"}, ldap.NoSuchObject},
		"not a name":   {ldap.ModifyDNRequest{DN: staff, NewRDN: "y"}, ldap.InvalidDNSyntax},
		"two names":    {ldap.ModifyDNRequest{DN: staff, NewRDN: "ou=y,ou=z"}, ldap.InvalidDNSyntax},
		"bad superior": {ldap.ModifyDNRequest{DN: staff, NewRDN: "ou=y", NewSuperior: "y", HasNewSuperior: true}, ldap.InvalidDNSyntax},
		"no superior":  {ldap.ModifyDNRequest{DN: staff, NewRDN: "ou=y", NewSuperior: "ou=z," + suffix, HasNewSuperior: true}, ldap.NoSuchObject},
		"elsewhere":    {ldap.ModifyDNRequest{DN: staff, NewRDN: "ou=y", NewSuperior: "uid=admin", HasNewSuperior: true}, ldap.UnwillingToPerform},
		"below itself": {ldap.ModifyDNRequest{DN: staff, NewRDN: "ou=y", NewSuperior: "uid=scarter," + staff, HasNewSuperior: true}, ldap.UnwillingToPerform},
		"the base":     {ldap.ModifyDNRequest{DN: suffix, NewRDN: "dc=y"}, ldap.UnwillingToPerform},
		"taken":        {ldap.ModifyDNRequest{DN: "uid=scarter," + staff, NewRDN: "uid=TMorris"}, ldap.EntryAlreadyExists},
		"empty value":  {ldap.ModifyDNRequest{DN: "uid=scarter," + staff, NewRDN: "cn="}, ldap.InvalidAttributeSyntax},
		"schema":       {ldap.ModifyDNRequest{DN: "uid=scarter," + staff, NewRDN: "dc=x"}, ldap.ObjectClassViolation},
		"only case":    {ldap.ModifyDNRequest{DN: "uid=scarter," + staff, NewRDN: "uid=SCarter", DeleteOldRDN: true}, ldap.Success},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, rename(c.request).Code) })
	}
}

func TestEtagIsOfTheContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // The times of the two changes are one.
		x := start(t)
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", "x")).Code)
		before := x.read(x.admin, bjensen, "etag")
		x.rename(bjensen, "uid=bjensen", "ou=Apps,"+suffix)
		assert.Equal(t, before, x.read(x.admin, "uid=bjensen,ou=Apps,"+suffix, "etag"), "a name is no content")
	})
}

func TestDelete(t *testing.T) {
	x := start(t)
	remove := func(dn string, controls ...ldap.Control) ldap.Result {
		return x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: dn}, controls)
	}
	assert.Equal(t, ldap.NotAllowedOnNonLeaf, remove(people).Code)
	assert.Equal(t, ldap.Success, remove(bjensen).Code)
	assert.Equal(t, ldap.NoSuchObject, remove(bjensen).Code)
	assert.Equal(t, people, remove(bjensen).MatchedDN)
	assert.Equal(t, ldap.Success, remove(people, ldap.Control{OID: ldap.OIDTreeDelete}).Code)
	assert.Empty(t, x.find("(objectClass=person)"))
	assert.Equal(t, ldap.InvalidDNSyntax, remove("x").Code)
}

func TestCompare(t *testing.T) {
	x := start(t)
	for name, c := range map[string]struct {
		dn, attribute, value string
		want                 ldap.ResultCode
	}{
		"true":          {bjensen, "CN", "barbara jensen", ldap.CompareTrue},
		"false":         {bjensen, "cn", "x", ldap.CompareFalse},
		"no attribute":  {bjensen, "description", "x", ldap.NoSuchAttribute},
		"unknown":       {bjensen, "martian", "x", ldap.NoSuchAttribute},
		"nobody":        {"uid=x," + people, "cn", "x", ldap.NoSuchObject},
		"a password":    {bjensen, "userPassword", "hifalutin", ldap.CompareFalse},
		"computed":      {bjensen, "hasSubordinates", "false", ldap.CompareTrue},
		"the root":      {"", "subschemaSubentry", "CN=Schema", ldap.CompareTrue},
		"no name":       {"x", "cn", "x", ldap.InvalidDNSyntax},
		"the changelog": {"cn=changelog", "cn", "x", ldap.UnwillingToPerform},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.Compare(t.Context(), x.admin, ldap.CompareRequest{DN: c.dn, Attribute: c.attribute, Value: []byte(c.value)}, nil)
			assert.Equal(t, c.want, r.Code, r.Message)
		})
	}
}

func names(list ...string) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	for _, name := range list {
		b = ber.AppendString(b, ber.OctetString, name)
	}
	return ber.Close(b, at)
}

func equality(attribute, value string) []byte {
	b, at := ber.Open(nil, ber.Context(3).Constructed())
	b = ber.AppendString(b, ber.OctetString, attribute)
	b = ber.AppendString(b, ber.OctetString, value)
	return ber.Close(b, at)
}

func TestControlsOfUpdates(t *testing.T) {
	x := start(t)
	r := x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "mail", "new@example.com")}}, []ldap.Control{
		{OID: ldap.OIDPreRead, Value: names("mail"), HasValue: true},
		{OID: ldap.OIDPostRead, Value: names("mail"), HasValue: true},
		{OID: ldap.OIDAssertion, Critical: true, Value: equality("uid", "bjensen"), HasValue: true},
	})
	require.Equal(t, ldap.Success, r.Code, r.Message)
	require.Len(t, r.Controls, 2)
	assert.Contains(t, string(r.Controls[0].Value), "bjensen@example.com")
	assert.Contains(t, string(r.Controls[1].Value), "new@example.com")

	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Add, "aci", `(targetattr="mail")(version 3.0; acl "a"; deny (read) userdn="ldap:///self";)`)).Code)
	r = x.Modify(t.Context(), x.as(scarter, "sprain"), ldap.ModifyRequest{DN: scarter, Changes: []ldap.Change{mod(ldap.Add, "mail", "new@example.com")}}, []ldap.Control{
		{OID: ldap.OIDPreRead, Value: names("uid", "mail"), HasValue: true},
		{OID: ldap.OIDPostRead, Value: names("uid", "mail"), HasValue: true},
	})
	require.Equal(t, ldap.Success, r.Code, r.Message)
	for _, c := range r.Controls {
		assert.Contains(t, string(c.Value), "scarter")
		assert.NotContains(t, string(c.Value), "@example.com", "what may not be read")
	}

	wrong := []ldap.Control{{OID: ldap.OIDAssertion, Critical: true, Value: equality("uid", "other"), HasValue: true}}
	assert.Equal(t, ldap.AssertionFailed, x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "mail")}}, wrong).Code)
	assert.Equal(t, ldap.AssertionFailed, x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Delete, "carLicense")}}, wrong).Code, "before the modification is looked at")
	assert.Equal(t, ldap.AssertionFailed, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: bjensen}, wrong).Code)
	assert.Equal(t, ldap.AssertionFailed, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=x"}, wrong).Code)
	assert.Equal(t, ldap.AssertionFailed, x.Compare(t.Context(), x.admin, ldap.CompareRequest{DN: bjensen, Attribute: "uid"}, wrong).Code)
	malformed := []ldap.Control{{OID: ldap.OIDAssertion, Value: []byte{1}, HasValue: true}}
	assert.Equal(t, ldap.ProtocolError, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: bjensen}, malformed).Code)

	dry := []ldap.Control{{OID: ldap.OIDNoOp, Critical: true}}
	assert.Equal(t, ldap.NoOperation, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: bjensen}, dry).Code)
	assert.Equal(t, ldap.NoOperation, x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "mail")}}, dry).Code)
	assert.Equal(t, ldap.NoOperation, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=x"}, dry).Code)
	assert.Equal(t, "new@example.com", x.read(x.admin, bjensen)["mail"], "nothing happened")
	assert.Equal(t, []string{bjensen}, x.find("(uid=bjensen)"))
}

func TestProxiedAuthorization(t *testing.T) {
	x := start(t)
	proxied := func(s *directory.Session, identity string, critical bool) ldap.Result {
		return x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{mod(ldap.Replace, "description", "x")}}, []ldap.Control{{OID: ldap.OIDProxiedAuthV2, Critical: critical, Value: []byte(identity), HasValue: true}})
	}
	require.Equal(t, ldap.Success, proxied(x.admin, "dn:"+bjensen, true).Code)
	assert.Equal(t, bjensen, x.read(x.admin, bjensen, "modifiersName")["modifiersName"])
	assert.Equal(t, ldap.InsufficientAccessRights, proxied(x.admin, "u:scarter", true).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, proxied(x.admin, "", true).Code, "anonymous")
	assert.Equal(t, ldap.AuthorizationDenied, proxied(x.admin, "u:nobody", true).Code)
	assert.Equal(t, ldap.ProtocolError, proxied(x.admin, "u:scarter", false).Code)
	assert.Equal(t, ldap.AuthorizationDenied, proxied(x.as(scarter, "sprain"), "dn:"+bjensen, true).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "ds-privilege-name", "proxied-auth")).Code)
	r := proxied(x.as(scarter, "sprain"), "dn:"+bjensen, true)
	assert.Equal(t, ldap.AuthorizationDenied, r.Code, "the privilege is not enough")
	assert.Contains(t, r.Message, "is not allowed for "+bjensen)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(version 3.0; acl "p"; allow (proxy) userdn="ldap:///all";)`)).Code)
	assert.Equal(t, ldap.Success, proxied(x.as(scarter, "sprain"), "dn:"+bjensen, true).Code)
	assert.Contains(t, proxied(x.as("uid=tmorris,"+people, "irrefutable"), "dn:"+bjensen, true).Message, "sufficient privileges", "nor is the right")

	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "aci", `(targetattr="description")(version 3.0; acl "s"; allow (write) userdn="ldap:///`+scarter+`" and ssf>="128";)`)).Code)
	assert.Equal(t, ldap.Success, proxied(x.admin, "u:scarter", true).Code, "over the connection of who asks")
	require.Equal(t, ldap.Success, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=scarter,ou=Apps," + suffix, Attributes: []ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", "x"), attr("sn", "x")}}, nil).Code)
	assert.Equal(t, ldap.AuthorizationDenied, proxied(x.admin, "u:scarter", true).Code, "two have that name")
}

func TestMembers(t *testing.T) {
	x := start(t)
	group := "cn=Directory Administrators,ou=Groups," + suffix
	assert.Equal(t, group, x.read(x.admin, kvaughan, "isMemberOf")["isMemberOf"])
	assert.ElementsMatch(t, []string{kvaughan, "uid=rdaugherty," + people, "uid=hmiller," + people}, x.find("(isMemberOf="+group+")"))
	require.Equal(t, ldap.Success, x.modify(x.admin, group, mod(ldap.Add, "uniqueMember", bjensen)).Code)
	assert.Equal(t, group, x.read(x.admin, bjensen, "isMemberOf")["isMemberOf"])
	require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: group}, nil).Code)
	assert.Empty(t, x.read(x.admin, bjensen, "isMemberOf"))
	assert.Empty(t, x.find("(isMemberOf="+group+")"))
}

// TestTogether has many sessions change and search at the same time; it is here for the race detector, and counts what is left.
func TestTogether(t *testing.T) {
	x := start(t)
	const workers, rounds = 8, 25
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "employeeNumber", "0")).Code)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			name := strings.Repeat("w", w+1)
			for range rounds {
				assert.Equal(t, ldap.Success, x.addPerson(x.admin, name).Code)
				for {
					r := x.modify(x.admin, bjensen, mod(ldap.Increment, "employeeNumber", "1"))
					if r.Code != ldap.Busy {
						assert.Equal(t, ldap.Success, r.Code)
						break
					}
				}
				x.find("(|(uid=" + name + ")(sn=*" + name + "*))")
				x.bind(scarter, "sprain")
				x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: "uid=" + name + "," + people, NewRDN: "uid=" + name + "-old", DeleteOldRDN: true}, nil)
				assert.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=" + name + "-old," + people}, nil).Code)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, "200", x.read(x.admin, bjensen)["employeeNumber"])
	assert.Equal(t, 13, x.Size())
}

func TestTimesMove(t *testing.T) {
	x := start(t)
	x.clock.Turn(48 * time.Hour)
	before := x.read(x.admin, bjensen, "pwdChangedTime", "createTimestamp")
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "mail", "x@example.com")).Code)
	after := x.read(x.admin, bjensen, "pwdChangedTime", "createTimestamp", "modifyTimestamp")
	assert.Equal(t, before["pwdChangedTime"], after["pwdChangedTime"])
	assert.Greater(t, after["modifyTimestamp"], after["createTimestamp"])
	assert.Regexp(t, `^\d{14}Z$`, after["modifyTimestamp"])
	assert.Regexp(t, `^\d{14}\.\d{3}Z$`, after["pwdChangedTime"])
}

func TestResetWhileOthersWork(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Hashing.Cheap = true })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 50 {
			x.addPerson(x.admin, strconv.Itoa(i), attr("userPassword", "Brand new 1!"))
			x.PasswordModify(t.Context(), x.admin, new("dn:"+bjensen), nil, nil, nil)
		}
	}()
	for range 10 {
		require.NoError(t, x.Reset())
	}
	<-done
}
