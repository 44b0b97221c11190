package ldap

import (
	"context"
	"fmt"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// sight is what the account sees of passwords. A directory hides what may not be read without a word, so an entry without
// userPassword looks the same whether it has none or hides it.
type sight string

const (
	shown   sight = "shown"   // at least one entry shows userPassword
	hidden  sight = "hidden"  // there are passwords, and the account may not read them
	none    sight = "none"    // the account may read them, and there are none
	unclear sight = "unclear" // the directory does not let the two be told apart
)

// tally counts what one look at the directory has shown.
type tally struct {
	users, shown int
	dated        int    // show no userPassword, but the date when it was set
	revealed     int    // show no userPassword, and the changelog does
	witness      string // one of those that show nothing
	all          bool   // all users were looked at
}

func (t *tally) count(u user, brought bool) {
	t.users++
	switch {
	case len(u.passwords) > 0:
		t.shown++
		return
	case brought:
		t.revealed++
	case !u.changed.IsZero():
		t.dated++
	}
	if t.witness == "" || !u.changed.IsZero() {
		t.witness = u.dn
	}
}

// sight judges what was counted; how it is known comes with it.
func (s *Source) sight(ctx context.Context, c *conn, t tally) (sight, string, error) {
	switch {
	case t.shown > 0:
		return shown, "entries show userPassword", nil
	case t.revealed > 0:
		return hidden, "the changelog shows passwords that the entries do not", nil
	case t.dated > 0:
		return hidden, "entries show pwdChangedTime, so they have a password, and no userPassword", nil
	}
	return s.sightOf(ctx, c, t.witness)
}

// sightOf asks about one entry that shows no userPassword, nor when it was set.
func (s *Source) sightOf(ctx context.Context, c *conn, dn string) (sight, string, error) {
	root, err := c.root(ctx)
	if err != nil {
		return unclear, "", err
	}
	if root.supports(effectiveRightsControl) && !root.rehashesSilently() { // 389-DS takes the control in another form.
		may, told, err := c.mayRead(ctx, dn)
		switch {
		case err != nil:
			return unclear, "", err
		case told && may:
			return none, "the server says that the account may read userPassword (get effective rights)", nil
		case told:
			return hidden, "the server says that the account may not read userPassword (get effective rights)", nil
		}
	}
	return c.compare(ctx, dn)
}

// sample is how many users a glimpse is of.
const sample = 100

// glimpse reads a few users.
func (s *Source) glimpse(ctx context.Context, c *conn) ([]user, error) {
	r, _, err := c.search(ctx, &goldap.SearchRequest{
		BaseDN: s.config.Base, Scope: goldap.ScopeWholeSubtree, Filter: s.config.Filter, Attributes: s.config.userAttributes(),
		Controls: []goldap.Control{goldap.NewControlPaging(sample)},
	})
	if err != nil {
		return nil, fmt.Errorf("search for users: %w", err)
	}
	users := make([]user, 0, len(r.Entries))
	for _, e := range r.Entries {
		users = append(users, s.config.user(e))
	}
	return users, nil
}

// effectiveRightsControl is "get effective rights" of draft-ietf-ldapext-acl-model.
const effectiveRightsControl = "1.3.6.1.4.1.42.2.27.9.5.2"

// mayRead asks the server whether we may read userPassword of an entry. Without a value the control is about who asks.
//
// OpenDJ, GetEffectiveRightsRequestControl and AciEffectiveRights.
func (c *conn) mayRead(ctx context.Context, dn string) (may, told bool, err error) {
	r, _, err := c.search(ctx, &goldap.SearchRequest{
		BaseDN: dn, Scope: goldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"aclRights", passwordAttribute},
		Controls: []goldap.Control{goldap.NewControlString(effectiveRightsControl, false, "")},
	})
	if answered(err) || err == nil && len(r.Entries) != 1 {
		return false, false, nil // The control, or the entry, is not for us.
	}
	if err != nil {
		return false, false, err
	}
	may, told = readRight(value(r.Entries[0], "aclRights;attributeLevel;"+passwordAttribute))
	return may, told, nil
}

// readRight finds "read:1" in "search:1,read:1,compare:1,write:0,…".
func readRight(list string) (may, told bool) {
	for right := range strings.SplitSeq(list, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(right), ":"); ok && strings.EqualFold(name, "read") {
			return value == "1", value == "0" || value == "1"
		}
	}
	return false, false
}

// compare asks whether an entry has a userPassword at all: the right to compare is another one, and may be there. No password
// is tried: what is sent is none that anybody could have, and no server counts it as a log-in.
func (c *conn) compare(ctx context.Context, dn string) (s sight, how string, err error) {
	err = c.do(ctx, func() error {
		_, err := c.ldap.Compare(dn, passwordAttribute, "{x-none}x")
		return err
	})
	switch {
	case err == nil:
		return hidden, "an entry that shows no userPassword can be compared with it, so it has one", nil
	case goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchAttribute):
		return none, "an entry was compared, and has no userPassword", nil
	case answered(err):
		return unclear, "entries show neither userPassword nor pwdChangedTime, and the account may not compare them", nil
	}
	return unclear, "", err
}

// answered tells whether the server has answered with a result code, so that the connection is still good.
func answered(err error) bool {
	e, ok := err.(*goldap.Error) //nolint:errorlint // Not one that is wrapped with what happened to the connection.
	return ok && e.ResultCode < goldap.ErrorNetwork && diagnose(err) != busy
}

// advice is what an operator can do about it.
func (s sight) advice() string {
	switch s {
	case hidden:
		return "grant the account the right to read userPassword: on DS and 389-DS an ACI on ldap.base with (targetattr=\"userPassword\")(version 3.0; " +
			"acl \"sync\"; allow (read,search,compare) userdn=\"ldap:///…\";), on slapd access to attrs=userPassword by dn.exact=… read"
	case none:
		return "set passwords, or look at ldap.base and ldap.filter: these entries have none"
	case unclear:
		return "grant the account the right to read userPassword; if it has it, nobody here has a password"
	case shown:
	}
	return ""
}

// judgeSight tells when passwords cannot be read, or can be again. A few entries of which nothing can be told change nothing.
func (s *Source) judgeSight(ctx context.Context, c *conn, t tally) error {
	if t.users == 0 {
		return nil
	}
	sees, how, err := s.sight(ctx, c, t)
	if err != nil {
		return err
	}
	if sees == hidden && !t.all { // Of these few. The right may be missing for them only.
		users, err := s.glimpse(ctx, c)
		if err != nil {
			return err
		}
		for _, u := range users {
			t.count(u, false)
		}
		if t.shown > 0 {
			sees = shown
		}
	}
	if t.dated > 0 || t.all {
		s.tellPartly(ctx, t)
	}
	if sees == unclear && !t.all {
		return nil
	}
	blind := sees == hidden || sees == unclear
	switch {
	case blind && !s.position.Unreadable:
		means := "so no password is delivered"
		if t.revealed > 0 {
			means = "what the changelog shows is delivered, but no comparison can make up for a gap"
		}
		s.log.ErrorContext(ctx, "no entry shows userPassword", "meaning", means, "account", s.config.who(), "entries", t.users, "sight", string(sees), "because", how, "advice", sees.advice())
	case sees == none && t.all && s.bare != t.users:
		s.log.WarnContext(ctx, "nobody has a password", "entries", t.users, "because", how)
	case sees == shown && s.position.Unreadable:
		s.position.Pending = "userPassword can be read now"
	}
	if t.all {
		s.bare = t.users - t.shown
	}
	s.metrics.readable.Set(1)
	if blind {
		s.metrics.readable.Set(0)
	}
	s.position.Unreadable = blind
	return nil
}

// tellPartly is for a right that covers only some users.
func (s *Source) tellPartly(ctx context.Context, t tally) {
	part := t.shown > 0 && t.dated > 0
	if part && !s.partly {
		s.log.WarnContext(ctx, "some entries show when their password was set and not the password; the right to read it does not cover them",
			"entries", t.dated, "one", t.witness, "advice", hidden.advice())
	}
	s.partly = part || s.partly && !t.all
}
