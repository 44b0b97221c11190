package idcs

import (
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// hashed recognises the prefixes of Oracle's bulk import and create.
func hashed(plain string) bool {
	for _, prefix := range []string{"{PBKDF2-HMAC-SHA", "{SSHA}", "{SSHA256}", "{SSHA384}", "{SSHA512}"} {
		if strings.HasPrefix(plain, prefix) {
			return true
		}
	}
	return false
}

// newHash takes what a creation brings of a password when that is hashed. It is taken as it is: no policy can judge it (Oracle,
// Importing and Exporting Users, Groups, and AppRoles).
func (c *call) newHash(plain string) (*passwordWrite, error) {
	w := &passwordWrite{value: secret.New(plain), door: fromAdministrator}
	w.digest = c.s.kernel.Digester.Digest(w.value)
	c.x.Password = w.digest
	stored, err := schemes.IDCS.Parse(plain)
	if err != nil {
		return nil, refuse(hashedPassword)
	}
	w.hash = stored
	return w, nil
}

// setHash stores it.
func (s *Server) setHash(p *people.Person, w passwordWrite) error {
	if err := s.takesPassword(p); err != nil {
		return err
	}
	p.Credential.Set(w.digest, secret.Value{}, s.kernel.Clock.Now(), s.is(hashedCreate, "must_change"))
	p.Credential.Hash = w.hash
	return nil
}

// proves tells whether it is the user's password.
func (s *Server) proves(p *people.Person, password secret.Value) bool {
	if p.Credential.Hash != nil {
		good, err := p.Credential.Hash.Verify(password)
		return good && err == nil
	}
	return s.kernel.Digester.Digest(password) == p.Credential.Digest
}
