package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// record is a change as the queue holds it.
type record struct {
	Version       int               `json:"version"`
	ID            string            `json:"id"`
	TransactionID string            `json:"transactionId"`
	UserName      string            `json:"userName"`
	Attributes    map[string]string `json:"attributes,omitempty"`
	Accepted      time.Time         `json:"accepted"`
	DryRun        bool              `json:"dryRun,omitempty"`  // accepted by a dry run: whoever finds it writes nothing
	Skipped       bool              `json:"skipped,omitempty"` // the roll-out did not include the user when it was accepted
	Password      seal.Box          `json:"password,omitzero"`
	Hash          seal.Box          `json:"hash,omitzero"` // instead of the password
}

// hashBinding tells a sealed hash from a sealed password of the same change: a box that is moved from one field to the other
// does not open.
const hashBinding = " hash"

// seal puts what a change brings into the record.
func (r *record) seal(keys *seal.Keyring, password, hash seal.Secret) (err error) {
	r.Password, r.Hash = seal.Box{}, seal.Box{}
	if len(hash) > 0 {
		r.Hash, err = keys.Seal(hash, r.ID+hashBinding, userKey(r.UserName))
		return err
	}
	r.Password, err = keys.Seal(password, r.ID, userKey(r.UserName))
	return err
}

// open returns the password or the hash; the caller wipes both.
func (r *record) open(keys *seal.Keyring) (password, hash seal.Secret, err error) {
	if r.hashed() {
		hash, err = keys.Open(r.Hash, r.ID+hashBinding, userKey(r.UserName))
		return nil, hash, err
	}
	password, err = keys.Open(r.Password, r.ID, userKey(r.UserName))
	return password, nil, err
}

func (r *record) hashed() bool { return len(r.Hash.Text) > 0 }

// keyID is that of the key that seals it; "" when nothing is sealed any more.
func (r *record) keyID() string {
	if r.hashed() {
		return r.Hash.KeyID()
	}
	return r.Password.KeyID()
}

const recordVersion = 1

func (r record) encode() ([]byte, error) {
	r.Version = recordVersion
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode change: %w", err)
	}
	return data, nil
}

func decodeRecord(data []byte) (record, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("decode change: %w", err)
	}
	if r.Version != recordVersion || r.ID == "" || r.UserName == "" {
		return r, errors.New("decode change: not a change of this version")
	}
	return r, nil
}

// userKey is equal for all spellings of a user name: targets do not care for case.
func userKey(userName string) string { return strings.ToLower(strings.ToUpper(userName)) }

// changeID depends on the user and the transaction only, so that a change that is submitted again has the same id, also
// after a restart. What a dry run has seen is not known to the real run that follows.
func changeID(userName, transactionID string, dryRun bool) string {
	if dryRun {
		return digest("dry run", userKey(userName), transactionID)
	}
	return digest("change", userKey(userName), transactionID)
}

// noteKey names a user's note without naming the user.
func noteKey(userName string) string { return digest("note", userKey(userName)) }

func digest(parts ...string) string {
	data, _ := json.Marshal(parts) //nolint:errchkjson // Strings always marshal.
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// note is what the queue remembers of the last write that was begun for a user. It is on disk before the write is sent, so
// a restarted engine neither repeats a write that was applied nor sends an older password after a newer one.
type note struct {
	Stream   int64       `json:"stream"` // when the stream was made: sequences of another one mean nothing here
	Sequence uint64      `json:"sequence"`
	ID       string      `json:"id"`
	Attempts int         `json:"attempts"`
	Round    int         `json:"round"`
	Mark     target.Mark `json:"mark"`
}
