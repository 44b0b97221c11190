package ldap

import (
	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// PasswordModify is the request of RFC 3062.
type PasswordModify struct {
	Identity       string // "dn:…", "u:…", a bare DN or name
	HasIdentity    bool
	Old, New       secret.Value
	HasOld, HasNew bool
}

// ParsePasswordModify reads the value of the request; an absent one asks for everything to be made up.
func ParsePasswordModify(r ExtendedRequest) (p PasswordModify, err error) {
	if !r.HasValue {
		return p, nil
	}
	whole := ber.NewReader(r.Value)
	in, err := whole.Enter(ber.Sequence)
	if err == nil {
		err = whole.End()
	}
	if err != nil {
		return p, err
	}
	var texts [3]string
	var has [3]bool
	for i := range texts {
		if tag := ber.Context(i); in.Next() == tag {
			has[i] = true
			if texts[i], err = in.String(tag); err != nil {
				return p, err
			}
		}
	}
	p.Identity, p.HasIdentity = texts[0], has[0]
	p.Old, p.HasOld = secret.New(texts[1]), has[1]
	p.New, p.HasNew = secret.New(texts[2]), has[2]
	return p, in.End()
}

// GeneratedPassword is the value of the response when the server has made the password up.
func GeneratedPassword(password secret.Value) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendString(b, ber.Context(0), password.Reveal())
	return ber.Close(b, at)
}

// ParseCancel reads which operation a cancel request (RFC 3909) is about.
func ParseCancel(r ExtendedRequest) (id int32, err error) {
	whole := ber.NewReader(r.Value)
	in, err := whole.Enter(ber.Sequence)
	if err == nil {
		err = whole.End()
	}
	if err != nil {
		return 0, err
	}
	number, err := in.Integer(ber.Integer)
	if err != nil {
		return 0, err
	}
	if number < 1 || number > 1<<31-1 {
		return 0, ber.ErrValue
	}
	return int32(number), in.End()
}
