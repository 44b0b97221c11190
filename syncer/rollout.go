package syncer

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Rollout says for whom passwords are synchronised already. A change of anybody else ends as skipped and is never sent.
type Rollout struct {
	// Percent of all users, 0…100, default 100. Who is in at 10 is in at 50: a user's place is a hash of his name, so it
	// is the same on every host, after every restart, and in every version.
	Percent float64 `yaml:"percent"`
	// Salt makes another choice of users. Default empty. Changing it in the middle of a roll-out takes some users out again.
	Salt string `yaml:"salt"`
	// Groups are the pilot groups: only their members are in, and Percent counts among them. Default none: everybody.
	Groups []string `yaml:"groups"`
	// Attribute of a change that holds the groups of its user, several separated by semicolons. Default "groups".
	Attribute string `yaml:"attribute"`
}

// DefaultRollout includes everybody.
func DefaultRollout() Rollout { return Rollout{Percent: 100, Attribute: "groups"} }

// Validate reports every mistake, with paths relative to the section.
func (r Rollout) Validate() error {
	var errs []error
	if !(r.Percent >= 0 && r.Percent <= 100) { // NaN is neither.
		errs = append(errs, fmt.Errorf("percent: %v is not within 0…100", r.Percent))
	}
	if len(r.Groups) > 0 && r.Attribute == "" {
		errs = append(errs, errors.New(`attribute: not set; it names the attribute of a change that holds the groups, for example "groups"`))
	}
	for i, g := range r.Groups {
		if strings.TrimSpace(g) == "" || strings.Contains(g, ";") {
			errs = append(errs, fmt.Errorf("groups[%d]: %q is not the name of one group", i, g))
		}
	}
	return errors.Join(errs...)
}

// Includes tells whether a user is in. Neither the case of his name nor that of a group matters.
func (r Rollout) Includes(userName string, attributes map[string]string) bool {
	return r.member(attributes) && place(r.Salt, userName) < r.Percent
}

func (r Rollout) member(attributes map[string]string) bool {
	if len(r.Groups) == 0 {
		return true
	}
	for group := range strings.SplitSeq(attributes[r.Attribute], ";") {
		if slices.ContainsFunc(r.Groups, func(g string) bool { return userKey(strings.TrimSpace(g)) == userKey(strings.TrimSpace(group)) }) {
			return true
		}
	}
	return false
}

// place is where a user stands in the roll-out, from 0 up to, but not including, 100. It must never change: golden values in
// the test hold it fast.
func place(salt, userName string) float64 {
	sum := sha256.Sum256([]byte("rollout\x00" + salt + "\x00" + userKey(userName)))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) * 100
}
