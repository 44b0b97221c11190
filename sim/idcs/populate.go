package idcs

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Populate adds a user as an administrator of the domain would find one: complete, with id and dates. It applies the
// rules of a creation but for the password policy, because nobody judges passwords that are there already; a password in
// p.Credential is set as it is. The journal does not see it.
func (s *Server) Populate(p people.Person) (people.Person, error) {
	now := s.kernel.Clock.Now()
	if p.ID == "" {
		p.ID = s.ids.Hex(idLength)
	}
	if p.Created.IsZero() {
		p.Created = now
	}
	if p.Modified.IsZero() {
		p.Modified = now
	}
	// The slice is the caller's.
	p.Emails = append([]people.Email(nil), p.Emails...)
	if err := complete(&p); err != nil {
		return people.Person{}, fmt.Errorf("%w: user %q: %w", ErrInvalid, p.UserName, err)
	}
	if err := s.require(&p); err != nil {
		return people.Person{}, fmt.Errorf("%w: user %q: %w", ErrInvalid, p.UserName, err)
	}
	if c := &p.Credential; !c.Password.Empty() && c.Digest.IsZero() {
		c.Set(s.kernel.Digester.Digest(c.Password), c.Password, now, c.MustChange)
	}
	created, err := s.people.Create(p)
	if err != nil {
		return people.Person{}, fmt.Errorf("populate: %w", err)
	}
	return created, nil
}
