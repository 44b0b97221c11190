package directory_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// results is what a search finds, references and all.
type results struct {
	dns  []string
	urls [][]string
	all  []string // in their order
}

func (r *results) Entry(e ldap.Entry, _ []ldap.Control) error {
	r.dns, r.all = append(r.dns, e.DN), append(r.all, e.DN)
	return nil
}

func (r *results) Reference(urls []string) error {
	r.urls, r.all = append(r.urls, urls), append(r.all, urls...)
	return nil
}

func (x *trial) results(s *directory.Session, r ldap.SearchRequest, controls ...ldap.Control) (results, ldap.Result) {
	x.t.Helper()
	var found results
	result := x.Search(x.t.Context(), s, r, controls, &found)
	return found, result
}

const (
	berlin = "ou=Berlin,dc=example,dc=com"
	paris  = "ou=Paris,ou=People,dc=example,dc=com"
)

var manageDsaIT = ldap.Control{OID: ldap.OIDManageDsaIT, Critical: true}

// branches adds two referrals: one beside the people, one among them.
func branches(x *trial) {
	x.t.Helper()
	for dn, refs := range map[string][]string{
		berlin: {"ldap://berlin.example.com:1389/ou=Leute,dc=berlin the office", "ldap://spare.example.com", "ldaps://safe.example.com/o=x", "mailto:help@example.com please"},
		paris:  {"ldap://paris.example.com/" + paris},
	} {
		require.Equal(x.t, ldap.Success, x.addReferral(dn, refs...).Code)
	}
}

func (x *trial) addReferral(dn string, refs ...string) ldap.Result {
	ou, _, _ := strings.Cut(strings.TrimPrefix(dn, "ou="), ",")
	return x.Add(x.t.Context(), x.admin, ldap.AddRequest{DN: dn, Attributes: []ldap.Attribute{attr("objectClass", "referral", "extensibleObject"), attr("ou", ou), attr("ref", refs...)}}, nil)
}

// urls are those of the referral berlin for something at or below it.
func urls(below, rest string) []string {
	return []string{
		"ldap://berlin.example.com:1389/" + below + "ou=Leute,dc=berlin" + rest, "ldap://spare.example.com:389/" + below + berlin + rest,
		"ldaps://safe.example.com/o=x", "mailto:help@example.com",
	}
}

func TestOperationsOnAReferral(t *testing.T) {
	x := start(t)
	branches(x)
	ctx := t.Context()
	below := "uid=hans," + berlin
	search := func(dn string, scope ldap.Scope) ldap.Result {
		_, r := x.results(x.admin, ldap.SearchRequest{BaseDN: dn, Scope: scope})
		return r
	}
	person := []ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", "Hans"), attr("sn", "Hans")}
	password := secret.New("Brand new 1!")
	for name, c := range map[string]struct {
		got  ldap.Result
		want []string
	}{
		"search, base":          {search(berlin, ldap.ScopeBase), urls("", "??base?")},
		"search, one level":     {search(berlin, ldap.ScopeOne), urls("", "??one?")},
		"search, subtree":       {search(berlin, ldap.ScopeSubtree), urls("", "??sub?")},
		"search, subordinates":  {search(berlin, ldap.ScopeSubordinates), urls("", "??subordinate?")},
		"search below":          {search(below, ldap.ScopeBase), urls("uid=hans,", "??base?")},
		"search far below":      {search("cn=a b,cn=ä,"+below, ldap.ScopeSubtree), urls("cn=a%20b,cn=%C3%A4,uid=hans,", "??sub?")},
		"compare":               {x.Compare(ctx, x.admin, ldap.CompareRequest{DN: berlin, Attribute: "ou", Value: []byte("Berlin")}, nil), urls("", "")},
		"compare below":         {x.Compare(ctx, x.admin, ldap.CompareRequest{DN: below, Attribute: "uid", Value: []byte("hans")}, nil), urls("uid=hans,", "")},
		"modify":                {x.modify(x.admin, berlin, mod(ldap.Replace, "description", "x")), urls("", "")},
		"modify below":          {x.modify(x.admin, below, mod(ldap.Replace, "description", "x")), urls("uid=hans,", "")},
		"delete":                {x.Delete(ctx, x.admin, ldap.DeleteRequest{DN: berlin}, nil), urls("", "")},
		"delete below":          {x.Delete(ctx, x.admin, ldap.DeleteRequest{DN: below}, nil), urls("uid=hans,", "")},
		"rename":                {x.ModifyDN(ctx, x.admin, ldap.ModifyDNRequest{DN: berlin, NewRDN: "ou=Bonn"}, nil), urls("", "")},
		"rename below":          {x.ModifyDN(ctx, x.admin, ldap.ModifyDNRequest{DN: below, NewRDN: "uid=max"}, nil), urls("uid=hans,", "")},
		"add below":             {x.Add(ctx, x.admin, ldap.AddRequest{DN: below, Attributes: person}, nil), urls("uid=hans,", "")},
		"add below, managed":    {x.Add(ctx, x.admin, ldap.AddRequest{DN: below, Attributes: person}, []ldap.Control{manageDsaIT}), urls("uid=hans,", "")},
		"add below what is not": {x.Add(ctx, x.admin, ldap.AddRequest{DN: "cn=x," + below, Attributes: person}, nil), urls("cn=x,uid=hans,", "")},
		"bind below":            {x.Bind(ctx, &directory.Session{Secure: true}, below, password, nil), urls("uid=hans,", "")},
		"password modify below": {x.passwordModify("dn:"+below, password), urls("uid=hans,", "")},
		"in another spelling":   {search("OU=berlin, DC=example,DC=com", ldap.ScopeBase), urls("", "??base?")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, ldap.Referral, c.got.Code)
			assert.Equal(t, c.want, c.got.Referrals)
			assert.Equal(t, berlin, c.got.MatchedDN)
			assert.Equal(t, "A referral entry "+berlin+" indicates that the operation must be processed at a different server", c.got.Message)
		})
	}
	assert.Equal(t, ldap.InvalidCredentials, x.bind(berlin, "Brand new 1!").Code, "the entry itself is there, without a password")
	assert.Equal(t, ldap.NoSuchObject, search("uid=hans,ou=Bonn,dc=example,dc=com", ldap.ScopeBase).Code)
	r := x.ModifyDN(ctx, x.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=bjensen", HasNewSuperior: true, NewSuperior: below}, nil)
	assert.Equal(t, ldap.NoSuchObject, r.Code, "where to is not the target of the operation")
}

func (x *trial) passwordModify(identity string, password secret.Value) ldap.Result {
	_, r := x.PasswordModify(x.t.Context(), x.admin, &identity, nil, &password, nil)
	return r
}

func TestReferralsAreManaged(t *testing.T) {
	x := start(t)
	branches(x)
	ctx, manage := t.Context(), []ldap.Control{manageDsaIT}
	found, r := x.results(x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: filter(t, "(objectClass=referral)")}, manageDsaIT)
	require.Equal(t, ldap.Success, r.Code)
	assert.ElementsMatch(t, []string{berlin, paris}, found.dns)
	assert.Empty(t, found.urls)
	assert.Equal(t, ldap.CompareTrue, x.Compare(ctx, x.admin, ldap.CompareRequest{DN: berlin, Attribute: "ou", Value: []byte("berlin")}, manage).Code)
	require.Equal(t, ldap.Success, x.Modify(ctx, x.admin, ldap.ModifyRequest{DN: paris, Changes: []ldap.Change{mod(ldap.Replace, "ref", "ldap://lyon/")}}, manage).Code)
	found, _ = x.results(x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, Filter: filter(t, "(uid=bjensen)")})
	assert.Equal(t, [][]string{{"ldap://lyon:389/" + paris + "??base?"}}, found.urls, "the new place")
	require.Equal(t, ldap.Success, x.ModifyDN(ctx, x.admin, ldap.ModifyDNRequest{DN: paris, NewRDN: "ou=Lyon", DeleteOldRDN: true}, manage).Code)
	_, r = x.results(x.admin, ldap.SearchRequest{BaseDN: "uid=a,ou=Lyon," + people})
	assert.Equal(t, []string{"ldap://lyon:389/uid=a,ou=Lyon," + people + "??base?"}, r.Referrals, "the new name")
	require.Equal(t, ldap.Success, x.Modify(ctx, x.admin, ldap.ModifyRequest{DN: "ou=Lyon," + people, Changes: []ldap.Change{mod(ldap.Replace, "objectClass", "organizationalUnit", "extensibleObject")}}, manage).Code)
	assert.Len(t, x.find("(ou=Lyon)"), 1, "it is one no more")
	require.Equal(t, ldap.Success, x.Delete(ctx, x.admin, ldap.DeleteRequest{DN: berlin}, manage).Code)
	_, r = x.results(x.admin, ldap.SearchRequest{BaseDN: "uid=a," + berlin})
	assert.Equal(t, ldap.NoSuchObject, r.Code, "nothing is left of it")

	require.Equal(t, ldap.Success, x.addReferral(paris, "ldap://paris/").Code)
	require.Equal(t, ldap.Success, x.Delete(ctx, x.admin, ldap.DeleteRequest{DN: people}, []ldap.Control{{OID: ldap.OIDTreeDelete}}).Code)
	found, _ = x.results(x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree})
	assert.Empty(t, found.urls, "a tree is deleted with its referrals")
}

func TestReferencesOfSearches(t *testing.T) {
	x := start(t)
	branches(x)
	toBerlin, toParis := urls("", "??sub?"), []string{"ldap://paris.example.com:389/" + paris + "??sub?"}
	toBerlin[0] = "ldap://berlin.example.com:1389/ou=Leute,dc=berlin??sub?"
	for name, c := range map[string]struct {
		base  string
		scope ldap.Scope
		want  [][]string
	}{
		"subtree":             {suffix, ldap.ScopeSubtree, [][]string{toBerlin, toParis}},
		"subordinates":        {suffix, ldap.ScopeSubordinates, [][]string{toBerlin, toParis}},
		"everything":          {"", ldap.ScopeSubtree, [][]string{toBerlin, toParis}},
		"the other subtree":   {people, ldap.ScopeSubtree, [][]string{toParis}},
		"one level":           {people, ldap.ScopeOne, [][]string{{"ldap://paris.example.com:389/" + paris + "??base?"}}},
		"base":                {people, ldap.ScopeBase, nil},
		"where there is none": {"ou=Groups," + suffix, ldap.ScopeSubtree, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, r := x.results(x.admin, ldap.SearchRequest{BaseDN: c.base, Scope: c.scope, Filter: filter(t, "(uid=nobody)")})
			require.Equal(t, ldap.Success, r.Code)
			assert.ElementsMatch(t, c.want, found.urls, "whatever the filter")
			assert.Empty(t, found.dns)
		})
	}
	found, _ := x.results(x.anonymous, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree})
	assert.Empty(t, found.urls, "who may not read ref hears nothing of it")
}

func TestReferencesAreNoEntries(t *testing.T) {
	x := start(t)
	branches(x)
	everything := ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}
	found, r := x.results(x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, SizeLimit: 7})
	assert.Equal(t, ldap.Success, r.Code, "nor for the size limit")
	assert.Len(t, found.dns, 7)
	assert.Len(t, found.urls, 1)
	assert.Contains(t, found.all[0], "ldap://paris", "references come first")

	var cookie []byte
	var pages []string
	for {
		found, r := x.results(x.admin, everything, paged(3, cookie)...)
		require.Equal(t, ldap.Success, r.Code)
		pages = append(pages, fmt.Sprintf("%d+%d", len(found.dns), len(found.urls)))
		c, _ := ldap.Find(r.Controls, ldap.OIDPagedResults)
		p, err := ldap.ParsePaged(c)
		require.NoError(t, err)
		if cookie = p.Cookie; len(cookie) == 0 {
			break
		}
	}
	assert.Equal(t, []string{"3+1", "3+0", "1+0"}, pages, "the first page has them")

	found, r = x.results(x.admin, everything, sorted("uid", false), view(0, 9, 1, 0))
	require.Equal(t, ldap.Success, r.Code)
	assert.Len(t, found.dns, 7)
	assert.Len(t, found.urls, 1)
	told, _ := ldap.Find(r.Controls, ldap.OIDVirtualListResponse)
	assert.Equal(t, ldap.ListViewResult{Position: 1, Count: 7}.Control(), told)
}

func TestReferralsInLDIF(t *testing.T) {
	const text = `dn: dc=example,dc=com
objectClass: domain

dn: ou=People,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=Berlin,dc=example,dc=com
objectClass: referral
objectClass: extensibleObject
ref: ldap://berlin/

dn: uid=lost,ou=Berlin,dc=example,dc=com
objectClass: inetOrgPerson
cn: Lost
sn: Lost

`
	x := start(t)
	n, err := x.Import(t.Context(), "a.ldif", strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, 4, n)
	check := func(x *trial) {
		_, r := x.results(x.admin, ldap.SearchRequest{BaseDN: "uid=x," + berlin})
		assert.Equal(t, []string{"ldap://berlin:389/uid=x," + berlin + "??base?"}, r.Referrals)
		found, _ := x.results(x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree})
		assert.Len(t, found.urls, 1)
		assert.Equal(t, 2, x.Users().Len()+2, "a referral is no user")
	}
	check(x)
	var out bytes.Buffer
	require.NoError(t, x.Export(&out))
	assert.Contains(t, out.String(), "ref: ldap://berlin/\n")
	y := start(t)
	_, err = y.Import(t.Context(), "b.ldif", &out)
	require.NoError(t, err)
	check(y)
	assert.Equal(t, ldap.Success, y.modify(y.admin, "uid=lost,"+berlin, mod(ldap.Replace, "description", "x")).Code, "what is there nevertheless is there")

	c := directory.DefaultConfig(directory.DS7)
	c.ServerID = 2
	z := build(t, c, "z")
	require.NoError(t, z.Initialize(y.Directory))
	check(z)
	require.NoError(t, z.Reset())
	_, r := z.results(z.admin, ldap.SearchRequest{BaseDN: berlin})
	assert.Equal(t, ldap.NoSuchObject, r.Code)
}
