package okta

import (
	"errors"
	"net/http"
	"strings"
)

// sentence is what administrators read in the list of tasks. The first and the second are quoted in articles of Okta's and of
// others; the rest is worded after them.
func (p *push) sentence(err error) string {
	login, text := p.to.userName, err.Error()
	name, label := strings.TrimSpace(p.task.name), p.app.label
	var what, how string
	switch p.task.Kind {
	case PushUser:
		what, how = "provisioning of user "+name+" to", "Error while creating user "+login
	case PushProfile:
		what, how = "profile push of user "+name+" to", "Error while trying to push profile update for "+login
	case PushPassword:
		what, how = "password push of user "+name+" to", "Error while trying to push password update for "+login
	case Deactivate:
		what, how = "deprovisioning of user "+name+" from", "Error while deactivating user "+login
	case Reactivate:
		what, how = "reactivation of user "+name+" to", "Error while reactivating user "+login
	}
	if refused, ok := errors.AsType[*refusedPush](err); ok && refused.bare {
		return "Automatic " + what + " app " + label + " failed: " + text
	}
	return "Automatic " + what + " app " + label + " failed: " + how + ": " + text
}

// noteEnd writes the events of a task's end.
func (p *push) noteEnd(err error) {
	who := &p.who
	if who.ID == "" { // deleted here meanwhile
		who = nil
	}
	about := []eventTarget{p.app.target(), p.to.target(p.app.label)}
	kind := p.event(err == nil)
	if err != nil {
		p.s.note(kind, who, "FAILURE", err.Error(), about...)
		p.s.note(eventTask, who, "SUCCESS", "", about...)
		return
	}
	p.s.note(kind, who, "SUCCESS", "", about...)
	if p.task.Kind == PushUser {
		p.s.note(eventPushed, who, "SUCCESS", "", about...)
	}
}

// event is the type of event that ends a task.
func (p *push) event(good bool) eventKind {
	switch p.task.Kind {
	case PushUser:
		if good {
			return eventPush
		}
		return eventPushFailed
	case PushProfile:
		if good {
			return eventPushProfile
		}
		return eventProfileFailed
	case PushPassword:
		switch {
		case !good:
			return eventPushTrouble
		case p.app.features.syncs():
			return eventPushOkta
		}
		return eventPushUnique
	case Deactivate:
		return eventPushEnd
	case Reactivate:
	}
	return eventPushAgain
}

// noteThrottled writes that the other org's rate limit holds the application up.
func (p *push) noteThrottled(r *refusedPush) {
	if r.status == http.StatusTooManyRequests {
		p.s.note(eventThrottledOut, &p.who, "FAILURE", r.text, p.app.target())
	}
}
