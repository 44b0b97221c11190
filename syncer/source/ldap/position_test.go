package ldap

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

// onDisk is the stored position.
func (r *rig) onDisk() position {
	r.Helper()
	p, err := readPosition(r.config.State)
	require.NoError(r, err)
	return p
}

// TestWhatWasSeenIsStoredBeforeThePosition: with a disk that is full between the two, the position must stay behind.
func TestWhatWasSeenIsStoredBeforeThePosition(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		s, err := New(r.config, Environment{DialContext: r.directory.DialContext})
		require.NoError(r, err)
		defer s.Close()
		require.NoError(r, s.open(false))
		require.NoError(r, s.seen.put(keyOf("ann"), memo{}))
		require.NoError(r, s.seen.file.Close())
		s.position.Cookie = "further"
		err = s.save()
		require.ErrorIs(r, err, os.ErrClosed)
		assert.Equal(r, local, diagnose(err))
		assert.Empty(r, r.onDisk().Cookie)
	})
}

// TestThePositionIsStoredAsItGoes: of a long list, a kill repeats one page.
func TestThePositionIsStoredAsItGoes(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) {
			bubble(t, strategy, func(r *rig) {
				r.config.PageSize = 2
				users := []string{"ann", "bob", "cid", "dan", "eve", "fay"}
				r.directory.Add(users...)
				r.start()
				r.expect()
				before := r.onDisk()
				r.engine.set(errFull, 4)
				for _, u := range users {
					r.directory.SetPassword(u, hash(u+"2"))
				}
				r.settle()
				after := r.onDisk()
				assert.Equal(r, strategy == ChangeNumber, after.Number == before.Number+4)
				assert.Equal(r, strategy == Cookie, after.Cookie != before.Cookie)
				r.stop()
				r.engine.set(nil, 0)
				r.start()
				r.settle()
				assert.Len(r, r.engine.got(), len(users))
			})
		})
	}
}

// TestTimestampsDoNotPassOverWhatWasNotRead: the second page, which fails, holds an older change than the first.
func TestTimestampsDoNotPassOverWhatWasNotRead(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.config.PageSize, r.config.URLs = 1, r.config.URLs[:1]
		r.directory.Add("ann", "zed")
		time.Sleep(time.Hour)
		r.start()
		r.expect()
		r.stop()
		r.directory.SetPassword("zed", hash("z2"))
		time.Sleep(10 * time.Minute)
		r.directory.SetPassword("ann", hash("a2"))
		searches := 0
		r.directory.Server(0).Edit(func(s *ldaptest.Server) {
			s.Script = func(_, _, filter string) *ldaptest.Fault {
				if strings.Contains(filter, "modifyTimestamp") {
					if searches++; searches == 2 {
						return &ldaptest.Fault{Code: 51}
					}
				}
				return nil
			}
		})
		r.start()
		r.expect("ann "+hash("a2"), "zed "+hash("z2"))
	})
}

func TestOneAtATime(t *testing.T) {
	strategies(t, func(r *rig) {
		r.config.PageSize = 1
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.expect()
		for _, u := range []string{"ann", "bob", "cid"} {
			r.directory.SetPassword(u, hash(u+"2"))
		}
		r.expect("ann "+hash("ann2"), "bob "+hash("bob2"), "cid "+hash("cid2"))
		assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
	})
}

// TestAChangelogThatShowsLessThanItShould is no changelog without changes.
func TestAChangelogThatShowsLessThanItShould(t *testing.T) {
	for want, edit := range map[string]func(s *ldaptest.Server, wrong bool){
		"shows no changeLogCookie": func(s *ldaptest.Server, wrong bool) { s.Cookieless = wrong },
		"so this is not all":       func(s *ldaptest.Server, wrong bool) { s.SizeLimit = map[bool]int{true: 1}[wrong] },
	} {
		t.Run(want, func(t *testing.T) {
			bubble(t, Cookie, func(r *rig) {
				r.config.URLs = r.config.URLs[:1]
				r.directory.Add("ann")
				r.start()
				r.expect()
				before := r.onDisk().Cookie
				s := r.directory.Server(0)
				s.Edit(func(s *ldaptest.Server) { edit(s, true) })
				r.directory.SetPassword("ann", hash("a2"))
				r.expect()
				assert.Contains(r, r.logs.String(), want)
				assert.Equal(r, before, r.onDisk().Cookie)
				s.Edit(func(s *ldaptest.Server) { edit(s, false) })
				time.Sleep(longestLimited)
				r.expect("ann " + hash("a2"))
			})
		})
	}
}

// TestAPositionThatCannotBeRead is not taken for a first start, which would deliver nothing of what was missed.
func TestAPositionThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"version": 1, "cookie"`: "position.json is damaged", `{"version": 2}`: "position.json has version 2 instead of 1",
	} {
		c := valid()
		c.State = t.TempDir()
		require.NoError(t, os.WriteFile(positionFile(c.State), []byte(text), 0o600))
		_, err := New(c, Environment{})
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "ldap.state: ")
	}
}

// TestAFileIsReplacedOrLeft, and nothing stays beside it.
func TestAFileIsReplacedOrLeft(t *testing.T) {
	dir := t.TempDir()
	path := positionFile(dir)
	require.NoError(t, replace(path, []byte("old")))
	require.Error(t, writeJSON(path, func() {}))
	require.ErrorIs(t, replaceBy(path, func(w io.Writer) error {
		_, _ = fmt.Fprint(w, "half")
		return errFull
	}), errFull)
	got := snapshot(t, dir)
	assert.Equal(t, map[string][]byte{"position.json": []byte("old")}, got)
}
