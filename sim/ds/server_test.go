package ds

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server in memory, in front of a fake directory.
type house struct {
	*Server
	fake      *fake
	authority *network.Authority
	network   network.Network
}

const (
	plainHost  = "ds.test:1389"
	secureHost = "ds.test:1636"
)

// open starts a server with LDAP and LDAPS; in a bubble it runs in virtual time.
func open(t *testing.T, adjust ...func(*Config, *Kernel)) *house {
	t.Helper()
	return openOn(t, network.Memory(), adjust...)
}

func openOn(t *testing.T, n network.Network, adjust ...func(*Config, *Kernel)) *house {
	t.Helper()
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificates, err := authority.Certificates("ds.test")
	require.NoError(t, err)
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	c := DefaultConfig()
	k := Kernel{
		Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(10000, digester), Name: name,
		TLS:          &tls.Config{Certificates: []tls.Certificate{certificates.Good()}, MinVersion: tls.VersionTLS12},
		Certificates: certificates, ClientCAs: authority.Pool(),
	}
	for _, f := range adjust {
		f(&c, &k)
	}
	h := &house{fake: newFake(), authority: authority, network: n}
	h.Server, err = newServer(c, k, h.fake)
	require.NoError(t, err)
	serve := func(host string, serve func(net.Listener) error) {
		l, err := h.network.Listen(host)
		require.NoError(t, err)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			assert.ErrorIs(t, serve(l), ErrStopped)
		}()
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			assert.NoError(t, h.Stop(ctx))
			<-ended
		})
	}
	serve(plainHost, h.Serve)
	if k.TLS != nil {
		serve(secureHost, h.ServeTLS)
	}
	return h
}

// dial is a raw connection.
func (h *house) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := h.network.DialContext(t.Context(), "tcp", plainHost)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// client is go-ldap's.
func (h *house) client(t *testing.T) *goldap.Conn {
	t.Helper()
	c := goldap.NewConn(h.dial(t), false)
	c.Start()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (h *house) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: h.authority.Pool(), ServerName: "ds.test", MinVersion: tls.VersionTLS12}
}

func (h *house) last(t *testing.T) journal.Entry {
	t.Helper()
	entries := h.Journal().Search(journal.Query{}).Entries
	require.NotEmpty(t, entries)
	return entries[len(entries)-1]
}

// code is the result code of an error of go-ldap.
func code(err error) ldap.ResultCode {
	if err == nil {
		return ldap.Success
	}
	if e, ok := errors.AsType[*goldap.Error](err); ok {
		return ldap.ResultCode(e.ResultCode)
	}
	return -1
}

func TestBindAndSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		require.NoError(t, c.Bind(babs, hifa))
		e := h.last(t)
		assert.Equal(t, "bind", e.Operation)
		assert.Equal(t, "BIND", e.Method)
		assert.Equal(t, babs, e.Path)
		assert.Equal(t, "bjensen", e.User)
		assert.Equal(t, 0, e.Status)
		assert.Equal(t, h.Journal().Digest(secret.New(hifa)), e.Password)

		assert.Equal(t, ldap.InvalidCredentials, code(c.Bind(babs, "wrong")))
		assert.Equal(t, 49, h.last(t).Status)
		who, err := c.WhoAmI(nil)
		require.NoError(t, err)
		assert.Empty(t, who.AuthzID, "a bind that failed leaves nobody")

		require.NoError(t, c.Bind(kirsten, bribery))
		found, err := c.Search(&goldap.SearchRequest{BaseDN: peopleDN, Scope: goldap.ScopeWholeSubtree, Filter: "(uid=*)"})
		require.NoError(t, err)
		assert.Len(t, found.Entries, 3)
		e = h.last(t)
		assert.Equal(t, []string{"SEARCH", peopleDN, "sub?(uid=*)", kirsten}, []string{e.Method, e.Path, e.Query, e.Client})
		who, err = c.WhoAmI(nil)
		require.NoError(t, err)
		assert.Equal(t, "dn:"+kirsten, who.AuthzID)
	})
}

func TestOperations(t *testing.T) {
	const newcomer = "uid=newcomer," + peopleDN
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		add := goldap.NewAddRequest(newcomer, nil)
		add.Attribute("uid", []string{"newcomer"})
		require.NoError(t, c.Add(add))
		err := c.Add(add)
		assert.Equal(t, ldap.EntryAlreadyExists, code(err))
		assert.ErrorContains(t, err, "already exists")
		equal, err := c.Compare(newcomer, "uid", "newcomer")
		require.NoError(t, err)
		assert.True(t, equal)
		equal, err = c.Compare(newcomer, "uid", "other")
		require.NoError(t, err)
		assert.False(t, equal)
		modify := goldap.NewModifyRequest("uid=nobody,"+peopleDN, nil)
		modify.Replace("description", []string{"x"})
		err = c.Modify(modify)
		assert.Equal(t, ldap.NoSuchObject, code(err))
		var detail *goldap.Error
		require.ErrorAs(t, err, &detail)
		assert.Equal(t, peopleDN, detail.MatchedDN)
		assert.Equal(t, ldap.Referral, code(c.ModifyDN(goldap.NewModifyDNRequest(newcomer, "uid=y", true, ""))))
		require.NoError(t, c.Del(goldap.NewDelRequest(newcomer, nil)))
		operations := []string{}
		for _, e := range h.Journal().Search(journal.Query{}).Entries {
			operations = append(operations, e.Operation)
		}
		assert.Equal(t, []string{"create", "create", "compare", "compare", "update", "rename", "delete"}, operations)
		_, err = c.Extended(goldap.NewExtendedRequest("1.2.3", nil))
		assert.Equal(t, ldap.UnwillingToPerform, code(err))
		assert.Contains(t, h.last(t).Surprise, "1.2.3")
	})
}

func TestPasswordWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		require.NoError(t, c.Bind(babs, hifa))
		modify := goldap.NewModifyRequest(babs, nil)
		modify.Delete("userPassword", []string{hifa})
		modify.Add("userPassword", []string{"Chang3d!"})
		require.NoError(t, c.Modify(modify))
		e := h.last(t)
		assert.Equal(t, []string{"write_password", "accepted", "MODIFY", "bjensen", babs}, []string{e.Operation, e.Outcome, e.Method, e.User, e.Client})
		assert.Equal(t, h.Journal().Digest(secret.New("Chang3d!")), e.Password)

		require.NoError(t, c.Bind(babs, "Chang3d!"))
		_, err := c.PasswordModify(goldap.NewPasswordModifyRequest("", "wrong", "Changed2!"))
		assert.Equal(t, ldap.InvalidCredentials, code(err))
		assert.Equal(t, "refused wrong_password", h.last(t).Outcome+" "+h.last(t).Reason)
		_, err = c.PasswordModify(goldap.NewPasswordModifyRequest("u:kvaughan", bribery, "Changed2!"))
		require.NoError(t, err)
		e = h.last(t)
		assert.Equal(t, []string{"write_password", "accepted", "PASSWORD_MODIFY", kirsten, "kvaughan"}, []string{e.Operation, e.Outcome, e.Method, e.Path, e.User})
		require.NoError(t, c.Bind(kirsten, "Changed2!"))
		made, err := c.PasswordModify(goldap.NewPasswordModifyRequest("", "", ""))
		require.NoError(t, err)
		assert.Equal(t, "Gen3rated!", made.GeneratedPassword)
		assert.Equal(t, h.Journal().Digest(secret.New("Gen3rated!")), h.last(t).Password)
		require.NoError(t, c.Bind(kirsten, "Gen3rated!"))
		assert.Equal(t, ldap.InvalidCredentials, code(c.Bind(kirsten, "Changed2!")))
	})
}

func TestNoPasswordInTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		_, err := c.Search(&goldap.SearchRequest{BaseDN: peopleDN, Filter: "(|(uid=x)(!(userPassword;x=hif\\61lutin)))"})
		require.NoError(t, err)
		assert.Equal(t, "base?(a filter with a password in it)", h.last(t).Query)
	})
}

func TestUnknownRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		_, err := c.SimpleBind(&goldap.SimpleBindRequest{Username: babs, Password: hifa, Controls: []goldap.Control{goldap.NewControlString("1.2.3.4", true, "")}})
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err))
		assert.ErrorContains(t, err, "critical control with OID 1.2.3.4")
		_, err = c.SimpleBind(&goldap.SimpleBindRequest{Username: babs, Password: hifa, Controls: []goldap.Control{
			goldap.NewControlString("1.2.3.4", false, ""), goldap.NewControlBeheraPasswordPolicy(),
		}})
		require.NoError(t, err)
		require.Len(t, h.fake.controls, 1, "what does not apply is not shown to the directory")
		assert.Equal(t, ldap.OIDPasswordPolicy, h.fake.controls[0].OID)
		del := goldap.NewDelRequest(babs, []goldap.Control{goldap.NewControlPaging(10)})
		require.NoError(t, c.Del(del), "paging a deletion means nothing, and is not critical")
		assert.Empty(t, h.fake.controls)
	})
}

func TestAuthorizationIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		asks := []goldap.Control{goldap.NewControlString(ldap.OIDAuthzIDRequest, true, "")}
		r, err := c.SimpleBind(&goldap.SimpleBindRequest{Username: babs, Password: hifa, Controls: asks})
		require.NoError(t, err)
		require.Len(t, r.Controls, 1)
		assert.Equal(t, ldap.OIDAuthzIDResponse, r.Controls[0].GetControlType())
		assert.Contains(t, r.Controls[0].String(), "dn:"+babs)
		r, err = c.SimpleBind(&goldap.SimpleBindRequest{Username: babs, Password: "wrong", Controls: asks})
		assert.Equal(t, ldap.InvalidCredentials, code(err))
		assert.Empty(t, r.Controls, "who has failed is nobody")
	})
}

func TestPasswordPolicyControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.client(t)
		r, err := c.SimpleBind(&goldap.SimpleBindRequest{Username: babs, Password: hifa, Controls: []goldap.Control{goldap.NewControlBeheraPasswordPolicy()}})
		require.NoError(t, err)
		control, ok := goldap.FindControl(r.Controls, goldap.ControlTypeBeheraPasswordPolicy).(*goldap.ControlBeheraPasswordPolicy)
		require.True(t, ok)
		assert.Equal(t, int64(2), control.Grace)
		assert.Equal(t, int64(-1), control.Expire)
		assert.Equal(t, int8(-1), control.Error)
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		raw, other := h.dial(t), h.dial(t)
		c := h.client(t)
		require.NoError(t, c.Bind(babs, hifa))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, h.Stop(ctx))
		assert.Equal(t, notice(ldap.Unavailable, "The Directory Server is shutting down"), receive(t, raw))
		told, err := io.ReadAll(other)
		require.NoError(t, err)
		assert.Contains(t, string(told), ldap.OIDNoticeDisconnection)
		assert.Error(t, c.Bind(babs, hifa))
		_, err = h.network.DialContext(t.Context(), "tcp", plainHost)
		assert.Error(t, err)
		assert.ErrorIs(t, h.Serve(h.listener(t)), ErrStopped)
		near, far := net.Pipe()
		h.accept(near, false)
		_, err = far.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF, "who was accepted too late")
	})
}

func TestStartTLSIsOfferedWithACertificate(t *testing.T) {
	assert.Contains(t, offers(directory.Offers{}, true).Extensions, ldap.OIDStartTLS)
	assert.NotContains(t, offers(directory.Offers{}, false).Extensions, ldap.OIDStartTLS)
}

func (h *house) listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := h.network.Listen("other.test:1389")
	require.NoError(t, err)
	return l
}

func TestConfigValidate(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for name, spoil := range map[string]struct {
		change  func(*Config)
		mistake string
	}{
		"no host":           {func(c *Config) { c.Host = "" }, "ds.host: is empty"},
		"a small message":   {func(c *Config) { c.MaxMessage = 10 }, "ds.maxMessage: 10 is not within"},
		"no operations":     {func(c *Config) { c.MaxOperations = 0 }, "ds.maxOperations: 0 is below 1"},
		"negative idleness": {func(c *Config) { c.IdleTimeout = -1 }, "ds.idleTimeout: -1ns is negative"},
		"no message time":   {func(c *Config) { c.MessageTimeout = 0 }, "ds.messageTimeout: 0s is not above 0"},
		"no write time":     {func(c *Config) { c.WriteTimeout = 0 }, "ds.writeTimeout: 0s is not above 0"},
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			spoil.change(&c)
			err := c.Validate()
			require.ErrorIs(t, err, ErrInvalid)
			assert.ErrorContains(t, err, spoil.mistake)
		})
	}
}

func TestReferencesComeAsTheyAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.refers = []string{"ldap://a/", "ldap://b/"}
		found, err := h.client(t).Search(&goldap.SearchRequest{BaseDN: "dc=nowhere", Filter: "(uid=*)"})
		require.NoError(t, err)
		assert.Equal(t, []string{"ldap://a/"}, found.Referrals, "go-ldap takes the first place of each")
		assert.Equal(t, 0, h.last(t).Status)
	})
}
