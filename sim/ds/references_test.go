package ds_test

import (
	"context"
	"errors"
	"testing"

	asn1 "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

const (
	suffixDN   = "dc=example,dc=com"
	peopleUnit = "ou=People," + suffixDN
)

// find searches the suffix.
func find(c *goldap.Conn, r goldap.SearchRequest) (*goldap.SearchResult, error) {
	if r.BaseDN == "" {
		r.BaseDN = suffixDN
	}
	if r.Filter == "" {
		r.Filter = "(objectClass=*)"
	}
	return c.Search(&r)
}

// where takes the URLs out of a referral result, which go-ldap leaves to its callers.
func where(t *testing.T, err error) (urls []string) {
	t.Helper()
	var failed *goldap.Error
	require.ErrorAs(t, err, &failed)
	require.EqualValues(t, goldap.LDAPResultReferral, failed.ResultCode)
	for _, part := range failed.Packet.Children[1].Children {
		if part.ClassType == asn1.ClassContext && part.Tag == 3 {
			for _, url := range part.Children {
				urls = append(urls, url.Data.String())
			}
		}
	}
	return urls
}

func TestClientMeetsReferrals(t *testing.T) {
	c := connect(t)
	require.NoError(t, c.Bind("uid=admin", "password"))
	const berlin = "ou=Berlin," + suffixDN
	require.NoError(t, c.Add(&goldap.AddRequest{DN: berlin, Attributes: []goldap.Attribute{
		{Type: "objectClass", Vals: []string{"referral", "extensibleObject"}},
		{Type: "ou", Vals: []string{"Berlin"}},
		{Type: "ref", Vals: []string{"ldap://berlin.example.com/ou=Leute,dc=berlin", "ldap://spare.example.com/"}},
	}}))

	found, err := find(c, goldap.SearchRequest{Scope: goldap.ScopeWholeSubtree, Filter: "(uid=bjensen)"})
	require.NoError(t, err)
	assert.Len(t, found.Entries, 1)
	assert.Equal(t, []string{"ldap://berlin.example.com:389/ou=Leute,dc=berlin??sub?"}, found.Referrals, "go-ldap takes the first place of each reference")

	_, err = find(c, goldap.SearchRequest{BaseDN: "uid=hans," + berlin})
	assert.Equal(t, []string{"ldap://berlin.example.com:389/uid=hans,ou=Leute,dc=berlin??base?", "ldap://spare.example.com:389/uid=hans," + berlin + "??base?"}, where(t, err))
	change := goldap.NewModifyRequest("uid=hans,"+berlin, nil)
	change.Replace("description", []string{"x"})
	there := []string{"ldap://berlin.example.com:389/uid=hans,ou=Leute,dc=berlin", "ldap://spare.example.com:389/uid=hans," + berlin}
	assert.Equal(t, there, where(t, c.Modify(change)))
	assert.Equal(t, there, where(t, c.Del(goldap.NewDelRequest("uid=hans,"+berlin, nil))))
	_, err = c.Compare("uid=hans,"+berlin, "uid", "hans")
	assert.Equal(t, there, where(t, err))

	manage := []goldap.Control{goldap.NewControlManageDsaIT(true)}
	found, err = find(c, goldap.SearchRequest{Scope: goldap.ScopeWholeSubtree, Filter: "(objectClass=referral)", Attributes: []string{"ref"}, Controls: manage})
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	assert.Len(t, found.Entries[0].GetAttributeValues("ref"), 2)
	assert.Empty(t, found.Referrals)
	require.NoError(t, c.Del(goldap.NewDelRequest(berlin, manage)))
	_, err = find(c, goldap.SearchRequest{BaseDN: "uid=hans," + berlin})
	assert.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject), "%v", err)
}

func TestClientBindsBelowAReferral(t *testing.T) {
	c := connect(t)
	require.NoError(t, c.Bind("uid=admin", "password"))
	require.NoError(t, c.Add(&goldap.AddRequest{DN: "ou=Berlin," + suffixDN, Attributes: []goldap.Attribute{
		{Type: "objectClass", Vals: []string{"referral", "extensibleObject"}}, {Type: "ou", Vals: []string{"Berlin"}}, {Type: "ref", Vals: []string{"ldap://berlin/"}},
	}}))
	assert.Equal(t, []string{"ldap://berlin:389/uid=hans,ou=Berlin," + suffixDN}, where(t, c.Bind("uid=hans,ou=Berlin,"+suffixDN, "any password")))
}

func TestClientFollowsAliases(t *testing.T) {
	for mode, want := range map[string]int{"ignored": 1, "base": 7, "rfc4511": 7} {
		t.Run(mode, func(t *testing.T) {
			c := connect(t, func(c *ds.Config) { c.Directory.Switches = directory.Switches{"aliases": mode} })
			require.NoError(t, c.Bind("uid=admin", "password"))
			require.NoError(t, c.Add(&goldap.AddRequest{DN: "cn=everybody," + suffixDN, Attributes: []goldap.Attribute{
				{Type: "objectClass", Vals: []string{"alias", "extensibleObject"}}, {Type: "cn", Vals: []string{"everybody"}}, {Type: "aliasedObjectName", Vals: []string{peopleUnit}},
			}}))
			found, err := find(c, goldap.SearchRequest{BaseDN: "cn=everybody," + suffixDN, Scope: goldap.ScopeWholeSubtree, DerefAliases: goldap.DerefAlways, Filter: "(|(uid=*)(objectClass=alias))"})
			require.NoError(t, err)
			assert.Len(t, found.Entries, want)
		})
	}
}

func TestClientMeetsLimits(t *testing.T) {
	c := connect(t, func(c *ds.Config) { c.Directory.Limits.Size = 5 })
	all := goldap.SearchRequest{BaseDN: peopleUnit, Scope: goldap.ScopeSingleLevel, TypesOnly: true}
	found, err := find(c, all)
	assert.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded), "%v", err)
	require.Len(t, found.Entries, 5, "what is found before comes first")
	for _, e := range found.Entries {
		for _, a := range e.Attributes {
			assert.Empty(t, a.Values, "types only: %s", a.Name)
		}
	}
	_, err = c.SearchWithPaging(&goldap.SearchRequest{BaseDN: peopleUnit, Scope: goldap.ScopeSingleLevel, Filter: "(uid=*)"}, 5)
	require.Error(t, err, "a page of the size limit is no page")
	found, err = c.SearchWithPaging(&goldap.SearchRequest{BaseDN: peopleUnit, Scope: goldap.ScopeSingleLevel, Filter: "(uid=*)"}, 4)
	require.NoError(t, err)
	assert.Len(t, found.Entries, 7)
}

// TestClientWatchesTheChangelog goes on from a cookie after the client has gone, as an engine does that is started again.
func TestClientWatchesTheChangelog(t *testing.T) {
	c := connect(t, func(c *ds.Config) { c.Directory.Changelog.Mode = directory.ChangelogCookies })
	require.NoError(t, c.Bind("uid=admin", "password"))
	change := func(value string) {
		m := goldap.NewModifyRequest("uid=bjensen,"+peopleUnit, nil)
		m.Replace("description", []string{value})
		require.NoError(t, c.Modify(m))
	}
	watch := func(cookie string) (entries goldap.Response, stop context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		persistent := sequence(ldap.OIDPersistentSearch,
			asn1.NewInteger(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagInteger, 15, ""),
			asn1.NewBoolean(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagBoolean, false, ""),
			asn1.NewBoolean(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagBoolean, true, ""))
		return c.SearchAsync(ctx, &goldap.SearchRequest{
			BaseDN: "cn=changelog", Scope: goldap.ScopeWholeSubtree, Filter: "(objectClass=changeLogEntry)", Attributes: []string{"changes", "changeLogCookie"},
			Controls: []goldap.Control{persistent, goldap.NewControlString(ldap.OIDChangelogCookie, true, string(octets(cookie).Bytes()))},
		}, 1), cancel
	}
	next := func(entries goldap.Response) *goldap.Entry {
		require.True(t, entries.Next(), "%v", entries.Err())
		return entries.Entry()
	}
	change("first")
	entries, stop := watch("")
	first := next(entries)
	assert.Contains(t, first.GetAttributeValue("changes"), "description: first")
	change("second")
	assert.Contains(t, next(entries).GetAttributeValue("changes"), "description: second")
	stop()
	entries, stop = watch(first.GetAttributeValue("changeLogCookie"))
	defer stop()
	assert.Contains(t, next(entries).GetAttributeValue("changes"), "description: second")
	change("third")
	assert.Contains(t, next(entries).GetAttributeValue("changes"), "description: third")

	_, err := c.Search(&goldap.SearchRequest{BaseDN: "cn=changelog", Scope: goldap.ScopeWholeSubtree, Filter: "(&)", Controls: []goldap.Control{goldap.NewControlString(ldap.OIDChangelogCookie, true, "nonsense")}})
	var failed *goldap.Error
	require.True(t, errors.As(err, &failed))
	assert.EqualValues(t, goldap.LDAPResultProtocolError, failed.ResultCode)
}
