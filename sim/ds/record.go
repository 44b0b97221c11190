package ds

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The operations in the journal's words.
const (
	recordBind          = "bind"
	recordSearch        = "search"
	recordCompare       = "compare"
	recordCreate        = "create"
	recordUpdate        = "update"
	recordDelete        = "delete"
	recordRename        = "rename"
	recordWritePassword = "write_password"
	recordStartTLS      = "start_tls"
	recordWhoAmI        = "who_am_i"
	recordCancel        = "cancel"
	recordPasswordState = "password_state"
	recordExtended      = "extended"
)

// describe tells the journal, and the rules of faults, what is asked: the method is the operation in capitals, the path the DN,
// the user the value of its first component.
func (c *conn) describe(t *task) {
	x := t.x
	x.Client = c.session.DN
	x.Method = strings.ToUpper(t.Request.Op().String())
	switch r := t.Request.(type) {
	case ldap.BindRequest:
		c.describeBind(t, r)
	case ldap.SearchRequest:
		x.Operation, x.Path = recordSearch, r.BaseDN
		x.Query = r.Scope.String() + "?" + withoutPasswords(r.Filter)
	case ldap.CompareRequest:
		x.Operation, x.Path, x.Query = recordCompare, r.DN, r.Attribute
	case ldap.AddRequest:
		x.Operation, x.Path = recordCreate, r.DN
		for _, a := range r.Attributes {
			c.secrets(t, a)
		}
	case ldap.ModifyRequest:
		c.describeModify(t, r)
	case ldap.DeleteRequest:
		x.Operation, x.Path = recordDelete, r.DN
	case ldap.ModifyDNRequest:
		x.Operation, x.Path, x.Query = recordRename, r.DN, r.NewRDN
	case ldap.ExtendedRequest:
		c.describeExtended(t, r)
	}
	if x.User == "" {
		x.User = leaf(x.Path)
	}
	x.Route = x.Method
}

func (c *conn) describeBind(t *task, r ldap.BindRequest) {
	t.x.Operation, t.x.Path, t.x.Query = recordBind, r.DN, "simple"
	if r.SASL != nil {
		t.x.Query = "sasl"
		if isMechanism(r.SASL.Mechanism) {
			t.x.Query = r.SASL.Mechanism
		}
		return
	}
	t.x.Secret(r.Password)
	if !r.Password.Empty() {
		t.x.Password = c.server.kernel.Journal.Digest(r.Password)
	}
}

func (c *conn) describeModify(t *task, r ldap.ModifyRequest) {
	t.x.Operation, t.x.Path = recordUpdate, r.DN
	for _, change := range r.Changes {
		if !isPassword(change.Attribute.Description) {
			continue
		}
		t.x.Operation = recordWritePassword
		if change.Op == ldap.Delete { // the old one
			for _, v := range change.Attribute.Values {
				t.x.Secret(secret.New(string(v)))
			}
			continue
		}
		c.secrets(t, change.Attribute)
	}
}

func (c *conn) describeExtended(t *task, r ldap.ExtendedRequest) {
	x := t.x
	x.Operation, x.Query = recordExtended, r.Name
	switch r.Name {
	case ldap.OIDStartTLS:
		x.Operation, x.Method = recordStartTLS, "START_TLS"
	case ldap.OIDWhoAmI:
		x.Operation, x.Method = recordWhoAmI, "WHO_AM_I"
	case ldap.OIDCancel:
		x.Operation, x.Method = recordCancel, "CANCEL"
	case ldap.OIDPasswordPolicyState:
		x.Operation, x.Method = recordPasswordState, "PASSWORD_STATE"
		if state, err := ldap.ParsePasswordState(r); err == nil {
			x.Path = state.Target
		}
	case ldap.OIDPasswordModify:
		x.Operation, x.Method, x.Path = recordWritePassword, "PASSWORD_MODIFY", c.session.DN
		p, err := ldap.ParsePasswordModify(r)
		if err != nil {
			return
		}
		x.Secret(p.Old)
		x.Secret(p.New)
		if !p.New.Empty() {
			x.Password = c.server.kernel.Journal.Digest(p.New)
		}
		if p.HasIdentity {
			x.Path = p.Identity
			if dn, ok := c.server.backend.Identify(p.Identity); ok {
				x.Path = dn
			}
		}
	}
}

// secrets keeps the values of a password attribute out of the entry, and notes the digest of the last.
func (c *conn) secrets(t *task, a ldap.Attribute) {
	if !isPassword(a.Description) {
		return
	}
	for _, v := range a.Values {
		value := secret.New(string(v))
		t.x.Secret(value)
		t.x.Password = c.server.kernel.Journal.Digest(value)
	}
}

// HiddenFilter stands in the journal for a filter with a password in it.
const HiddenFilter = "(a filter with a password in it)"

// withoutPasswords is a filter's text, unless there is a password in it.
func withoutPasswords(f ldap.Filter) string {
	if asksForPassword(f) {
		return HiddenFilter
	}
	return f.String()
}

func asksForPassword(f ldap.Filter) bool {
	switch f := f.(type) {
	case ldap.And:
		return slices.ContainsFunc(f.Filters, asksForPassword)
	case ldap.Or:
		return slices.ContainsFunc(f.Filters, asksForPassword)
	case ldap.Not:
		return asksForPassword(f.Filter)
	case ldap.Present: // without a value
		return false
	}
	attr, ok := ldap.AttributeOf(f)
	return ok && (attr == "" || isPassword(attr))
}

// isPassword tells whether a description is that of an attribute with passwords, by name or OID, whatever its options.
func isPassword(description string) bool {
	base, _, _ := strings.Cut(description, ";")
	return strings.EqualFold(base, "userPassword") || base == "2.5.4.35" || strings.EqualFold(base, "authPassword")
}

// leaf is the value of a DN's first component: the user name, of users.
func leaf(dn string) string {
	parsed, err := names.Parse(dn)
	if err != nil || len(parsed) == 0 || len(parsed[0]) == 0 {
		return ""
	}
	return parsed[0][0].Value
}

// conclude tells the journal what became of a password write.
func (c *conn) conclude(t *task, code ldap.ResultCode) {
	if t.x.Operation != recordWritePassword {
		return
	}
	t.x.Outcome, t.x.Reason = judged(code)
}

// judged is what became of a password write; both are empty when it was neither accepted nor refused.
func judged(code ldap.ResultCode) (outcome, why string) {
	switch code {
	case ldap.Success:
		return "accepted", ""
	case ldap.NoOperation, ldap.Canceled:
		return "", ""
	default:
		return "refused", reason(code)
	}
}

// reason is why a password write was refused, in the words of all simulators.
func reason(code ldap.ResultCode) string {
	switch code {
	case ldap.ConstraintViolation, ldap.UnwillingToPerform, ldap.AttributeOrValueExists:
		return "policy"
	case ldap.NoSuchObject:
		return "not_found"
	case ldap.InsufficientAccessRights, ldap.AuthorizationDenied:
		return "forbidden"
	case ldap.InvalidCredentials, ldap.NoSuchAttribute:
		return "wrong_password"
	case ldap.ConfidentialityRequired, ldap.StrongerAuthRequired:
		return "insecure"
	case ldap.Busy, ldap.Unavailable, ldap.AdminLimitExceeded, ldap.TimeLimitExceeded:
		return "unavailable"
	case ldap.Referral:
		return "referral"
	default:
		return "malformed"
	}
}
