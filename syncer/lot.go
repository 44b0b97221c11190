package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// parking is a change as the parked store holds it.
type parking struct {
	record
	// Stream and Sequence are the change's place in the order of its user's changes; see note.
	Stream   int64          `json:"stream"`
	Sequence uint64         `json:"sequence"`
	State    hook.KeptState `json:"state"`
	Reason   string         `json:"reason"`
	// Account is the target's name of the user, where it is another one; Remedy what a person can do.
	Account  string    `json:"account,omitempty"`
	Remedy   string    `json:"remedy,omitempty"`
	Attempts int       `json:"attempts"`
	Parked   time.Time `json:"parked"`
	Replay   int       `json:"replay"`
	// Mark is that of a write which the replay that is on its way has begun.
	Mark *target.Mark `json:"mark,omitempty"`
}

func (p *parking) wipe() { p.State, p.Password, p.Hash = hook.Wiped, seal.Box{}, seal.Box{} }

// errUnreadable says that an item of the store is not a parked change of this version. It stays until it is purged.
var errUnreadable = errors.New("not a parked change of this version")

func decodeParking(data []byte) (parking, error) {
	var p parking
	if err := json.Unmarshal(data, &p); err != nil {
		return parking{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	if p.Version != recordVersion || p.ID == "" || p.UserName == "" {
		return parking{}, errUnreadable
	}
	return p, nil
}

// shelf is the durable part of the lot.
type shelf interface {
	Park(ctx context.Context, id string, data []byte) error
	Unpark(ctx context.Context, id string) error
	ParkedItem(ctx context.Context, id string) (queue.Item, bool, error)
	Parked(ctx context.Context) iter.Seq2[queue.Item, error]
}

// lot is where changes stand that were parked for good. The store has them; the lot knows whose they are and how long their
// passwords may stay. One holder of the turn at a time changes the store, because each change of it is a read and a write.
// The mutex guards the map only and is never held across a wait.
type lot struct {
	shelf shelf
	turn  chan struct{}
	news  chan struct{} // there is one more password to wipe

	mu    sync.Mutex
	spots map[string]*spot            // by the change's id
	users map[string]map[string]*spot // by user key and id
}

// spot is what the lot remembers of one parked change.
type spot struct {
	id, user, reason string
	order            uint64
	parked           time.Time
	state            hook.KeptState
	outdated         bool // a newer change of the user was applied; the store will be told
}

func newLot(s shelf) *lot {
	return &lot{shelf: s, turn: make(chan struct{}, 1), news: make(chan struct{}, 1), spots: map[string]*spot{}, users: map[string]map[string]*spot{}}
}

// enter waits for the turn; leave gives it back.
func (l *lot) enter(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *lot) leave() { <-l.turn }

// load learns what is in the store and returns the replays that an earlier engine had begun. unreadable is told of items
// that it passes over.
func (l *lot) load(ctx context.Context, stream int64, unreadable func(id string, err error)) (begun []parking, err error) {
	for item, err := range l.shelf.Parked(ctx) {
		if err != nil {
			return nil, err
		}
		p, err := decodeParking(item.Data)
		if err != nil {
			unreadable(item.ID, err)
			continue
		}
		if p.Stream != stream {
			p.Sequence = 0 // Every change of the stream that there is now is newer.
		}
		l.remember(p)
		if p.State == hook.Replaying {
			begun = append(begun, p)
		}
	}
	return begun, nil
}

func (l *lot) remember(p parking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.spots[p.ID]
	if s == nil {
		s = &spot{id: p.ID, user: userKey(p.UserName)}
		l.spots[p.ID] = s
		if l.users[s.user] == nil {
			l.users[s.user] = map[string]*spot{}
		}
		l.users[s.user][s.id] = s
	}
	s.reason, s.order, s.parked, s.state = p.Reason, p.Sequence, p.Parked, p.State
	if s.state == hook.Kept {
		select {
		case l.news <- struct{}{}:
		default:
		}
	}
}

// order is the place of a parked change among those of its user.
func (l *lot) order(id string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.spots[id]; s != nil {
		return s.order
	}
	return 0
}

func (l *lot) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.spots[id]
	if s == nil {
		return
	}
	delete(l.spots, id)
	delete(l.users[s.user], id)
	if len(l.users[s.user]) == 0 {
		delete(l.users, s.user)
	}
}

// put stores a parked change, in place of what there was.
func (l *lot) put(ctx context.Context, p parking) error {
	p.Version = recordVersion
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode parked change: %w", err)
	}
	if err := l.shelf.Park(ctx, p.ID, data); err != nil {
		return err
	}
	l.remember(p)
	return nil
}

func (l *lot) get(ctx context.Context, id string) (parking, error) {
	item, ok, err := l.shelf.ParkedItem(ctx, id)
	if err != nil {
		return parking{}, err
	}
	if !ok {
		return parking{}, hook.ErrNotParked
	}
	return decodeParking(item.Data)
}

// keep parks a change for good.
func (l *lot) keep(ctx context.Context, p parking) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	return l.put(ctx, p)
}

// change lets f alter a parked change. What f returns as an error is told, and nothing is altered.
func (l *lot) change(ctx context.Context, id string, f func(*parking) error) (parking, error) {
	if err := l.enter(ctx); err != nil {
		return parking{}, err
	}
	defer l.leave()
	p, err := l.get(ctx, id)
	if err != nil {
		return p, err
	}
	if err := f(&p); err != nil {
		return p, err
	}
	return p, l.put(ctx, p)
}

// remove takes a parked change out of the store. When f refuses, it stays.
func (l *lot) remove(ctx context.Context, id string, f func(parking) error) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	p, err := l.get(ctx, id)
	if err != nil && !errors.Is(err, errUnreadable) {
		return err
	}
	if err := f(p); err != nil {
		return err
	}
	if err := l.shelf.Unpark(ctx, id); err != nil {
		return err
	}
	l.forget(id)
	return nil
}

// outdate notes, before anybody can ask for a replay, that a change of this place was applied: what is older must not follow
// it. drop tells the store.
func (l *lot) outdate(user string, order uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.users[user] {
		s.outdated = s.outdated || s.order < order
	}
}

// outdated tells whether a parked change may not be replayed any more; one that is gone may not.
func (l *lot) outdated(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.spots[id]
	return s == nil || s.outdated
}

// drop removes a user's parked changes that are older than one that was applied.
func (l *lot) drop(ctx context.Context, user string, order uint64) error {
	l.outdate(user, order)
	var ids []string
	l.mu.Lock()
	for id, s := range l.users[user] {
		if s.outdated {
			ids = append(ids, id)
		}
	}
	l.mu.Unlock()
	for _, id := range ids {
		err := l.remove(ctx, id, func(parking) error { return nil })
		if err != nil && !errors.Is(err, hook.ErrNotParked) {
			return err
		}
	}
	return nil
}

// settle ends a replay: what is parked again is kept as before, anything else leaves the lot.
func (l *lot) settle(ctx context.Context, c *change, o outcome, now time.Time) (err error) {
	if o.state == hook.Parked {
		_, err = l.change(ctx, c.ID, func(p *parking) error {
			p.State, p.Reason, p.Attempts, p.Parked, p.Mark = hook.Kept, o.reason, c.attempts, now, nil
			p.Account, p.Remedy = c.account, c.remedy
			return nil
		})
	} else {
		err = l.remove(ctx, c.ID, func(parking) error { return nil })
	}
	if errors.Is(err, hook.ErrNotParked) {
		return nil // Settled by an earlier engine.
	}
	return err
}

// errAsItIs leaves a parked change as it is.
var errAsItIs = errors.New("as it is")

// wipe takes the passwords out of the changes that were parked before a moment, and returns when the next one was parked;
// zero when no password is left.
func (l *lot) wipe(ctx context.Context, before time.Time) (next time.Time, err error) {
	var ids []string
	l.mu.Lock()
	for id, s := range l.spots {
		switch {
		case s.state != hook.Kept:
		case !s.parked.After(before):
			ids = append(ids, id)
		case next.IsZero() || s.parked.Before(next):
			next = s.parked
		}
	}
	l.mu.Unlock()
	for _, id := range ids {
		_, err := l.change(ctx, id, func(p *parking) error {
			if p.State != hook.Kept {
				return errAsItIs
			}
			p.wipe()
			return nil
		})
		if err != nil && !errors.Is(err, errAsItIs) && !errors.Is(err, hook.ErrNotParked) {
			return next, err
		}
	}
	return next, nil
}

// counts returns the number of parked changes by reason.
func (l *lot) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{}
	for _, s := range l.spots {
		n[s.reason]++
	}
	return n
}

// unreadable is what a list shows as the reason of an item that it cannot read.
const unreadable = "unreadable"

// list returns a page of parked changes. It reads the store, so it is the same on every engine.
func list(ctx context.Context, s shelf, want hook.Selection, show func(parking) hook.ParkedChange) ([]hook.ParkedChange, error) {
	var page []hook.ParkedChange
	found := want.After == ""
	for item, err := range s.Parked(ctx) {
		if err != nil {
			return nil, err
		}
		if !found {
			found = item.ID == want.After
			continue
		}
		p, err := decodeParking(item.Data)
		if err != nil {
			p = parking{record: record{ID: item.ID}, Reason: unreadable, Parked: item.Stored, State: hook.Wiped}
		}
		if want.Reason != "" && p.Reason != want.Reason || want.UserName != "" && userKey(p.UserName) != userKey(want.UserName) {
			continue
		}
		if page = append(page, show(p)); len(page) == want.Limit {
			break
		}
	}
	if !found { // It was purged between two pages; what follows it is not known.
		return nil, hook.ErrNotParked
	}
	return page, nil
}
