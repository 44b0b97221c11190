package directory_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	strict  = "cn=Strict,dc=example,dc=com"
	locking = "cn=Lock after three failures,dc=example,dc=com"
)

// subentry is a policy in the draft's vocabulary.
func subentry(dn, area string, more ...ldap.Attribute) ldap.AddRequest {
	cn, _, _ := strings.Cut(strings.TrimPrefix(dn, "cn="), ",")
	return ldap.AddRequest{DN: dn, Attributes: append([]ldap.Attribute{
		attr("objectClass", "top", "subentry", "pwdPolicy"), attr("cn", cn), attr("pwdAttribute", "userPassword"), attr("subtreeSpecification", area),
	}, more...)}
}

// vendorPolicy is one in that of DS 7, as in PingDS's examples.
func vendorPolicy(dn, area string, classes []string, more ...ldap.Attribute) ldap.AddRequest {
	r := subentry(dn, area, append(more, attr("ds-pwp-password-attribute", "userPassword"))...)
	r.Attributes[0] = attr("objectClass", append([]string{"top", "subentry", "ds-pwp-password-policy"}, classes...)...)
	r.Attributes[2] = attr("ds-pwp-default-password-storage-scheme", "PBKDF2-HMAC-SHA256")
	return r
}

func (x *trial) add(r ldap.AddRequest) ldap.Result {
	x.t.Helper()
	return x.Add(x.t.Context(), x.admin, r, nil)
}

func (x *trial) policyOf(dn string) string {
	x.t.Helper()
	return x.read(x.admin, dn, "pwdPolicySubentry")["pwdPolicySubentry"]
}

func subentries(visible bool) ldap.Control {
	return ldap.Control{OID: ldap.OIDSubentries, HasValue: true, Value: ber.AppendBoolean(nil, ber.Boolean, visible)}
}

func TestSubentriesAreHidden(t *testing.T) {
	x := start(t)
	require.Equal(t, ldap.Success, x.add(subentry(strict, "{}")).Code)
	draft := ldap.Control{OID: ldap.OIDSubentriesDraft}
	for name, tt := range map[string]struct {
		scope    ldap.Scope
		base     string
		filter   string
		controls []ldap.Control
		want     []string
	}{
		"a subtree without":               {ldap.ScopeSubtree, suffix, "(cn=Strict)", nil, nil},
		"one level without":               {ldap.ScopeOne, suffix, "(cn=Strict)", nil, nil},
		"the entry itself":                {ldap.ScopeBase, strict, "(cn=Strict)", nil, []string{strict}},
		"visible":                         {ldap.ScopeSubtree, suffix, "(objectClass=*)", []ldap.Control{subentries(true)}, []string{strict}},
		"visible, of one level":           {ldap.ScopeOne, suffix, "(objectClass=*)", []ldap.Control{subentries(true)}, []string{strict}},
		"not visible":                     {ldap.ScopeSubtree, suffix, "(cn=Strict)", []ldap.Control{subentries(false)}, nil},
		"the draft's control":             {ldap.ScopeSubtree, suffix, "(objectClass=*)", []ldap.Control{draft}, []string{strict}},
		"visible, but the base is none":   {ldap.ScopeBase, suffix, "(objectClass=*)", []ldap.Control{subentries(true)}, nil},
		"a filter for them":               {ldap.ScopeSubtree, suffix, "(objectClass=subEntry)", nil, []string{strict}},
		"a filter for them among others":  {ldap.ScopeSubtree, suffix, "(|(uid=bjensen)(&(objectClass=ldapSubEntry))(cn=Strict))", nil, []string{bjensen, strict}},
		"a filter against them is not it": {ldap.ScopeSubtree, suffix, "(&(cn=Strict)(!(objectClass=subentry)))", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var found []ldap.Entry
			r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: tt.base, Scope: tt.scope, Filter: filter(t, tt.filter), Attributes: []string{"1.1"}}, tt.controls, collect(&found))
			require.Equal(t, ldap.Success, r.Code, r.Message)
			var dns []string
			for _, e := range found {
				dns = append(dns, e.DN)
			}
			assert.Equal(t, tt.want, dns)
		})
	}
	for name, c := range map[string]ldap.Control{
		"no value": {OID: ldap.OIDSubentries}, "no boolean": {OID: ldap.OIDSubentries, HasValue: true, Value: []byte{4, 1, 0}},
	} {
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, []ldap.Control{c}, collect(new([]ldap.Entry)))
		assert.Equal(t, ldap.ProtocolError, r.Code, name)
	}
}

func TestSubentriesNeedAPrivilege(t *testing.T) {
	x := start(t)
	admin := x.as(kvaughan, "bribery")
	r := x.Add(t.Context(), admin, subentry(strict, "{}"), nil)
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code, "a right to add is not enough")
	assert.Equal(t, "This operation involves LDAP subentries which you do not have sufficient privileges to administer", r.Message)
	require.Equal(t, ldap.Success, x.add(subentry(strict, "{}")).Code)
	require.Equal(t, ldap.Success, x.add(subentry("cn=Below,"+people, "{}")).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.modify(admin, strict, mod(ldap.Replace, "pwdMinAge", "1")).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.Delete(t.Context(), admin, ldap.DeleteRequest{DN: strict}, nil).Code)
	assert.Equal(t, ldap.InsufficientAccessRights, x.ModifyDN(t.Context(), admin, ldap.ModifyDNRequest{DN: people, NewRDN: "ou=Staff", DeleteOldRDN: true}, nil).Code)
	tree := []ldap.Control{{OID: ldap.OIDTreeDelete}}
	assert.Equal(t, ldap.InsufficientAccessRights, x.Delete(t.Context(), admin, ldap.DeleteRequest{DN: people}, tree).Code)

	require.Equal(t, ldap.Success, x.modify(x.admin, kvaughan, mod(ldap.Add, "ds-privilege-name", "subentry-write")).Code)
	assert.Equal(t, ldap.Success, x.modify(admin, strict, mod(ldap.Replace, "pwdMinAge", "1")).Code)
	assert.Equal(t, ldap.Success, x.Delete(t.Context(), admin, ldap.DeleteRequest{DN: strict}, nil).Code)
}

func TestWhichPolicyIsInForce(t *testing.T) {
	x := start(t)
	const other = "cn=Other,dc=example,dc=com"
	require.Equal(t, ldap.Success, x.add(subentry(strict, `{ base "ou=people", specificationFilter "(uid=b*)" }`)).Code)
	require.Equal(t, ldap.Success, x.add(subentry(other, `{ specificationFilter item:inetOrgPerson }`)).Code)
	assert.Equal(t, strict, x.policyOf(bjensen), "the nearer base")
	assert.Equal(t, other, x.policyOf(scarter), "the filter leaves him out of the nearer one")
	assert.Equal(t, directory.RootPolicyDN, x.policyOf("uid=admin"), "no subentry is about the administrator")
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(people), "who has no password has a policy, too")
	assert.Empty(t, x.policyOf(strict), "subentries alone have none")

	const near = "cn=Near," + people
	require.Equal(t, ldap.Success, x.add(subentry(near, "{}")).Code)
	assert.Equal(t, strict, x.policyOf(bjensen), "of two with the same base the older one")
	assert.Equal(t, near, x.policyOf(scarter))
	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Add, "ds-pwp-password-policy-dn", "cn=strict, dc=Example,dc=com")).Code)
	assert.Equal(t, strict, x.policyOf(scarter), "the one that the user names")
	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "ds-pwp-password-policy-dn", directory.DefaultPolicyDN)).Code)
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(scarter))
	require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "ds-pwp-password-policy-dn", "cn=nobody")).Code)
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(scarter), "a name for nothing does not lead to subentries")

	require.Equal(t, ldap.Success, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: people, NewRDN: "ou=Staff", DeleteOldRDN: true}, nil).Code)
	const moved = "uid=bjensen,ou=Staff,dc=example,dc=com"
	assert.Equal(t, "cn=Near,ou=Staff,dc=example,dc=com", x.policyOf(moved), "a subentry moves with its branch; the other has its base there no more")
	require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "cn=Near,ou=Staff,dc=example,dc=com"}, nil).Code)
	assert.Equal(t, other, x.policyOf(moved))
	require.Equal(t, ldap.Success, x.modify(x.admin, other, mod(ldap.Replace, "subtreeSpecification", `{ minimum 3 }`)).Code)
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(moved))
	require.NoError(t, x.Reset())
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(bjensen))
}

// TestPolicyOfAGroup is PingDS's way to assign a policy to a group, with a collective attribute.
func TestPolicyOfAGroup(t *testing.T) {
	x := start(t)
	require.Equal(t, ldap.Success, x.add(subentry(strict, `{ base "ou=Groups" }`)).Code)
	group := ldap.AddRequest{DN: "cn=Policy of administrators," + suffix, Attributes: []ldap.Attribute{
		attr("objectClass", "collectiveAttributeSubentry", "extensibleObject", "subentry", "top"), attr("ds-pwp-password-policy-dn;collective", strict),
		attr("subtreeSpecification", `{ base "ou=People", specificationFilter "(isMemberOf=cn=Directory Administrators,ou=Groups,dc=example,dc=com)" }`),
	}}
	require.Equal(t, ldap.Success, x.add(group).Code)
	assert.Equal(t, strict, x.policyOf(kvaughan))
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(bjensen))
	const administrators = "cn=Directory Administrators,ou=Groups," + suffix
	require.Equal(t, ldap.Success, x.modify(x.admin, administrators, mod(ldap.Add, "uniqueMember", bjensen), mod(ldap.Delete, "uniqueMember", kvaughan)).Code)
	assert.Equal(t, strict, x.policyOf(bjensen))
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(kvaughan))
	require.Equal(t, ldap.Success, x.add(subentry("cn=Near,"+people, "{}")).Code)
	assert.Equal(t, strict, x.policyOf(bjensen), "what is named comes before what is near")
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "ds-pwp-password-policy-dn", directory.DefaultPolicyDN)).Code)
	assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(bjensen), "what the entry has itself comes before what is collective")
}

func TestSubtreeSpecifications(t *testing.T) {
	x := start(t)
	require.Equal(t, ldap.Success, x.modify(x.admin, "cn=Directory Administrators,ou=Groups,"+suffix, mod(ldap.Delete, "uniqueMember", "uid=hmiller,"+people)).Code)
	const group = `cn=Directory Administrators,ou=Groups,dc=example,dc=com`
	for text, want := range map[string]bool{
		`{}`:                   true,
		`{ }`:                  true,
		`{base ""}`:            true,
		`{ base "ou=people" }`: true,
		`{ base "OU=People" }`: true,
		`{base "ou=Groups"}`:   false,
		`{ base "uid=bjensen,ou=People", minimum 0, maximum 0 }`: true,
		`{ minimum 2 }`: true,
		`{ minimum 3 }`: false,
		`{ maximum 2 }`: true,
		`{ maximum 1 }`: false,
		`{ specificExclusions { chopBefore:"ou=People" } }`:                                     false,
		`{ specificExclusions { chopAfter:"ou=People" } }`:                                      false,
		`{ specificExclusions { chopAfter:"uid=bjensen,ou=People", chopBefore:"ou=Groups" } }`:  true,
		`{ base "ou=people", specificExclusions { chopBefore:"uid=bjensen" } }`:                 false,
		`{ specificationFilter "(userPassword=*)" }`:                                            true,
		`{ specificationFilter "(&(uid=bjensen)(!(sn=Carter)))" }`:                              true,
		`{ specificationFilter "(uid=scarter)" }`:                                               false,
		`{ specificationFilter "(cn=a ""quoted"" name)" }`:                                      false,
		`{ specificationFilter "(isMemberOf=` + group + `)" }`:                                  false,
		`{ specificationFilter item:person }`:                                                   true,
		`{ specificationFilter not:item:groupOfNames }`:                                         true,
		`{ specificationFilter and:{item:person, or:{item:organizationalUnit,item:nonsense}} }`: false,
		`{ specificationFilter or:{not:item:person,item:inetOrgPerson} }`:                       true,
		`{ specificationFilter and:{} }`:                                                        true,
		`{specificationFilter "(uid=bjensen)", maximum 9, minimum 1, base "ou=People"}`:         true,
	} {
		require.Equal(t, ldap.Success, x.add(subentry(strict, text)).Code, text)
		assert.Equal(t, want, x.policyOf(bjensen) == strict, text)
		require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: strict}, nil).Code)
	}
	for _, text := range []string{
		``, `x`, `{`, `{}}`, `{} x`, `{ base }`, `{ base"ou=x" }`, `{ base "no DN" }`, `{ base "ou=x" minimum 1 }`, `{ base "ou=x", }`, `{ base "ou=x }`,
		`{ minimum 1, minimum 2 }`, `{ minimum -1 }`, `{ minimum 99999999999 }`, `{ minimum 2, maximum 1 }`, `{ nonsense 1 }`,
		`{ specificExclusions { chop:"ou=x" } }`, `{ specificExclusions { chopAfter "ou=x" } }`, `{ specificExclusions { chopAfter:"ou=x" }`,
		`{ specificationFilter "(uid=" }`, `{ specificationFilter item: }`, `{ specificationFilter nor:item:x }`, `{ specificationFilter and:{item:x }`,
		`{ specificationFilter ` + strings.Repeat("not:", 60) + `item:x }`,
		`{ specificationFilter "(pwdPolicySubentry=*)" }`, `{ specificationFilter "(&(uid=x)(!(|(ds-pwp-password-expiration-time>=2)(cn=x))))" }`,
	} {
		r := x.add(subentry(strict, text))
		assert.Equal(t, ldap.InvalidAttributeSyntax, r.Code, text)
		assert.Contains(t, r.Message, "subtreeSpecification", text)
		assert.Contains(t, r.Message, `The provided value "`+text+`" could not be parsed as a valid RFC 3672 subtree specification`)
	}
}

func TestPoliciesOfTheDraft(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Policy.GraceLogins = 7 })
	require.Equal(t, ldap.Success, x.add(subentry(strict, `{ base "ou=People" }`,
		attr("pwdMinAge", "3600"), attr("pwdMaxAge", "864000"), attr("pwdInHistory", "3"), attr("pwdMinLength", "50"), attr("pwdCheckQuality", "2"),
		attr("pwdMaxFailure", "2"), attr("pwdLockout", "TRUE"), attr("pwdLockoutDuration", "60"), attr("pwdFailureCountInterval", "300"),
		attr("pwdMustChange", "TRUE"), attr("pwdSafeModify", "TRUE"), attr("pwdExpireWarning", "5"), attr("pwdAllowUserChange", "TRUE"))).Code)
	change := func(s *directory.Session, old, fresh string) ldap.Result {
		var shown *secret.Value
		if old != "" {
			shown = hidden(old)
		}
		_, r := x.PasswordModify(t.Context(), s, nil, shown, hidden(fresh), nil)
		return r
	}
	s := x.as(scarter, "sprain")
	assert.Equal(t, ldap.UnwillingToPerform, change(s, "sprain", "a good phrase 1").Code, "pwdMinAge: the layout's passwords are new")
	x.clock.Turn(time.Hour)
	assert.Equal(t, ldap.UnwillingToPerform, change(s, "", "a good phrase 1").Code, "pwdSafeModify")
	r := change(s, "sprain", "short 1")
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Contains(t, r.Message, "shorter than the minimum required length of 8 characters", "pwdMinLength means nothing in DS; the default policy has a validator")
	require.Equal(t, ldap.Success, change(s, "sprain", "a good phrase 1").Code)
	assert.Equal(t, ldap.Success, x.bind(scarter, "a good phrase 1").Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(scarter, "sprain").Code)
	x.clock.Turn(time.Hour)
	require.Equal(t, ldap.Success, change(s, "a good phrase 1", "a good phrase 2").Code)
	x.clock.Turn(time.Hour)
	r = change(s, "a good phrase 2", "a good phrase 1")
	assert.Contains(t, r.Message, "password history", "pwdInHistory")
	violations, err := x.CheckPassword(t.Context(), "u:scarter", secret.New("a good phrase 1"))
	require.NoError(t, err)
	assert.Len(t, violations, 1, "the control plane sees the policy in force")

	for range 2 {
		assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "wrong").Code)
	}
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin").Code, "pwdMaxFailure")
	assert.False(t, x.LogIn(t.Context(), "u:bjensen", secret.New("hifalutin")).OK)
	x.clock.Turn(61 * time.Second)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code, "pwdLockoutDuration")

	x.clock.Turn(11 * 24 * time.Hour)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code, "pwdMaxAge, but nobody has warned her; pwdExpireWarning gives her five seconds")
	x.clock.Turn(6 * time.Second)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code, "the grace logins of the default policy")
	changed := x.PolicyJSON().(directory.PasswordPolicy)
	changed.GraceLogins = 0
	require.NoError(t, x.SetPolicy(changed))
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin").Code, "the default policy changes, and what is inherited with it")

	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "set for her 1")).Code)
	assert.True(t, x.as(bjensen, "set for her 1").MustChange(), "pwdMustChange")
}

func TestPoliciesOfDS7(t *testing.T) {
	var dictionary bytes.Buffer
	packed := gzip.NewWriter(&dictionary)
	_, err := packed.Write([]byte("Winter\nsummer\n\n"))
	require.NoError(t, err)
	require.NoError(t, packed.Close())
	validators := func(names ...string) []string {
		classes := []string{"ds-pwp-validator"}
		for _, n := range names {
			classes = append(classes, "ds-pwp-"+n+"-validator")
		}
		return classes
	}
	for name, tt := range map[string]struct {
		classes    []string
		attributes []ldap.Attribute
		good, bad  []string
	}{
		"nothing is inherited": {good: []string{"x", "password"}},
		"length":               {validators("length-based"), []ldap.Attribute{attr("ds-pwp-length-based-max-password-length", "8")}, []string{"123456", "12345678"}, []string{"12345", "123456789"}},
		"character sets": {
			validators("character-set"),
			[]ldap.Attribute{
				attr("ds-pwp-character-set-allow-unclassified-characters", "TRUE"), attr("ds-pwp-character-set-character-set-ranges", "0:a-z", "0:A-Z", "1:0-9"),
				attr("ds-pwp-character-set-character-set", "0:!$#%"), attr("ds-pwp-character-set-min-character-sets", "3"),
			},
			[]string{"aB1", "a!1 ", "B%2"},
			[]string{"a1", "aB!", "1 2"},
		},
		"only classified characters": {validators("character-set"), []ldap.Attribute{attr("ds-pwp-character-set-character-set", "1:abc")}, []string{"abc"}, []string{"abcd", "d"}},
		"dictionary":                 {validators("dictionary"), []ldap.Attribute{{Description: "ds-pwp-dictionary-data", Values: [][]byte{dictionary.Bytes()}}}, []string{"winter1", "retniw"}, []string{"winter", "SUMMER"}},
		"dictionary, parts and backwards": {
			validators("dictionary"),
			[]ldap.Attribute{
				{Description: "ds-pwp-dictionary-data", Values: [][]byte{dictionary.Bytes()}},
				attr("ds-pwp-dictionary-check-substrings", "TRUE"),
				attr("ds-pwp-dictionary-test-reversed-password", "TRUE"), attr("ds-pwp-dictionary-case-sensitive-validation", "TRUE"),
			},
			[]string{"winter", "SUMMER1"},
			[]string{"1Winter1", "remmus2"},
		},
		"attribute value": {validators("attribute-value"), []ldap.Attribute{attr("ds-pwp-attribute-value-match-attribute", "uid")}, []string{"bjense", "bjensens", "nesnejb", "Barbara"}, []string{"bjensen", "BJensen"}},
		"attribute value, parts": {
			validators("attribute-value"),
			[]ldap.Attribute{attr("ds-pwp-attribute-value-check-substrings", "TRUE"), attr("ds-pwp-attribute-value-test-reversed-password", "TRUE"), attr("ds-pwp-attribute-value-min-substring-length", "4")},
			[]string{"jen"},
			[]string{"bjense", "bjensens", "1nesnejb1"},
		},
		"repeated and unique characters": {
			validators("repeated-characters", "unique-characters"),
			[]ldap.Attribute{attr("ds-pwp-repeated-characters-max-consecutive-length", "2"), attr("ds-pwp-repeated-characters-case-sensitive-validation", "TRUE"), attr("ds-pwp-unique-characters-min-unique-characters", "3")},
			[]string{"aaAbc"},
			[]string{"aaabc", "aAaAb"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			require.Equal(t, ldap.Success, x.add(vendorPolicy(strict, `{ base "ou=people" }`, tt.classes, tt.attributes...)).Code)
			for _, password := range tt.good {
				r := x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", password))
				assert.Equal(t, ldap.Success, r.Code, "%s: %s", password, r.Message)
				assert.Equal(t, ldap.Success, x.bind(bjensen, password).Code, password)
			}
			for _, password := range tt.bad {
				assert.Equal(t, ldap.ConstraintViolation, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", password)).Code, password)
				assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, password).Code, password)
			}
		})
	}
}

func TestLockAfterThreeFailures(t *testing.T) {
	x := start(t)
	require.Equal(t, ldap.Success, x.add(vendorPolicy(locking, `{ base "ou=people" }`, []string{"ds-pwp-random-generator"},
		attr("ds-pwp-lockout-failure-expiration-interval", "5 m"), attr("ds-pwp-lockout-duration", "5 minutes"), attr("ds-pwp-lockout-failure-count", "3"),
		attr("ds-pwp-max-password-age", "1 d 12 h"), attr("ds-pwp-expire-passwords-without-warning", "TRUE"), attr("ds-pwp-random-password-character-set", "alpha:ab", "number:7"), attr("ds-pwp-random-password-format", "alpha:3,number:2"),
		attr("ds-pwp-deprecated-password-storage-scheme", "Salted SHA-512"))).Code)
	s := &directory.Session{}
	assert.Equal(t, ldap.Success, x.Bind(t.Context(), s, bjensen, secret.New("hifalutin"), nil).Code, "its own default does not require a secure connection")
	for range 3 {
		assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "wrong").Code)
	}
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin").Code)
	x.clock.Turn(5*time.Minute + time.Second)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	x.clock.Turn(36 * time.Hour)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin").Code, "expired")

	generated, r := x.PasswordModify(t.Context(), x.admin, new("u:bjensen"), nil, nil, nil)
	require.Equal(t, ldap.Success, r.Code, r.Message)
	assert.Regexp(t, "^[ab]{3}77$", generated.Reveal())
	assert.Equal(t, ldap.Success, x.bind(bjensen, generated.Reveal()).Code)
}

func TestInvalidPoliciesNameTheAttribute(t *testing.T) {
	x := start(t)
	none := []string(nil)
	vendor := func(name string, values ...string) ldap.AddRequest {
		r := vendorPolicy(strict, "{}", none)
		for i, a := range r.Attributes {
			if a.Description == name {
				r.Attributes[i] = attr(name, values...)
				return r
			}
		}
		r.Attributes = append(r.Attributes, attr(name, values...))
		return r
	}
	with := func(class string, more ...ldap.Attribute) ldap.AddRequest {
		return vendorPolicy(strict, "{}", []string{class}, more...)
	}
	replaced := subentry(strict, "{}")
	replaced.Attributes[2] = attr("pwdAttribute", "cn")
	for name, tt := range map[string]struct {
		request ldap.AddRequest
		code    ldap.ResultCode
		names   string
	}{
		"a negative age":            {subentry(strict, "{}", attr("pwdMinAge", "-1")), ldap.ConstraintViolation, "pwdMinAge"},
		"too large":                 {subentry(strict, "{}", attr("pwdMaxAge", "2147483648")), ldap.ConstraintViolation, "pwdMaxAge"},
		"no number":                 {subentry(strict, "{}", attr("pwdMaxFailure", "three")), ldap.InvalidAttributeSyntax, "pwdMaxFailure"},
		"a boolean only for LDAP":   {subentry(strict, "{}", attr("pwdLockout", "1")), ldap.ConstraintViolation, "pwdLockout"},
		"quality beyond":            {subentry(strict, "{}", attr("pwdCheckQuality", "3")), ldap.ConstraintViolation, "pwdCheckQuality"},
		"not a password":            {replaced, ldap.UnwillingToPerform, "pwdAttribute"},
		"an unknown attribute":      {vendor("ds-pwp-password-attribute", "secret"), ldap.UnwillingToPerform, "ds-pwp-password-attribute"},
		"a disabled scheme":         {vendor("ds-pwp-default-password-storage-scheme", "Salted MD5"), ldap.ConstraintViolation, "ds-pwp-default-password-storage-scheme"},
		"two schemes":               {vendor("ds-pwp-default-password-storage-scheme", "Bcrypt", "Salted SHA-512"), ldap.ConstraintViolation, "ds-pwp-default-password-storage-scheme"},
		"an unknown scheme":         {vendor("ds-pwp-deprecated-password-storage-scheme", "ROT13"), ldap.ConstraintViolation, "ds-pwp-deprecated-password-storage-scheme"},
		"no duration":               {vendor("ds-pwp-lockout-duration", "soon"), ldap.ConstraintViolation, "ds-pwp-lockout-duration"},
		"an endless duration":       {vendor("ds-pwp-max-password-age", "2147483647 w"), ldap.ConstraintViolation, "ds-pwp-max-password-age"},
		"a failure policy":          {vendor("ds-pwp-state-update-failure-policy", "never"), ldap.ConstraintViolation, "ds-pwp-state-update-failure-policy"},
		"another time of login":     {vendor("ds-pwp-last-login-time-attribute", "description"), ldap.UnwillingToPerform, "ds-pwp-last-login-time-attribute"},
		"no scheme":                 {vendor("ds-pwp-default-password-storage-scheme"), ldap.ObjectClassViolation, "ds-pwp-default-password-storage-scheme"},
		"a minimum beyond the most": {with("ds-pwp-length-based-validator", attr("ds-pwp-length-based-max-password-length", "3")), ldap.ConstraintViolation, "max-password-length"},
		"a set without a number":    {with("ds-pwp-character-set-validator", attr("ds-pwp-character-set-character-set", "abc")), ldap.ConstraintViolation, "ds-pwp-character-set-character-set"},
		"a range backwards":         {with("ds-pwp-character-set-validator", attr("ds-pwp-character-set-character-set-ranges", "1:z-a")), ldap.ConstraintViolation, "ds-pwp-character-set-character-set-ranges"},
		"no dictionary":             {with("ds-pwp-dictionary-validator", attr("ds-pwp-dictionary-data", "winter")), ldap.ConstraintViolation, "ds-pwp-dictionary-data"},
		"a set that is not there":   {with("ds-pwp-random-generator", attr("ds-pwp-random-password-character-set", "a:b"), attr("ds-pwp-random-password-format", "c:3")), ldap.ConstraintViolation, "ds-pwp-random-password-format"},
		"a set without a name":      {with("ds-pwp-random-generator", attr("ds-pwp-random-password-character-set", "abc"), attr("ds-pwp-random-password-format", "c:3")), ldap.ConstraintViolation, "ds-pwp-random-password-character-set"},
		"two that are endless":      {with("ds-pwp-random-generator", attr("ds-pwp-random-password-character-set", "a:b"), attr("ds-pwp-random-password-format", "a:1,a:9223372036854775807")), ldap.ConstraintViolation, "ds-pwp-random-password-format"},
		"ranges without end":        {with("ds-pwp-character-set-validator", attr("ds-pwp-character-set-character-set-ranges", "1:"+strings.Repeat("\x01-\U0010ffff", 1000))), ldap.ConstraintViolation, "ds-pwp-character-set-character-set-ranges"},
		"an endless password":       {with("ds-pwp-random-generator", attr("ds-pwp-random-password-character-set", "a:b"), attr("ds-pwp-random-password-format", "a:2000")), ldap.ConstraintViolation, "ds-pwp-random-password-format"},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.add(tt.request)
			assert.Equal(t, tt.code, r.Code, r.Message)
			assert.Contains(t, r.Message, tt.names)
			assert.Equal(t, directory.DefaultPolicyDN, x.policyOf(bjensen))
		})
	}
	require.Equal(t, ldap.Success, x.add(subentry(strict, "{}", attr("pwdMaxFailure", "2"))).Code)
	r := x.modify(x.admin, strict, mod(ldap.Replace, "pwdMaxFailure", "-2"))
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Contains(t, r.Message, "pwdMaxFailure")
	assert.Equal(t, "2", x.read(x.admin, strict, "pwdMaxFailure")["pwdMaxFailure"])
}

func TestSubentriesOfAnImport(t *testing.T) {
	x := start(t)
	const text = `dn: dc=example,dc=com
objectClass: domain

dn: ou=People,dc=example,dc=com
objectClass: organizationalUnit

dn: cn=Strict,ou=People,dc=example,dc=com
objectClass: subentry
objectClass: pwdPolicy
pwdAttribute: userPassword
pwdMaxFailure: 2
subtreeSpecification: {}

dn: uid=bjensen,ou=People,dc=example,dc=com
objectClass: inetOrgPerson
cn: Barbara Jensen
sn: Jensen
userPassword: hifalutin
`
	_, err := x.Import(t.Context(), "x.ldif", strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, "cn=Strict,"+people, x.policyOf(bjensen))
	assert.Equal(t, 1, x.Users().Len(), "a subentry is no user")
	var out bytes.Buffer
	require.NoError(t, x.Export(&out))
	again := start(t)
	_, err = again.Import(t.Context(), "y.ldif", &out)
	require.NoError(t, err)
	assert.Equal(t, "cn=Strict,"+people, again.policyOf(bjensen))

	replica := start(t)
	require.NoError(t, replica.Initialize(x.Directory))
	assert.Equal(t, "cn=Strict,"+people, replica.policyOf(bjensen))
	for range 2 {
		assert.Equal(t, ldap.InvalidCredentials, replica.bind(bjensen, "wrong").Code)
	}
	assert.Equal(t, ldap.InvalidCredentials, replica.bind(bjensen, "hifalutin").Code)

	_, err = x.Import(t.Context(), "z.ldif", strings.NewReader(strings.Replace(text, "pwdMaxFailure: 2", "pwdMaxFailure: -2", 1)))
	require.ErrorContains(t, err, "pwdMaxFailure")
}

func FuzzSubtreeSpecification(f *testing.F) {
	f.Add(`{ base "ou=people", specificationFilter "(&(uid=b*)(!(sn=""x"")))", minimum 1, maximum 3 }`)
	f.Add(`{ specificExclusions { chopBefore:"ou=a", chopAfter:"ou=b" }, specificationFilter and:{item:person, not:or:{item:top}} }`)
	x := start(f)
	f.Fuzz(func(t *testing.T, text string) {
		x.t = t
		if x.add(subentry(strict, text)).Code != ldap.Success {
			return
		}
		require.Contains(t, []string{strict, directory.DefaultPolicyDN}, x.policyOf(bjensen))
		require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: strict}, nil).Code)
	})
}
