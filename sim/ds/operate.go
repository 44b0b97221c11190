package ds

import (
	"context"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// What whoever conducts a rehearsal does to the directory, past LDAP. The journal sees only what is done in the name of a user.

// Roster is the users, to be read.
func (s *Server) Roster() harness.Roster { return s.directory.Users() }

// Standing is how a person's account stands now.
func (s *Server) Standing(p people.Person) harness.Standing { return s.directory.Standing(p.ID) }

// Populate adds a user, on all replicas; neither the password policy nor a changelog hears of it.
func (s *Server) Populate(p people.Person) (people.Person, error) {
	if p.Federated || p.Delegated {
		return people.Person{}, fmt.Errorf("%w: user %q: a directory has its passwords itself, nobody is federated or delegated", directory.ErrInvalid, p.UserName)
	}
	if _, taken := s.Roster().ByUserName(p.UserName); taken {
		return people.Person{}, fmt.Errorf("user %q: %w", p.UserName, people.ErrDuplicate)
	}
	p, err := s.directory.Populate(context.Background(), p)
	if err != nil || s.replicas == nil {
		return p, err
	}
	return p, s.replicas.adopt(s, s.directory.UserDN(p.UserName))
}

// Remove deletes the user with that entryUUID, as an administrator does.
func (s *Server) Remove(id string) error { return s.directory.Remove(id) }

// SetActive opens the account of the user with that entryUUID, or closes it, as an administrator does.
func (s *Server) SetActive(id string, on bool) error {
	return s.directory.SetDisabled(context.Background(), id, !on)
}

// SetLocked locks the user with that entryUUID as too many failures do, or ends the lock.
func (s *Server) SetLocked(id string, on bool) error {
	return s.directory.SetLocked(context.Background(), id, on)
}

// PolicyJSON is the default password policy with the names of dsconfig.
func (s *Server) PolicyJSON() any { return s.directory.PolicyJSON() }

// SetPolicyJSON changes what the text names of the default password policy.
func (s *Server) SetPolicyJSON(text []byte) error { return s.directory.SetPolicyJSON(text) }

// CheckPassword tells which rules of the policy in force for a user a password breaks.
func (s *Server) CheckPassword(userName string, candidate secret.Value) ([]harness.Violation, error) {
	if _, ok := s.Roster().ByUserName(userName); !ok {
		return nil, fmt.Errorf("user %q: %w", userName, people.ErrNotFound)
	}
	broken, err := s.directory.CheckPassword(context.Background(), "u:"+userName, candidate)
	violations := make([]harness.Violation, 0, len(broken))
	for _, v := range broken {
		violations = append(violations, harness.Violation{Rule: v.Rule, Text: v.Detail})
	}
	return violations, err
}

// LogIn is the probe: would a bind succeed? It leaves no trace: no rehash, no failure, no journal entry.
func (s *Server) LogIn(userName string, password secret.Value) people.LogIn {
	if _, ok := s.Roster().ByUserName(userName); !ok {
		return people.LogIn{Reason: "not_found"}
	}
	return s.directory.LogIn(context.Background(), "u:"+userName, password)
}

// Switches lists what nobody outside the vendor knows, with the values in force.
func (s *Server) Switches() []switches.Switch { return s.directory.Switches() }

// SetSwitch changes one switch.
func (s *Server) SetSwitch(name, value string) error { return s.directory.SetSwitch(name, value) }

// Reset brings everything back to the configuration and to what was imported, on all replicas: they have one and the same users.
func (s *Server) Reset() {
	s.faults.Remove()
	if s.replicas != nil {
		s.replicas.reset(s)
		return
	}
	_ = s.directory.Reset() // the configuration was good once
}

// SignIn is a bind of a user over an encrypted connection, with all that follows from it: failures are counted, and a password
// whose scheme is deprecated is stored anew.
func (s *Server) SignIn(ctx context.Context, userName string, password secret.Value) ldap.Result {
	return s.as(ctx, userName, "BIND", recordBind, password, func(ctx context.Context, session *directory.Session, dn string) ldap.Result {
		return s.directory.Bind(ctx, session, dn, password, nil)
	})
}

// ChangePassword is what users do who change their own password over an encrypted connection: a password modify operation
// (RFC 3062), with the old password when it is not empty.
func (s *Server) ChangePassword(ctx context.Context, userName string, old, replacement secret.Value) ldap.Result {
	return s.as(ctx, userName, "PASSWORD_MODIFY", recordWritePassword, replacement, func(ctx context.Context, session *directory.Session, dn string) ldap.Result {
		session.DN = dn
		shown := &old
		if old.Empty() {
			shown = nil
		}
		_, result := s.directory.PasswordModify(ctx, session, nil, shown, &replacement, nil)
		return result
	})
}

// StoredDigest is the keyed digest of what is stored of a user's password; zero when nothing is.
func (s *Server) StoredDigest(userName string) secret.Digest {
	return s.directory.StoredDigest(userName)
}

// as records an operation that is done in the name of a user.
func (s *Server) as(ctx context.Context, userName, method, operation string, password secret.Value, do func(context.Context, *directory.Session, string) ldap.Result) ldap.Result {
	p, ok := s.Roster().ByUserName(userName)
	if !ok {
		return ldap.Result{Code: ldap.NoSuchObject, Message: "there is no user " + userName}
	}
	dn, _ := p.Attributes["dn"].(string)
	ctx, x := s.kernel.Journal.Begin(ctx, s.name, journal.LDAP)
	x.Method, x.Route, x.Operation, x.Path, x.User = method, method, operation, dn, p.UserName
	if operation == recordWritePassword {
		x.Client = dn
	}
	x.Secret(password)
	x.Password = s.kernel.Journal.Digest(password)
	result := do(ctx, &directory.Session{Secure: true}, dn)
	x.Status = int(result.Code)
	if operation == recordWritePassword {
		x.Outcome, x.Reason = judged(result.Code)
	}
	s.kernel.Journal.End(x)
	return result
}

// Stored is what is stored of a user's password, for who must know it to find where it shows; empty when nothing is.
func (s *Server) Stored(userName string) secret.Value { return s.directory.Stored(userName) }

// ChangelogMode says whether and how cn=changelog can be read; the numbers are of the oldest change that is kept and of the
// newest.
func (s *Server) ChangelogMode() (mode string, first, last int) {
	first, last = s.directory.ChangeNumbers()
	return string(s.directory.ChangelogMode()), first, last
}

// SetChangelog changes the mode, and how long changes are kept; 0 leaves that.
func (s *Server) SetChangelog(mode string, purge time.Duration) error {
	if purge == 0 {
		purge = s.directory.PurgeDelay()
	}
	return s.directory.SetChangelog(directory.ChangelogMode(mode), purge)
}

// TrimChangelog forgets all changes but the newest, so many, and returns the number of the oldest that is left.
func (s *Server) TrimChangelog(keep int) int { return s.directory.TrimChangelog(keep) }

// ReplicationLag is how late the changes of other replicas arrive here.
func (s *Server) ReplicationLag() time.Duration { return s.directory.ReplicationLag() }

// SetReplicationLag decides it, from the next change on.
func (s *Server) SetReplicationLag(lag time.Duration) error {
	switch {
	case s.replicas == nil:
		return fmt.Errorf("%w: lag: %s has no replica", directory.ErrInvalid, s.name)
	case lag < 0:
		return fmt.Errorf("%w: lag: %s is negative", directory.ErrInvalid, lag)
	}
	s.directory.SetReplicationLag(lag)
	return nil
}

// PasswordReadable tells whether the account of a synchronisation may read userPassword.
func (s *Server) PasswordReadable() bool { return s.directory.PasswordReadable() }

// SetPasswordReadable gives that account the right, or takes it away.
func (s *Server) SetPasswordReadable(on bool) error {
	return s.directory.SetPasswordReadable(context.Background(), on)
}

// Poison makes of what is stored of a user's password something that nobody can use: a value in clear text behind the directory's
// back.
func (s *Server) Poison(userName string) error {
	return s.directory.Change(context.Background(), "u:"+userName, ldap.Change{
		Op: ldap.Replace, Attribute: ldap.Attribute{Description: "userPassword", Values: [][]byte{[]byte("{CLEAR}" + userName)}},
	})
}
