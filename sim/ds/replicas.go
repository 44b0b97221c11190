package ds

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/seatrial/seatrial/sim/ds/directory"
)

// Replicas are the servers of one directory: each takes what happens on the others, as late as its own lag says, and counts its
// changes for itself. Users who are added past LDAP are on all of them at once.
type Replicas struct {
	servers []*Server

	// turn is held by who starts, stops or resets: one slot, because those wait.
	turn    chan struct{}
	stop    context.CancelFunc // nil while nothing is replicated
	running sync.WaitGroup
}

// Join makes servers replicas of the first one.
func Join(first *Server, others ...*Server) (*Replicas, error) {
	r := &Replicas{servers: append([]*Server{first}, others...), turn: make(chan struct{}, 1)}
	for _, s := range r.servers {
		s.replicas = r
	}
	return r, r.align(first)
}

// align makes all others what one is.
func (r *Replicas) align(with *Server) error {
	var all []error
	for _, s := range r.servers {
		if s != with {
			all = append(all, s.directory.Initialize(with.directory))
		}
	}
	return errors.Join(all...)
}

// Start lets changes travel until Stop. What has changed before is not made up for.
func (r *Replicas) Start(ctx context.Context) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.start(ctx)
}

func (r *Replicas) start(ctx context.Context) {
	ctx, r.stop = context.WithCancel(ctx)
	for _, to := range r.servers {
		for _, from := range r.servers {
			if to == from {
				continue
			}
			s := to.directory.Subscribe(from.directory)
			r.running.Go(func() { follow(ctx, s, to.directory, from.directory) })
		}
	}
}

// follow replicates. A replica that has fallen too far behind is initialized again, as an administrator would do.
func follow(ctx context.Context, s *directory.Subscription, to, from *directory.Directory) {
	for s.Run(ctx) != nil && ctx.Err() == nil {
		s = to.Subscribe(from)
		if to.Initialize(from) != nil {
			return // the schemas differ; Join has refused that
		}
	}
}

// Stop ends replication; what was under way does not arrive.
func (r *Replicas) Stop() {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.halt()
}

func (r *Replicas) halt() (ran bool) {
	if r.stop == nil {
		return false
	}
	r.stop()
	r.running.Wait()
	r.stop = nil
	return true
}

// reset brings all directories back to their start, with the entries of one.
func (r *Replicas) reset(of *Server) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	ran := r.halt()
	for _, s := range r.servers {
		_ = s.directory.Reset() // the configuration was good once
	}
	_ = r.align(of)
	if ran {
		r.start(context.Background()) // until Stop
	}
}

// Import replaces what is in the directory, and in its replicas, by the entries of an LDIF. Each that is refused is told to reject;
// it goes on without the entry unless reject returns an error. From then on a reset brings these entries back. It returns how many
// there are.
func (s *Server) Import(ctx context.Context, file string, in io.Reader, reject func(error) error) (int, error) {
	r := s.replicas
	if r == nil {
		n, err := s.directory.ImportWithout(ctx, file, in, reject)
		if err == nil {
			s.directory.Keep()
		}
		return n, err
	}
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.halt() {
		defer r.start(context.WithoutCancel(ctx)) // until Stop
	}
	n, err := s.directory.ImportWithout(ctx, file, in, reject)
	if err = errors.Join(err, r.align(s)); err != nil {
		return n, err
	}
	for _, one := range r.servers {
		one.directory.Keep()
	}
	return n, nil
}

// adopt puts an entry that was added past LDAP on the others, too.
func (r *Replicas) adopt(from *Server, dn string) error {
	var all []error
	for _, s := range r.servers {
		if s != from {
			all = append(all, s.directory.Adopt(from.directory, dn))
		}
	}
	return errors.Join(all...)
}
