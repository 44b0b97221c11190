package queue

import "context"

// Lead returns when this process is the one that delivers. On a directory that is at once: the lock keeps others out.
func (q *Queue) Lead(context.Context) error { return nil }

// Lost is closed when this process no longer leads.
func (q *Queue) Lost() <-chan struct{} { return q.lost }
