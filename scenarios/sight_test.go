package scenarios_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	dsldap "github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/ldap"
)

// TestWhatTheCheckSaysOfPasswords has the engine's `ldap check` look at a simulated DS that shows passwords, hides them, or has none.
func TestWhatTheCheckSaysOfPasswords(t *testing.T) {
	t.Parallel()
	const (
		suffix = "dc=example,dc=com"
		admin  = "uid=idm,ou=Administrators," + suffix // has bypass-acl
		reader = "uid=sync,ou=Administrators," + suffix
		toHim  = ` userdn="ldap:///` + reader + `";)`
		dates  = `(targetattr="pwdChangedTime")(version 3.0; acl "dates"; deny (all)` + toHim
		asking = `(targetcontrol="GetEffectiveRights")(version 3.0; acl "asks"; allow (read)` + toHim
		rights = `(targetattr="userPassword")(version 3.0; acl "passwords"; deny (read,search)` + toHim
		one    = `(target="ldap:///uid=ann,ou=People,` + suffix + `")(targetattr="userPassword")(version 3.0; acl "ann"; deny (all)` + toHim
	)
	for name, tt := range map[string]struct {
		as       string
		acis     []string
		hidden   bool // by the control plane's switch
		bare     bool // nobody has a password
		sight    string
		because  string
		readable int
		finding  string
	}{
		"the administrator":                                {as: admin, sight: "shown", because: "entries show userPassword", readable: 2},
		"the administrator, no passwords":                  {as: admin, bare: true, sight: "none", because: "get effective rights", finding: "set passwords"},
		"the right":                                        {as: reader, sight: "shown", because: "entries show userPassword", readable: 2},
		"no right, dates":                                  {as: reader, hidden: true, sight: "hidden", because: "entries show pwdChangedTime", finding: "grant the account the right to read userPassword"},
		"no right, no dates":                               {as: reader, hidden: true, acis: []string{dates}, sight: "unclear", because: "may not compare", finding: "grant the account the right to read userPassword"},
		"no right, no dates, a compare":                    {as: reader, acis: []string{dates, rights}, sight: "hidden", because: "can be compared", finding: "grant the account the right to read userPassword"},
		"no right, no dates, effective rights":             {as: reader, hidden: true, acis: []string{dates, asking}, sight: "hidden", because: "may not read userPassword (get effective rights)", finding: "grant the account the right to read userPassword"},
		"the right, no passwords":                          {as: reader, bare: true, sight: "none", because: "compared, and has no userPassword", finding: "set passwords"},
		"the right, no passwords, effective rights":        {as: reader, bare: true, acis: []string{asking}, sight: "none", because: "may read userPassword (get effective rights)", finding: "set passwords"},
		"no right, no passwords, effective rights":         {as: reader, bare: true, hidden: true, acis: []string{asking}, sight: "hidden", because: "may not read userPassword (get effective rights)", finding: "grant the account the right to read userPassword"},
		"the right for a part, no dates, a compare":        {as: reader, acis: []string{dates, `(target="ldap:///uid=ann,ou=People,` + suffix + `")(targetattr="userPassword")(version 3.0; acl "ann"; deny (read)` + toHim}, sight: "shown", because: "entries show userPassword", readable: 1, finding: "can be compared with it"},
		"the right for a part":                             {as: reader, acis: []string{one}, sight: "shown", because: "entries show userPassword", readable: 1, finding: "1 of 2 users show when their password was set, and not the password"},
		"the right for a part, no dates, effective rights": {as: reader, acis: []string{one, dates, asking}, sight: "shown", because: "entries show userPassword", readable: 1, finding: "1 of 2 users show no userPassword, and of one of them, uid=ann,ou=People,dc=example,dc=com, the server says that the account may not read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			digester := secret.NewDigester([]byte("any key of enough bytes"))
			c := ds.DefaultConfig()
			c.Directory.Layout, c.Directory.Changelog.Mode, c.Directory.Hashing.Cheap = directory.IDM, directory.ChangelogCookies, true
			c.Directory.Reader = directory.Reader{DN: reader, Password: secret.New("bribery")}
			c.Directory.AccountPassword = secret.New("bribery")
			c.Directory.Policy.RequireSecureBind = false
			server, err := ds.New(c, ds.Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(1000, digester)})
			require.NoError(t, err)
			for _, uid := range []string{"ann", "bob"} {
				p := people.Person{UserName: uid, FamilyName: uid, Emails: []people.Email{{Value: uid + "@example.com", Primary: true}}, Active: true}
				if !tt.bare {
					p.Credential.Password = secret.New("hifalutin")
				}
				_, err := server.Populate(p)
				require.NoError(t, err)
			}
			for _, aci := range tt.acis {
				require.NoError(t, server.Directory().Change(t.Context(), "dn:"+suffix, dsldap.Change{Op: dsldap.Add, Attribute: dsldap.Attribute{Description: "aci", Values: [][]byte{[]byte(aci)}}}))
			}
			if tt.hidden {
				require.NoError(t, server.SetPasswordReadable(false))
			}
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error)
			go func() { served <- server.Serve(listener) }()
			defer func() {
				assert.NoError(t, server.Stop(t.Context()))
				assert.True(t, errors.Is(<-served, ds.ErrStopped))
			}()

			source := ldap.DefaultConfig()
			source.URLs, source.StartTLS, source.Base, source.State = []string{"ldap://" + listener.Addr().String()}, false, "ou=People,"+suffix, t.TempDir()
			source.BindDN, source.Password, source.Timeout = tt.as, seal.Secret("bribery"), 10*time.Second
			report, err := ldap.Check(t.Context(), source, ldap.Environment{})
			require.NoError(t, err)
			require.Len(t, report.Servers, 1)
			v := report.Servers[0]
			require.Empty(t, v.Error)
			assert.Equal(t, tt.sight, string(v.Sight))
			assert.Contains(t, v.Because, tt.because)
			assert.Equal(t, 2, v.Users)
			assert.Equal(t, tt.readable, v.Readable)
			if tt.finding == "" {
				assert.Equal(t, []string{"the connection is not secured"}, v.Findings)
			} else {
				require.NotEmpty(t, v.Findings)
				assert.Contains(t, v.Findings[0], tt.finding)
			}
		})
	}
}
