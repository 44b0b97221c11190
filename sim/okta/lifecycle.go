package okta

import (
	"net/http"
	"net/url"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The life of a user, as far as calls move it:
//
//	STAGED, DEPROVISIONED ── activate ──► ACTIVE with a password or elsewhere's, else PROVISIONED
//	PROVISIONED, RECOVERY ── reactivate ──► the same, with a new activation token
//	any but DEPROVISIONED ── deactivate, or a first DELETE ──► DEPROVISIONED
//	ACTIVE ── suspend ──► SUSPENDED ── unsuspend ──► ACTIVE
//	ACTIVE ── too many failed sign-ins ──► LOCKED_OUT ── unlock, or time ──► ACTIVE
//	ACTIVE ── expire_password ──► PASSWORD_EXPIRED ── a new password ──► ACTIVE
//	an Okta user ── reset_password ──► RECOVERY ── a new password ──► ACTIVE
func mountLifecycle(t table) {
	for name, serve := range map[string]func(*call) error{
		"activate": (*call).activate, "reactivate": (*call).reactivate, "deactivate": (*call).deactivateUser,
		"suspend": (*call).suspend, "unsuspend": (*call).unsuspend,
	} {
		t.add(http.MethodPost, userPath+"/lifecycle/"+name, name, writeUsers, serve)
	}
	t.add(http.MethodPost, userPath+"/lifecycle/unlock", "unlock", resetCredentials, (*call).unlock)
	t.add(http.MethodPost, userPath+"/lifecycle/reset_password", "reset_password", resetCredentials, (*call).resetPassword)
	t.add(http.MethodPost, userPath+"/lifecycle/expire_password", "expire_password", resetCredentials, (*call).expirePassword)
	t.add(http.MethodPost, userPath+"/lifecycle/expire_password_with_temp_password", "expire_password", resetCredentials, (*call).expireWithTemporary)
}

func (c *call) activate() error {
	mail, err := c.flag("sendEmail", true)
	if err != nil {
		return err
	}
	p, err := c.change(eventActivate, func(p *people.Person, a *Account, _ profile) error {
		switch a.Status {
		case Staged, Deprovisioned:
		case Active:
			return refuse(alreadyActive)
		default:
			return refuse(wrongStatus)
		}
		next := Provisioned
		if a.federated() || a.delegated() || hasPassword(p, a) || c.s.is(optionalPassword, "on") {
			next = Active
		}
		a.move(next, c.s.now())
		a.Activated = a.StatusChanged
		return nil
	})
	if err != nil {
		return err
	}
	return c.sendActivation(&p, mail)
}

func (c *call) reactivate() error {
	mail, err := c.flag("sendEmail", false)
	if err != nil {
		return err
	}
	p, err := c.change(eventReactivate, func(_ *people.Person, a *Account, _ profile) error {
		if a.Status != Provisioned && a.Status != Recovery {
			return refuse(wrongStatus)
		}
		return errUnchanged
	})
	if err != nil {
		return err
	}
	return c.sendActivation(&p, mail)
}

// sendActivation answers with a token, or with nothing when it goes out by mail.
func (c *call) sendActivation(p *people.Person, mail bool) error {
	if mail {
		return c.sendJSON(object{})
	}
	token := c.s.states.issue(p.ID, forRecovery, c.s.kernel.Clock.Now())
	c.x.Secret(secret.New(token))
	return c.sendJSON(object{
		{"activationUrl", c.base + "/welcome/" + url.PathEscape(token)}, {"activationToken", token},
	})
}

// deactivate is a write for change.
func (s *Server) deactivate(p *people.Person, a *Account, _ profile) error {
	if a.Status == Deprovisioned {
		return refuse(wrongStatus)
	}
	s.takeAway(p, a, s.now())
	return nil
}

func (c *call) deactivateUser() error { return c.act(eventDeactivate, c.deactivation()) }

// act is a write that is answered with an empty object.
func (c *call) act(kind eventKind, f func(*people.Person, *Account, profile) error) error {
	if _, err := c.change(kind, f); err != nil {
		return err
	}
	return c.sendJSON(object{})
}

func (c *call) suspend() error {
	return c.act(eventSuspend, func(_ *people.Person, a *Account, _ profile) error {
		if a.Status != Active {
			return refuse(validation, "suspendUser").because("Cannot suspend a user that is not active")
		}
		a.move(Suspended, c.s.now())
		return nil
	})
}

func (c *call) unsuspend() error {
	return c.act(eventUnsuspend, func(_ *people.Person, a *Account, _ profile) error {
		if a.Status != Suspended {
			return refuse(validation, "unsuspendUser").because("Cannot unsuspend a user that is not suspended")
		}
		a.move(Active, c.s.now())
		return nil
	})
}

func (c *call) unlock() error {
	return c.act(eventUnlock, func(p *people.Person, a *Account, _ profile) error {
		if a.Status != LockedOut {
			return refuse(unlockRefused)
		}
		p.Credential.Unlock()
		a.move(Active, c.s.now())
		return nil
	})
}

// resetPassword begins a recovery. With provider=FEDERATION it makes an Okta user a federated one instead, without it a
// federated or social user one of Okta's: no other call changes the provider.
func (c *call) resetPassword() error {
	provider := c.query.Get("provider")
	if c.query.Get("sendEmail") == "" && provider == "" {
		return refuse(missingParameter)
	}
	mail, err := c.flag("sendEmail", false)
	if err != nil {
		return err
	}
	switch {
	case provider == "":
	case provider != FEDERATION:
		return refuse(invalidRequest, "provider takes FEDERATION")
	case mail:
		return refuse(invalidRequest, "sendEmail must be false with provider=FEDERATION")
	default:
		return c.act(eventResetPassword, c.s.federate)
	}
	p, err := c.change(eventResetPassword, c.s.beginRecovery)
	if err != nil {
		return err
	}
	return c.sendReset(&p, mail)
}

// federate is OKTA → FEDERATION. Users who came from a directory cannot be converted.
func (s *Server) federate(p *people.Person, a *Account, _ profile) error {
	switch {
	case a.delegated():
		return refuse(validation, "provider").because("Cannot convert user from " + a.Provider.Type + " to FEDERATION credential provider")
	case a.Status == Deprovisioned:
		return refuse(wrongStatus)
	}
	dropPassword(p, a)
	a.Provider, a.Question, a.PasswordChanged, a.LastUpdated = Provider{FEDERATION, FEDERATION}, "", time.Time{}, s.now()
	if a.Status != Staged && a.Status != Suspended {
		a.move(Active, s.now())
	}
	return nil
}

// beginRecovery is reset_password without a provider.
func (s *Server) beginRecovery(p *people.Person, a *Account, _ profile) error {
	if a.Status == Staged || a.Status == Deprovisioned || a.Status == Suspended {
		return refuse(resetRefused).because("Password reset" + notInStatus)
	}
	now := s.now()
	switch {
	case a.federated():
		next := Recovery
		if s.is(convertedStatus, "provisioned") || s.is(convertedStatus, "by_history") && !a.HadPassword {
			next = Provisioned
		}
		dropPassword(p, a)
		a.Provider, a.LastUpdated, a.PasswordChanged = Provider{OKTA, OKTA}, now, time.Time{}
		a.move(next, now)
	case a.delegated():
		return refuse(resetRefused).because("Password reset" + notForLoginType)
	case a.Status == Provisioned && !a.HadPassword: // there is nothing to recover
	default:
		p.Credential.Unlock()
		a.move(Recovery, now)
	}
	return nil
}

func (c *call) expirePassword() error {
	if temporary, err := c.flag("tempPassword", false); err != nil {
		return err
	} else if temporary { // an older form of the other path
		return c.expireWithTemporary()
	}
	p, err := c.change(eventExpirePassword, func(p *people.Person, a *Account, _ profile) error {
		if a.Status != Active || a.federated() || a.delegated() || !hasPassword(p, a) {
			return refuse(wrongStatus)
		}
		a.move(PasswordExpired, c.s.now())
		return nil
	})
	if err != nil {
		return err
	}
	return c.sendUser(&p)
}

// expireWithTemporary makes a password that signs in once, to be changed. The policy is not asked.
func (c *call) expireWithTemporary() error {
	w := &passwordWrite{value: secret.New("S" + letters(c.s.random, 6) + "7")}
	w.digest = c.s.kernel.Digester.Digest(w.value)
	c.x.Secret(w.value)
	_, err := c.change(eventExpirePassword, func(p *people.Person, a *Account, _ profile) error {
		if a.Status != Active && a.Status != PasswordExpired || a.federated() || a.delegated() {
			return refuse(wrongStatus)
		}
		c.s.store(p, a, w)
		a.move(PasswordExpired, c.s.now())
		return nil
	})
	if err != nil {
		return err
	}
	return c.sendJSON(object{{"tempPassword", w.value.Reveal()}})
}
