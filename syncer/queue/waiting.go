package queue

// Waiting is the number of changes that are not done. A process that stands by knows it from the leader's last word.
func (q *Queue) Waiting() int64 { return q.index.count() }
