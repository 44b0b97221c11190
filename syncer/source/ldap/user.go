package ldap

import (
	"strings"
	"time"
	"unicode"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// What a change may hold; the hook takes no more either.
const (
	maxUserName  = 256
	maxAttribute = 4096
)

// user is an entry as it was read.
type user struct {
	dn, uid, name string
	passwords     []string  // all values of userPassword
	changed       time.Time // pwdChangedTime, or zero
	modified      time.Time // modifyTimestamp, or createTimestamp, or zero
	attributes    map[string]string
	trouble       trouble // why it cannot be delivered
}

// userAttributes are asked for by name, since most of them are operational.
func (c Config) userAttributes() []string {
	names := []string{passwordAttribute, "pwdChangedTime", "modifyTimestamp", "createTimestamp", c.UIDAttribute, c.UserNameAttribute}
	return append(names, c.Attributes...)
}

func (c Config) user(e *goldap.Entry) user {
	u := user{
		dn: e.DN, uid: value(e, c.UIDAttribute), changed: parseTime(value(e, "pwdChangedTime")),
		modified: parseTime(value(e, "modifyTimestamp")), attributes: map[string]string{},
	}
	if u.modified.IsZero() {
		u.modified = parseTime(value(e, "createTimestamp"))
	}
	for _, v := range values(e, passwordAttribute) {
		if v = unterminated(v); v != "" {
			u.passwords = append(u.passwords, v)
		}
	}
	for _, name := range c.Attributes {
		if v := value(e, name); v != "" && len(v) <= maxAttribute && !strings.ContainsFunc(v, unicode.IsControl) {
			u.attributes[name] = v
		}
	}
	u.name, u.trouble = c.userName(e)
	if u.uid == "" {
		u.trouble = noUID
	}
	return u
}

// userName is the entry's name at the target. Of several, the one counts that the DN begins with.
func (c Config) userName(e *goldap.Entry) (string, trouble) {
	names := values(e, c.UserNameAttribute)
	var name string
	switch len(names) {
	case 0:
		return "", noUserName
	case 1:
		name = names[0]
	default:
		if name = c.nameInDN(e.DN); name == "" {
			return "", manyUserNames
		}
	}
	if strings.TrimSpace(name) == "" || len(name) > maxUserName || strings.ContainsFunc(name, unicode.IsControl) || !validText(name) {
		return "", badUserName
	}
	return name, ""
}

func (c Config) nameInDN(text string) string {
	dn, err := parseDN(text)
	if err != nil || len(dn.RDNs) == 0 {
		return ""
	}
	for _, a := range dn.RDNs[0].Attributes {
		if strings.EqualFold(a.Type, c.UserNameAttribute) {
			return a.Value
		}
	}
	return ""
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }

// password is the one that is delivered: the only one, or, of several, the one that the change has brought.
func (u user) password(brought []string) (string, trouble) {
	switch {
	case len(u.passwords) == 1:
		return u.passwords[0], ""
	case len(brought) != 1:
		return "", manyPasswords
	}
	for _, v := range u.passwords {
		if v == brought[0] {
			return v, ""
		}
	}
	return "", manyPasswords
}

// change is what the engine gets. The id of its transaction is the same whenever and however this password is read again.
func (c Config) change(u user, password, transaction string) (hook.Change, trouble) {
	change := hook.Change{TransactionID: transaction, UserName: u.name, Attributes: u.attributes}
	if len(password) > maxPassword {
		return change, longPassword
	}
	inClear, ok := passwordOf(password)
	switch {
	case !ok:
		change.Hash = seal.Secret(password)
	case c.Cleartext:
		change.Password = inClear
	default:
		return change, cleartext
	}
	return change, ""
}
