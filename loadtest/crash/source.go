package crash

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// again is how long the source waits before it submits a change again that was not acknowledged.
const again = 20 * time.Millisecond

// source changes passwords in a number of lanes. A user belongs to one lane, so that his changes have an order.
type source struct {
	system   *sut.Process
	plan     loadtest.Plan
	changes  int
	lanes    int
	acked    atomic.Int64
	repeated atomic.Int64 // submissions that were not acknowledged at first
	stream   *random.Stream

	mu   sync.Mutex
	made []invariants.Change
}

// run makes all changes; it returns early only when ctx ends or a change is refused as such.
func (s *source) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var lanes sync.WaitGroup
	for lane := range s.lanes {
		lanes.Go(func() {
			if err := s.lane(ctx, lane); err != nil {
				stop(err)
			}
		})
	}
	lanes.Wait()
	return context.Cause(ctx)
}

func (s *source) lane(ctx context.Context, lane int) error {
	var own []loadtest.User
	for i := lane; i < len(s.plan.Users); i += s.lanes {
		own = append(own, s.plan.Users[i])
	}
	for n := lane; n < s.changes; n += s.lanes {
		i := n / s.lanes % len(own)
		password, err := s.password(own[i])
		if err != nil {
			return err
		}
		c := invariants.Change{
			TransactionID: fmt.Sprintf("%s-%06d", s.stream.Hex(8), n), User: own[i].Name, Password: password,
			Submitted: time.Now(), Acceptable: true,
		}
		id, err := s.submit(ctx, sut.Change{
			TransactionID: c.TransactionID, UserName: c.User, Password: password, Attributes: own[i].Attributes,
		})
		if err != nil {
			return err
		}
		c.ID, c.Acknowledged, c.Acked = id, time.Now(), true
		s.note(c)
		own[i].Password = password
	}
	return nil
}

// submit goes on until the change is acknowledged.
func (s *source) submit(ctx context.Context, c sut.Change) (string, error) {
	for {
		id, err := s.system.Submit(ctx, c)
		if err == nil {
			return id, nil
		}
		var refused *sut.SubmitError
		if errors.As(err, &refused) && refused.Status < 500 {
			return "", fmt.Errorf("%s: %w", c.UserName, err)
		}
		s.repeated.Add(1)
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// password chooses a new one; the plan's generator is not for several at once.
func (s *source) password(u loadtest.User) (secret.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan.Password(u)
}

// note numbers the changes in the order of their acknowledgement, which is the order of submission for each user.
func (s *source) note(c invariants.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Number = len(s.made) + 1
	s.made = append(s.made, c)
	s.acked.Add(1)
}
