package okta

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const (
	usersPath = "/api/v1/users"
	userPath  = usersPath + "/{id}"
	// mostGroups is how many groups a new user may be put into (Okta, Users API).
	mostGroups = 20
)

func mountUsers(t table) {
	t.add(http.MethodPost, usersPath, "create", writeUsers, (*call).createUser)
	t.add(http.MethodGet, usersPath, "find", readUsers, (*call).listUsers)
	t.add(http.MethodGet, userPath, "read", readUsers, (*call).readUser)
	t.add(http.MethodPost, userPath, "update", writeUsers, (*call).patchUser)
	t.add(http.MethodPut, userPath, "update", writeUsers, (*call).replaceUser)
	t.add(http.MethodDelete, userPath, "delete", writeUsers, (*call).deleteUser)
	t.add(http.MethodDelete, userPath+"/sessions", "sessions", resetCredentials, (*call).endSessions)
}

// userBody is a user in a request. What else a client sends back as it read it is passed over.
type userBody struct {
	Profile     map[string]json.RawMessage `json:"profile"`
	Credentials *credentialsBody           `json:"credentials"`
	Groups      []string                   `json:"groupIds"`
}

// user finds the user of the path.
func (c *call) user() (string, error) {
	wanted := c.id
	if wanted == "me" && c.who.owner != "" {
		wanted = c.who.owner
	}
	if id, ok := c.s.lookUp(wanted); ok {
		return id, nil
	}
	return "", noUser(c.id)
}

func noUser(id string) *refusal { return refuse(notFound, id, "User") }

func (c *call) readUser() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(id)
	if !ok {
		return noUser(c.id)
	}
	c.w.Header()["Etag"] = []string{c.s.tag(profileOf(&p))}
	return c.sendUser(&p)
}

func (c *call) sendUser(p *people.Person) error {
	o := omissions{}
	if c.r.Method == http.MethodGet {
		o = c.omits()
	}
	d := c.document(p, false, o)
	if c.r.Method == http.MethodGet && c.query.Get("expand") == "blocks" {
		a, _ := c.s.view(p)
		d = slices.Insert(d, len(d)-1, member{"_embedded", object{{"blocks", blocks(&a)}}})
	}
	return c.sendJSON(d)
}

// createUser answers 200, not 201 (recorded).
func (c *call) createUser() error {
	var b userBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	n, err := c.newUser(&b)
	if err != nil {
		c.logRefusedPassword(err, nil)
		return err
	}
	c.s.writes.Lock()
	created, err := c.s.insert(n.person, n.account, n.profile)
	c.s.writes.Unlock()
	if errors.Is(err, people.ErrDuplicate) {
		return loginIsTaken()
	}
	if err != nil {
		return err
	}
	c.x.Outcome = "accepted"
	c.log(eventCreate, &created, "SUCCESS", "")
	if n.account.Status != Staged {
		c.log(eventActivate, &created, "SUCCESS", "")
	}
	return c.sendUser(&created)
}

func loginIsTaken() error {
	return refuse(loginTaken, "login").because("login: An object with this field already exists in the current organization")
}

// newcomer is a user that is about to be created.
type newcomer struct {
	person  people.Person
	account Account
	profile profile
}

func (c *call) newUser(b *userBody) (*newcomer, error) {
	n := &newcomer{}
	activate, err := c.flag("activate", true)
	if err != nil {
		return nil, err
	}
	if n.profile, err = c.s.adopt(nil, b.Profile, false); err != nil {
		return nil, err
	}
	c.x.User = n.profile["login"]
	if n.account.Provider, err = c.providerOf(b.Credentials); err != nil {
		return nil, err
	}
	if n.person.Groups, err = c.groupsOf(b.Groups); err != nil {
		return nil, err
	}
	if _, taken := c.s.index.owner(n.profile["login"]); taken {
		return nil, loginIsTaken()
	}
	n.person.Created = c.s.now()
	n.account.LastUpdated = n.person.Created
	return n, c.firstCredentials(n, b.Credentials, activate)
}

// firstCredentials sets what a new user can sign in with, and the status that follows from it.
func (c *call) firstCredentials(n *newcomer, b *credentialsBody, activate bool) error {
	write, err := c.adminWrite(b)
	if err != nil {
		return err
	}
	hash, err := c.readHash(b)
	if err != nil {
		return err
	}
	mustChange := false
	switch next := c.query.Get("nextLogin"); {
	case next == "":
	case next != "changePassword":
		return refuse(invalidRequest, "nextLogin takes changePassword")
	case write == nil:
		return refuse(needsPassword)
	case !activate:
		return refuse(needsActivation)
	default:
		mustChange = true
	}
	p, a := &n.person, &n.account
	switch {
	case write != nil:
		if err := c.s.adminSet(p, a, n.profile, write); err != nil {
			return err
		}
	case hash != nil && a.federated():
		return refuse(federatedUser, "password").because("password: Password")
	case hash != nil:
		c.s.setHash(p, a, hash)
	}
	if b != nil && b.Question != nil {
		if err := c.s.setQuestion(a, b.Question); err != nil {
			return err
		}
	}
	now := c.s.now()
	switch {
	case !activate:
		if a.Status = Staged; hasPassword(p, a) {
			a.StatusChanged = now
		}
	case mustChange:
		a.move(PasswordExpired, now)
	case hasPassword(p, a), a.federated(), c.s.is(optionalPassword, "on"):
		a.move(Active, now)
	default:
		a.move(Provisioned, now)
	}
	return nil
}

// providerOf honours credentials.provider only with provider=true; without it the user silently becomes one of Okta's.
func (c *call) providerOf(b *credentialsBody) (Provider, error) {
	honoured, err := c.flag("provider", false)
	if err != nil {
		return Provider{}, err
	}
	if !honoured || b == nil || b.Provider == nil {
		return Provider{OKTA, OKTA}, nil
	}
	switch b.Provider.Type {
	case OKTA, FEDERATION, SOCIAL:
		return Provider{b.Provider.Type, b.Provider.Type}, nil
	}
	return Provider{}, refuse(validation, "provider").because("provider: The provider cannot be set to that type")
}

func (c *call) groupsOf(ids []string) ([]string, error) {
	if len(ids) > mostGroups {
		return nil, refuse(tooManyTargets)
	}
	for _, id := range ids {
		if _, ok := c.s.groups.find(id); !ok {
			return nil, refuse(notFound, id, "UserGroup")
		}
	}
	return ids, nil
}

// deleteUser deactivates first; only the second call deletes.
func (c *call) deleteUser() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(id)
	if !ok {
		return noUser(c.id)
	}
	if a, _ := c.s.view(&p); a.Status != Deprovisioned {
		c.x.Operation = "deactivate"
		if _, err := c.change(eventDeactivate, c.deactivation()); err != nil {
			return err
		}
		c.send(http.StatusNoContent, nil)
		return nil
	}
	if c.s.Remove(id) != nil {
		return noUser(c.id)
	}
	c.log(eventDeleteInitiated, &p, "SUCCESS", "")
	c.log(eventDeleted, &p, "SUCCESS", "")
	c.send(http.StatusNoContent, nil)
	return nil
}

// endSessions has nothing to end: there are no sessions here.
func (c *call) endSessions() error {
	if _, err := c.user(); err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil)
	return nil
}
