package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

const groups = "ou=Groups,dc=example,dc=com"

// withAliases has aliases below ou=Groups and people in units of their own.
func withAliases(t *testing.T, mode string) *trial {
	t.Helper()
	x := start(t, func(c *directory.Config) { c.Switches = directory.Switches{"aliases": mode} })
	add := func(dn string, attributes ...ldap.Attribute) {
		require.Equal(t, ldap.Success, x.Add(t.Context(), x.admin, ldap.AddRequest{DN: dn, Attributes: attributes}, nil).Code)
	}
	alias := func(cn, target string) {
		add("cn="+cn+","+groups, attr("objectClass", "alias", "extensibleObject"), attr("aliasedObjectName", target))
	}
	unit := attr("objectClass", "organizationalUnit")
	add("ou=Staff,"+people, unit)
	add("ou=Old,ou=Staff,"+people, unit)
	add("ou=Other,"+suffix, unit)
	for uid, unit := range map[string]string{"one": "ou=Staff," + people, "two": "ou=Old,ou=Staff," + people, "six": "ou=Other," + suffix} {
		add("uid="+uid+","+unit, attr("objectClass", "inetOrgPerson"), attr("cn", uid), attr("sn", uid))
	}
	alias("staff", "ou=Staff,"+people)
	alias("again", "cn=Staff,"+groups)
	alias("old", "ou=Old,cn=again,"+groups)
	alias("other", "ou=Other,"+suffix)
	alias("nobody", "cn=nobody,"+people)
	alias("left", "cn=right,"+groups)
	alias("right", "cn=left,"+groups)
	alias("inside", "cn=x,cn=inside,"+groups)
	return x
}

func TestAliases(t *testing.T) {
	const at = "," + groups
	for name, c := range map[string]struct {
		mode  string
		deref ldap.DerefAliases
		base  string
		scope ldap.Scope
		want  string // uids, and cns of what has none
		code  ldap.ResultCode
	}{
		"DS 7 follows none":                       {mode: "ignored", deref: ldap.DerefAlways, base: "cn=staff" + at, scope: ldap.ScopeSubtree, want: "staff"},
		"not even above":                          {mode: "ignored", deref: ldap.DerefAlways, base: "uid=one,cn=staff" + at, code: ldap.NoSuchObject},
		"never":                                   {mode: "rfc4511", base: "cn=staff" + at, want: "staff"},
		"OpenDJ follows the base":                 {mode: "base", deref: ldap.DerefFindingBase, base: "cn=staff" + at, scope: ldap.ScopeOne, want: "one ou=Old"},
		"and an alias that it leads to":           {mode: "base", deref: ldap.DerefAlways, base: "cn=again" + at, scope: ldap.ScopeOne, want: "one ou=Old"},
		"in searching a subtree, too":             {mode: "base", deref: ldap.DerefInSearching, base: "cn=staff" + at, scope: ldap.ScopeSubtree, want: "one ou=Old ou=Staff two"},
		"in searching one level, not":             {mode: "base", deref: ldap.DerefInSearching, base: "cn=staff" + at, scope: ldap.ScopeOne},
		"nothing above the base":                  {mode: "base", deref: ldap.DerefAlways, base: "uid=one,cn=staff" + at, code: ldap.NoSuchObject},
		"to nowhere":                              {mode: "base", deref: ldap.DerefAlways, base: "cn=nobody" + at, code: ldap.NoSuchObject},
		"a circle ends with an alias":             {mode: "base", deref: ldap.DerefAlways, base: "cn=left" + at, want: "left"},
		"all: the base":                           {mode: "rfc4511", deref: ldap.DerefFindingBase, base: "cn=old" + at, scope: ldap.ScopeOne, want: "two"},
		"all: above the base":                     {mode: "rfc4511", deref: ldap.DerefAlways, base: "uid=one,cn=again" + at, want: "one"},
		"all: in searching does not find":         {mode: "rfc4511", deref: ldap.DerefInSearching, base: "uid=one,cn=again" + at, code: ldap.NoSuchObject},
		"all: in searching, one level":            {mode: "rfc4511", deref: ldap.DerefInSearching, base: groups, scope: ldap.ScopeOne, want: "Directory Administrators ou=Old ou=Other ou=Staff"},
		"all: in searching, subtree":              {mode: "rfc4511", deref: ldap.DerefAlways, base: groups, scope: ldap.ScopeSubtree, want: "Directory Administrators one ou=Groups ou=Old ou=Other ou=Staff six two"},
		"all: what is found twice is shown once":  {mode: "rfc4511", deref: ldap.DerefAlways, base: suffix, scope: ldap.ScopeSubtree, want: "12 and 6 more"},
		"all: in searching, an alias is no place": {mode: "rfc4511", deref: ldap.DerefInSearching, base: "cn=staff" + at, scope: ldap.ScopeSubtree, want: "staff"},
		"all: to nowhere":                         {mode: "rfc4511", deref: ldap.DerefAlways, base: "cn=nobody" + at, code: ldap.AliasProblem},
		"all: a circle":                           {mode: "rfc4511", deref: ldap.DerefAlways, base: "cn=left" + at, code: ldap.LoopDetect},
		"all: longer and longer":                  {mode: "rfc4511", deref: ldap.DerefAlways, base: "cn=inside" + at, code: ldap.LoopDetect},
		"all: no such object":                     {mode: "rfc4511", deref: ldap.DerefAlways, base: "cn=x,cn=y" + at, code: ldap.NoSuchObject},
	} {
		t.Run(name, func(t *testing.T) {
			x := withAliases(t, c.mode)
			var found []ldap.Entry
			r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: c.base, Scope: c.scope, Deref: c.deref}, nil, collect(&found))
			assert.Equal(t, c.code, r.Code, r.Message)
			names := make([]string, 0, len(found))
			for _, e := range found {
				name, _, _ := strings.Cut(e.DN, ",")
				names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, "uid="), "cn="))
			}
			if got := fmt.Sprintf("12 and %d more", len(names)-12); got != c.want {
				assert.ElementsMatch(t, names, split(c.want))
			}
		})
	}
}

// split takes names apart, of which one has a space in it.
func split(names string) []string {
	parts := strings.Fields(strings.Replace(names, "Directory Administrators", "Directory-Administrators", 1))
	for i := range parts {
		parts[i] = strings.Replace(parts[i], "-", " ", 1)
	}
	return parts
}

func TestAliasesAndPages(t *testing.T) {
	x := withAliases(t, "rfc4511")
	var all []string
	var cookie []byte
	for {
		var found []ldap.Entry
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: groups, Scope: ldap.ScopeSubtree, Deref: ldap.DerefAlways, Filter: filter(t, "(objectClass=person)")}, paged(1, cookie), collect(&found))
		require.Equal(t, ldap.Success, r.Code)
		for _, e := range found {
			all = append(all, e.DN)
		}
		c, _ := ldap.Find(r.Controls, ldap.OIDPagedResults)
		p, err := ldap.ParsePaged(c)
		require.NoError(t, err)
		if cookie = p.Cookie; len(cookie) == 0 {
			break
		}
	}
	assert.ElementsMatch(t, []string{"uid=one,ou=Staff," + people, "uid=two,ou=Old,ou=Staff," + people, "uid=six,ou=Other," + suffix}, all)
}

func TestAliasThatMayNotBeRead(t *testing.T) {
	x := withAliases(t, "rfc4511")
	require.Equal(t, ldap.Success, x.modify(x.admin, groups, mod(ldap.Add, "aci", `(targetattr="aliasedObjectName")(version 3.0; acl "hidden"; deny (read) userdn="ldap:///anyone";)`)).Code)
	r := x.Search(t.Context(), x.anonymous, ldap.SearchRequest{BaseDN: "cn=staff," + groups, Deref: ldap.DerefAlways}, nil, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.AliasDereferencingProblem, r.Code)
	assert.Equal(t, "cn=staff,"+groups, r.MatchedDN)
}

func TestOnlySearchesFollowAliases(t *testing.T) {
	x := withAliases(t, "rfc4511")
	at := "uid=one,cn=staff," + groups
	assert.Equal(t, ldap.NoSuchObject, x.modify(x.admin, at, mod(ldap.Replace, "description", "x")).Code)
	assert.Equal(t, ldap.NoSuchObject, x.Compare(t.Context(), x.admin, ldap.CompareRequest{DN: at, Attribute: "uid", Value: []byte("one")}, nil).Code)
	assert.Equal(t, ldap.InvalidCredentials, x.bind(at, "secret 1!").Code)
	r := x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "ou=x,cn=staff," + groups, Attributes: []ldap.Attribute{attr("objectClass", "organizationalUnit")}}, nil)
	assert.Equal(t, ldap.AliasProblem, r.Code, "an alias has nothing below it")
}
