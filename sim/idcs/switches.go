package idcs

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// Switch decides one thing that Oracle leaves open, or that a domain's administrator decides. The first option is the
// default, and the stricter one where nothing better is known.
type Switch = switches.Switch

// Switches is the values by name; an absent one has its default.
type Switches = switches.Values

const (
	bearer401         = "bearer401"
	bearerChallenge   = "bearerChallenge"
	basicChallenge    = "basicChallenge"
	bodyCredentials   = "bodyCredentials"
	scopeNotHeld      = "scopeNotHeld"
	emptyScope        = "emptyScope"
	revokedToken      = "revokedToken"
	signingCertAccess = "signingCertAccess"
	missingRole       = "missingRole"
	readOnlyWrite     = "readOnlyWrite"
	federatedWrite    = "federatedWrite"
	inactiveWrite     = "inactiveWrite"
	lockedWrite       = "lockedWrite"
	removePassword    = "removePassword"
	historyOnPatch    = "historyOnPatch"
	minimumAge        = "minimumAge"
	policyDetail      = "policyDetail"
	changerNotFound   = "changerNotFound"
	versionConflict   = "versionConflict"
	countOverMaximum  = "countOverMaximum"
	primaryEmail      = "primaryEmail"
	familyName        = "familyName"
	throttledBody     = "throttledBody"
	retryAfter        = "retryAfter"
	rateHeaders       = "rateHeaders"
	rateWindow        = "rateWindow"
	maintenanceBody   = "maintenanceBody"
	delegatedWrite    = "delegatedWrite"
	minimumAgeUnit    = "minimumAgeUnit"
	oldPasswordFails  = "oldPasswordFails"
	mustChangeGrant   = "mustChangeGrant"
	hashedCreate      = "hashedCreate"
	refreshToken      = "refreshToken"
	meOfClient        = "meOfClient"
	visibilityByID    = "visibilityById"
	authenticatedRows = "authenticatedClient"
	referencedDelete  = "referencedDelete"
	absentMember      = "absentMember"
	membersOnPut      = "membersOnPut"
	newApp            = "newApp"
	deleteActiveApp   = "deleteActiveApp"
	clientSecretShown = "clientSecretShown"
	bulkLimit         = "bulkLimit"
	bulkAtOnce        = "bulkAtOnce"
)

// switchboard is every switch with its options, the default first.
var switchboard = switches.Board{Path: "idcs.switches", Switches: []Switch{
	{Name: bearer401, Options: []string{"html", "json"}, Note: "The body of a 401 for a bad bearer token. Two samples of Oracle expect text/html; some gateways may say JSON."},
	{Name: bearerChallenge, Options: []string{"omit", "send"}, Note: "WWW-Authenticate on a 401 for a bad bearer token; not seen."},
	{Name: basicChallenge, Options: []string{"send", "omit"}, Note: "WWW-Authenticate on the token endpoint's invalid_client; RFC 6749 asks for it, Oracle does not say."},
	{Name: bodyCredentials, Options: []string{"accept", "refuse"}, Note: "client_id and client_secret in the body of a client_credentials request; seen with other grants only."},
	{Name: scopeNotHeld, Options: []string{"drop", "error"}, Note: "A named scope that the client does not hold. A sample of Oracle expects it to be dropped, a page calls it an error."},
	{Name: emptyScope, Options: []string{"refuse", "myscopes"}, Note: "A token request without a scope; not documented."},
	{Name: revokedToken, Options: []string{"refuse", "accept"}, Note: "Whether the admin API notices at once that a token was revoked; not documented."},
	{Name: signingCertAccess, Options: []string{"bearer", "public"}, Note: "A domain setting: SigningCert/jwk with or without an access token."},
	{Name: missingRole, Options: []string{"403", "401"}, Note: "The status for a valid token whose client lacks the role; not documented."},
	{Name: readOnlyWrite, Options: []string{"refuse", "ignore"}, Note: "PATCH or PUT of a readOnly attribute. The SDK says 400; a report on one tenancy saw it ignored."},
	{Name: federatedWrite, Options: []string{"refuse", "accept", "forbid"}, Note: "A password for a federated user: 400, accepted without use, or 403; not documented."},
	{Name: delegatedWrite, Options: []string{"refuse", "accept", "forbid"}, Note: "A password for a user whose authentication is delegated, to Active Directory for instance: as federatedWrite; not documented."},
	{Name: inactiveWrite, Options: []string{"refuse", "accept"}, Note: "A password for a deactivated user. Oracle documents the refusal for the resetter only."},
	{Name: lockedWrite, Options: []string{"keep", "unlock"}, Note: "Whether a new password ends a lock; not documented."},
	{Name: removePassword, Options: []string{"refuse", "clear"}, Note: "PATCH remove of the password; not documented."},
	{Name: historyOnPatch, Options: []string{"on", "off"}, Note: "Whether PATCH, PUT and POST check the history as UserPasswordChanger does; not documented."},
	{Name: minimumAge, Options: []string{"off", "on"}, Note: "Whether minPasswordAge binds administrators, as it binds users; Oracle describes it for reset requests."},
	{Name: minimumAgeUnit, Options: []string{"hours", "days"}, Note: "The unit of minPasswordAge; not documented."},
	{Name: oldPasswordFails, Options: []string{"ignore", "count"}, Note: "Whether a wrong old password in a change by the user counts as a failed log-in; not documented."},
	{Name: hashedCreate, Options: []string{"usable", "must_change"}, Note: "Whether a user who is created with a hashed password must change it at the first log-in; not documented."},
	{Name: mustChangeGrant, Options: []string{"refuse", "accept"}, Note: "A token by grant_type=password for a user who must change the password; not documented."},
	{Name: refreshToken, Options: []string{"once", "again"}, Note: "Whether a refresh token is used up by its use, and a new one comes with the answer; not documented."},
	{Name: meOfClient, Options: []string{"404", "401"}, Note: "Me and its like with a token that stands for no user; not documented."},
	{Name: policyDetail, Options: []string{"sentence", "list", "first"}, Note: "How the detail of pwdpolicyViolation joins broken rules: a sentence and all, all, or the first; not documented."},
	{Name: changerNotFound, Options: []string{"404", "400"}, Note: "UserPasswordChanger of an unknown id: 404, or 400 invalidReferenceResource; not documented."},
	{Name: versionConflict, Options: []string{"412", "409"}, Note: "If-Match with an old version; Oracle's status page names both."},
	{Name: countOverMaximum, Options: []string{"cap", "refuse"}, Note: "A page size over 1000; not documented."},
	{Name: primaryEmail, Options: []string{"required", "optional"}, Note: "A domain setting: whether a user needs a primary e-mail."},
	{Name: familyName, Options: []string{"optional", "required"}, Note: "Whether a user needs a family name; the SDK says no, the console asks for it."},
	{Name: throttledBody, Options: []string{"scim", "text"}, Note: "The body of a 429; not documented."},
	{Name: retryAfter, Options: []string{"none", "seconds"}, Note: "Retry-After on a 429 or 503 whose rule names none; Oracle documents no such header. seconds sends the wait, or 1 where there is none."},
	{Name: rateHeaders, Options: []string{"none", "send"}, Note: "X-RateLimit-Limit, -Remaining and -Reset (in seconds) on every answer of a domain with a tier; not documented."},
	{Name: rateWindow, Options: []string{"sliding", "fixed"}, Note: "Whether a tier's limits hold for any second and minute, or for those of the clock; not documented."},
	{Name: maintenanceBody, Options: []string{"vendor", "gateway"}, Note: "The body of a 503 in a maintenance: the envelope of SCIM or OAuth, or a gateway's page of HTML; not documented."},
	{Name: visibilityByID, Options: []string{"at_once", "late"}, Note: "Whether a GET by id finds a user whom a search does not find yet; not documented."},
	{Name: authenticatedRows, Options: []string{"none", "read"}, Note: "Whether every client reads Groups, Apps and AppRoles. Oracle's table lists them for Authenticated Client, whose other rows can only be meant for its own application."},
	{Name: referencedDelete, Options: []string{"refuse", "remove"}, Note: "DELETE without forceDelete of a user or group with memberships or grants; Oracle documents forceDelete only."},
	{Name: absentMember, Options: []string{"refuse", "ignore"}, Note: "PATCH remove of a member who is not in the group; not documented."},
	{Name: membersOnPut, Options: []string{"clear", "keep"}, Note: "PUT of a group without members: PUT clears what is left out, but a read does not show members unasked."},
	{Name: newApp, Options: []string{"inactive", "active"}, Note: "An application created without active; Oracle has a step of its own for activation."},
	{Name: deleteActiveApp, Options: []string{"refuse", "remove"}, Note: "DELETE of an active application; samples deactivate it first."},
	{Name: clientSecretShown, Options: []string{"default", "create"}, Note: "Whether a read of an application shows clientSecret: an example of Oracle does, public scripts find none."},
	{Name: bulkLimit, Options: []string{"50", "1000"}, Note: "Operations in a Bulk: Oracle's rate limit page says 50, its status page 1000."},
	{Name: bulkAtOnce, Options: []string{"one", "many"}, Note: "Whether a second Bulk beside a running one is refused; Oracle says one job at a time, not how."},
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
