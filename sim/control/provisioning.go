package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/sim/okta"
)

func (q query) Tasks(_ context.Context, target string) ([]Task, error) {
	s, err := able[provisioning](q.resolver, target, provisioner)
	if err != nil {
		return nil, err
	}
	return each(s.Tasks(), toTask), nil
}

func (m mutation) RetryTask(_ context.Context, target, id string) (bool, error) {
	s, err := able[provisioning](m.resolver, target, provisioner)
	if err != nil {
		return false, err
	}
	if err := s.RetryTask(id); err != nil {
		return false, err
	}
	return true, nil
}

func (m mutation) SignInThroughIDP(_ context.Context, target, idp, subject string, attributes any) (FederatedSignIn, error) {
	s, err := m.find(target)
	if err != nil {
		return FederatedSignIn{}, err
	}
	p, err := able[provisioning](m.resolver, target, provisioner)
	if err != nil {
		return FederatedSignIn{}, err
	}
	a := okta.Assertion{Subject: subject, Attributes: map[string]string{}}
	given, isObject := attributes.(map[string]any)
	if !isObject && attributes != nil {
		return FederatedSignIn{}, errors.New("attributes: want an object")
	}
	for name, value := range given {
		text, isText := value.(string)
		if !isText {
			return FederatedSignIn{}, fmt.Errorf("attributes.%s: is not a string", name)
		}
		a.Attributes[name] = text
	}
	result, err := p.SignInThroughIdP(idp, a)
	if err != nil {
		return FederatedSignIn{}, err
	}
	return FederatedSignIn{User: toUser(s, result.User), Created: result.Created, Linked: result.Linked, Updated: result.Updated}, nil
}

func toTask(t okta.Task) Task {
	return Task{ID: t.ID, Kind: string(t.Kind), User: t.User, App: t.App, State: string(t.State), Error: t.Error, At: t.At}
}
