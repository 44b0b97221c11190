package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// perSession is how many mails go over one connection before the state is looked at anew.
const perSession = 50

// Waits after a failure: of a mail that the server did not take for now (a greylisting server wants to see minutes), and of
// all mails when the server is in trouble. Each is twice as long as the one before, up to the last.
const (
	firstMailWait, lastMailWait     = time.Minute, time.Hour
	firstServerWait, lastServerWait = 10 * time.Second, 10 * time.Minute
)

// letter is a mail that is due.
type letter struct {
	key string
	message
}

// deliver sends what is due until the notifier closes.
func (n *Notifier) deliver(ctx context.Context) {
	trouble := 0 // visits to the server in a row that went wrong
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-n.closing:
			return
		default:
		}
		letters, next := n.due(time.Now(), trouble > 0)
		if len(letters) > 0 {
			err := n.visit(ctx, letters)
			if n.tell(ctx, trouble, err); err == nil {
				trouble = 0
				continue
			}
			trouble++
			if !n.pause(trouble) {
				return
			}
			continue
		}
		var wake <-chan time.Time
		if !next.IsZero() {
			timer.Reset(time.Until(next) + n.spread(0))
			wake = timer.C
		}
		select {
		case <-n.mail:
		case <-wake:
		case <-n.closing:
			return
		}
	}
}

// pause waits out trouble of the server's. It reports false when the notifier closes.
func (n *Notifier) pause(trouble int) bool {
	select {
	case <-time.After(backOff(firstServerWait, lastServerWait, trouble) + n.spread(trouble)):
		return true
	case <-n.closing:
		return false
	}
}

// tell logs trouble of the server's when it begins and when it ends, not with each mail.
func (n *Notifier) tell(ctx context.Context, trouble int, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && trouble == 0:
		n.log.ErrorContext(ctx, "mail cannot be sent; it waits", "server", n.config.Server, "error", err)
	case err == nil && trouble > 0:
		n.log.InfoContext(ctx, "mail is sent again", "server", n.config.Server)
	}
}

// due takes the mails whose time has come, oldest first, and tells when the next one's is. What has waited too long is
// given up, but not for having waited while this process did not run.
func (n *Notifier) due(now time.Time, trouble bool) (list []letter, next time.Time) {
	var expired []entry
	n.mu.Lock()
	for _, e := range n.entries {
		switch {
		case e.Mail == nil:
		case e.Mail.Due.After(now):
			if next.IsZero() || e.Mail.Due.Before(next) {
				next = e.Mail.Due
			}
		case (trouble || e.Mail.Tries > 0) && now.After(e.Mail.Expires):
			expired = append(expired, e.clone())
			e.Mail = nil
			n.dirty[e.Key] = true
		default:
			list = append(list, letter{e.Key, *e.Mail})
		}
	}
	slices.SortFunc(list, func(a, b letter) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.key, b.key)) })
	list = list[:min(len(list), perSession)]
	for _, l := range list {
		n.entries[l.key].sending = true
	}
	n.mu.Unlock()
	for _, e := range expired {
		n.count(Expired)
		n.log.Error("a mail was given up: it could not be sent in time", "for", e.Key, "message_id", e.Mail.ID, "tries", e.Mail.Tries)
	}
	if len(expired) > 0 {
		signal(n.changed)
	}
	return list, next
}

// visit brings mails to the server. The error is the server's trouble; what is wrong with one mail concerns that mail only.
func (n *Notifier) visit(ctx context.Context, letters []letter) error {
	s, err := n.server.connect(ctx)
	if err != nil {
		n.sent(ctx, letters[0], err)
		n.unsent(letters[1:])
		return err
	}
	defer s.close()
	for i, l := range letters {
		select {
		case <-n.closing:
			n.unsent(letters[i:])
			return nil
		default:
		}
		err := s.send(l.message)
		n.sent(ctx, l, err)
		if errors.Is(err, errServer) || errors.Is(err, errCut) {
			n.unsent(letters[i+1:])
			return err
		}
	}
	return nil
}

// sent writes down what became of a mail.
func (n *Notifier) sent(ctx context.Context, l letter, err error) {
	now := time.Now()
	n.mu.Lock()
	e := n.entry(l.key)
	e.sending = false
	outcome := Deferred
	switch {
	case err == nil:
		outcome = Sent
		e.Mail, e.Settled = nil, now
	case errors.Is(err, errRefused):
		outcome = Refused
		e.Mail, e.Settled = nil, now // The next failure would make a mail that is refused, too.
	case e.withdrawn:
		outcome = Withdrawn
		e.Mail = nil
	default:
		e.Mail.Tries++
		if !errors.Is(err, errServer) {
			e.Mail.Due = now.Add(backOff(firstMailWait, lastMailWait, e.Mail.Tries))
		}
	}
	n.mu.Unlock()
	signal(n.changed)
	n.count(outcome)
	switch outcome {
	case Sent:
		n.log.InfoContext(ctx, "mail sent", "for", l.key, "message_id", l.ID)
	case Refused:
		n.log.ErrorContext(ctx, "a mail was refused for good", "for", l.key, "message_id", l.ID, "error", err)
	case Deferred:
		n.log.DebugContext(ctx, "a mail could not be sent", "for", l.key, "message_id", l.ID, "error", err)
	}
}

// unsent gives back mails that were not tried.
func (n *Notifier) unsent(letters []letter) {
	n.mu.Lock()
	withdrawn := 0
	for _, l := range letters {
		e := n.entries[l.key]
		e.sending = false
		if e.withdrawn {
			e.Mail = nil
			n.dirty[l.key] = true
			withdrawn++
		}
	}
	n.mu.Unlock()
	for range withdrawn {
		n.count(Withdrawn)
	}
	signal(n.changed)
}

// backOff is the n-th wait, from 1.
func backOff(first, last time.Duration, n int) time.Duration {
	return min(first<<min(n-1, 10), last)
}

// spread is less than a millisecond: our timers do not tie with anybody's, which keeps runs in virtual time repeatable.
func (n *Notifier) spread(visit int) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write(fmt.Appendf(nil, "%s %d", n.config.Server, visit))
	return time.Duration(h.Sum64()>>12) % time.Millisecond
}
