package directory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const suffix = "dc=example,dc=com"

func TestFilters(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Layout = directory.Empty })
	crowd(x, 12)
	require.Equal(t, ldap.Success, x.modify(x.admin, "uid=user.3,"+people, mod(ldap.Add, "description;lang-de", "Drei"), mod(ldap.Add, "description", "Three  words here")).Code)
	user := func(numbers ...int) (dns []string) {
		for _, n := range numbers {
			dns = append(dns, fmt.Sprintf("uid=user.%d,%s", n, people))
		}
		return dns
	}
	for text, want := range map[string][]string{
		"(uid=USER.3)":                                     user(3),
		"(userid=user.3)":                                  user(3),
		"(0.9.2342.19200300.100.1.1=user.3)":               user(3),
		"(&(uid=user.3)(sn=Number3))":                      user(3),
		"(&(uid=user.3)(sn=Number4))":                      nil,
		"(|(uid=user.3)(uid=user.4))":                      user(3, 4),
		"(&)":                                              append([]string{suffix, people}, user(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...),
		"(|)":                                              nil,
		"(!(objectClass=person))":                          {suffix, people},
		"(&(objectClass=person)(!(uid=user.*)))":           nil,
		"(uid=user.1*)":                                    user(1, 10, 11),
		"(cn=*number1)":                                    user(1),
		"(cn=*numb*r1*)":                                   user(1, 10, 11),
		"(cn=us*num*3)":                                    user(3),
		"(cn=user number3)":                                user(3),
		"(name=number3)":                                   user(3),
		"(description=three words HERE)":                   user(3),
		"(description;lang-de=drei)":                       user(3),
		"(description;lang-fr=drei)":                       nil,
		"(description=drei)":                               user(3),
		"(description=*words *)":                           user(3),
		"(employeeNumber>=9)":                              user(9),
		"(createTimestamp>=20000101000000Z)":               append([]string{suffix, people}, user(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...),
		"(createTimestamp<=20000101000000Z)":               nil,
		"(telephoneNumber=+1-5553)":                        user(3),
		"(nobody=x)":                                       nil,
		"(!(nobody=x))":                                    nil,
		"(|(nobody=x)(uid=user.3))":                        user(3),
		"(pwdReset=maybe)":                                 nil,
		"(!(pwdReset=maybe))":                              nil,
		"(cn~=user number3)":                               user(3),
		"(cn:caseExactMatch:=User Number3)":                user(3),
		"(cn:caseExactMatch:=user number3)":                nil,
		"(cn:2.5.13.2:=user number3)":                      user(3),
		"(cn:unheardOf:=user number3)":                     nil,
		"(ou:dn:=people)":                                  append([]string{people}, user(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...),
		"(:caseIgnoreMatch:=number3)":                      user(3),
		"(entryDN=UID=user.3,OU=people,DC=example,DC=com)": user(3),
		"(numSubordinates=12)":                             {people},
		"(hasSubordinates=true)":                           {suffix, people},
		"(structuralObjectClass=inetOrgPerson)":            user(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
		"(objectClass=2.5.6.6)":                            user(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
	} {
		t.Run(text, func(t *testing.T) {
			assert.ElementsMatch(t, want, x.find(text))
		})
	}
}

func TestScopes(t *testing.T) {
	x := start(t)
	count := func(base string, scope ldap.Scope) int {
		var found []ldap.Entry
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: base, Scope: scope}, nil, collect(&found))
		require.Equal(t, ldap.Success, r.Code)
		return len(found)
	}
	assert.Equal(t, 1, count(suffix, ldap.ScopeBase))
	assert.Equal(t, 3, count(suffix, ldap.ScopeOne))
	assert.Equal(t, 12, count(suffix, ldap.ScopeSubtree))
	assert.Equal(t, 11, count(suffix, ldap.ScopeSubordinates))
	assert.Equal(t, 7, count("OU=people, DC=Example,DC=com", ldap.ScopeOne))
	assert.Equal(t, 12, count("", ldap.ScopeSubtree), "the administrator's entry is private")
	assert.Equal(t, 1, count("", ldap.ScopeOne))

	r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "cn=a,cn=b," + people}, nil, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.NoSuchObject, r.Code)
	assert.Equal(t, people, r.MatchedDN)
	r = x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "nonsense"}, nil, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.InvalidDNSyntax, r.Code)
	r = x.Search(t.Context(), x.admin, ldap.SearchRequest{Scope: 7}, nil, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.ProtocolError, r.Code)
}

func TestSelection(t *testing.T) {
	x := start(t)
	names := func(attributes ...string) string {
		m := x.read(x.admin, bjensen, attributes...)
		list := make([]string, 0, len(m))
		for name := range m {
			list = append(list, name)
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	user := "cn givenName mail objectClass sn uid userPassword"
	operational := "createTimestamp creatorsName entryDN entryUUID etag hasSubordinates numSubordinates pwdChangedTime pwdPolicySubentry structuralObjectClass subschemaSubentry"
	assert.Equal(t, user, names())
	assert.Equal(t, user, names("*"))
	assert.Equal(t, operational, names("+"))
	assert.Equal(t, "cn", names("cn"))
	assert.Equal(t, "CommonName", names("CommonName"), "an attribute is called what it was asked by")
	assert.Equal(t, "cn givenName sn", names("name"))
	assert.Empty(t, names("1.1"))
	assert.Equal(t, "cn", names("1.1", "cn"))
	assert.Equal(t, user+" entryUUID", strings.Replace(names("*", "entryUUID"), " entryUUID", "", 1)+" entryUUID")
	assert.Equal(t, "cn objectClass sn userPassword", names("@person"))
	assert.Empty(t, names("unheardOf"))

	var found []ldap.Entry
	r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: bjensen, Attributes: []string{"*", "+"}}, []ldap.Control{{OID: ldap.OIDRealAttributesOnly}}, collect(&found))
	require.Equal(t, ldap.Success, r.Code)
	assert.NotContains(t, values(found[0]), "etag")
	assert.Contains(t, values(found[0]), "entryUUID")
	found = nil
	x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: bjensen, Attributes: []string{"*", "+"}}, []ldap.Control{{OID: ldap.OIDVirtualAttributesOnly}}, collect(&found))
	assert.NotContains(t, values(found[0]), "cn")
	assert.Contains(t, values(found[0]), "etag")
}

func TestSearchEnds(t *testing.T) {
	x := start(t)
	r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, nil, directory.Emit(func(ldap.Entry, []ldap.Control) error { return errors.New("the connection is gone") }))
	assert.Equal(t, ldap.Unavailable, r.Code)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = x.Search(ctx, x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, nil, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.Canceled, r.Code)
}

func TestUnindexed(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Limits.Lookthrough = 0 })
	crowd(x, 4200)
	require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetattr="*||+")(version 3.0; acl "all"; allow (read,search,compare) userdn="ldap:///anyone";)`)).Code)
	search := func(base, text string) ldap.ResultCode {
		return x.Search(t.Context(), x.anonymous, ldap.SearchRequest{BaseDN: base, Scope: ldap.ScopeSubtree, Filter: filter(t, text), SizeLimit: 1}, nil, collect(new([]ldap.Entry))).Code
	}
	assert.Equal(t, ldap.Success, search(suffix, "(uid=user.17)"))
	assert.Equal(t, ldap.InsufficientAccessRights, search(suffix, "(description=17)"))
	assert.Equal(t, ldap.InsufficientAccessRights, search(suffix, "(uid=*)"))
	assert.Equal(t, ldap.InsufficientAccessRights, search(suffix, "(objectClass=person)"), "a key past its limit stands for all")
	assert.Equal(t, ldap.InsufficientAccessRights, search(suffix, "(modifyTimestamp>=20000101000000Z)"))
	assert.Equal(t, ldap.InsufficientAccessRights, search(suffix, "(|(uid=user.17)(description=17))"))
	assert.Equal(t, ldap.Success, search(suffix, "(&(uid=user.17)(description=17))"))
	assert.Equal(t, ldap.Success, search("uid=user.1,"+people, "(description=17)"), "a small scope is as good as an index")
	assert.Equal(t, ldap.Success, search(suffix, "(mail=user.41@*)"))
	assert.Empty(t, x.find("(description=17)"), "the administrator may")
	for i := range 202 {
		require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: fmt.Sprintf("uid=user.%d,%s", i, people)}, nil).Code)
	}
	assert.Equal(t, ldap.Success, search(suffix, "(description=17)"), "what is left is few enough")

	indexed := start(t, func(c *directory.Config) {
		c.Limits.Lookthrough = 0
		c.Indexes = append(c.Indexes, directory.Index{Attribute: "employeeNumber", Ordering: true, Equality: true}, directory.Index{Attribute: "description", Presence: true})
	})
	crowd(indexed, 4200)
	require.Equal(t, ldap.Success, indexed.modify(indexed.admin, suffix, mod(ldap.Add, "aci", `(targetattr="*||+")(version 3.0; acl "all"; allow (read,search,compare) userdn="ldap:///anyone";)`)).Code)
	x = indexed
	assert.Equal(t, ldap.Success, search(suffix, "(description=*)"))
	require.Equal(t, ldap.Success, x.modify(x.admin, "uid=user.4100,"+people, mod(ldap.Replace, "employeeNumber", "zz")).Code)
	assert.Equal(t, []string{"uid=user.4100," + people}, x.find("(employeeNumber>=z)"))
}

func paged(size int, cookie []byte) []ldap.Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(size))
	b = ber.AppendString(b, ber.OctetString, cookie)
	return []ldap.Control{{OID: ldap.OIDPagedResults, Critical: true, Value: ber.Close(b, at), HasValue: true}}
}

func TestPages(t *testing.T) {
	x := start(t)
	crowd(x, 25)
	var all []string
	var cookie []byte
	page := func(size int, cookie []byte) (found []ldap.Entry, next []byte, r ldap.Result) {
		r = x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}, paged(size, cookie), collect(&found))
		if c, ok := ldap.Find(r.Controls, ldap.OIDPagedResults); ok {
			p, err := ldap.ParsePaged(c)
			require.NoError(t, err)
			next = p.Cookie
		}
		return found, next, r
	}
	for pages := 1; ; pages++ {
		found, next, r := page(10, cookie)
		require.Equal(t, ldap.Success, r.Code)
		for _, e := range found {
			all = append(all, e.DN)
		}
		if pages == 1 { // What is deleted between two pages does not disturb them.
			require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=user.20," + people}, nil).Code)
		}
		if cookie = next; len(cookie) == 0 {
			assert.Equal(t, 3, pages)
			break
		}
	}
	assert.Len(t, all, 24)
	slices.Sort(all)
	assert.Len(t, slices.Compact(all), 24)

	_, next, _ := page(5, nil)
	bad := slices.Clone(next)
	bad[3]++
	other := build(t, directory.DefaultConfig(directory.DS7), "another replica")
	r := other.Search(t.Context(), other.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}, paged(5, next), collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.UnwillingToPerform, r.Code, "a page goes on where it began")
	_, _, r = page(5, bad)
	assert.Equal(t, ldap.UnwillingToPerform, r.Code)
	assert.Contains(t, r.Message, "The following paged results control cookie value was not recognized: ")
	found, last, r := page(0, next)
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, found)
	assert.Empty(t, last, "size 0 ends the search")
}

func TestPagesAndTheSizeLimit(t *testing.T) {
	for value, want := range map[string]int{"total": 12, "page": 25} {
		t.Run(value, func(t *testing.T) {
			x := start(t, func(c *directory.Config) {
				c.Limits.Size = 12
				c.Switches = directory.Switches{"pagedSizeLimit": value}
			})
			for i := range 25 {
				require.Equal(t, ldap.Success, x.addPerson(x.admin, fmt.Sprintf("u%02d", i)).Code)
			}
			var cookie []byte
			var found []ldap.Entry
			for {
				r := x.Search(t.Context(), x.anonymous, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, Filter: filter(t, "(uid=u*)")}, paged(10, cookie), collect(&found))
				c, ok := ldap.Find(r.Controls, ldap.OIDPagedResults)
				if !ok {
					assert.Equal(t, ldap.SizeLimitExceeded, r.Code)
					break
				}
				p, err := ldap.ParsePaged(c)
				require.NoError(t, err)
				if cookie = p.Cookie; len(cookie) == 0 {
					break
				}
			}
			assert.Len(t, found, want)
		})
	}
}

func sorted(attribute string, reverse bool) ldap.Control {
	b, all := ber.Open(nil, ber.Sequence)
	b, key := ber.Open(b, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, attribute)
	if reverse {
		b = ber.AppendBoolean(b, ber.Context(1), true)
	}
	return ldap.Control{OID: ldap.OIDServerSort, Critical: true, Value: ber.Close(ber.Close(b, key), all), HasValue: true}
}

func view(before, after, offset, count int) ldap.Control {
	b, all := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(before))
	b = ber.AppendInteger(b, ber.Integer, int64(after))
	b, at := ber.Open(b, ber.Context(0).Constructed())
	b = ber.AppendInteger(b, ber.Integer, int64(offset))
	b = ber.AppendInteger(b, ber.Integer, int64(count))
	return ldap.Control{OID: ldap.OIDVirtualListView, Critical: true, Value: ber.Close(ber.Close(b, at), all), HasValue: true}
}

func TestSortAndListView(t *testing.T) {
	x := start(t)
	uids := func(controls ...ldap.Control) (string, ldap.Result) {
		var found []ldap.Entry
		r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, Attributes: []string{"uid"}}, controls, collect(&found))
		list := make([]string, 0, len(found))
		for _, e := range found {
			list = append(list, values(e)["uid"])
		}
		return strings.Join(list, " "), r
	}
	got, r := uids(sorted("uid", false))
	assert.Equal(t, "ajensen bjensen hmiller kvaughan rdaugherty scarter tmorris", got)
	c, ok := ldap.Find(r.Controls, ldap.OIDServerSortResponse)
	require.True(t, ok)
	assert.Equal(t, ldap.SortResult{}.Control(), c)
	got, _ = uids(sorted("uid", true))
	assert.Equal(t, "tmorris scarter rdaugherty kvaughan hmiller bjensen ajensen", got)
	_, r = uids(sorted("unheardOf", false))
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code)
	got, _ = uids(sorted("description", false))
	created, _ := uids()
	assert.Equal(t, created, got, "what is equal keeps its order")
	require.Equal(t, ldap.Success, x.modify(x.admin, kvaughan, mod(ldap.Replace, "description", "a", "x")).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, hmiller, mod(ldap.Replace, "description", "b")).Code)
	got, _ = uids(sorted("description", false))
	assert.Equal(t, []string{"kvaughan", "hmiller"}, strings.Fields(got)[:2], "the least value counts, and no value is the largest")
	got, _ = uids(sorted("description", true))
	assert.Equal(t, []string{"hmiller", "kvaughan"}, strings.Fields(got)[5:])
	b, all := ber.Open(nil, ber.Sequence)
	for _, name := range []string{"uid", "unheardOf", "cn"} {
		var key int
		b, key = ber.Open(b, ber.Sequence)
		b = ber.Close(ber.AppendString(b, ber.OctetString, name), key)
	}
	got, _ = uids(ldap.Control{OID: ldap.OIDServerSort, Critical: true, Value: ber.Close(b, all), HasValue: true})
	assert.Equal(t, "ajensen bjensen hmiller kvaughan rdaugherty scarter tmorris", got, "the keys before the unknown one are good")

	got, r = uids(sorted("uid", false), view(1, 1, 3, 0))
	assert.Equal(t, "bjensen hmiller kvaughan", got)
	c, ok = ldap.Find(r.Controls, ldap.OIDVirtualListResponse)
	require.True(t, ok)
	assert.Equal(t, ldap.ListViewResult{Position: 3, Count: 7}.Control(), c)
	_, r = uids(view(0, 1, 1, 0))
	assert.Equal(t, ldap.SortControlMissing, r.Code)
}

// TestIndexesFindWhatAScanFinds is the law of all indexes: they only save looking.
func TestIndexesFindWhatAScanFinds(t *testing.T) {
	build := func(indexes []directory.Index) *trial {
		return start(t, func(c *directory.Config) { c.Layout, c.Indexes = directory.Empty, indexes })
	}
	all := append(directory.DefaultIndexes(), directory.Index{Attribute: "employeeNumber", Equality: true, Ordering: true}, directory.Index{Attribute: "description", Presence: true, Substring: true})
	with, without := build(all), build(nil)
	text := rapid.StringMatching(`[ab ]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		uid := rapid.StringMatching(`[ab]{1,3}`).Draw(t, "uid")
		dn := "uid=" + uid + "," + suffix
		op := rapid.SampledFrom([]string{"add", "modify", "delete", "rename", "search", "search"}).Draw(t, "op")
		value := func(name string) string { return "x" + text.Draw(t, name) + "x" }
		var codes [2]ldap.ResultCode
		mods := []ldap.Change{
			mod(rapid.SampledFrom([]ldap.ChangeOp{ldap.Add, ldap.Replace, ldap.Delete}).Draw(t, "kind"), rapid.SampledFrom([]string{"cn", "description", "employeeNumber", "mail"}).Draw(t, "attribute"), value("value")),
		}
		extra := []ldap.Attribute{attr("description", value("description")), attr("employeeNumber", value("number"))}
		renamed := "uid=" + rapid.StringMatching(`[ab]{1,3}`).Draw(t, "new")
		for i, x := range []*trial{with, without} {
			ctx := context.Background()
			switch op {
			case "add":
				codes[i] = x.Add(ctx, x.admin, ldap.AddRequest{DN: dn, Attributes: append([]ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", uid+" "+uid), attr("sn", uid)}, extra...)}, nil).Code
			case "modify":
				codes[i] = x.Modify(ctx, x.admin, ldap.ModifyRequest{DN: dn, Changes: mods}, nil).Code
			case "delete":
				codes[i] = x.Delete(ctx, x.admin, ldap.DeleteRequest{DN: dn}, nil).Code
			case "rename":
				codes[i] = x.ModifyDN(ctx, x.admin, ldap.ModifyDNRequest{DN: dn, NewRDN: renamed, DeleteOldRDN: true}, nil).Code
			}
		}
		require.Equal(t, codes[1], codes[0])
		attribute := rapid.SampledFrom([]string{"uid", "cn", "sn", "description", "employeeNumber", "mail", "name"}).Draw(t, "of")
		piece := text.Draw(t, "piece")
		f := rapid.SampledFrom([]ldap.Filter{
			ldap.Equality{Attr: attribute, Value: []byte(uid)},
			ldap.Present{Attr: attribute},
			ldap.Substrings{Attr: attribute, Initial: []byte(piece)},
			ldap.Substrings{Attr: attribute, Final: []byte(piece)},
			ldap.Substrings{Attr: attribute, Any: [][]byte{[]byte(piece), []byte(uid)}},
			ldap.GreaterOrEqual{Attr: attribute, Value: []byte(piece)},
			ldap.LessOrEqual{Attr: attribute, Value: []byte(piece)},
		}).Draw(t, "filter")
		other := ldap.Equality{Attr: "uid", Value: []byte(rapid.StringMatching(`[ab]{1,3}`).Draw(t, "other"))}
		f = rapid.SampledFrom([]ldap.Filter{f, ldap.And{Filters: []ldap.Filter{f, other}}, ldap.Or{Filters: []ldap.Filter{f, other}}, ldap.Not{Filter: f}}).Draw(t, "whole")
		var found [2][]ldap.Entry
		for i, x := range []*trial{with, without} {
			r := x.Search(context.Background(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: f, Attributes: []string{"1.1"}}, nil, collect(&found[i]))
			require.Equal(t, ldap.Success, r.Code)
		}
		require.Equal(t, found[1], found[0], f.String())
	})
}

func TestRootDSE(t *testing.T) {
	x := start(t)
	assert.Equal(t, map[string]string{"objectClass": "top|ds-root-dse"}, x.read(x.anonymous, ""))
	all := x.read(x.anonymous, "", "+")
	assert.Equal(t, suffix, all["namingContexts"])
	assert.Equal(t, "2|3", all["supportedLDAPVersion"])
	assert.Contains(t, all["supportedControl"], ldap.OIDPasswordPolicy)
	assert.Equal(t, "ForgeRock AS.", all["vendorName"])
	assert.Contains(t, all["vendorVersion"], "ForgeRock Directory Services 7.3.0-")
	assert.Equal(t, "true", all["alive"])
	assert.Equal(t, "7.3.0.47dd3dc1b26e0d8a982cad26d51b3a91ed1e9309", all["fullVendorVersion"])
	assert.Equal(t, "PBKDF2-HMAC-SHA256|PBKDF2-HMAC-SHA512|SCRAM-SHA-256|SCRAM-SHA-512", all["supportedAuthPasswordSchemes"], "as a public dump of a DS 7.3.0 has them")
	assert.Equal(t, "d41d8cd9-8f00-3204-a980-0998ecf8427e", x.read(x.admin, "", "+")["entryUUID"], "of the empty name, in OpenDJ, too")
	assert.NotContains(t, all, "changelog", "there is none")
	assert.Equal(t, map[string]string{"subschemaSubentry": "cn=schema"}, x.read(x.anonymous, "", "subschemaSubentry"), "JNDI asks so")
	require.NoError(t, x.SetSwitch("vendorVersion", "8.0"))
	assert.Contains(t, x.read(x.anonymous, "", "vendorVersion")["vendorVersion"], "PingDS 8.0.0")
	var found []ldap.Entry
	r := x.Search(t.Context(), x.anonymous, ldap.SearchRequest{Filter: filter(t, "(&)")}, nil, collect(&found))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, found, 1, "DS's own tools ask with (&)")
}

func TestSchemaAndMonitor(t *testing.T) {
	x := start(t)
	s := x.read(x.anonymous, "cn=schema", "attributeTypes", "objectClasses", "ldapSyntaxes", "matchingRules")
	assert.Contains(t, s["attributeTypes"], "NAME ( 'uid' 'userid' )")
	assert.Contains(t, s["attributeTypes"], "NAME 'userPassword' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.26027.1.3.1")
	assert.Contains(t, s["objectClasses"], "NAME 'inetOrgPerson'")
	r := x.Search(t.Context(), x.anonymous, ldap.SearchRequest{BaseDN: "cn=monitor"}, nil, nil)
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code)
	health := x.read(x.admin, "cn=health status,cn=monitor")
	assert.Equal(t, "true", health["ds-mon-alive"])
	assert.Equal(t, ldap.UnwillingToPerform, x.modify(x.admin, "cn=schema", mod(ldap.Add, "attributeTypes", "( 1.2.3 )")).Code)
	assert.Equal(t, ldap.UnwillingToPerform, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "cn=monitor"}, nil).Code)
}

func TestNamesOfAdministrators(t *testing.T) {
	x := start(t, func(c *directory.Config) { *c = directory.DefaultConfig(directory.OpenDJ) })
	assert.Equal(t, ldap.Success, x.Bind(t.Context(), &directory.Session{}, "cn=directory manager", secret.New("password"), nil).Code, "over a plain connection, too")
	assert.Equal(t, "bjensen", x.read(x.anonymous, bjensen)["uid"], "OpenDJ lets anybody read")
	assert.NotContains(t, x.read(x.anonymous, bjensen), "userPassword")
	assert.Equal(t, "Open Identity Platform Community", x.read(x.anonymous, "", "vendorName")["vendorName"])
}
