package idcs

import (
	"errors"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// userPatch is a PATCH of a user, taken apart: the password never becomes part of a resource.
type userPatch struct {
	rest   scim.PatchOp // all but the password
	write  *passwordWrite
	remove bool // of the password
}

func (c *call) patchUser() error {
	id := plainID(c.id)
	patch, err := c.readPatch()
	if err != nil {
		return err
	}
	return c.update(id, func(p *people.Person) error { return c.s.applyPatch(p, patch, c.base) })
}

// passwordAttribute is where a PATCH carries a password.
var passwordAttribute = userSchema.find("password")

// readPatch parses the body and judges what needs no user: paths, mutability, the value of a password.
func (c *call) readPatch() (userPatch, error) {
	var patch userPatch
	rest, err := c.decodePatch(userSchema, func(t scim.Target, a *attribute) (taken bool, err error) {
		if a != passwordAttribute {
			return false, nil
		}
		c.x.Operation = "write_password"
		if t.Op == "remove" || t.Value == nil {
			patch.write, patch.remove = nil, true
			return true, nil
		}
		patch.remove = false
		patch.write, err = c.newWrite(t.Value, fromAdministrator)
		return true, err
	})
	if err != nil {
		return userPatch{}, err
	}
	if patch.remove && c.s.is(removePassword, "refuse") {
		return userPatch{}, refuse(passwordRemoval)
	}
	patch.rest = rest
	return patch, nil
}

// decodePatch reads a PATCH and judges its paths by the schema. What take takes is not among the operations that come back.
func (c *call) decodePatch(s *schema, take func(t scim.Target, a *attribute) (bool, error)) (scim.PatchOp, error) {
	body, err := c.body()
	if err != nil {
		return scim.PatchOp{}, err
	}
	op, err := scim.DecodePatch(body)
	if err != nil {
		return scim.PatchOp{}, patchRefusal(err)
	}
	for _, o := range op.Operations {
		nameSecrets(c.x, o.Value, secretName(o.Path))
	}
	c.x.ShowBodies()
	targets, err := op.Targets()
	if err != nil {
		return scim.PatchOp{}, patchRefusal(err)
	}
	rest := scim.PatchOp{Schemas: op.Schemas}
	for _, t := range targets {
		keep, err := c.judge(s, t, take)
		if err != nil {
			return scim.PatchOp{}, err
		}
		if keep {
			rest.Operations = append(rest.Operations, scim.Operation{Op: t.Op, Path: t.Path.String(), Value: t.Value})
		}
	}
	return rest, nil
}

// judge tells whether an operation is one for the resource.
func (c *call) judge(s *schema, t scim.Target, take func(t scim.Target, a *attribute) (bool, error)) (keep bool, err error) {
	name, a, err := s.target(t.Path)
	switch {
	case err != nil:
		return false, err
	case a == nil: // a whole extension: its members are judged one by one
		return true, c.judgeMembers(s, name, t)
	case a.mutability == readOnly:
		if c.s.is(readOnlyWrite, "refuse") {
			return false, refuse(readOnlyAttribute, name)
		}
		return false, nil
	}
	taken, err := take(t, a)
	return !taken, err
}

// target is what a path leads to; nil stands for an extension as a whole.
func (s *schema) target(p scim.Path) (name string, a *attribute, err error) {
	name = p.Attribute
	if p.URN != "" {
		name = p.URN + ":" + p.Attribute
		if p.Attribute == "" {
			if _, ok := s.extensions[strings.ToLower(p.URN)]; !ok {
				return p.URN, nil, refuse(unknownAttribute, p.URN).surprising("there is no attribute %s", p.URN)
			}
			return p.URN, nil, nil
		}
	}
	a = s.find(name)
	if a != nil && p.Sub != "" && a != &opaque && a.kind != anything && a.mutability != readOnly {
		name += "." + p.Sub
		a = s.find(name)
	}
	if a == nil {
		return name, nil, refuse(unknownAttribute, name).surprising("there is no attribute %s", name)
	}
	return name, a, nil
}

// judgeMembers judges an operation on a whole extension.
func (c *call) judgeMembers(s *schema, urn string, t scim.Target) error {
	content, _ := t.Value.(map[string]any)
	for member := range content {
		a := s.find(urn + ":" + member)
		if a == nil {
			return refuse(unknownAttribute, urn+":"+member).surprising("there is no attribute %s:%s", urn, member)
		}
		if a.mutability == readOnly && c.s.is(readOnlyWrite, "refuse") {
			return refuse(readOnlyAttribute, urn+":"+member)
		}
	}
	return nil
}

// applyPatch carries a patch out, all of it or nothing.
func (s *Server) applyPatch(p *people.Person, patch userPatch, base string) error {
	if len(patch.rest.Operations) > 0 {
		before := s.resource(p, base)
		after, err := patch.rest.Apply(before)
		if err != nil {
			return patchRefusal(err)
		}
		if key, changed := userSchema.changedImmutable(before, after); changed {
			return refuse(readOnlyAttribute, key)
		}
		if err := adopt(after, p); err != nil {
			return err
		}
		if err := s.require(p); err != nil {
			return err
		}
	}
	switch {
	case patch.write != nil:
		return s.setPassword(p, *patch.write)
	case patch.remove:
		p.Credential.Clear()
	}
	return nil
}

// changedImmutable tells whether an immutable attribute that had a value has another now.
func changedImmutable(key string, before, after map[string]any) bool {
	path, err := scim.ParsePath(key)
	if err != nil {
		return false
	}
	old, had := scim.Lookup(before, path)
	now, has := scim.Lookup(after, path)
	return had && (!has || old != now)
}

// patchRefusal turns the protocol's error into Oracle's envelope. Oracle's bodies show no scimType, so it is left out.
func patchRefusal(err error) error {
	if p, ok := errors.AsType[*scim.PatchError](err); ok {
		switch p.Reason {
		case scim.InvalidPath, scim.NoTarget:
			return refuse(invalidPath, p.Error())
		case scim.InvalidValue:
			return refuse(invalidValue, "Operations", p.Error())
		case scim.Mutability:
			return refuse(readOnlyAttribute, p.Error())
		}
		return refuse(malformedPatch, p.Message)
	}
	if syntax, ok := errors.AsType[*scim.SyntaxError](err); ok {
		return refuse(invalidPath, syntax.Error())
	}
	return err
}
