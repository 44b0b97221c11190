package notify

import (
	"time"
)

// againAfter is the pause after the state file could not be written.
const againAfter = 5 * time.Second

// keep writes what has changed into the state file, as long as mail is delivered and once more after that. What changes while
// the disk is busy shares the next write.
func (n *Notifier) keep() {
	changed, again := n.changed, (<-chan time.Time)(nil)
	for end := false; !end; {
		select {
		case <-changed:
		case <-again:
		case <-n.delivered:
			end = true
		}
		failing, err := again != nil, n.store()
		switch {
		case err != nil:
			if !failing {
				n.log.Error("the state of mails cannot be written; after a crash some users may get a second mail", "error", err)
			}
			changed, again = nil, time.After(againAfter)
		case failing:
			n.log.Info("the state of mails is written again")
			changed, again = n.changed, nil
		}
	}
}

// store writes the entries that have changed, or all of them when most of the file is history.
func (n *Notifier) store() error {
	n.mu.Lock()
	dirty := n.dirty
	n.dirty = map[string]bool{}
	all := n.state.lines > 1000+4*len(n.entries)
	var list []entry
	if all {
		now := time.Now()
		for key, e := range n.entries {
			if e.stale(now, n.config.Quiet) {
				delete(n.entries, key)
				continue
			}
			list = append(list, e.clone())
		}
	} else {
		for key := range dirty {
			if e := n.entries[key]; e != nil {
				list = append(list, e.clone())
			}
		}
	}
	n.mu.Unlock()
	if len(list) == 0 && !all {
		return nil
	}
	write := n.state.append
	if all {
		write = n.state.replace
	}
	err := write(list)
	if err != nil {
		n.mu.Lock()
		for key := range dirty {
			n.dirty[key] = true
		}
		n.mu.Unlock()
	}
	return err
}

func (e *entry) clone() entry {
	c := *e
	if e.Mail != nil {
		m := *e.Mail
		c.Mail = &m
	}
	return c
}
