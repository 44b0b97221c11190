package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// history are the stored passwords that may not be used again, the newest first: time#syntax#value.
func (a account) history() []string {
	type past struct {
		at     time.Time
		stored string
	}
	var all []past
	for _, v := range a.entry.values(a.d.known.pwdHistory) {
		parts := strings.SplitN(string(v), "#", 3)
		at, err := schema.ParseTime(parts[0])
		if len(parts) != 3 || err != nil {
			continue
		}
		if a.policy.HistoryDuration > 0 && a.now.After(at.Add(time.Duration(a.policy.HistoryDuration))) {
			continue
		}
		all = append(all, past{at, parts[2]})
	}
	slices.SortStableFunc(all, func(x, y past) int { return y.at.Compare(x.at) })
	if a.policy.HistoryCount > 0 && len(all) > a.policy.HistoryCount {
		all = all[:a.policy.HistoryCount]
	}
	stored := make([]string, len(all))
	for i, p := range all {
		stored[i] = p.stored
	}
	return stored
}

func (a account) remembers() bool { return a.policy.HistoryCount > 0 || a.policy.HistoryDuration > 0 }

// remembering is the modification that puts the present password into the history.
func (a account) remembering() []ldap.Change {
	k := &a.d.known
	if !a.remembers() {
		return nil
	}
	values := make([]string, 0, a.policy.HistoryCount)
	for i, v := range a.entry.values(k.userPassword) {
		// Two of one time are told apart by a millisecond.
		at := a.now.Add(time.Duration(i) * time.Millisecond)
		values = append(values, at.Format(schema.Milliseconds)+"#"+schema.SyntaxUserPassword+"#"+string(v))
	}
	kept := slices.Clone(a.entry.values(k.pwdHistory))
	slices.SortFunc(kept, func(x, y []byte) int { return strings.Compare(string(y), string(x)) })
	for _, v := range kept {
		if a.policy.HistoryCount > 0 && len(values) >= a.policy.HistoryCount {
			break
		}
		values = append(values, string(v))
	}
	if len(values) == 0 {
		return nil
	}
	return []ldap.Change{replacement(k.pwdHistory, values...)}
}

// used tells whether a password is the present one or in the history, where there is one.
func (d *Directory) used(ctx context.Context, a account, password secret.Value) (bool, error) {
	if !a.remembers() {
		return false, nil
	}
	for _, v := range a.entry.values(d.known.userPassword) {
		if matched, err := d.verify(ctx, string(v), password); matched || err != nil {
			return matched, err
		}
	}
	for _, stored := range a.history() {
		if matched, err := d.verify(ctx, stored, password); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}
