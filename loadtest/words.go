package loadtest

import (
	"encoding/json"
	"strings"

	"github.com/seatrial/seatrial/scenarios/invariants"
)

// listen adds to each refused change what the target said about it, "The password must have at least 12 characters.", and
// counts anew what went wrong: whoever reads the figures wants to know which rule it was.
func (t *trial) listen(h invariants.History) {
	refused := map[string]*change{}
	for _, c := range t.changes {
		if c.refusal != "" {
			refused[c.Digest] = c
		}
	}
	if len(refused) == 0 {
		return
	}
	for _, e := range h.Entries {
		c, found := refused[e.Digest]
		if !found || e.Outcome != "refused" || e.ResponseBody == "" {
			continue
		}
		var answer struct { // of SCIM, or of Okta
			Detail      string
			ErrorCauses []struct{ ErrorSummary string }
		}
		if json.Unmarshal([]byte(e.ResponseBody), &answer) == nil && c.words == "" {
			c.words = answer.Detail
			for _, cause := range answer.ErrorCauses {
				c.words = strings.TrimPrefix(cause.ErrorSummary, "password: ")
			}
		}
	}
	t.load.Errors = t.troubles()
}

// troubles counts what went wrong with the changes that were sent, by its text.
func (t *trial) troubles() map[string]int {
	var count map[string]int
	for _, c := range t.changes {
		if c.applied || c.sent.IsZero() {
			continue
		}
		if count == nil {
			count = map[string]int{}
		}
		count[t.trouble(c)]++
	}
	return count
}
