package okta

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Assertion is what an identity provider says of somebody who signs in through it.
type Assertion struct {
	// Subject is the NameID of a SAML assertion, or sub of an ID token.
	Subject string
	// Attributes are those of the profile: email, firstName, lastName and others.
	Attributes map[string]string
}

// FederatedSignIn is what a sign-in through an identity provider came to.
type FederatedSignIn struct {
	User people.Person
	// Created, Linked and Updated tell what it did beside signing in.
	Created, Linked, Updated bool
}

// SignInThroughIdP signs somebody in through an identity provider of the org, by its id or name: the door behind which users are
// created, linked and updated just in time.
func (s *Server) SignInThroughIdP(idp string, _ Assertion) (FederatedSignIn, error) {
	return FederatedSignIn{}, fmt.Errorf("%w: there is no identity provider %q", ErrInvalid, idp)
}
