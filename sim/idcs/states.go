package idcs

import (
	"errors"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	statusPath       = "/admin/v1/UserStatusChanger"
	statePath        = "/admin/v1/UserStateChanger"
	lockedPath       = "/admin/v1/UserLockedStateChanger"
	capabilityPath   = "/admin/v1/UserCapabilitiesChanger"
	activationPath   = "/admin/v1/UserActivationInitiator"
	statusSchema     = idcsSchemas + "UserStatusChanger"
	stateSchema      = idcsSchemas + "UserStateChanger"
	lockedSchema     = idcsSchemas + "UserLockedStateChanger"
	capabilitySchema = idcsSchemas + "UserCapabilitiesChanger"
	activationSchema = idcsSchemas + "UserActivationInitiator"
)

// mountStates is what an administrator does to an account.
func mountStates(t table) {
	t.add(http.MethodPut, statusPath+"/{id}", "update", mayChangeStatus, (*call).changeStatus)
	t.add(http.MethodPatch, statePath+"/{id}", "update", mayChangePasswords, (*call).changeState)
	t.add(http.MethodPost, lockedPath, "update", mayChangePasswords, (*call).changeLock)
	t.add(http.MethodPut, capabilityPath+"/{id}", "update", mayWriteUsers, (*call).changeCapabilities)
	t.add(http.MethodPut, activationPath+"/{id}", "update", mayChangePasswords, (*call).initiateActivation)
}

var selfChange = map[string][]attribute{extSelfChange: {one(flag, "allowSelfChange").never()}}

var (
	statusAttributes = newSchema(statusSchema, append(common(), one(flag, "active")), selfChange, nil)
	lockedAttributes = newSchema(lockedSchema, append(common(), one(text, "userId"), one(flag, "locked")), selfChange, nil)
	// The attributes of UserStateChanger are not documented; these are those of a user's state.
	stateAttributes = newSchema(stateSchema, append(common(), one(flag, "active")), map[string][]attribute{
		extUserState: {complexOf("locked", one(flag, "on"))}, extSelfChange: selfChange[extSelfChange],
	}, nil)
	capabilityAttributes = newSchema(capabilitySchema, append(common(), flags(capabilities...)...), selfChange, nil)
	activationAttributes = newSchema(activationSchema, append(common(),
		one(flag, "userFlowControlledByExternalClient"), one(text, "notificationEmailTemplateId"), one(flag, "bypassNotification"),
	), nil, nil)
)

// changeStatus activates a user, or deactivates him.
func (c *call) changeStatus() error {
	m, err := c.object(statusAttributes)
	if err != nil {
		return err
	}
	active, ok := member(m, "active").(bool)
	if !ok {
		return refuse(missingAttributes, "active")
	}
	p, err := c.changeKnown(c.id, func(p *people.Person) { p.Active = active })
	if err != nil {
		return err
	}
	return c.done(http.StatusOK, statusSchema, statusPath, p.ID, map[string]any{"active": active})
}

// changeKnown changes a user who must exist.
func (c *call) changeKnown(id string, change func(*people.Person)) (people.Person, error) {
	p, err := c.change(plainID(id), func(p *people.Person) error {
		change(p)
		return nil
	})
	if errors.Is(err, people.ErrNotFound) {
		return p, refuse(noSuchUser, id)
	}
	return p, err
}

// setLock locks a user or ends any lock.
func (c *call) setLock(p *people.Person, locked bool) {
	if locked {
		lock(p, c.s.kernel.Clock.Now())
		return
	}
	unlock(p)
}

// changeState is the PATCH form: activation and lock.
func (c *call) changeState() error {
	body, err := c.body()
	if err != nil {
		return err
	}
	op, err := scim.DecodePatch(body)
	if err != nil {
		return patchRefusal(err)
	}
	c.x.ShowBodies()
	targets, err := op.Targets()
	if err != nil {
		return patchRefusal(err)
	}
	var changes []func(*people.Person)
	for _, t := range targets {
		change, err := c.stateChange(t)
		if err != nil {
			return err
		}
		changes = append(changes, change)
	}
	p, err := c.changeKnown(c.id, func(p *people.Person) {
		for _, change := range changes {
			change(p)
		}
	})
	if err != nil {
		return err
	}
	return c.done(http.StatusOK, stateSchema, statePath, p.ID, map[string]any{
		"active": p.Active, extUserState: map[string]any{"locked": c.s.lockState(&p)},
	})
}

func (c *call) stateChange(t scim.Target) (func(*people.Person), error) {
	path := t.Path.String()
	value := t.Value
	if state, ok := value.(map[string]any); ok { // {"locked":{"on":true}}, or {"on":true} at locked
		if inner, ok := member(state, "locked").(map[string]any); ok {
			state, path = inner, path+":locked"
		}
		value, path = member(state, "on"), path+".on"
	}
	on, isFlag := value.(bool)
	switch {
	case t.Op == "remove" || !isFlag && stateAttributes.find(path) != nil:
		return nil, refuse(wrongType, t.Path.String(), flag)
	case strings.EqualFold(path, "active"), strings.EqualFold(path, stateSchema+":active"):
		return func(p *people.Person) { p.Active = on }, nil
	case strings.EqualFold(path, extUserState+":locked.on"):
		return func(p *people.Person) { c.setLock(p, on) }, nil
	}
	return nil, refuse(unknownAttribute, t.Path.String()).surprising("there is no attribute %s", t.Path.String())
}

// changeLock is the way to unlock a user (Oracle, REST API, "Unlock a User"), and to lock one.
func (c *call) changeLock() error {
	m, err := c.object(lockedAttributes)
	if err != nil {
		return err
	}
	id, _ := member(m, "userId").(string)
	locked, ok := member(m, "locked").(bool)
	if id == "" || !ok {
		return refuse(missingAttributes, "userId,locked")
	}
	c.x.User = c.s.people.UserName(plainID(id))
	p, err := c.changeKnown(id, func(p *people.Person) { c.setLock(p, locked) })
	if err != nil {
		return err
	}
	return c.done(http.StatusCreated, lockedSchema, lockedPath, p.ID, map[string]any{"userId": p.ID, "locked": locked})
}

// changeCapabilities replaces what a user may do. A capability that is left out is as the user's state has it.
func (c *call) changeCapabilities() error {
	m, err := c.object(capabilityAttributes)
	if err != nil {
		return err
	}
	p, err := c.changeKnown(c.id, func(p *people.Person) {
		kept := map[string]any{}
		for _, name := range capabilities {
			if value, ok := member(m, name).(bool); ok && value != capable(p.Federated, name) {
				kept[name] = value
			}
		}
		p.Attributes = without(p.Attributes, extCapability)
		if len(kept) > 0 {
			p.Attributes[extCapability] = kept
		}
	})
	if err != nil {
		return err
	}
	state, _ := c.s.resource(&p, c.base)[extCapability].(map[string]any)
	return c.done(http.StatusOK, capabilitySchema, capabilityPath, p.ID, state)
}

// without is a copy of the attributes less one.
func without(attributes map[string]any, key string) map[string]any {
	next := make(map[string]any, len(attributes)+1)
	for name, value := range attributes {
		if name != key {
			next[name] = value
		}
	}
	return next
}

// initiateActivation sends the mail with which a new user sets a password, once more.
func (c *call) initiateActivation() error {
	m, err := c.object(activationAttributes)
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(plainID(c.id))
	if !ok {
		return refuse(noSuchUser, c.id)
	}
	if err := c.s.takesPassword(&p); err != nil {
		return err
	}
	extra := map[string]any{}
	token := c.s.newResetToken(p.ID)
	quiet, _ := member(m, "bypassNotification").(bool)
	if external, _ := member(m, "userFlowControlledByExternalClient").(bool); external {
		c.x.Secret(token)
		extra["userToken"] = map[string]any{"value": token.Reveal()}
	} else if !quiet {
		c.s.mail(&p, MailActivation, token)
	}
	return c.done(http.StatusOK, activationSchema, activationPath, p.ID, extra)
}
