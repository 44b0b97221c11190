package okta

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// TaskKind is what a task does to an application's user.
type TaskKind string

// The kinds of tasks.
const (
	PushUser     TaskKind = "push_user" // find or create, link, and what follows from it
	PushProfile  TaskKind = "push_profile"
	PushPassword TaskKind = "push_password"
	Deactivate   TaskKind = "deactivate"
	Reactivate   TaskKind = "reactivate"
)

// TaskState is how far a task is.
type TaskState string

// The states of a task. One that waits for its turn or for another attempt is running.
const (
	TaskRunning TaskState = "running"
	TaskDone    TaskState = "done"
	TaskFailed  TaskState = "failed"
)

// Task is one thing that an application's provisioning does to a user of another org.
type Task struct {
	ID   string
	Kind TaskKind
	// User is the login in this org.
	User string
	// App is the application's label.
	App   string
	State TaskState
	// Error is the sentence that administrators see; "" while nothing has failed.
	Error string
	// At is when the state was reached.
	At time.Time
}

// task is a Task with what its execution needs. The fields of Task, due and attempts belong to the queue's lock; the rest never
// changes.
type task struct {
	Task
	number                      uint64
	app, user, assignment, name string
	due                         time.Time
	attempts                    int
	started                     bool
}

func (t *task) line() membership { return membership{t.app, t.user} }

// taskQueue are the tasks: those of one user of one application happen one after the other, in the order in which they arose;
// those of different users by the time that they are due.
type taskQueue struct {
	jitter *random.Stream
	wake   chan struct{} // has one place: something is due sooner than was thought

	mu     sync.Mutex
	order  []*task
	number uint64
	lines  map[membership][]*task
	due    dueHeap // the first of each line, but for the one under way
	// abandon ends the attempt under way.
	abandon context.CancelFunc
	// stop and ended are those of the worker; nil when there is none.
	stop  context.CancelFunc
	ended chan struct{}
}

// taskCapacity bounds the list: tasks that are done or have failed go first.
const taskCapacity = 20_000

func newTaskQueue(jitter *random.Stream) *taskQueue {
	return &taskQueue{jitter: jitter, wake: make(chan struct{}, 1), lines: map[membership][]*task{}}
}

func (q *taskQueue) reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.order, q.due = nil, nil
	clear(q.lines)
	if q.abandon != nil {
		q.abandon()
	}
}

// add puts a task at the end of its line. One that waits there already for the same does for both: what a task pushes is what
// the user has when its turn comes. But not one before a deactivation or reactivation: those have an order, and a deactivation may
// take away what was pushed before.
func (q *taskQueue) add(t *task, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, one := range slices.Backward(q.lines[t.line()]) {
		if one.Kind == t.Kind && one.assignment == t.assignment && !one.started {
			return false
		}
		if one.Kind == Deactivate || one.Kind == Reactivate {
			break
		}
	}
	if len(q.order) >= taskCapacity {
		q.order = slices.DeleteFunc(q.order, func() func(*task) bool {
			left := taskCapacity / 4
			return func(one *task) bool {
				left--
				return left >= 0 && one.State != TaskRunning
			}
		}())
	}
	q.number++
	t.number = q.number
	q.order = append(q.order, t)
	q.queue(t, now)
	return true
}

// queue puts a task at the end of its line. The caller holds the lock.
func (q *taskQueue) queue(t *task, now time.Time) {
	t.State, t.Error, t.attempts, t.started = TaskRunning, "", 0, false
	q.lines[t.line()] = append(q.lines[t.line()], t)
	if len(q.lines[t.line()]) == 1 {
		q.schedule(t, now)
	}
}

// schedule adds a few nanoseconds, so that no two tasks are due at once. The caller holds the lock.
func (q *taskQueue) schedule(t *task, at time.Time) {
	t.due = at.Add(q.jitter.Jitter(time.Microsecond))
	heap.Push(&q.due, t)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns the next task, or how long to wait for it; 0 is until something arises.
func (q *taskQueue) take(now time.Time) (*task, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 {
		return nil, 0
	}
	if wait := q.due[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	t, _ := heap.Pop(&q.due).(*task)
	t.started = true
	return t, 0
}

// wait is false when ctx ends.
func (q *taskQueue) wait(ctx context.Context, d time.Duration) bool {
	var ring <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		ring = timer.C
	}
	select {
	case <-q.wake:
		return true
	case <-ring:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle ends a task and lets the next of its line go. A task that a reset has swept away is nobody's any more.
func (q *taskQueue) settle(t *task, state TaskState, sentence string, at, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.lines[t.line()]
	if len(line) == 0 || line[0] != t {
		return
	}
	t.State, t.Error, t.At = state, sentence, at
	if line = line[1:]; len(line) == 0 {
		delete(q.lines, t.line())
		return
	}
	q.lines[t.line()] = line
	q.schedule(line[0], now)
}

// postpone lets a task come again; counted says that this was an attempt of its own. The line of the task waits with it.
func (q *taskQueue) postpone(t *task, counted bool, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.lines[t.line()]
	if len(line) == 0 || line[0] != t {
		return
	}
	if t.started = false; counted {
		t.attempts++
	}
	q.schedule(t, until)
}

func (q *taskQueue) all() []Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Task, 0, len(q.order))
	for _, t := range q.order {
		list = append(list, t.Task)
	}
	return list
}

// failed finds a task that has failed.
func (q *taskQueue) failed(id string) (*task, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.IndexFunc(q.order, func(t *task) bool { return t.ID == id })
	if at < 0 {
		return nil, fmt.Errorf("%w: there is no task %q", ErrInvalid, id)
	}
	if t := q.order[at]; t.State == TaskFailed {
		return t, nil
	}
	return nil, fmt.Errorf("%w: task %q has not failed", ErrInvalid, id)
}

// again is false when the task has not failed: somebody else was faster.
func (q *taskQueue) again(t *task, at, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.State != TaskFailed {
		return false
	}
	t.At = at
	q.queue(t, now)
	return true
}

// dueHeap is a heap of tasks by the time that they are due.
type dueHeap []*task

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].number < h[j].number
}

func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *dueHeap) Push(x any) {
	if t, ok := x.(*task); ok {
		*h = append(*h, t)
	}
}

// Pop is for container/heap.
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// Tasks are the tasks of all applications, in the order in which they arose. Of those that have ended the oldest are forgotten.
func (s *Server) Tasks() []Task { return s.tasks.all() }

// RetryTask tries a failed task again, as the button of the console does.
func (s *Server) RetryTask(id string) error {
	t, err := s.tasks.failed(id)
	if err != nil {
		return err
	}
	s.apps.changeUser(t.assignment, func(u *appUser) { u.open++ })
	if !s.tasks.again(t, s.kernel.Clock.Now(), time.Now()) {
		s.apps.changeUser(t.assignment, func(u *appUser) { u.open-- })
	}
	return nil
}
