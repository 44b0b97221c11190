package okta

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Provisioning of another org, by an application okta_org2org. What happens here becomes a task, and one worker does the tasks:
//
//	application assigned       push_user      find by login; create, or link and push profile and a temporary password
//	profile changed            push_profile
//	new password, or sign-in   push_password  the real one: only now this org has seen it since the assignment
//	user deactivated           deactivate
//	user activated again       reactivate
//	application taken away     deactivate     with lifecycleDeactivate only
//
// Which requests Okta sends is not published: the scopes that a connection wants say that it is the Users API.

// errStarted is the answer to a second Start.
var errStarted = errors.New("okta: the provisioning of this org has been started already")

// Start begins the org's provisioning of other orgs, which lasts until Stop, also when ctx ends before.
func (s *Server) Start(ctx context.Context) error {
	q := s.tasks
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stop != nil {
		return errStarted
	}
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	q.ended = ended
	go func() {
		defer close(ended)
		s.work(ctx)
	}()
	return nil
}

// Stop ends what Start began, and waits for it until ctx ends. What was under way is tried anew after another Start.
func (s *Server) Stop(ctx context.Context) error {
	q := s.tasks
	q.mu.Lock()
	stop, ended := q.stop, q.ended
	q.stop, q.ended = nil, nil
	q.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("okta: stop provisioning: %w", ctx.Err())
	}
}

func (s *Server) work(ctx context.Context) {
	for ctx.Err() == nil {
		t, wait := s.tasks.take(time.Now())
		if t == nil {
			if !s.tasks.wait(ctx, wait) {
				return
			}
			continue
		}
		s.attempt(ctx, t)
	}
}

// enqueue makes a task.
func (s *Server) enqueue(kind TaskKind, a *application, u *appUser, p *people.Person) {
	t := &task{
		Task: Task{ID: s.ids.next("tsk"), Kind: kind, User: p.UserName, App: a.label, At: s.kernel.Clock.Now()},
		app:  a.id, user: u.user, assignment: u.id, name: p.GivenName + " " + p.FamilyName,
	}
	s.apps.changeUser(u.id, func(u *appUser) { u.open++ })
	if !s.tasks.add(t, time.Now()) {
		s.apps.changeUser(u.id, func(u *appUser) { u.open-- })
	}
}

// noticed makes tasks of what a write has changed in a user.
func (s *Server) noticed(before, after *people.Person) {
	apps, assignments := s.apps.appsOf(after.ID)
	for i := range apps {
		if apps[i].provisions() {
			s.noticedBy(&apps[i], &assignments[i], before, after)
		}
	}
}

func (s *Server) noticedBy(a *application, u *appUser, before, after *people.Person) {
	was, is := AccountOf(before), AccountOf(after)
	gone := is.leaving()
	switch {
	case !a.features.deactivates():
	case gone && !was.leaving():
		s.enqueue(Deactivate, a, u, after)
	case !gone && was.leaving():
		s.enqueue(Reactivate, a, u, after)
	}
	if m := profileOf(after); !maps.Equal(profileOf(before), m) {
		if !u.chosen && u.userName != m["login"] {
			s.apps.changeUser(u.id, func(u *appUser) { u.userName = m["login"] })
		}
		if a.features.updates() && !gone {
			s.enqueue(PushProfile, a, u, after)
		}
	}
	// A password that must be changed at the next sign-in is not the user's yet.
	c := &after.Credential
	if c.HasPassword() && (c.Digest != before.Credential.Digest || !c.SetAt.Equal(before.Credential.SetAt)) && !gone && is.Status != PasswordExpired {
		if a.features.followsChanges() || a.features.syncs() && u.pushed.IsZero() {
			s.enqueue(PushPassword, a, u, after)
		}
	}
}

// noticedSignIn pushes the password of a sign-in: for a user who has been assigned since he last changed it, this is when the
// other org gets the real one (Okta, Password sync to applications).
func (s *Server) noticedSignIn(p *people.Person) {
	apps, assignments := s.apps.appsOf(p.ID)
	for i := range apps {
		a, u := &apps[i], &assignments[i]
		if !a.provisions() || !a.features.syncs() || !p.Credential.HasPassword() {
			continue
		}
		first := u.pushed.IsZero()
		if first || u.pushed != p.Credential.Digest && a.features.followsChanges() || s.is(signInPush, "always") {
			s.enqueue(PushPassword, a, u, p)
		}
	}
}

// attempt does a task once.
func (s *Server) attempt(ctx context.Context, t *task) {
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	s.tasks.mu.Lock()
	s.tasks.abandon = abandon
	s.tasks.mu.Unlock()
	p, ok := s.newPush(t)
	if !ok { // the application or the assignment is gone, and nothing is to be done for it
		s.apps.changeUser(t.assignment, func(u *appUser) { u.open-- })
		s.apps.release(t.assignment)
		s.tasks.settle(t, TaskDone, "", s.kernel.Clock.Now(), time.Now())
		return
	}
	err := p.run(ctx)
	if ctx.Err() != nil { // stopped, or reset
		s.tasks.postpone(t, false, time.Now())
		return
	}
	refused, known := errors.AsType[*refusedPush](err)
	if known {
		if wait, again := s.comesAgain(refused, t.attempts); again {
			p.noteThrottled(refused)
			s.tasks.postpone(t, true, time.Now().Add(wait))
			return
		}
	}
	s.conclude(p, err)
}

// mostRetries is how often a task is tried again by itself; then it waits for an administrator.
const mostRetries = 3

// comesAgain decides about what may pass by itself. None of it is documented, so a switch says what does.
func (s *Server) comesAgain(r *refusedPush, attempts int) (time.Duration, bool) {
	switch {
	case attempts >= mostRetries, s.is(pushRetry, "never"):
		return 0, false
	case r.status == http.StatusTooManyRequests:
		return max(r.wait, time.Second), true
	case r.passing() && s.is(pushRetry, "transient"):
		return time.Minute << attempts, true
	}
	return 0, false
}

// conclude ends a task and tells the application's user and the System Log what became of it.
func (s *Server) conclude(p *push, err error) {
	now := s.now()
	s.apps.changeUser(p.to.id, func(u *appUser) {
		u.open--
		u.failed = slices.DeleteFunc(slices.Clone(u.failed), func(k TaskKind) bool {
			return k == p.task.Kind || err == nil && p.task.Kind != PushProfile && p.task.Kind != PushPassword
		})
		if err != nil {
			u.failed = append(u.failed, p.task.Kind)
			return
		}
		u.syncedAt = now
		switch p.task.Kind {
		case Deactivate:
			u.move(appUserInactive, now)
		case Reactivate:
			u.move(appUserProvisioned, now)
		case PushUser, PushProfile, PushPassword:
		}
	})
	state, sentence := TaskDone, ""
	if err != nil {
		state, sentence = TaskFailed, p.sentence(err)
	}
	p.noteEnd(err)
	if err == nil || p.task.Kind != Deactivate { // a deactivation that failed may be tried again
		s.apps.release(p.to.id)
	}
	s.tasks.settle(p.task, state, sentence, s.kernel.Clock.Now(), time.Now())
}
