package directory_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func numbered(c *directory.Config) { c.Changelog.Mode = directory.ChangelogNumbers }

// changes searches cn=changelog.
func (x *trial) changes(s *directory.Session, text string, controls ...ldap.Control) ([]map[string]string, ldap.Result) {
	x.t.Helper()
	var found []ldap.Entry
	r := x.Search(x.t.Context(), s, ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeSubordinates, Filter: filter(x.t, text)}, controls, collect(&found))
	all := make([]map[string]string, 0, len(found))
	for _, e := range found {
		m := values(e)
		m["dn"] = e.DN
		all = append(all, m)
	}
	return all, r
}

func TestChangelogEntries(t *testing.T) {
	x := start(t, numbered)
	uuid := x.read(x.admin, bjensen, "entryUUID")["entryUUID"]
	require.Equal(t, ldap.Success, x.addPerson(x.admin, "new", attr("userPassword", "Brand new 1!"), attr("description", "ö")).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!"), mod(ldap.Add, "description", " led", "plain"), mod(ldap.Delete, "givenName")).Code)
	require.Equal(t, ldap.Success, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=babs", DeleteOldRDN: true, NewSuperior: "ou=Apps," + suffix, HasNewSuperior: true}, nil).Code)
	require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=babs,ou=Apps," + suffix}, nil).Code)
	all, r := x.changes(x.admin, "(objectClass=*)")
	require.Equal(t, ldap.Success, r.Code, r.Message)
	require.Len(t, all, 4)

	assert.Equal(t, "changeNumber=1,cn=changelog", all[0]["dn"])
	assert.Equal(t, "top|changeLogEntry", all[0]["objectClass"])
	assert.Equal(t, "add", all[0]["changeType"])
	assert.Equal(t, "uid=new,"+people, all[0]["targetDN"])
	assert.Contains(t, all[0]["changes"], "userPassword: {PBKDF2-HMAC-SHA256}10:")
	assert.Contains(t, all[0]["changes"], "description:: w7Y=\n")
	assert.Contains(t, all[0]["changes"], "entryUUID: ")

	m := all[1]
	assert.Equal(t, "modify", m["changeType"])
	assert.Equal(t, uuid, m["targetEntryUUID"])
	assert.Equal(t, "uid=admin", m["changeInitiatorsName"])
	assert.Regexp(t, `^[0-9a-f]{28}$`, m["replicationCSN"])
	assert.Regexp(t, `^\d{14}Z$`, m["changeTime"])
	assert.Equal(t, "1", m["replicaIdentifier"])
	assert.Regexp(t, `^replace: userPassword\nuserPassword: \{PBKDF2-HMAC-SHA256\}10:\S+\n-\n`+
		`add: description\ndescription:: IGxlZA==\ndescription: plain\n-\n`+
		`delete: givenName\n-\n`+
		`replace: pwdChangedTime\npwdChangedTime: \d{14}\.\d{3}Z\n-\n`+
		`replace: modifiersName\nmodifiersName: uid=admin\n-\n`+
		`replace: modifyTimestamp\nmodifyTimestamp: \d{14}Z\n-\n$`, m["changes"])

	assert.Equal(t, "modrdn", all[2]["changeType"])
	assert.Equal(t, bjensen, all[2]["targetDN"])
	assert.Equal(t, "uid=babs", all[2]["newRDN"])
	assert.Equal(t, "true", all[2]["deleteOldRDN"])
	assert.Regexp(t, `^replace: modifiersName\nmodifiersName: uid=admin\n-\nreplace: modifyTimestamp\nmodifyTimestamp: \d{14}Z\n-\n$`, all[2]["changes"])
	assert.Equal(t, "ou=Apps,"+suffix, all[2]["newSuperior"])
	assert.Equal(t, uuid, all[2]["targetEntryUUID"])

	assert.Equal(t, "delete", all[3]["changeType"])
	assert.NotContains(t, all[3], "changes")
	assert.Equal(t, uuid, all[3]["targetEntryUUID"])
	assert.Less(t, m["replicationCSN"], all[2]["replicationCSN"])
	assert.Equal(t, suffix+":"+m["replicationCSN"]+";", m["changeLogCookie"], "who reads by number may go on by cookie")
	rest, r := x.changes(x.admin, "(&)", cookie(m["changeLogCookie"]))
	require.Equal(t, ldap.Success, r.Code)
	assert.Len(t, rest, 2)
}

func TestChangeNumbers(t *testing.T) {
	x := start(t, numbered)
	fresh := x.read(x.admin, "", "firstChangeNumber", "lastChangeNumber")
	assert.Equal(t, map[string]string{"firstChangeNumber": "0", "lastChangeNumber": "0"}, fresh, "nothing has changed yet")
	assert.Equal(t, "false", x.read(x.admin, "cn=changelog", "hasSubordinates")["hasSubordinates"])
	x = start(t, numbered, func(c *directory.Config) { c.Changelog.FirstNumber = 1000 })
	for i := range 10 {
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", fmt.Sprint(i))).Code)
	}
	for text, want := range map[string]int{
		"(changeNumber>=1008)":                                2,
		"(&(changeNumber>=1002)(changeNumber<=1004))":         3,
		"(changeNumber=1003)":                                 1,
		"(|(changeNumber=1003)(changeNumber=1005))":           2,
		"(&(changeNumber>=1002)(changeNumber<=1001))":         0,
		"(changeNumber>=99999)":                               0,
		"(|)":                                                 0,
		"(&(objectClass=changeLogEntry)(changeNumber<=1002))": 3,
		"(targetDN=" + scarter + ")":                          0,
		"(replicaIdentifier=1)":                               10,
	} {
		all, r := x.changes(x.admin, text)
		assert.Equal(t, ldap.Success, r.Code)
		assert.Len(t, all, want, text)
	}
	dse := x.read(x.admin, "", "changelog", "firstChangeNumber", "lastChangeNumber", "lastExternalChangelogCookie")
	assert.Equal(t, "cn=changelog", dse["changelog"])
	assert.Equal(t, "1000", dse["firstChangeNumber"])
	assert.Equal(t, "1009", dse["lastChangeNumber"])
	assert.Regexp(t, `^dc=example,dc=com:[0-9a-f]{28};$`, dse["lastExternalChangelogCookie"])
	assert.Empty(t, x.read(x.anonymous, "", "changelog", "lastChangeNumber"), "these have no instruction")

	assert.Equal(t, "1007", x.read(x.admin, "changeNumber=1007,cn=changelog")["changeNumber"])
	assert.Equal(t, "changelog", x.read(x.admin, "cn=changelog")["cn"])
	r := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "changeNumber=7,cn=changelog"}, nil, nil)
	assert.Equal(t, ldap.NoSuchObject, r.Code)
	r = x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "cn=x,cn=changelog"}, nil, nil)
	assert.Equal(t, ldap.NoSuchObject, r.Code)
	var found []ldap.Entry
	r = x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeSubtree, SizeLimit: 3}, nil, collect(&found))
	assert.Equal(t, ldap.SizeLimitExceeded, r.Code)
	assert.Equal(t, "cn=changelog", found[0].DN, "the base comes first")
	assert.Len(t, found, 3)

	// Trimmed numbers are no error: they are missing, and that is for the client to see.
	assert.Equal(t, 1008, x.TrimChangelog(2))
	all, r := x.changes(x.admin, "(changeNumber>=1002)")
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, all, 2)
	x.clock.Turn(73 * time.Hour)
	all, _ = x.changes(x.admin, "(changeNumber>=1002)")
	assert.Empty(t, all)
	first, last := x.ChangeNumbers()
	assert.Equal(t, 1010, first)
	assert.Equal(t, 1009, last)
	assert.Equal(t, ldap.UnwillingToPerform, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "cn=changelog"}, nil).Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, "uid=admin", mod(ldap.Replace, "description", "x")).Code)
	require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=admin"}, nil).Code)
	_, same := x.ChangeNumbers()
	assert.Equal(t, last, same, "what is outside the suffix is not replicated")
}

func TestWhoReadsTheChangelog(t *testing.T) {
	x := start(t, numbered)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", "x")).Code)
	s := x.as(bjensen, "hifalutin")
	_, r := x.changes(s, "(&)")
	assert.Equal(t, ldap.InsufficientAccessRights, r.Code)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "ds-privilege-name", "changelog-read")).Code)
	all, r := x.changes(s, "(&)")
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, all, "the privilege alone shows nothing")

	open := start(t, numbered, func(c *directory.Config) {
		c.ACIs = append(c.ACIs, `(target="ldap:///cn=changelog")(targetattr="*||+")(version 3.0; acl "changelog"; allow (read,search,compare) userdn="ldap:///`+bjensen+`";)`)
	})
	require.Equal(t, ldap.Success, open.modify(open.admin, bjensen, mod(ldap.Add, "ds-privilege-name", "changelog-read")).Code)
	all, r = open.changes(open.as(bjensen, "hifalutin"), "(changeNumber>=1)")
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, all, 1)
	_, r = open.changes(open.as(bjensen, "hifalutin"), "(&)", cookie(""))
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code, "the cookie's control needs an instruction of its own")

	off := start(t)
	_, r = off.changes(off.admin, "(&)")
	assert.Equal(t, ldap.NoSuchObject, r.Code, "a server of its own has none")
	cookies := start(t, func(c *directory.Config) { c.Changelog.Mode = directory.ChangelogCookies })
	require.Equal(t, ldap.Success, cookies.modify(cookies.admin, bjensen, mod(ldap.Replace, "description", "x")).Code)
	all, r = cookies.changes(cookies.admin, "(changeNumber>=1)")
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, all)
	assert.NotContains(t, cookies.read(cookies.admin, "", "+"), "lastChangeNumber")
	assert.Contains(t, cookies.read(cookies.admin, "", "+"), "lastExternalChangelogCookie")
	require.NoError(t, cookies.SetSwitch("numbersWhenCookie", "refuse"))
	_, r = cookies.changes(cookies.admin, "(changeNumber>=1)")
	assert.Equal(t, ldap.UnwillingToPerform, r.Code)
	_, r = cookies.changes(cookies.admin, "(&)", paged(10, nil)...)
	assert.Equal(t, ldap.UnavailableCriticalExtension, r.Code, "no pages here")
	require.NoError(t, off.SetChangelog(directory.ChangelogNumbers, time.Hour))
	require.ErrorIs(t, off.SetChangelog("on", 0), directory.ErrInvalid)
	_, r = off.changes(off.admin, "(&)")
	assert.Equal(t, ldap.Success, r.Code)
}

func cookie(text string) ldap.Control {
	return ldap.Control{OID: ldap.OIDChangelogCookie, Critical: true, Value: ber.AppendString(nil, ber.OctetString, text), HasValue: true}
}

func TestCookies(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Changelog.Mode = directory.ChangelogCookies })
	for i := range 5 {
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", fmt.Sprint(i))).Code)
	}
	all, r := x.changes(x.admin, "(objectClass=*)", cookie(""))
	require.Equal(t, ldap.Success, r.Code)
	require.Len(t, all, 5)
	assert.Equal(t, "replicationCSN="+all[1]["replicationCSN"]+",dc=example,dc=com,cn=changelog", all[1]["dn"])
	assert.NotContains(t, all[1], "changeNumber")
	assert.Equal(t, "dc=example,dc=com:"+all[1]["replicationCSN"]+";", all[1]["changeLogCookie"])
	rest, r := x.changes(x.admin, "(objectClass=*)", cookie(all[1]["changeLogCookie"]))
	require.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, all[2:], rest, "behind the cookie, not at it")
	bare, _ := x.changes(x.admin, "(objectClass=*)", ldap.Control{OID: ldap.OIDChangelogCookie, Value: []byte(all[3]["changeLogCookie"]), HasValue: true})
	assert.Len(t, bare, 1)

	var controls []ldap.Control
	x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeSubordinates}, []ldap.Control{cookie("")}, directory.Emit(func(_ ldap.Entry, c []ldap.Control) error {
		controls = append(controls, c...)
		return nil
	}))
	assert.Equal(t, ldap.ChangelogCookie(all[4]["changeLogCookie"]), controls[4])

	x.TrimChangelog(2)
	_, r = x.changes(x.admin, "(&)", cookie(all[1]["changeLogCookie"]))
	assert.Equal(t, ldap.UnwillingToPerform, r.Code)
	assert.Equal(t, "Full resync required. Reason: The provided cookie is older than the start of historical in the server for the replicated domain : dc=example,dc=com", r.Message)
	rest, r = x.changes(x.admin, "(&)", cookie(all[2]["changeLogCookie"]))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, rest, 2)
	rest, r = x.changes(x.admin, "(&)", cookie(""))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, rest, 2, "who has no cookie yet has no history to miss")
	_, r = x.changes(x.admin, "(&)", cookie("o=other:0000;"))
	assert.Equal(t, ldap.UnwillingToPerform, r.Code)
	for _, wrong := range []string{"nonsense", "dc=example,dc=com:xyz;", "dc=example,dc=com:" + strings.Repeat("0", 27), "dc=example,dc=com:" + strings.Repeat("0", 29), "dc=example,dc=com:" + strings.Repeat("g", 28)} {
		_, r = x.changes(x.admin, "(&)", cookie(wrong))
		assert.Equal(t, ldap.ProtocolError, r.Code)
		assert.Equal(t, "Invalid syntax for the provided cookie '"+wrong+"'", r.Message)
	}
	one := x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: "cn=changelog"}, []ldap.Control{cookie("")}, collect(new([]ldap.Entry)))
	assert.Equal(t, ldap.Success, one.Code)

	x.clock.Turn(-time.Hour)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", "x")).Code)
	rest, r = x.changes(x.admin, "(&)", cookie(all[4]["changeLogCookie"]))
	assert.Equal(t, ldap.Success, r.Code)
	require.Len(t, rest, 1, "a clock that goes back loses nothing")
	x.clock.Turn(74 * time.Hour)
	_, r = x.changes(x.admin, "(&)", cookie(all[4]["changeLogCookie"]))
	assert.Equal(t, ldap.UnwillingToPerform, r.Code, "time makes cookies too old")
}

func TestCookiesOfASuffixWithAColon(t *testing.T) {
	x := start(t, func(c *directory.Config) {
		c.Layout, c.Suffix, c.Changelog.Mode = directory.Empty, "o=a:b", directory.ChangelogCookies
	})
	require.Equal(t, ldap.Success, x.modify(x.admin, "o=a:b", mod(ldap.Replace, "description", "x")).Code)
	all, _ := x.changes(x.admin, "(objectClass=*)", cookie(""))
	require.Len(t, all, 1)
	rest, r := x.changes(x.admin, "(objectClass=*)", cookie(all[0]["changeLogCookie"]))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, rest)
}

func TestIncludedAttributes(t *testing.T) {
	x := start(t, numbered, func(c *directory.Config) {
		c.Changelog.Include, c.Changelog.IncludeForDeletes = []string{"uid"}, []string{"*"}
	})
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", "x")).Code)
	require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: bjensen}, nil).Code)
	all, _ := x.changes(x.admin, "(&)")
	assert.Equal(t, "uid: bjensen\n", all[0]["includedAttributes"])
	assert.Contains(t, all[1]["includedAttributes"], "mail: bjensen@example.com\n")
	assert.NotContains(t, all[1]["includedAttributes"], "entryUUID", "all user attributes")
}

func persistent(types int, only, changes bool) ldap.Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, int64(types))
	b = ber.AppendBoolean(b, ber.Boolean, only)
	b = ber.AppendBoolean(b, ber.Boolean, changes)
	return ldap.Control{OID: ldap.OIDPersistentSearch, Critical: true, Value: ber.Close(b, at), HasValue: true}
}

func TestPersistentSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, numbered)
		type told struct {
			dn      string
			control ldap.Control
		}
		var got []told
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan ldap.Result, 1)
		go func() {
			ended <- x.Search(ctx, x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne, Filter: filter(t, "(objectClass=person)")}, []ldap.Control{persistent(15, true, true)}, directory.Emit(func(e ldap.Entry, c []ldap.Control) error {
				got = append(got, told{e.DN, c[0]})
				return nil
			}))
		}()
		synctest.Wait()
		require.Equal(t, ldap.Success, x.addPerson(x.admin, "new").Code)
		require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
		require.Equal(t, ldap.Success, x.modify(x.admin, people, mod(ldap.Replace, "description", "not below")).Code)
		require.Equal(t, ldap.Success, x.ModifyDN(t.Context(), x.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=babs"}, nil).Code)
		require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=new," + people}, nil).Code)
		synctest.Wait()
		assert.Equal(t, []told{
			{"uid=new," + people, ldap.EntryChange{Type: ldap.ChangedByAdd}.Control()},
			{bjensen, ldap.EntryChange{Type: ldap.ChangedByModify}.Control()},
			{"uid=babs," + people, ldap.EntryChange{Type: ldap.ChangedByModifyDN, PreviousDN: bjensen}.Control()},
			{"uid=new," + people, ldap.EntryChange{Type: ldap.ChangedByDelete}.Control()},
		}, got)
		cancel()
		assert.Equal(t, ldap.Canceled, (<-ended).Code)

		var seen []ldap.Entry
		go func() {
			ended <- x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree, Filter: filter(t, "(uid=scarter)")}, []ldap.Control{persistent(ldap.ChangedByDelete, false, false)}, collect(&seen))
		}()
		synctest.Wait()
		require.Len(t, seen, 1, "what is there comes first")
		require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "description", "x")).Code)
		synctest.Wait()
		assert.Len(t, seen, 1, "modifications were not asked for")
		require.NoError(t, x.Reset())
		assert.Equal(t, ldap.Unavailable, (<-ended).Code, "the backend was taken down")
	})
}

func TestReplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := directory.DefaultConfig(directory.DS7)
		c.Changelog.Mode = directory.ChangelogNumbers
		a := build(t, c, "a")
		c.ServerID, c.Changelog.FirstNumber = 2, 500
		b := build(t, c, "b")
		require.NoError(t, b.Initialize(a.Directory))
		assert.Equal(t, a.read(a.admin, bjensen, "*", "entryUUID"), b.read(b.admin, bjensen, "*", "entryUUID"))
		ctx, cancel := context.WithCancel(t.Context())
		b.SetReplicationLag(10 * time.Second)
		ended := make(chan error, 2)
		go func() { ended <- b.Replicate(ctx, a.Directory) }()
		go func() { ended <- a.Replicate(ctx, b.Directory) }()
		synctest.Wait()

		require.Equal(t, ldap.Success, a.modify(a.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
		require.Equal(t, ldap.Success, a.addPerson(a.admin, "new").Code)
		time.Sleep(9 * time.Second)
		assert.True(t, b.LogIn(t.Context(), bjensen, secret.New("hifalutin")).OK, "the old one, yet")
		time.Sleep(2 * time.Second)
		assert.True(t, b.LogIn(t.Context(), bjensen, secret.New("Brand new 1!")).OK)
		assert.Equal(t, []string{"uid=new," + people}, b.find("(uid=new)"))
		fromA, _ := a.changes(a.admin, "(&)")
		fromB, _ := b.changes(b.admin, "(&)")
		require.Len(t, fromB, 2)
		assert.Equal(t, fromA[0]["replicationCSN"], fromB[0]["replicationCSN"], "a change is the same everywhere")
		assert.Equal(t, "1", fromA[0]["changeNumber"])
		assert.Equal(t, "500", fromB[0]["changeNumber"], "but for its number")
		assert.Equal(t, fromA[1]["changeLogCookie"], fromB[1]["changeLogCookie"], "and the cookie")

		// The other way, and no echo.
		require.Equal(t, ldap.Success, b.ModifyDN(t.Context(), b.admin, ldap.ModifyDNRequest{DN: "uid=new," + people, NewRDN: "uid=newer", DeleteOldRDN: true}, nil).Code)
		time.Sleep(30 * time.Second)
		assert.Equal(t, []string{"uid=newer," + people}, a.find("(uid=newer)"))
		require.Equal(t, ldap.Success, a.Delete(t.Context(), a.admin, ldap.DeleteRequest{DN: "uid=newer," + people}, nil).Code)
		time.Sleep(30 * time.Second)
		assert.Empty(t, b.find("(uid=newer)"))
		fromA, _ = a.changes(a.admin, "(&)", cookie(""))
		fromB, _ = b.changes(b.admin, "(&)", cookie(""))
		assert.Len(t, fromA, 4)
		require.Len(t, fromB, 4)
		byNumber, _ := b.changes(b.admin, "(changeNumber>=502)")
		require.Len(t, byNumber, 2)
		assert.Equal(t, fromB[2]["changeLogCookie"], byNumber[0]["changeLogCookie"], "it has what smaller numbers had")
		// A cookie of one replica is good at the other: that is what cookies are for.
		last, r := b.changes(b.admin, "(&)", cookie(fromA[2]["changeLogCookie"]))
		require.Equal(t, ldap.Success, r.Code)
		require.Len(t, last, 1)
		assert.Equal(t, "delete", last[0]["changeType"])
		// What a cookie has seen of one replica is not shown again for the sake of another.
		part := "dc=example,dc=com:" + fromA[3]["replicationCSN"] + ";"
		rest, r := a.changes(a.admin, "(&)", cookie(part))
		require.Equal(t, ldap.Success, r.Code)
		require.Len(t, rest, 1, "the one of the other")
		assert.Equal(t, "modrdn", rest[0]["changeType"])
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
	})
}
