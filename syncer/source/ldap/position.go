package ldap

import (
	"fmt"
	"path/filepath"
	"time"
)

// position is how far the directory has been read. It is stored when the engine has acknowledged everything before it.
type position struct {
	Version  int    `json:"version"`
	Server   string `json:"server"` // where Number counts
	Strategy string `json:"strategy,omitempty"`
	// Number is the last change number that was dealt with.
	Number int64 `json:"number,omitempty"`
	// Anchor identifies the change with the number AnchorNumber, so that it shows when a server counts differently.
	Anchor       string `json:"anchor,omitempty"`
	AnchorNumber int64  `json:"anchorNumber,omitempty"`
	// Cookie is the position of a changelog that is read by its cookie.
	Cookie string `json:"cookie,omitempty"`
	// Since is where the next search by timestamps begins, by the directory's clock.
	Since time.Time `json:"since,omitzero"`
	// Pending says why all users must be compared before this position counts. It is stored before that begins.
	Pending string `json:"pending,omitempty"`
	// Unreadable: users were read, and none of them showed userPassword.
	Unreadable bool `json:"unreadable,omitempty"`
	// Reconciled is when all users were last compared.
	Reconciled time.Time `json:"reconciled,omitzero"`
}

const positionVersion = 1

// pendingFirst is the reason of the first reconciliation.
const pendingFirst = "first start"

func positionFile(state string) string { return filepath.Join(state, "position.json") }

func readPosition(state string) (position, error) {
	p := position{Version: positionVersion}
	if err := readJSON(positionFile(state), &p); err != nil {
		return p, err
	}
	if p.Version != positionVersion {
		return p, fmt.Errorf("%s has version %d instead of %d", positionFile(state), p.Version, positionVersion)
	}
	return p, nil
}

// String says where the position is, for people.
func (p position) String() string {
	switch p.Strategy {
	case ChangeNumber:
		return fmt.Sprintf("change number %d of %s", p.Number, p.Server)
	case Cookie:
		return fmt.Sprintf("cookie %q", p.Cookie)
	case Timestamps:
		return "modified since " + generalized(p.Since)
	}
	return "none"
}

const timeForm = "20060102150405Z"

// generalized writes a time as a directory does.
func generalized(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(timeForm)
}

// parseTime reads a time as a directory writes it: with or without a fraction, in UTC. What is something else is no time.
func parseTime(text string) time.Time {
	for _, form := range []string{timeForm, "20060102150405.999999999Z", "20060102150405Z0700", "20060102150405.999999999Z0700"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
