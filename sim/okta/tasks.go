package okta

import (
	"fmt"
	"time"
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

// Tasks are the tasks of all applications, in the order in which they arose.
func (s *Server) Tasks() []Task { return nil }

// RetryTask tries a failed task again, as the button of the console does.
func (s *Server) RetryTask(id string) error {
	return fmt.Errorf("%w: there is no task %q", ErrInvalid, id)
}
