package invariants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// ReadAudit reads an audit trail in the form that the engines share: JSON lines with time, transactionId, userName, outcome
// and reason.
func ReadAudit(data []byte) ([]AuditLine, error) {
	var list []AuditLine
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var l struct {
			Time                             time.Time
			TransactionID, UserName, Outcome string
			Reason                           string
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return list, fmt.Errorf("audit line %d: %w", n, err)
		}
		list = append(list, AuditLine{TransactionID: l.TransactionID, User: l.UserName, Outcome: l.Outcome, Reason: l.Reason, Time: l.Time})
	}
	return list, nil
}

// clock shows a moment as it stands in the journal.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
