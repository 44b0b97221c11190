package directory_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// watching is a persistent search under way, and what it has been told.
type watching struct {
	entries  []ldap.Entry
	controls [][]ldap.Control
	ended    chan ldap.Result
	cancel   context.CancelFunc
}

// watch begins a persistent search as the administrator.
func (x *trial) watch(r ldap.SearchRequest, controls ...ldap.Control) *watching {
	return x.watchAs(x.admin, r, controls...)
}

func (x *trial) watchAs(s *directory.Session, r ldap.SearchRequest, controls ...ldap.Control) *watching {
	x.t.Helper()
	w := &watching{ended: make(chan ldap.Result, 1)}
	ctx, cancel := context.WithCancel(x.t.Context())
	w.cancel = cancel
	go func() {
		w.ended <- x.Search(ctx, s, r, controls, directory.Emit(func(e ldap.Entry, c []ldap.Control) error {
			w.entries, w.controls = append(w.entries, e), append(w.controls, c)
			return nil
		}))
	}()
	synctest.Wait()
	return w
}

// told are the DNs since the last time.
func (w *watching) told() string {
	synctest.Wait()
	dns := make([]string, len(w.entries))
	for i, e := range w.entries {
		dns[i], _, _ = strings.Cut(e.DN, ",")
	}
	w.entries, w.controls = nil, nil
	return strings.Join(dns, " ")
}

func (w *watching) stop(t *testing.T) {
	t.Helper()
	w.cancel()
	assert.Equal(t, ldap.Canceled, (<-w.ended).Code)
}

func (x *trial) rename(dn, rdn, superior string) {
	x.t.Helper()
	r := x.ModifyDN(x.t.Context(), x.admin, ldap.ModifyDNRequest{DN: dn, NewRDN: rdn, DeleteOldRDN: true, NewSuperior: superior, HasNewSuperior: superior != ""}, nil)
	require.Equal(x.t, ldap.Success, r.Code, r.Message)
}

func TestPersistentSearchFollowsWhoComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		const elsewhere = "ou=Groups," + suffix
		w := x.watch(ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}, persistent(15, true, true))
		x.rename(bjensen, "uid=bjensen", elsewhere)
		synctest.Wait()
		require.Len(t, w.controls, 1)
		assert.Equal(t, ldap.EntryChange{Type: ldap.ChangedByModifyDN, PreviousDN: bjensen}.Control(), w.controls[0][0])
		assert.Equal(t, "uid=bjensen,"+elsewhere, w.entries[0].DN, "who leaves is told of, too")
		w.told()
		require.Equal(t, ldap.Success, x.modify(x.admin, "uid=bjensen,"+elsewhere, mod(ldap.Replace, "description", "x")).Code)
		assert.Empty(t, w.told())
		x.rename("uid=bjensen,"+elsewhere, "uid=bjensen", people)
		assert.Equal(t, "uid=bjensen", w.told(), "who comes, too")
		w.stop(t)
	})
}

func TestPersistentSearchAndItsFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		w := x.watch(ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeSubtree, Filter: filter(t, "(description=watched)")}, persistent(15, true, false))
		change := func(value string) string {
			require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", value)).Code)
			return w.told()
		}
		assert.Empty(t, change("x"))
		assert.Equal(t, "uid=bjensen", change("watched"), "it fits now")
		assert.Equal(t, "uid=bjensen", change("y"), "it did before")
		assert.Empty(t, change("z"))
		x.rename(bjensen, "uid=babs", "")
		assert.Empty(t, w.told())
		w.stop(t)
	})
}

func TestPersistentSearchBelowWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		later := ldap.SearchRequest{BaseDN: "uid=later," + people, Scope: ldap.ScopeBase}
		w := x.watch(later, persistent(15, true, false))
		require.Equal(t, ldap.Success, x.addPerson(x.admin, "later").Code)
		assert.Equal(t, "uid=later", w.told())
		require.Equal(t, ldap.Success, x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=later," + people}, nil).Code)
		assert.Equal(t, "uid=later", w.told())
		assert.Equal(t, ldap.NoSuchObject, (<-x.watch(later, persistent(15, false, false)).ended).Code, "who wants to see what there is hears that it is not")
		w.stop(t)
	})
}

func TestPersistentSearchAndReferrals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		branches(x)
		assert.Equal(t, ldap.Referral, (<-x.watch(ldap.SearchRequest{BaseDN: berlin}, persistent(15, false, false)).ended).Code)
		w := x.watch(ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, persistent(15, true, false))
		require.Equal(t, ldap.Success, x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: berlin, Changes: []ldap.Change{mod(ldap.Replace, "description", "x")}}, []ldap.Control{manageDsaIT}).Code)
		assert.Equal(t, "ou=Berlin", w.told(), "a referral that changes is an entry")
		only := x.watch(ldap.SearchRequest{BaseDN: berlin}, persistent(15, true, false))
		require.Equal(t, ldap.Success, x.Modify(t.Context(), x.admin, ldap.ModifyRequest{DN: berlin, Changes: []ldap.Change{mod(ldap.Replace, "description", "y")}}, []ldap.Control{manageDsaIT}).Code)
		assert.Equal(t, "ou=Berlin", only.told(), "also where nothing is looked for")
		only.stop(t)
		w.stop(t)
	})
}

func TestLimitsAreOfTheFirstPart(t *testing.T) {
	for name, c := range map[string]struct {
		request ldap.SearchRequest
		own     string // ds-rlim-lookthrough-limit
		first   int
	}{
		"size":         {request: ldap.SearchRequest{SizeLimit: 3}, first: 3},
		"time":         {request: ldap.SearchRequest{TimeLimit: 3 * time.Second}, first: 3},
		"look-through": {request: ldap.SearchRequest{Filter: filter(t, "(objectClass=person)")}, own: "3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := start(t)
				require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="psearch")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`)).Code)
				if c.own != "" {
					require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-rlim-lookthrough-limit", c.own), mod(ldap.Replace, "ds-privilege-name", "unindexed-search")).Code)
				}
				c.request.BaseDN, c.request.Scope = people, ldap.ScopeOne
				var told atomic.Int64
				ended := make(chan ldap.Result, 1)
				ctx, cancel := context.WithCancel(t.Context())
				s := x.as(bjensen, "hifalutin")
				go func() {
					ended <- x.Search(ctx, s, c.request, []ldap.Control{persistent(15, false, false)}, directory.Emit(func(ldap.Entry, []ldap.Control) error {
						told.Add(1)
						time.Sleep(time.Second)
						return nil
					}))
				}()
				time.Sleep(time.Minute)
				assert.EqualValues(t, c.first, told.Load())
				for range 5 {
					require.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "description", "x")).Code)
				}
				time.Sleep(time.Minute)
				assert.EqualValues(t, c.first+5, told.Load())
				cancel()
				assert.Equal(t, ldap.Canceled, (<-ended).Code)
			})
		})
	}
}

func TestPersistentSearchMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		var told []string
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan ldap.Result, 1)
		go func() {
			ended <- x.Search(ctx, x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}, []ldap.Control{persistent(15, false, false)}, directory.Emit(func(e ldap.Entry, _ []ldap.Control) error {
				if len(told) == 0 { // What is there is being sent.
					x.addPerson(x.admin, "new")
					x.Delete(t.Context(), x.admin, ldap.DeleteRequest{DN: "uid=new," + people}, nil)
				}
				told = append(told, e.DN)
				return nil
			}))
		}()
		synctest.Wait()
		require.Len(t, told, 9)
		assert.Equal(t, []string{"uid=new," + people, "uid=new," + people}, told[7:])
		cancel()
		assert.Equal(t, ldap.Canceled, (<-ended).Code)
	})
}

func TestPersistentSearchTellsWhatMayBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, func(c *directory.Config) { c.Layout = directory.IDM })
		for _, uid := range []string{"bjensen", "scarter"} {
			_, err := x.Populate(t.Context(), person(uid, "hifalutin"))
			require.NoError(t, err)
		}
		require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetcontrol="psearch")(version 3.0; acl "a"; allow (read) userdn="ldap:///all";)`,
			`(targetattr="objectClass")(version 3.0; acl "b"; allow (search) userdn="ldap:///all";)`)).Code)
		w := x.watchAs(x.as(bjensen, "hifalutin"), ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, persistent(15, true, false))
		for _, dn := range []string{scarter, bjensen} {
			require.Equal(t, ldap.Success, x.modify(x.admin, dn, mod(ldap.Replace, "description", "x")).Code)
		}
		assert.Equal(t, "uid=bjensen", w.told())
		w.stop(t)
	})
}

func TestTooSlowForAPersistentSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t)
		stuck := make(chan struct{})
		ended := make(chan ldap.Result, 1)
		go func() {
			ended <- x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: people, Scope: ldap.ScopeOne}, []ldap.Control{persistent(15, true, false)}, directory.Emit(func(ldap.Entry, []ldap.Control) error {
				<-stuck
				return nil
			}))
		}()
		synctest.Wait()
		for i := range 1<<14 + 2 {
			require.Equal(t, ldap.Success, x.modify(x.admin, kvaughan, mod(ldap.Replace, "description", fmt.Sprint(i))).Code)
		}
		close(stuck)
		r := <-ended
		assert.Equal(t, ldap.Busy, r.Code)
		assert.Equal(t, "The persistent search has ended because the client is 16384 changes behind", r.Message)
	})
}

// changed changes somebody, and returns the number that the change has when each before had one.
func (x *trial) changed(n int) {
	x.t.Helper()
	require.Equal(x.t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "description", fmt.Sprint(n))).Code)
}

var changelog = ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeSubtree}

func TestPersistentSearchOfTheChangelogByNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, numbered)
		x.changed(1)
		x.changed(2)
		all := x.watch(changelog, persistent(1, false, true))
		assert.Equal(t, "cn=changelog changeNumber=1 changeNumber=2", all.told(), "what there is comes first")
		fresh := x.watch(changelog, persistent(ldap.ChangedByDelete, true, true))
		some := x.watch(ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeOne, Filter: filter(t, "(changeNumber>=4)")}, persistent(1, false, false))
		one := x.watch(ldap.SearchRequest{BaseDN: "changeNumber=4,cn=changelog"}, persistent(1, true, false))
		base := x.watch(ldap.SearchRequest{BaseDN: "cn=changelog"}, persistent(1, false, false))
		entries := x.watch(ldap.SearchRequest{BaseDN: bjensen}, persistent(ldap.ChangedByModify, true, false))
		assert.Equal(t, "cn=changelog", base.told())
		x.changed(3)
		synctest.Wait()
		require.Len(t, fresh.controls, 1)
		assert.Empty(t, fresh.controls[0], "nothing is told of what has changed: all of it is an entry that is new")
		assert.NotEmpty(t, values(fresh.entries[0])["changeLogCookie"])
		x.changed(4)
		assert.Equal(t, "changeNumber=3 changeNumber=4", all.told())
		assert.Equal(t, "changeNumber=3 changeNumber=4", fresh.told(), "whatever kinds were asked for")
		assert.Equal(t, "changeNumber=4", some.told())
		assert.Equal(t, "changeNumber=4", one.told())
		assert.Empty(t, base.told())
		all.stop(t)
		require.NoError(t, x.SetChangelog(directory.ChangelogOff, x.PurgeDelay()))
		for _, w := range []*watching{fresh, some, one, base} {
			r := <-w.ended
			assert.Equal(t, ldap.Unavailable, r.Code)
			assert.Equal(t, "The persistent search has ended because the backend is not available", r.Message)
		}
		entries.told()
		x.changed(5)
		assert.Equal(t, "uid=bjensen", entries.told(), "entries are watched with or without a changelog")
		entries.stop(t)
	})
}

func TestPersistentSearchOfTheChangelogByCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := start(t, func(c *directory.Config) { c.Changelog.Mode = directory.ChangelogCookies })
		for i := range 3 {
			x.changed(i)
		}
		before, _ := x.changes(x.admin, "(&)", cookie(""))
		w := x.watch(changelog, persistent(15, false, true), cookie(before[0]["changeLogCookie"]))
		fresh := x.watch(changelog, persistent(15, true, true), cookie("not even looked at"))
		inVain := x.watch(changelog, persistent(15, false, true))
		x.changed(4)
		synctest.Wait()
		after, _ := x.changes(x.admin, "(&)", cookie(""))
		require.Len(t, after, 4)
		want := [][]ldap.Control{nil}
		for _, c := range after[1:] {
			want = append(want, []ldap.Control{ldap.ChangelogCookie(c["changeLogCookie"])})
		}
		assert.Equal(t, want, w.controls, "cn=changelog itself, and what is behind the cookie, each with its own")
		assert.Equal(t, want[3:], fresh.controls)
		assert.Equal(t, "cn=changelog", inVain.told(), "there are no numbers")
		rest, r := x.changes(x.admin, "(&)", cookie(values(w.entries[2])["changeLogCookie"]))
		require.Equal(t, ldap.Success, r.Code)
		assert.Equal(t, after[3:], rest, "who was cut off goes on from the last cookie")
		w.stop(t)
		fresh.stop(t)
		inVain.stop(t)

		x.TrimChangelog(0)
		w = x.watch(changelog, persistent(15, false, true), cookie(before[0]["changeLogCookie"]))
		assert.Equal(t, ldap.UnwillingToPerform, (<-w.ended).Code, "the cookie is too old")
		w = x.watchAs(x.anonymous, changelog, persistent(15, true, true))
		assert.Equal(t, ldap.UnavailableCriticalExtension, (<-w.ended).Code)
		w = x.watchAs(x.anonymous, changelog, uncritical(persistent(15, true, true)))
		assert.Equal(t, ldap.InsufficientAccessRights, (<-w.ended).Code)
		require.NoError(t, x.SetSwitch("numbersWhenCookie", "refuse"))
		assert.Equal(t, ldap.UnwillingToPerform, (<-x.watch(changelog, persistent(15, true, true)).ended).Code)
	})
}

func TestChangelogEntriesAreDeepBelowTheirBaseByCookie(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Changelog.Mode = directory.ChangelogCookies })
	x.changed(1)
	found, r := x.results(x.admin, ldap.SearchRequest{BaseDN: "cn=changelog", Scope: ldap.ScopeOne}, cookie(""))
	assert.Equal(t, ldap.Success, r.Code)
	assert.Empty(t, found.dns, "replicationCSN=…,dc=example,dc=com,cn=changelog is not on the first level")
}

func TestChangelogRecordsAreToldOnce(t *testing.T) {
	for name, controls := range map[string][]ldap.Control{
		"by number": {persistent(1, false, false)},
		"by cookie": {persistent(1, false, false), cookie("")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := start(t, numbered)
				x.changed(1)
				var changes []string
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan ldap.Result, 1)
				r := changelog
				r.SizeLimit = 4
				go func() {
					ended <- x.Search(ctx, x.admin, r, controls, directory.Emit(func(e ldap.Entry, _ []ldap.Control) error {
						if e.DN == "cn=changelog" { // The search is known by now, and has read nothing.
							x.changed(2)
						}
						changes = append(changes, values(e)["changes"])
						return nil
					}))
				}()
				synctest.Wait()
				for i := range 5 {
					x.changed(3 + i)
				}
				synctest.Wait()
				assert.Len(t, changes, 8, "the base, two that were there, five more: the size limit is over")
				assert.Contains(t, changes[2], "description: 2")
				assert.Contains(t, changes[3], "description: 3")
				cancel()
				assert.Equal(t, ldap.Canceled, (<-ended).Code)
			})
		})
	}
}
