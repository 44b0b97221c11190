package okta

import (
	"net/http"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const authnPath = "/api/v1/authn"

func mountAuthentication(t table) {
	open := func(path, operation string, serve func(*call) error) {
		t.put(http.MethodPost, path, endpoint{operation: operation, open: true, serve: serve})
	}
	open(authnPath, "log_in", (*call).authn)
	open(authnPath+"/credentials/change_password", "write_password", (*call).changeExpired)
	open(authnPath+"/recovery/password", "recovery", (*call).startRecovery)
	open(authnPath+"/recovery/token", "recovery", (*call).redeem)
	open(authnPath+"/credentials/reset_password", "write_password", (*call).resetForgotten)
}

// authn is the primary authentication: the proof that a pushed password arrived.
func (c *call) authn() error {
	var b struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	if b.Username == "" || b.Password == "" {
		return refuse(authenticationFailed)
	}
	c.x.User = b.Username
	if err := c.maySignIn(b.Username); err != nil {
		return err
	}
	p, result := c.s.signIn(b.Username, secret.New(b.Password), c)
	if !result.OK {
		c.x.Reason = result.Reason
		if p.ID != "" {
			c.log(eventSessionStart, &p, "FAILURE", "INVALID_CREDENTIALS")
			a, _ := c.s.view(&p)
			if result.Reason == "locked" && c.s.policyFor(&p, &a).Settings.Lockout.ShowLockoutFailures {
				return c.sendJSON(object{{"status", "LOCKED_OUT"}, {"_embedded", object{}}})
			}
		}
		return c.s.failedSignIn()
	}
	if result.MustChange && c.s.is(expiredSignIn, "refuse") {
		return refuse(expiredPassword)
	}
	return c.sendSignedIn(&p, result.MustChange)
}

func (s *Server) failedSignIn() error {
	if s.is(signInRefusal, "E0000207") {
		return refuse(wrongSignIn)
	}
	return refuse(authenticationFailed)
}

// startRecovery is the sign-in page's link for a forgotten password. It goes out by mail, so the answer tells nothing but that.
func (c *call) startRecovery() error {
	var b struct {
		Username string `json:"username"`
		Factor   string `json:"factorType"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	if b.Username == "" || b.Factor != "EMAIL" {
		return refuse(validation, "factorType").because("factorType: only EMAIL is simulated, and username is needed")
	}
	c.x.User = b.Username
	p, known := c.s.byLogin(b.Username)
	a, _ := c.s.view(&p)
	switch {
	case !known && c.s.is(recoveryOfNobody, "refuse"):
		return refuse(unknownRecovery)
	case !known:
	case a.federated(), a.delegated():
		return refuse(forgotRefused).because("Forgot password" + notForLoginType)
	case a.Status != Active && a.Status != Recovery && a.Status != LockedOut && a.Status != PasswordExpired:
		return refuse(forgotRefused).because("Forgot password" + notInStatus)
	}
	return c.sendJSON(object{{"status", "RECOVERY_CHALLENGE"}, {"factorResult", "WAITING"}, {"factorType", "EMAIL"}, {"recoveryType", "PASSWORD"}})
}

func (c *call) sendSignedIn(p *people.Person, expired bool) error {
	now := c.s.kernel.Clock.Now()
	user := c.embeddedUser(p)
	expires := stamp(now.Add(5 * time.Minute))
	if expired {
		token := c.s.states.issue(p.ID, forChange, now)
		c.x.Secret(secret.New(token))
		a := AccountOf(p)
		return c.sendJSON(object{
			{"stateToken", token},
			{"expiresAt", expires},
			{"status", "PASSWORD_EXPIRED"},
			{"_embedded", object{{"user", user}, {"policy", object{{"complexity", c.s.policyFor(p, &a).Settings.Complexity}}}}},
			{"_links", c.next("changePassword", "/credentials/change_password")},
		})
	}
	c.log(eventSessionStart, p, "SUCCESS", "")
	token := letters(c.s.random, 40)
	c.x.Secret(secret.New(token))
	return c.sendJSON(object{
		{"expiresAt", expires}, {"status", "SUCCESS"}, {"sessionToken", token}, {"_embedded", object{{"user", user}}},
	})
}

func (c *call) embeddedUser(p *people.Person) object {
	a, m := c.s.view(p)
	or := func(name, otherwise string) string {
		if m[name] != "" {
			return m[name]
		}
		return otherwise
	}
	return object{
		{"id", p.ID},
		{"passwordChanged", stamp(a.PasswordChanged)},
		{"profile", object{
			{"login", m["login"]},
			{"firstName", m["firstName"]},
			{"lastName", m["lastName"]},
			{"locale", or("locale", "en")},
			{"timeZone", or("timezone", "America/Los_Angeles")},
		}},
	}
}

func (c *call) next(name, path string) object {
	return object{{"next", object{
		{"name", name}, {"href", c.base + authnPath + path}, {"hints", object{{"allow", []string{http.MethodPost}}}},
	}}}
}

// changeExpired is the change that an expired password leads to.
func (c *call) changeExpired() error {
	var b struct {
		State string `json:"stateToken"`
		Old   string `json:"oldPassword"`
		New   string `json:"newPassword"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	w := c.newWrite(b.New, demands{history: true, current: true})
	id, _ := c.s.states.find(b.State, forChange, c.s.kernel.Clock.Now())
	old := c.s.proveOf(id, secret.New(b.Old))
	return c.finish(b.State, forChange, func(p *people.Person, a *Account, m profile) error {
		switch {
		case a.Status == LockedOut: // meanwhile
			return refuse(wrongState)
		case !c.s.matches(p, a, old):
			return refuse(badCredentials).because("oldPassword: The credentials provided were incorrect.")
		}
		return c.chosen(p, a, m, w)
	})
}

// redeem turns a recovery token into a state token.
func (c *call) redeem() error {
	var b struct {
		Recovery string `json:"recoveryToken"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	now := c.s.kernel.Clock.Now()
	id, ok := c.s.states.find(b.Recovery, forRecovery, now)
	if !ok {
		return refuse(badToken)
	}
	p, ok := c.s.people.ByID(id)
	if !ok {
		return refuse(badToken)
	}
	c.s.states.drop(b.Recovery)
	c.x.User = p.UserName
	token := c.s.states.issue(id, forReset, now)
	c.x.Secret(secret.New(token))
	return c.sendJSON(object{
		{"stateToken", token},
		{"expiresAt", stamp(now.Add(stateLife))},
		{"status", "PASSWORD_RESET"},
		{"_embedded", object{{"user", c.embeddedUser(&p)}}},
		{"_links", c.next("resetPassword", "/credentials/reset_password")},
	})
}

// resetForgotten ends a recovery or an activation with a password of the user's choice.
func (c *call) resetForgotten() error {
	var b struct {
		State string `json:"stateToken"`
		New   string `json:"newPassword"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	w := c.newWrite(b.New, demands{history: true, current: true})
	return c.finish(b.State, forReset, func(p *people.Person, a *Account, m profile) error { return c.chosen(p, a, m, w) })
}

// chosen sets a password within the Authentication API, which says E0000080 where the Users API says E0000014.
func (c *call) chosen(p *people.Person, a *Account, m profile, w *passwordWrite) error {
	if a.federated() || a.delegated() || a.Status == Suspended || a.Status == Deprovisioned {
		return refuse(wrongState)
	}
	if text := c.s.userSet(p, a, m, w); text != "" {
		return refuse(complexityUnmet).because(text)
	}
	if a.Status == Provisioned || a.Status == Staged || a.Status == LockedOut {
		p.Credential.Unlock()
		a.move(Active, c.s.now())
	}
	return nil
}

// finish carries out the last step of a transaction and signs the user in.
func (c *call) finish(state string, p purpose, f func(*people.Person, *Account, profile) error) error {
	id, ok := c.s.states.find(state, p, c.s.kernel.Clock.Now())
	if !ok {
		return refuse(badToken)
	}
	c.id = id
	c.x.User = c.s.people.UserName(id)
	user, err := c.change(eventUpdatePassword, f)
	if err != nil {
		return err
	}
	c.s.states.drop(state)
	return c.sendSignedIn(&user, false)
}
