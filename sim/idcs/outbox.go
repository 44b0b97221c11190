package idcs

import (
	"encoding/base64"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The kinds of mail that the domain sends.
const (
	// MailPasswordReset has a token with which the user sets a password.
	MailPasswordReset = "password_reset"
	// MailPasswordChanged tells the user that his password was changed.
	MailPasswordChanged = "password_changed"
	// MailActivation has a token with which the user sets a first password.
	MailActivation = "activation"
)

// Mail is what the domain would have sent to a user. A user who reads his mail reads the token.
type Mail = harness.Mail

// outboxLimit is how many mails are kept.
const outboxLimit = 10_000

// outbox keeps the mails that the domain would have sent: nothing leaves the simulator.
type outbox struct {
	mu    sync.Mutex
	mails []Mail
	sent  uint64
}

func (o *outbox) post(m Mail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	m.Sequence = o.sent
	if len(o.mails) >= 2*outboxLimit {
		o.mails = append(make([]Mail, 0, 2*outboxLimit), o.mails[len(o.mails)-outboxLimit+1:]...)
	}
	o.mails = append(o.mails, m)
}

func (o *outbox) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = nil // the sequence goes on, so that a reader's "after 7" stays true
}

// mail writes to a user's primary address, if there is one.
func (s *Server) mail(p *people.Person, kind string, token secret.Value) {
	if to := p.PrimaryEmail(); to != "" {
		s.outbox.post(Mail{At: s.kernel.Clock.Now(), User: p.UserName, To: to, Kind: kind, Token: token})
	}
}

// Outbox returns the mails after a sequence number, to one user or to all when the name is empty, oldest first; and how many
// were ever sent to all.
func (s *Server) Outbox(userName string, after uint64, limit int) (mails []Mail, sent uint64) {
	wanted := userName
	if p, ok := s.people.ByUserName(userName); ok {
		wanted = p.UserName // as the user writes it
	}
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	for _, m := range s.outbox.mails {
		if m.Sequence > after && (wanted == "" || m.User == wanted) && len(mails) < limit {
			mails = append(mails, m)
		}
	}
	return mails, s.outbox.sent
}

// resetTokenLife is that of a captured token (Oracle, idm-samples, IDCS REST Postman collection, UserTokens).
const resetTokenLife = 24 * time.Hour

// resetTokens are the tokens with which users may set a password without the old one: the newest of each user.
type resetTokens struct {
	mu      sync.Mutex
	byToken map[secret.Digest]resetToken
	ofUser  map[string]secret.Digest
	// requested is when a user has last asked for a token himself.
	requested map[string]time.Time
}

type resetToken struct {
	user    string
	expires time.Time
}

func (t *resetTokens) issue(digest secret.Digest, user string, expires time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byToken == nil {
		t.byToken, t.ofUser = map[secret.Digest]resetToken{}, map[string]secret.Digest{}
	}
	delete(t.byToken, t.ofUser[user])
	t.byToken[digest], t.ofUser[user] = resetToken{user, expires}, digest
}

// user is whose token it is; "" when it is not valid (any more).
func (t *resetTokens) user(digest secret.Digest, now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token, ok := t.byToken[digest]; ok && now.Before(token.expires) {
		return token.user
	}
	return ""
}

// spend makes the token invalid. Of two who try at once, one is told true.
func (t *resetTokens) spend(digest secret.Digest) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	token, ok := t.byToken[digest]
	if ok {
		delete(t.byToken, digest)
		delete(t.ofUser, token.user)
	}
	return ok
}

// claim notes that a user asks for a token, or returns how long he has to wait.
func (t *resetTokens) claim(user string, now time.Time, pause time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.requested[user]; ok && now.Before(last.Add(pause)) {
		return last.Add(pause).Sub(now)
	}
	if t.requested == nil {
		t.requested = map[string]time.Time{}
	}
	t.requested[user] = now
	return 0
}

func (t *resetTokens) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.byToken)
	clear(t.ofUser)
	clear(t.requested)
}

// newResetToken makes a token for a user; those made for him before end.
func (s *Server) newResetToken(user string) secret.Value {
	token := secret.New(base64.StdEncoding.EncodeToString(s.tokens.Bytes(32)))
	s.resets.issue(s.kernel.Digester.Digest(token), user, s.kernel.Clock.Now().Add(resetTokenLife))
	return token
}
