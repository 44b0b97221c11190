package okta

import (
	"cmp"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// eventKind is a type of event (Okta, Event types), with its old name and its message.
type eventKind struct{ name, legacy, message string }

var (
	eventCreate          = eventKind{"user.lifecycle.create", "core.user.config.user_creation.success", "Create okta user"}
	eventActivate        = eventKind{"user.lifecycle.activate", "core.user.config.user_activated", "Activate Okta user"}
	eventReactivate      = eventKind{"user.lifecycle.reactivate", "core.user.config.user_status.password_reset", "Reactivate Okta user"}
	eventDeactivate      = eventKind{"user.lifecycle.deactivate", "core.user.config.user_deactivated", "Deactivate Okta user"}
	eventSuspend         = eventKind{"user.lifecycle.suspend", "core.user.config.user_suspended", "Suspend Okta user"}
	eventUnsuspend       = eventKind{"user.lifecycle.unsuspend", "core.user.config.user_unsuspended", "Unsuspend Okta user"}
	eventDeleteInitiated = eventKind{"user.lifecycle.delete.initiated", "", "Delete Okta user initiated"}
	eventDeleted         = eventKind{"user.lifecycle.delete.completed", "", "Delete Okta user completed"}
	eventUpdatePassword  = eventKind{"user.account.update_password", "core.user.config.password_update.success", "User update password for Okta"}
	eventResetPassword   = eventKind{"user.account.reset_password", "core.user.config.user_status.password_reset", "User reset password for Okta"}
	eventExpirePassword  = eventKind{"user.account.expire_password", "core.user.config.password_expired", "Expire password for user"}
	eventUpdateProfile   = eventKind{"user.account.update_profile", "core.user.config.profile_update.success", "Update user profile for Okta"}
	eventLock            = eventKind{"user.account.lock", "core.user_auth.account_locked", "Max sign in attempts exceeded"}
	eventUnlock          = eventKind{"user.account.unlock_by_admin", "core.user.config.account_unlock", "Unlock user account by admin"}
	eventImportPassword  = eventKind{"user.import.password", "", "Import user password"}
	eventSessionStart    = eventKind{"user.session.start", "core.user_auth.login_success", "User login to Okta"}
	eventRateWarning     = eventKind{"system.org.rate_limit.warning", "", "Rate limit warning"}
	eventRateBurst       = eventKind{"system.org.rate_limit.burst", "", "Rate limit burst"}
	eventRateLimit       = eventKind{"system.org.rate_limit.violation", "", "Rate limit violation"}
	eventUserLimit       = eventKind{"system.operation.rate_limit.violation", "", "Operation rate limit violation"}
	eventConcurrency     = eventKind{"core.concurrency.org.limit.violation", "core.concurrency.org.limit.violation", "Too many concurrent requests in flight"}
)

// event is one entry of the System Log. It is never changed.
type event struct {
	sequence         uint64
	uuid             string
	published        time.Time
	kind             eventKind
	severity         string
	outcome, reason  string
	actor, actorType string
	client           principal
	userAgent, ip    string
	requestID, path  string
	userID, login    string // the target
	displayName      string
	others           []eventTarget // an application, an identity provider
}

// logCapacity bounds the log; the oldest events go first. Okta keeps ninety days.
const logCapacity = 20_000

// systemLog is a ring of events.
type systemLog struct {
	mu   sync.RWMutex
	ring []*event
	next uint64 // the sequence number of the next event, from 1
}

func newSystemLog() *systemLog { return &systemLog{next: 1} }

func (l *systemLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring = nil
}

func (l *systemLog) add(e *event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.sequence = l.next
	l.next++
	if len(l.ring) < logCapacity {
		l.ring = append(l.ring, e)
		return
	}
	copy(l.ring, l.ring[logCapacity/4:])
	l.ring = append(l.ring[:logCapacity-logCapacity/4], e)
}

// all is a copy of what there is, in the order in which it was written.
func (l *systemLog) all() []*event {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return append([]*event(nil), l.ring...)
}

// log writes an event about a user, or about something else.
func (c *call) log(kind eventKind, p *people.Person, outcome, reason string, others ...eventTarget) {
	e := c.s.newEvent(c.r, kind, outcome, reason)
	e.others = others
	e.requestID = first(c.w.Header()["X-Okta-Request-Id"])
	e.client = c.who
	if p != nil {
		e.userID, e.login = p.ID, p.UserName
		e.displayName = p.GivenName + " " + p.FamilyName
	}
	switch {
	case c.who.name == "" && p != nil: // the user's own doing
		e.actor, e.actorType = p.UserName, "User"
	case c.who.token: // its owner, where there is one (Okta, System Log API)
		e.actor, e.actorType = cmp.Or(c.who.owner, c.who.name), "User"
	default:
		e.actor, e.actorType = c.who.name, "PublicClientApp"
	}
	c.s.log.add(e)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (s *Server) newEvent(r *http.Request, kind eventKind, outcome, reason string) *event {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	severity := "INFO"
	if outcome != "SUCCESS" {
		severity = "WARN"
	}
	return &event{
		uuid: s.ids.event(), published: s.kernel.Clock.Now(), kind: kind, severity: severity, outcome: outcome, reason: cut(reason),
		userAgent: r.UserAgent(), ip: ip, path: r.URL.Path,
	}
}

// longestReason is that of outcome.reason (Okta, OpenAPI, LogOutcome): the sentence of a refused password is longer.
const longestReason = 255

func cut(reason string) string {
	if letters := []rune(reason); len(letters) > longestReason {
		return string(letters[:longestReason])
	}
	return reason
}

// noteLimit is an event of a bucket that fills up or is used up, once a window, or of a user name that signs in too often.
func (s *Server) noteLimit(r *http.Request, kind eventKind, bucket string) {
	outcome := ""
	if kind == eventRateLimit || kind == eventUserLimit {
		outcome = "DENY"
	}
	e := s.newEvent(r, kind, outcome, "")
	e.path = bucket
	e.actor, e.actorType = "system@okta.com", "SystemPrincipal"
	s.log.add(e)
}

// noteCrowd is the event of too many requests at once, at most once a minute.
func (s *Server) noteCrowd(l *limiter, r *http.Request) {
	now := time.Now()
	l.mu.Lock()
	news := l.crowded.IsZero() || now.Sub(l.crowded) >= rateWindow
	if news {
		l.crowded = now
	}
	l.mu.Unlock()
	if news {
		e := s.newEvent(r, eventConcurrency, "", "")
		e.actor, e.actorType = "system@okta.com", "SystemPrincipal"
		s.log.add(e)
	}
}
