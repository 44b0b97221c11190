package okta

import (
	"encoding/json"
	"errors"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Hash is an imported password hash.
type Hash interface {
	// Verify tells whether it is the hash of the candidate.
	Verify(candidate secret.Value) (bool, error)
}

// HashReader reads credentials.password.hash: algorithm, value, salt and what the algorithm needs besides. Its error is shown
// to the client, so it names members and limits, never values.
type HashReader func(document json.RawMessage) (Hash, error)

// readHash is the reader for Okta's own form.
func readHash(document json.RawMessage) (Hash, error) {
	var h schemes.OktaHash
	if err := json.Unmarshal(document, &h); err != nil {
		return nil, errors.New("hash: a member has another type than Okta gives it")
	}
	return h.Parse()
}

// imported is a hash in an account; its address tells one import from another.
type imported struct{ Hash }

// proof is what became of a candidate and an imported hash. The hash is tried before the store is locked: it is made to be
// slow.
type proof struct {
	candidate secret.Value
	of        *imported
	good      bool
}

func (s *Server) prove(p *people.Person, candidate secret.Value) proof {
	a := AccountOf(p)
	if a.hash == nil {
		return proof{candidate: candidate}
	}
	good, err := a.hash.Verify(candidate)
	return proof{candidate, a.hash, good && err == nil}
}

// proveOf is prove for the user with that id.
func (s *Server) proveOf(id string, candidate secret.Value) proof {
	p, ok := s.people.ByID(id)
	if !ok {
		return proof{candidate: candidate}
	}
	return s.prove(&p, candidate)
}

// matches tells whether it is the user's password, in the clear or by its imported hash.
func (s *Server) matches(p *people.Person, a *Account, candidate proof) bool {
	if a.hash != nil {
		return candidate.of == a.hash && candidate.good
	}
	return p.Credential.HasPassword() && s.kernel.Digester.Digest(candidate.candidate) == p.Credential.Digest
}
