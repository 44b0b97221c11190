package okta

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// Switch decides one thing that Okta leaves open, or that an org's administrator decides. The first option is the default.
type Switch = switches.Switch

// Switches is the values by name; an absent one has its default.
type Switches = switches.Values

const (
	bearerBody         = "bearerBody"
	tokenChallenge     = "tokenChallenge"
	clientErrorBody    = "clientErrorBody"
	scopeNotGranted    = "scopeNotGranted"
	rateLimitShown     = "rateLimitShown"
	credentialBucket   = "credentialBucket" //nolint:gosec // G101: the name of a switch
	concurrencyReset   = "concurrencyReset"
	burst              = "burst"
	wrongContentType   = "wrongContentType"
	signInRefusal      = "signInRefusal"
	expiredSignIn      = "expiredSignIn"
	recoveryOfNobody   = "recoveryOfNobody"
	policyWrites       = "policyWrites"
	otherApplications  = "otherApplications"
	loginFormat        = "loginFormat"
	optionalPassword   = "optionalPassword"
	limitOverMaximum   = "limitOverMaximum"
	federatedCause     = "federatedCause"
	delegatedWrite     = "delegatedWrite"
	provisionedWrite   = "provisionedWrite"
	recoveryWrite      = "recoveryWrite"
	expiredWrite       = "expiredWrite"
	lockedWrite        = "lockedWrite"
	suspendedWrite     = "suspendedWrite"
	deactivatedWrite   = "deactivatedWrite"
	deactivatedSecret  = "deactivatedSecret"
	convertedStatus    = "convertedStatus"
	currentOnAdminSet  = "currentOnAdminSet"
	wrongOldStatus     = "wrongOldStatus"
	wrongOldCounts     = "wrongOldCounts"
	forgotNeedsAnswer  = "forgotNeedsAnswer"
	importAfterSignIn  = "importAfterSignIn"
	refusedWriteLogged = "refusedWriteLogged"
	idpSignIn          = "idpSignIn"
	unlinkedProvider   = "unlinkedProvider"
	linkedPassword     = "linkedPassword"
	reassignedUser     = "reassignedUser"
	signInPush         = "signInPush"
	pushStrict         = "pushStrict"
	pushRetry          = "pushRetry"
	jwksAccess         = "jwksAccess"
)

// switchboard is every switch with its options, the default first.
var switchboard = switches.Board{Path: "okta.switches", Switches: []Switch{
	{Name: bearerBody, Options: []string{"empty", "envelope"}, Note: "The body of a 401 for an access token; that of a missing scope is known to be empty."},
	{Name: tokenChallenge, Options: []string{"none", "send"}, Note: "WWW-Authenticate on the 401 of an API token (E0000011)."},
	{Name: clientErrorBody, Options: []string{"oauth", "envelope"}, Note: "The body when a client cannot be authenticated: error and error_description, or Okta's envelope with errorCode invalid_client."},
	{Name: scopeNotGranted, Options: []string{"drop", "refuse"}, Note: "A token request of which some scopes are granted to the application and others not."},
	{Name: rateLimitShown, Options: []string{"principal", "org"}, Note: "Whether X-Rate-Limit-Limit shows the share of the token or the limit of the org."},
	{Name: credentialBucket, Options: []string{"users", "own"}, Note: "Whether credential and lifecycle calls count with list and create (Okta's generated list says so) or in a bucket of their own."},
	{Name: concurrencyReset, Options: []string{"far", "near"}, Note: "X-Rate-Limit-Reset when too many requests are under way: 114 s ahead, as reported, or 1 s."},
	{Name: burst, Options: []string{"off", "on"}, Note: "Whether sign-ins and token requests may go to five times their limits, as Okta lets them while it has room."},
	{Name: wrongContentType, Options: []string{"E0000021", "E0000012"}, Note: "The code for a body that is not JSON; Okta's catalogue has both, and does not say which is sent where."},
	{Name: signInRefusal, Options: []string{"E0000004", "E0000207"}, Note: "The code of a sign-in that fails; E0000207 has a newer text in Okta's catalogue."},
	{Name: expiredSignIn, Options: []string{"step", "refuse"}, Note: "A sign-in with an expired password: a step to its change, as documented, or E0000064 (401) of Okta's catalogue."},
	{Name: recoveryOfNobody, Options: []string{"refuse", "hide"}, Note: "An org setting: whether a recovery for an unknown user name is refused (E0000095) or answered like any other."},
	{Name: policyWrites, Options: []string{"accept", "reconciling"}, Note: "Whether changes of policies are refused because their priorities are being reconciled (E0000239, 423)."},
	{Name: otherApplications, Options: []string{"E0000060", "E0000024"}, Note: "The code for an application that is not simulated: the simulator's own 501, or E0000024 (400) of Okta's catalogue, which does not say where it is sent."},
	{Name: loginFormat, Options: []string{"email", "any"}, Note: "An org setting: whether a login must look like an e-mail address."},
	{Name: optionalPassword, Options: []string{"off", "on"}, Note: "An org setting: users without a password are activated at once."},
	{Name: limitOverMaximum, Options: []string{"cap", "refuse"}, Note: "A page size over 200."},
	{Name: federatedCause, Options: []string{"short", "requirements"}, Note: "The cause when a password is set for a federated user: \"password: Password\", or the whole requirement text."},
	{Name: delegatedWrite, Options: []string{"refuse", "accept"}, Note: "An administrator sets the password of a user of Active Directory or LDAP."},
	{Name: provisionedWrite, Options: []string{"activate", "keep", "refuse"}, Note: "A password for a PROVISIONED user; Okta's Terraform provider does not send one."},
	{Name: recoveryWrite, Options: []string{"activate", "keep"}, Note: "A password from an administrator for a user in RECOVERY."},
	{Name: expiredWrite, Options: []string{"activate", "keep"}, Note: "A password from an administrator for a user in PASSWORD_EXPIRED."},
	{Name: lockedWrite, Options: []string{"keep", "unlock"}, Note: "A password from an administrator for a user in LOCKED_OUT."},
	{Name: suspendedWrite, Options: []string{"accept", "refuse"}, Note: "A password for a SUSPENDED user."},
	{Name: deactivatedWrite, Options: []string{"refuse", "accept"}, Note: "A password for a DEPROVISIONED user."},
	{Name: deactivatedSecret, Options: []string{"clear", "keep"}, Note: "Whether deactivation takes the password away, so that activation leads to PROVISIONED."},
	{Name: convertedStatus, Options: []string{"by_history", "provisioned", "recovery"}, Note: "The status after reset_password has made a federated user an Okta user: Okta's articles say PROVISIONED, its API reference RECOVERY; by_history is PROVISIONED for who never had a password here."},
	{Name: currentOnAdminSet, Options: []string{"strict", "always"}, Note: "Whether an administrator's set of the present password is refused without strict=true."},
	{Name: wrongOldStatus, Options: []string{"403", "400"}, Note: "The status of change_password with a wrong old password; one capture has 400."},
	{Name: wrongOldCounts, Options: []string{"no", "yes"}, Note: "Whether a wrong old password counts towards the lock-out."},
	{Name: forgotNeedsAnswer, Options: []string{"yes", "no"}, Note: "Whether forgot_password needs a recovery question; no is an org of Identity Engine with other authenticators."},
	{Name: importAfterSignIn, Options: []string{"okta", "import"}, Note: "The provider of a user with an imported hash after the first good sign-in."},
	{Name: refusedWriteLogged, Options: []string{"failure", "none"}, Note: "Whether a refused password leaves user.account.update_password with FAILURE in the System Log."},
	{Name: idpSignIn, Options: []string{"keep", "federate"}, Note: "A sign-in through an identity provider by an Okta user who was here before: the provider of the credentials stays, or becomes FEDERATION and the password goes. Okta's articles name profile sourcing only."},
	{Name: unlinkedProvider, Options: []string{"keep", "okta"}, Note: "The provider of the credentials after DELETE /idps/{id}/users/{id}: as it was, or OKTA. The console's Disconnect makes it OKTA."},
	{Name: linkedPassword, Options: []string{"push", "skip"}, Note: "Org2Org, at the spoke: whether an assignment that finds its user at the hub pushes a temporary password, too. Okta's article on FEDERATION users says so."},
	{Name: reassignedUser, Options: []string{"leave", "reactivate"}, Note: "Org2Org, at the spoke: an assignment that finds its user deactivated at the hub leaves that, or activates the user first. An article of Okta's on other applications says that Deactivate Users does the latter."},
	{Name: signInPush, Options: []string{"changed", "always"}, Note: "Org2Org, at the spoke: whether a sign-in pushes a password that the hub has already."},
	{Name: pushStrict, Options: []string{"no", "yes"}, Note: "Org2Org, at the spoke: whether passwords are pushed with strict=true, which adds the hub's minimum age and history."},
	{Name: pushRetry, Options: []string{"throttled", "transient", "never"}, Note: "Org2Org, at the spoke: what is tried again by itself, three times: 429, when X-Rate-Limit-Reset has come; also 5xx and a hub that does not answer, after 1, 2 and 4 minutes; nothing. The rest waits for an administrator."},
	{Name: jwksAccess, Options: []string{"open", "token"}, Note: "Org2Org, at the spoke: whether the keys of a connection are read without a token, as the jwks_uri of the hub's application needs it. Okta's OpenAPI document asks for one."},
}}

// Switches lists every switch with its present value.
func (s *Server) Switches() []Switch { return s.switches.List() }

// SetSwitch changes one switch.
func (s *Server) SetSwitch(name, value string) error {
	if err := s.switches.Set(name, value); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// is tells whether a switch stands at value.
func (s *Server) is(name, value string) bool { return s.switches.Value(name) == value }
