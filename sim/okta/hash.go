package okta

import (
	"encoding/json"

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
