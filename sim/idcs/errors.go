package idcs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// ours is the prefix of the message ids that nobody has seen at Oracle. A client that decides by one of them was written
// against the simulator.
const ours = "error.seatrial."

// kind is a class of refusal; the table below gives each its status, message id and text.
type kind int

const (
	malformedJSON kind = iota
	malformedPatch
	wrongSchema
	unknownAttribute
	readOnlyAttribute
	wrongType
	invalidValue
	missingAttributes
	primaryEmailMissing
	userNameTaken
	noSuchUser
	noSuchPolicy
	userReference
	invalidFilter
	invalidPath
	invalidPaging
	policyViolation
	federatedUser
	inactiveUser
	passwordRemoval
	hashedPassword
	invalidCredentials
	notAuthorized
	versionMismatch
	wrongMediaType
	tooLarge
	wrongMethod
	noSuchRoute
	notSimulated
	policyNotModifiable
	policyNameTaken
	policyGroupReference
	groupHasPolicy
	tooManyPolicies
	delegatedUser
	wrongOldPassword
	invalidToken
	noUserInToken
	selfServiceMail
	resetTooSoon
	lockedUser
	tooManyRequests
	unavailable
	serverError
	invalidBearer
	noSuchResource
	nameTaken
	alreadyGranted
	referenceMissing
	referenceTooLong
	stillReferenced
	tooManyMembers
	builtInResource
	appStillActive
	tooManyOperations
	bulkRunning
	bulkReference
)

// Answer is one row of the table of refusals.
type Answer struct {
	Status    int
	MessageID string
	// Text is a format; the request fills it in.
	Text string
	// Reason is the short label of the journal.
	Reason string
	// Source says where status and id come from; "unverified" stands for a choice of ours.
	Source string
}

const (
	statusPage = "status: Oracle, REST API for identity domains, Status Codes; id and text unverified"
	unverified = "unverified"
)

var answers = map[kind]Answer{
	malformedJSON:     {400, ours + "malformedJSON", "The request body is not valid JSON: %s.", "malformed", statusPage},
	malformedPatch:    {400, ours + "malformedPatch", "The PATCH is not valid: %s.", "malformed", statusPage},
	wrongSchema:       {400, ours + "wrongSchema", "The attribute schemas must contain %s.", "malformed", unverified},
	unknownAttribute:  {400, ours + "unknownAttribute", "The attribute %s is not known to the schema.", "malformed", unverified},
	readOnlyAttribute: {400, ours + "readOnlyAttribute", "The attribute %s cannot be written.", "malformed", "status: Oracle, OCI SDK, package identitydomains, \"readOnly\"; id and text unverified"},
	wrongType:         {400, ours + "wrongType", "The value of %s must be %s.", "malformed", unverified},
	invalidValue:      {400, ours + "invalidValue", "The value of %s is not valid: %s.", "malformed", unverified},
	missingAttributes: {400, "error.common.validation.missingReqAttributes", "Missing required attribute(s): %s.", "malformed", "Oracle, REST API for identity domains, error messages"},
	primaryEmailMissing: {
		400, "error.identity.user.primaryEmailNotSpecified", "The primary email must be specified.", "malformed",
		"public error reports of five clients",
	},
	userNameTaken: {409, ours + "userNameTaken", "A user with the user name %s exists already.", "duplicate", statusPage},
	noSuchUser:    {404, ours + "notFound", "The user %s was not found.", "not_found", statusPage},
	noSuchPolicy:  {404, ours + "notFound", "The password policy %s was not found.", "not_found", statusPage},
	userReference: {
		400, "error.common.validation.invalidReferenceResource", "UserPasswordChanger.user references a User with ID %s that does not exist.",
		"not_found", "id and text: Oracle, REST API for identity domains; its use here unverified",
	},
	invalidFilter: {400, ours + "invalidFilter", "The filter is not valid: %s.", "malformed", unverified},
	invalidPath:   {400, ours + "invalidPath", "The path is not valid: %s.", "malformed", unverified},
	invalidPaging: {400, ours + "invalidPaging", "The parameter %s is not valid: %s.", "malformed", unverified},
	policyViolation: {
		400, "error.identity.passwordmgmt.pwdpolicyViolation", "%s", "policy",
		"id: a public client in production, and a report on one tenancy; how texts are joined: unverified",
	},
	federatedUser:   {400, ours + "federatedUser", "The password of the federated user %s is not managed here.", "federated", unverified},
	inactiveUser:    {400, ours + "inactiveUser", "The user %s is deactivated.", "inactive", unverified},
	passwordRemoval: {400, ours + "passwordRemoval", "The password cannot be removed.", "malformed", unverified},
	hashedPassword:  {400, ours + "hashedPassword", "A hashed password is taken when a user is created, in the forms of Oracle's import.", "malformed", "ours: Oracle takes them on create"},
	invalidCredentials: {
		400, "", "INVALID_CREDENTIALS", "credential", "Oracle, REST API for identity domains, Response Body",
	},
	notAuthorized:   {403, ours + "notAuthorized", "You are not authorized to perform this action.", "forbidden", "text: a public client in production; status and id unverified"},
	versionMismatch: {412, ours + "versionMismatch", "The resource was changed: its version is not %s.", "precondition", statusPage},
	wrongMediaType:  {415, ours + "unsupportedMediaType", "The content type %q is not supported; use application/json or application/scim+json.", "malformed", statusPage},
	tooLarge:        {413, ours + "payloadTooLarge", "The request body is larger than %d bytes.", "malformed", statusPage},
	wrongMethod:     {405, ours + "methodNotAllowed", "The method %s is not supported by %s.", "malformed", statusPage},
	noSuchRoute:     {404, ours + "noSuchRoute", "There is nothing at %s.", "not_found", statusPage},
	notSimulated:    {501, ours + "notSimulated", "Oracle has %s, the simulator has not.", "not_simulated", "ours"},
	policyNotModifiable: {
		400, ours + "policyNotModifiable", "The password policy %s cannot be modified.", "forbidden",
		"that it cannot: Oracle, Managing Password Policies; status and id unverified",
	},
	policyNameTaken: {409, ours + "policyNameTaken", "A password policy with the name %s exists already.", "duplicate", statusPage},
	policyGroupReference: {
		400, "error.common.validation.invalidReferenceResource", "PasswordPolicy.groups references a Group with ID %s that does not exist.",
		"not_found", "id and text: Oracle, REST API for identity domains; its use here unverified",
	},
	groupHasPolicy:  {400, ours + "groupHasPolicy", "The group %s has the password policy %s already.", "duplicate", "that it has one: Oracle, Managing Password Policies; status and id unverified"},
	tooManyPolicies: {400, ours + "tooManyPolicies", "There can be %d password policies with a priority.", "malformed", "that there is a limit: Oracle, Managing Password Policies; status and id unverified"},
	delegatedUser:   {400, ours + "delegatedUser", "The password of the user %s is managed where the authentication is delegated to.", "delegated", unverified},
	wrongOldPassword: {
		400, "error.identity.passwordmgmt.invalidCurrentPassword", "The current password is not correct.", "credential",
		"id: a public client in production, and a code sample of Oracle; text unverified",
	},
	invalidToken: {
		400, "error.identity.passwordmgmt.invalidToken", "The token is not valid or has expired.", "credential",
		"id: a code sample of Oracle; text unverified",
	},
	noUserInToken:   {404, ours + "noUserInToken", "The access token does not stand for a user.", "not_found", unverified},
	selfServiceMail: {400, ours + "notificationAddress", "The user has no such address for %s.", "malformed", unverified},
	resetTooSoon:    {400, ours + "resetTooSoon", "The user can request a reset of the password again in %s.", "policy", "that there is such a time: Oracle, OCI SDK, \"minPasswordAge\"; status and id unverified"},
	lockedUser:      {400, ours + "userLocked", "The user %s is locked.", "locked", unverified},
	tooManyRequests: {429, ours + "tooManyRequests", "Too Many Requests", "throttled", "status: Oracle, API Rate Limits; text: Oracle Essbase; body unverified"},
	unavailable:     {503, ours + "unavailable", "The service is unavailable.", "unavailable", statusPage},
	serverError:     {500, ours + "internal", "%s", "unavailable", statusPage},
	invalidBearer: {
		401, ours + "invalidBearer", "The access token is missing, expired or not valid.", "credential",
		"status and text/html: two code samples of Oracle; JSON body unverified",
	},
	noSuchResource: {404, ours + "notFound", "The %s %s was not found.", "not_found", statusPage},
	nameTaken:      {409, ours + "nameTaken", "A%s with the name %s exists already.", "duplicate", statusPage},
	alreadyGranted: {409, ours + "alreadyGranted", "The grant %s exists already.", "duplicate", statusPage},
	referenceMissing: {
		400, "error.common.validation.invalidReferenceResource", "%s references a %s with ID %s that does not exist.", "not_found",
		"Oracle, REST API for identity domains, error messages",
	},
	referenceTooLong: {
		400, "error.common.validation.stringExceedsMaxLimit", "The value of %s is longer than %d characters.", "malformed",
		"id: public error reports; text unverified",
	},
	stillReferenced: {400, ours + "stillReferenced", "The %s %s is referred to by others; delete it with forceDelete=true.", "referenced", unverified},
	tooManyMembers: {
		400, ours + "tooManyMembers", "The group %s has %d members; one answer holds at most %d: ask for attributes=members[startIndex=1&count=100].", "malformed",
		"that it fails: Oracle, OCI SDK, package identitydomains, Group.members; status and id unverified",
	},
	builtInResource:   {400, ours + "builtIn", "%s belongs to the domain and cannot be changed.", "forbidden", unverified},
	appStillActive:    {400, ours + "appStillActive", "The application %s is active; deactivate it first.", "active", unverified},
	tooManyOperations: {413, ours + "tooManyOperations", "The bulk request has %d operations; the limit is %d.", "malformed", statusPage},
	bulkRunning: {
		429, ours + "bulkRunning", "Another bulk request is at work.", "throttled",
		"one at a time: Oracle, API Rate Limits; status, id and text unverified",
	},
	bulkReference: {400, ours + "bulkReference", "%s refers to no earlier operation that created something.", "not_found", unverified},
}

// Answers is the table of refusals, by status and id: what a client may rely on, and what only the simulator says.
func Answers() []Answer {
	all := make([]Answer, 0, len(answers))
	for _, a := range answers {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Answer) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return compareText(a.MessageID+a.Text, b.MessageID+b.Text)
	})
	return all
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// refusal is a request's error: what the client is told, and what the journal remembers.
type refusal struct {
	kind     kind
	args     []any
	status   int    // when a switch overrides the table's
	surprise string // when the vendor's API has no such thing
	extra    map[string]any
}

func refuse(k kind, args ...any) *refusal { return &refusal{kind: k, args: args} }

// surprising marks a request that no client of the real API would send.
func (r *refusal) surprising(format string, args ...any) *refusal {
	r.surprise = fmt.Sprintf(format, args...)
	return r
}

func (r *refusal) as(status int) *refusal {
	r.status = status
	return r
}

// Error is the detail that the client sees.
func (r *refusal) Error() string {
	text := answers[r.kind].Text
	if len(r.args) == 0 {
		return text
	}
	return fmt.Sprintf(text, r.args...)
}

func (r *refusal) statusCode() int {
	if r.status != 0 {
		return r.status
	}
	return answers[r.kind].Status
}

const (
	errorSchema     = "urn:ietf:params:scim:api:messages:2.0:Error"
	errorSchemaIDCS = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"
)

// envelope is the body of every SCIM error. The status is a string (Oracle, REST API for identity domains, Response Body).
type envelope struct {
	Schemas   []string       `json:"schemas"`
	Detail    string         `json:"detail"`
	Status    string         `json:"status"`
	Extension map[string]any `json:"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"`
}

func (r *refusal) body() []byte {
	row := answers[r.kind]
	e := envelope{
		Schemas: []string{errorSchema, errorSchemaIDCS}, Detail: r.Error(), Status: strconv.Itoa(r.statusCode()),
		Extension: map[string]any{},
	}
	if row.MessageID != "" {
		e.Extension["messageId"] = row.MessageID
	}
	if r.extra != nil {
		e.Extension["additionalData"] = r.extra
	}
	body, err := json.Marshal(e)
	if err != nil { // only strings and plain values go in
		return []byte(`{"status":"500"}`)
	}
	return body
}

// answer sends the refusal and notes it in the journal.
func (c *call) refuse(err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = refuse(serverError, err.Error())
	}
	row := answers[r.kind]
	if c.x.Reason == "" {
		c.x.Reason = row.Reason
	}
	if c.x.Operation == "write_password" || c.x.Operation == "create" {
		c.x.Outcome = "refused"
	}
	if r.surprise != "" {
		c.x.Surprise = r.surprise
	}
	if r.kind == invalidBearer {
		c.refuseBearer(r)
		return
	}
	c.send(r.statusCode(), errorContentType, r.body())
}

// refuseBearer answers a missing, expired or invented access token. Two of Oracle's code samples take the pair 401 and
// text/html for "fetch a new token"; the page itself is ours.
func (c *call) refuseBearer(r *refusal) {
	if c.s.is(bearerChallenge, "send") {
		c.w.Header()["Www-Authenticate"] = []string{`Bearer error="invalid_token"`}
	}
	if c.s.is(bearer401, "json") {
		c.send(http.StatusUnauthorized, errorContentType, r.body())
		return
	}
	c.send(http.StatusUnauthorized, htmlContentType, page(http.StatusUnauthorized))
}

// page is what a web server says when the application says nothing.
func page(status int) []byte { return web.Page(strconv.Itoa(status) + " " + http.StatusText(status)) }
