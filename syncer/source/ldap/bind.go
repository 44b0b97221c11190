package ldap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/syncer/seal"
)

// account is what the server says of our account when it takes us: the password policy control of
// draft-behera-ldap-password-policy-10, and the two of draft-vchu-ldap-pwd-policy for servers that send them unasked.
type account struct {
	expires    time.Duration // until its password does; 0 is unknown
	grace      int64         // log-ins that are left to an expired password
	expired    bool
	locked     bool
	mustChange bool
}

// bind tells the server who we are.
func (d *dialer) bind(ctx context.Context, c *conn) error {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationBindRequest, nil, "BindRequest")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, "version"))
	switch d.config.Auth {
	case External:
		op.AppendChild(octets(""))
		op.AppendChild(sasl("EXTERNAL", ""))
	case Plain:
		password, err := d.password()
		if err != nil {
			return err
		}
		op.AppendChild(octets(""))
		op.AppendChild(sasl("PLAIN", "\x00"+d.config.identity()+"\x00"+string(password))) // RFC 4616, 2.
	default:
		password, err := d.password()
		if err != nil {
			return err
		}
		op.AppendChild(octets(d.config.BindDN))
		op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, string(password), "simple"))
	}
	answer, err := c.exchange(ctx, op, goldap.NewControlBeheraPasswordPolicy())
	c.account = accountOf(answer)
	if err != nil {
		return &failure{reason: c.account.refusal(err), err: fmt.Errorf("bind as %s: %w", d.config.who(), err)}
	}
	if c.account.mustChange { // Whatever is asked next would be refused.
		return &failure{reason: mustChange, err: fmt.Errorf("bind as %s: the server wants the password to be changed first", d.config.who())}
	}
	return nil
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func sasl(mechanism, credentials string) *ber.Packet {
	p := ber.Encode(ber.ClassContext, ber.TypeConstructed, 3, nil, "sasl")
	p.AppendChild(octets(mechanism))
	p.AppendChild(octets(credentials))
	return p
}

// password is read anew for each connection when it is in a file: it may have been rotated.
func (d *dialer) password() (seal.Secret, error) {
	if d.config.PasswordFile == "" {
		return d.config.Password, nil
	}
	data, err := os.ReadFile(filepath.Clean(d.config.PasswordFile))
	if err != nil {
		return nil, &failure{reason: credentials, err: fmt.Errorf("ldap.passwordFile: %w", err)}
	}
	password := seal.Secret(bytes.TrimRight(data, "\r\n"))
	if len(password) == 0 { // A bind without a password would succeed as nobody: RFC 4513, 5.1.2.
		return nil, &failure{reason: credentials, err: fmt.Errorf("ldap.passwordFile: %s is empty", d.config.PasswordFile)}
	}
	return password, nil
}

// fingerprint changes when what we identify ourselves with does.
func (d *dialer) fingerprint() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, name := range []string{d.config.PasswordFile, d.config.CertFile, d.config.KeyFile} {
		if name == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Clean(name))
		_, _ = fmt.Fprintf(h, "%d %v:", len(data), err)
		_, _ = h.Write(data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// accountOf reads the controls of a bind's answer. What is not understood there says nothing.
func accountOf(answer *ber.Packet) (a account) {
	if answer == nil || len(answer.Children) < 3 {
		return a
	}
	for _, p := range answer.Children[2].Children {
		control, err := goldap.DecodeControl(p)
		if err != nil {
			continue
		}
		switch c := control.(type) {
		case *goldap.ControlBeheraPasswordPolicy: // passwordExpired (0), accountLocked (1), changeAfterReset (2).
			a.expired = a.expired || c.Error == 0
			a.locked = a.locked || c.Error == 1
			a.mustChange = a.mustChange || c.Error == 2
			a.grace, a.expired = max(a.grace, c.Grace), a.expired || c.Grace >= 0
			if c.Expire >= 0 {
				a.expires = time.Duration(min(c.Expire, 1<<31)) * time.Second
			}
		case *goldap.ControlVChuPasswordMustChange:
			a.mustChange = a.mustChange || c.MustChange
		case *goldap.ControlVChuPasswordWarning:
			if c.Expire >= 0 {
				a.expires = time.Duration(min(c.Expire, 1<<31)) * time.Second
			}
		}
	}
	return a
}

// refusal says why a bind was refused. DS tells that an account is locked or expired only to who asks for the control; without
// it all of that is code 49 with no text.
func (a account) refusal(err error) reason {
	switch {
	case a.locked:
		return accountLocked
	case a.expired, a.mustChange && goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials):
		return passwordExpired
	case goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials):
		return credentials
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultAuthMethodNotSupported, goldap.LDAPResultStrongAuthRequired,
		goldap.LDAPResultConfidentialityRequired, goldap.LDAPResultInappropriateAuthentication):
		return refused
	}
	return diagnose(err)
}

// warning says what will soon go wrong with the account; "" is nothing.
func (a account) warning() string {
	switch {
	case a.expired:
		return fmt.Sprintf("the password of the account has expired; %d more connections are granted", a.grace)
	case a.expires > 0:
		return fmt.Sprintf("the password of the account expires in %d days", int(a.expires.Hours()/24))
	}
	return ""
}

// securedBy names the version of TLS and when the server's certificate ends.
func (c *conn) securedBy() (version string, ends time.Time) {
	secured, ok := c.link.(*tls.Conn)
	if !ok {
		return "none", time.Time{}
	}
	state := secured.ConnectionState()
	if len(state.PeerCertificates) > 0 {
		ends = state.PeerCertificates[0].NotAfter.UTC()
	}
	return tls.VersionName(state.Version), ends
}
