package ds

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	asn1 "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// home is a server in memory with a directory of ds-evaluation in it.
type home struct {
	*Server
	t       *testing.T
	network network.Network
	tls     *tls.Config
}

const rootDN = "uid=admin"

func openHome(t *testing.T, policy func(*directory.PasswordPolicy)) *home {
	t.Helper()
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Certificate("ds.test")
	require.NoError(t, err)
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	c := DefaultConfig()
	if policy != nil {
		policy(&c.Directory.Policy)
	}
	h := &home{t: t, network: network.Memory(), tls: &tls.Config{RootCAs: authority.Pool(), ServerName: "ds.test", MinVersion: tls.VersionTLS12}}
	h.Server, err = New(c, Kernel{
		Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(1000, digester),
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	require.NoError(t, err)
	l, err := h.network.Listen(secureHost)
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		assert.ErrorIs(t, h.ServeTLS(l), ErrStopped)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, h.Stop(ctx))
		<-ended
	})
	return h
}

// as is a client that has bound over TLS.
func (h *home) as(dn, password string) *goldap.Conn {
	h.t.Helper()
	far, err := h.network.DialContext(h.t.Context(), "tcp", secureHost)
	require.NoError(h.t, err)
	secured := tls.Client(far, h.tls)
	require.NoError(h.t, secured.HandshakeContext(h.t.Context()))
	c := goldap.NewConn(secured, true)
	c.Start()
	h.t.Cleanup(func() { _ = c.Close() })
	require.NoError(h.t, c.Bind(dn, password))
	return c
}

func (h *home) set(c *goldap.Conn, dn, attribute string, values ...string) {
	h.t.Helper()
	m := goldap.NewModifyRequest(dn, nil)
	m.Replace(attribute, values)
	require.NoError(h.t, c.Modify(m))
}

// change changes babs behind the policy's back.
func (h *home) change(mods ...ldap.Change) {
	h.t.Helper()
	require.NoError(h.t, h.Directory().Change(h.t.Context(), "dn:"+babs, mods...))
}

func replaced(attribute, value string) ldap.Change {
	return ldap.Change{Op: ldap.Replace, Attribute: ldap.Attribute{Description: attribute, Values: [][]byte{[]byte(value)}}}
}

// usabilityOf asks for it as any client does that knows nothing of the control but its OID.
func usabilityOf(ctx context.Context, c *goldap.Conn, dn string, critical bool) (value string, err error) {
	found := c.SearchAsync(ctx, &goldap.SearchRequest{
		BaseDN: dn, Scope: goldap.ScopeBaseObject, Filter: "(&)", Attributes: []string{"1.1"},
		Controls: []goldap.Control{goldap.NewControlString(ldap.OIDAccountUsability, critical, "")},
	}, 1)
	for found.Next() {
		if control, ok := goldap.FindControl(found.Controls(), ldap.OIDAccountUsability).(*goldap.ControlString); ok {
			value = control.ControlValue
		}
	}
	return value, found.Err()
}

func TestAccountUsabilityOverAConnection(t *testing.T) {
	day := directory.Duration(24 * time.Hour)
	locking := func(p *directory.PasswordPolicy) {
		p.LockoutFailures, p.LockoutDuration = 1, directory.Duration(time.Hour)
	}
	expiring := func(grace int) func(*directory.PasswordPolicy) {
		return func(p *directory.PasswordPolicy) { p.MaxAge, p.ExpireUnwarned, p.GraceLogins = 30*day, true, grace }
	}
	wrongBind := func(h *home) {
		h.Directory().Bind(h.t.Context(), &directory.Session{Secure: true}, babs, secret.New("wrong"), nil)
	}
	later := func(d time.Duration) func(*home) { return func(h *home) { h.Clock().Turn(d) } }
	for name, c := range map[string]struct {
		policy  func(*directory.PasswordPolicy)
		prepare func(*home)
		want    string
	}{
		"usable":                  {want: "\x80\x01\xff"},
		"usable for thirty days":  {policy: expiring(0), want: "\x80\x03\x27\x8d\x00"},
		"usable for an hour":      {policy: expiring(0), prepare: later(30*24*time.Hour - time.Hour), want: "\x80\x02\x0e\x10"},
		"inactive":                {prepare: func(h *home) { h.change(replaced("ds-pwp-account-disabled", "TRUE")) }, want: "\xa1\x03\x80\x01\xff"},
		"an account that expired": {prepare: func(h *home) { h.change(replaced("ds-pwp-account-expiration-time", "19990101000000Z")) }, want: "\xa1\x03\x80\x01\xff"},
		"reset": {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, prepare: func(h *home) {
			h.change(replaced("pwdReset", "TRUE"))
		}, want: "\xa1\x03\x81\x01\xff"},
		"expired":             {policy: expiring(0), prepare: later(31 * 24 * time.Hour), want: "\xa1\x03\x82\x01\xff"},
		"expired, with grace": {policy: expiring(3), prepare: later(31 * 24 * time.Hour), want: "\xa1\x06\x82\x01\xff\x83\x01\x03"},
		"expired, one grace used": {policy: expiring(3), prepare: func(h *home) {
			h.Clock().Turn(31 * 24 * time.Hour)
			h.Directory().Bind(h.t.Context(), &directory.Session{Secure: true}, babs, secret.New(hifa), nil)
		}, want: "\xa1\x06\x82\x01\xff\x83\x01\x02"},
		"locked for an hour":    {policy: locking, prepare: wrongBind, want: "\xa1\x04\x84\x02\x0e\x10"},
		"locked for a minute":   {policy: locking, prepare: func(h *home) { wrongBind(h); h.Clock().Turn(59 * time.Minute) }, want: "\xa1\x03\x84\x01\x3c"},
		"locked no more":        {policy: locking, prepare: func(h *home) { wrongBind(h); h.Clock().Turn(time.Hour) }, want: "\x80\x01\xff"},
		"locked until unlocked": {policy: func(p *directory.PasswordPolicy) { p.LockoutFailures = 1 }, prepare: wrongBind, want: "\xa1\x03\x84\x01\xff"},
		"reset and not changed in time": {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.MaxResetAge = true, day }, prepare: func(h *home) {
			h.change(replaced("pwdReset", "TRUE"))
			h.Clock().Turn(25 * time.Hour)
		}, want: "\xa1\x09\x81\x01\xff\x82\x01\xff\x84\x01\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHome(t, c.policy)
				admin := h.as(rootDN, "password")
				if c.prepare != nil {
					c.prepare(h)
				}
				got, err := usabilityOf(t.Context(), admin, babs, true)
				require.NoError(t, err)
				assert.Equal(t, c.want, got)
			})
		})
	}
}

func TestAccountUsabilityNeedsARight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, nil)
		admin, user := h.as(rootDN, "password"), h.as(kirsten, bribery)
		_, err := usabilityOf(t.Context(), user, babs, true)
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err))
		assert.ErrorContains(t, err, `The request control with Object Identifier (OID) "1.3.6.1.4.1.42.2.27.9.5.8" cannot be used due to insufficient access rights`)
		h.set(admin, babs, "aci", `(targetcontrol="AccountUsability")(version 3.0; acl "usability"; allow (read) userdn="ldap:///`+kirsten+`";)`)
		got, err := usabilityOf(t.Context(), user, babs, false)
		require.NoError(t, err)
		assert.Equal(t, "\x80\x01\xff", got)
		_, err = usabilityOf(t.Context(), user, kirsten, true)
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err), "another entry")
	})
}

func TestPasswordQualityAdviceOverAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, nil)
		admin := h.as(rootDN, "password")
		asks := goldap.NewControlString(ldap.OIDPasswordQualityAdvice, true, "")
		noOp := goldap.NewControlString(ldap.OIDNoOp, true, "")
		failing := func(err error) string {
			t.Helper()
			var refused *goldap.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, ldap.ConstraintViolation, ldap.ResultCode(refused.ResultCode), refused)
			for _, child := range refused.Packet.Children[2].Children {
				control, err := goldap.DecodeControl(child)
				require.NoError(t, err)
				if s, ok := control.(*goldap.ControlString); ok && s.ControlType == ldap.OIDPasswordQualityAdvice {
					p, err := asn1.DecodePacketErr([]byte(s.ControlValue))
					require.NoError(t, err)
					return p.Children[1].Children[0].Children[0].Data.String()
				}
			}
			return ""
		}
		m := goldap.NewModifyRequest(babs, []goldap.Control{asks, noOp})
		m.Replace("userPassword", []string{"t00shrt"})
		assert.Equal(t, "length-based", failing(admin.Modify(m)))
		add := goldap.NewAddRequest("uid=new,"+peopleDN, []goldap.Control{asks})
		for name, value := range map[string]string{"objectClass": "inetOrgPerson", "cn": "x", "sn": "x", "userPassword": "t00shrt"} {
			add.Attribute(name, []string{value})
		}
		assert.Equal(t, "length-based", failing(admin.Add(add)))
		entry := func() journal.Entry {
			entries := h.Journal().Search(journal.Query{}).Entries
			return entries[len(entries)-1]
		}
		assert.Equal(t, "ADD", entry().Method)
		assert.NotContains(t, fmt.Sprintf("%+v", entry()), "t00shrt")

		modify := func(controls ...goldap.Control) error {
			value := asn1.Encode(asn1.ClassUniversal, asn1.TypeConstructed, asn1.TagSequence, nil, "")
			value.AppendChild(asn1.NewString(asn1.ClassContext, asn1.TypePrimitive, 0, "u:bjensen", ""))
			value.AppendChild(asn1.NewString(asn1.ClassContext, asn1.TypePrimitive, 2, "t00shrt", ""))
			r := goldap.NewExtendedRequest(ldap.OIDPasswordModify, value)
			r.Controls = controls
			_, err := admin.Extended(r)
			return err
		}
		assert.Equal(t, "length-based", failing(modify(asks, noOp)))
		assert.Equal(t, ldap.ConstraintViolation, code(modify()))
		assert.NoError(t, h.as(babs, hifa).Close(), "nothing has changed")

		_, err := admin.Search(&goldap.SearchRequest{BaseDN: babs, Filter: "(&)", Controls: []goldap.Control{asks}})
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err), "it is none for a search")
		_, err = admin.Search(&goldap.SearchRequest{BaseDN: babs, Filter: "(&)", Controls: []goldap.Control{goldap.NewControlString(ldap.OIDPasswordQualityAdvice, false, "")}})
		assert.NoError(t, err, "which nobody minds who can do without")
	})
}

func TestControlsOfExtendedOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, nil)
		admin := h.as(rootDN, "password")
		ask := func(name string, controls ...goldap.Control) (*goldap.ExtendedResponse, error) {
			r := goldap.NewExtendedRequest(name, nil)
			r.Controls = controls
			return admin.Extended(r)
		}
		as := goldap.NewControlString(ldap.OIDProxiedAuthV2, true, "dn:"+babs)
		who, err := ask(ldap.OIDWhoAmI, as)
		require.NoError(t, err)
		assert.Equal(t, "dn:"+babs, who.Value.Data.String(), "RFC 4532: for whom it is done")
		who, err = ask(ldap.OIDWhoAmI, goldap.NewControlString(ldap.OIDTransactionID, true, "x"))
		require.NoError(t, err)
		assert.Equal(t, "dn:"+rootDN, who.Value.Data.String())

		_, err = ask(ldap.OIDPasswordModify, as)
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err), "nobody's password is changed in another's name")
		assert.ErrorContains(t, err, "Unable to process the request for extended operation 1.3.6.1.4.1.4203.1.11.1 because it contained an unsupported critical control with OID 2.16.840.1.113730.3.4.18")
		_, err = ask(ldap.OIDPasswordPolicyState, goldap.NewControlString(ldap.OIDNoOp, true, ""))
		assert.Equal(t, ldap.UnavailableCriticalExtension, code(err))
		_, err = ask(ldap.OIDPasswordPolicyState, goldap.NewControlString(ldap.OIDNoOp, false, ""))
		assert.Equal(t, ldap.ProtocolError, code(err), "the control is passed over; a value is missing")
		assert.NoError(t, h.as(rootDN, "password").Close())
	})
}

// stateRequest is a request about babs, as manage-account sends it.
func stateRequest(operations ...ldap.StateOperation) *goldap.ExtendedRequest {
	return goldap.NewExtendedRequest(ldap.OIDPasswordPolicyState, asn1.DecodePacket(ldap.PasswordStateValue(babs, operations)))
}

func TestPasswordStateOverAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, nil)
		admin := h.as(rootDN, "password")
		answer, err := admin.Extended(stateRequest(ldap.StateOperation{Type: ldap.SetAccountDisabledState, Values: []string{"true"}}))
		require.NoError(t, err)
		assert.Equal(t, ldap.OIDPasswordPolicyState, answer.Name)
		found := asn1.DecodePacket(answer.Value.Data.Bytes())
		assert.Equal(t, babs, found.Children[0].Value)
		require.Len(t, found.Children[1].Children, 1)
		assert.EqualValues(t, ldap.GetAccountDisabledState, found.Children[1].Children[0].Children[0].Value)
		assert.Equal(t, "true", found.Children[1].Children[0].Children[1].Children[0].Value)
		assert.Equal(t, ldap.InvalidCredentials, code(admin.Bind(babs, hifa)))
		entries := h.Journal().Search(journal.Query{Operation: "password_state"}).Entries
		require.Len(t, entries, 1)
		assert.Equal(t, []string{"PASSWORD_STATE", babs, "bjensen", rootDN}, []string{entries[0].Method, entries[0].Path, entries[0].User, entries[0].Client})

		admin = h.as(rootDN, "password")
		_, err = admin.Extended(stateRequest(ldap.StateOperation{Type: ldap.ClearAccountDisabledState}))
		require.NoError(t, err)
		user := h.as(babs, hifa)
		_, err = user.Extended(stateRequest())
		assert.Equal(t, ldap.InsufficientAccessRights, code(err))
		assert.ErrorContains(t, err, "You do not have sufficient privileges to use the password policy state extended operation")

		_, err = h.Faults().Add(faults.Rule{Kind: faults.KindStatus, Scope: on("PASSWORD_STATE"), Status: int(ldap.Busy)})
		require.NoError(t, err)
		_, err = admin.Extended(stateRequest())
		assert.Equal(t, ldap.Busy, code(err))
		_, err = admin.WhoAmI(nil)
		assert.NoError(t, err)
	})
}

func TestRootDSETellsOfThePasswordControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, nil)
		found, err := h.as(rootDN, "password").Search(&goldap.SearchRequest{Filter: "(&)", Attributes: []string{"supportedControl", "supportedExtension"}})
		require.NoError(t, err)
		controls := found.Entries[0].GetAttributeValues("supportedControl")
		assert.Contains(t, controls, ldap.OIDAccountUsability)
		assert.Contains(t, controls, ldap.OIDPasswordQualityAdvice)
		assert.Subset(t, controls, []string{ldap.OIDPasswordExpired, ldap.OIDPasswordExpiring}, "what only answers have is listed, too")
		assert.Contains(t, found.Entries[0].GetAttributeValues("supportedExtension"), ldap.OIDPasswordPolicyState)
	})
}

func TestWhoMustChangeThePasswordMayDoNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHome(t, func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true })
		_, err := h.as(rootDN, "password").PasswordModify(goldap.NewPasswordModifyRequest("dn:"+babs, "", "Brand new 1!"))
		require.NoError(t, err)
		c := h.as(babs, "Brand new 1!")
		for _, name := range []string{ldap.OIDWhoAmI, ldap.OIDGetConnectionID} {
			_, err = c.Extended(goldap.NewExtendedRequest(name, nil))
			assert.Equal(t, ldap.ConstraintViolation, code(err))
			assert.ErrorContains(t, err, babs+" must change their password")
		}
		_, err = c.PasswordModify(goldap.NewPasswordModifyRequest("", "Brand new 1!", "My own one 2!"))
		require.NoError(t, err)
		who, err := c.WhoAmI(nil)
		require.NoError(t, err)
		assert.Equal(t, "dn:"+babs, who.AuthzID)
	})
}
