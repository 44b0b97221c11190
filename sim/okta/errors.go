package okta

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// kind is a class of refusal; the table below gives each its status, code and summary.
type kind int

const (
	validation kind = iota // Api validation failed: <field>, with causes
	policyBroken
	loginTaken
	federatedUser
	invalidRequest
	malformedBody
	authenticationFailed
	noSession
	roleTooSmall
	notFound
	noSuchPath
	serverError
	readOnlyMode
	badToken
	noMediaType
	badCredentials
	passwordRefused
	noFeature
	noAppMetadata
	alreadyActive
	resetRefused
	headersNotSet
	acceptMismatch
	contentTypeMismatch
	wrongMethod
	masteredElsewhere
	missingParameter
	invalidSearch
	unlockRefused
	searchAndFilter
	forgotRefused
	changeRefused
	questionRefused
	typeMismatch
	wrongStatus
	inactiveUser
	tooManyRequests
	invalidLogFilter
	notSimulated
	expiredPassword
	wrongState
	complexityUnmet
	wrongAnswer
	tooManyTargets
	unknownRecovery
	stillActivating
	needsPassword
	needsActivation
	wrongSignIn
	reconciling
	versionMismatch
	badBearer
	scopeMissing
	credentialsNotHere
	appStillActive
	mappedAttribute
)

// Answer is one row of the table of refusals.
type Answer struct {
	Status int
	// Code is Okta's error code; "" where the answer has no body.
	Code string
	// Summary is a format; the request fills it in.
	Summary string
	// Reason is the short label of the journal.
	Reason string
	// Source says where code, status and text come from.
	Source string
}

const (
	catalogue  = "Okta, error codes"
	unverified = "code, status and text: Okta, error codes; that it is the answer here: unverified"
)

var answers = map[kind]Answer{
	validation:           {400, "E0000001", "Api validation failed: %s", "malformed", catalogue},
	policyBroken:         {400, "E0000001", "Api validation failed: %s", "policy", catalogue + "; causes: Okta, Org2Org provisioning error, \"requirements were not met\""},
	loginTaken:           {400, "E0000001", "Api validation failed: %s", "duplicate", catalogue + "; cause: tests of a client in production"},
	federatedUser:        {400, "E0000001", "Api validation failed: %s", "federated", catalogue + "; that a federated user's push fails so: Okta, Org2Org app assignment with initial provisioning; the cause on the hub: unverified"},
	invalidRequest:       {400, "E0000002", "The request was not valid: %s", "malformed", unverified},
	malformedBody:        {400, "E0000003", "The request body was not well-formed.", "malformed", catalogue},
	authenticationFailed: {401, "E0000004", "Authentication failed", "credential", "Okta, Authentication API"},
	noSession:            {403, "E0000005", "Invalid session", "credential", catalogue + "; captured bodies"},
	roleTooSmall:         {403, "E0000006", "You do not have permission to perform the requested action", "forbidden", catalogue},
	notFound:             {404, "E0000007", "Not found: Resource not found: %s (%s)", "not_found", "recorded answers"},
	noSuchPath:           {404, "E0000008", "The requested path was not found", "not_found", catalogue},
	serverError:          {500, "E0000009", "Internal Server Error", "unavailable", catalogue},
	readOnlyMode:         {503, "E0000010", "Service is in read only mode", "unavailable", catalogue + "; Okta, What is Okta's read-only mode"},
	badToken:             {401, "E0000011", "Invalid token provided", "credential", catalogue},
	noMediaType:          {404, "E0000012", "Unsupported media type", "malformed", unverified + " (a switch)"},
	badCredentials:       {403, "E0000014", "Update of credentials failed", "credential", catalogue + "; causes: tests of Okta's sign-in widget, two clients"},
	passwordRefused:      {403, "E0000014", "Update of credentials failed", "policy", catalogue + "; causes: tests of Okta's sign-in widget, two clients"},
	noFeature:            {401, "E0000015", "You do not have permission to access the feature you are requesting", "forbidden", catalogue + "; Okta, OpenAPI examples; that realms are such a feature: unverified"},
	alreadyActive:        {403, "E0000016", "Activation failed because the user is already active", "status", catalogue},
	resetRefused:         {403, "E0000017", "Password reset failed", "status", catalogue + "; causes: tests of a client in production"},
	headersNotSet:        {400, "E0000018", "Bad request.  Accept and/or Content-Type headers are likely not set.", "malformed", unverified},
	acceptMismatch:       {400, "E0000019", "Bad request.  Accept and/or Content-Type headers likely do not match supported values.", "malformed", unverified},
	contentTypeMismatch:  {400, "E0000021", "Bad request.  Accept and/or Content-Type headers likely do not match supported values.", "malformed", unverified},
	wrongMethod:          {405, "E0000022", "The endpoint does not support the provided HTTP method", "malformed", catalogue},
	masteredElsewhere:    {403, "E0000023", "Operation failed because user profile is mastered under another system", "mastered", catalogue + "; its cause: Okta, User provisioning for Org2Org failed"},
	noAppMetadata:        {400, "E0000024", "Bad request.  This operation on app metadata is not yet supported.", "not_simulated", unverified + " (a switch)"},
	missingParameter:     {400, "E0000028", "The request is missing a required parameter.", "malformed", unverified},
	invalidSearch:        {400, "E0000031", "Invalid search criteria.", "malformed", catalogue},
	unlockRefused:        {403, "E0000032", "Unlock is not allowed for this user.", "status", catalogue},
	searchAndFilter:      {400, "E0000033", "Bad request. Can't specify a search query and filter in the same request.", "malformed", catalogue},
	forgotRefused:        {403, "E0000034", "Forgot password not allowed on specified user.", "status", catalogue + "; causes: two clients"},
	changeRefused:        {403, "E0000035", "Change password not allowed on specified user.", "forbidden", "Okta, Users not able to change their password"},
	questionRefused:      {403, "E0000036", "Change recovery question not allowed on specified user.", "status", unverified},
	typeMismatch:         {400, "E0000037", "Type mismatch exception.  %s", "malformed", unverified},
	wrongStatus:          {403, "E0000038", "This operation is not allowed in the user's current status.", "status", catalogue},
	inactiveUser:         {403, "E0000038", "This operation is not allowed in the user's current status.", "inactive", catalogue + "; that a password is refused so: unverified (a switch)"},
	tooManyRequests:      {429, "E0000047", "API call exceeded rate limit due to too many requests.", "throttled", catalogue},
	invalidLogFilter:     {400, "E0000053", "%s", "malformed", "Okta, System Log API"},
	notSimulated:         {501, "E0000060", "Unsupported operation.", "not_simulated", "ours: Okta has the operation"},
	expiredPassword:      {401, "E0000064", "Password is expired and must be changed.", "expired", unverified + " (a switch)"},
	credentialsNotHere:   {400, "E0000041", "Credentials should not be set on this resource based on the scheme.", "malformed", "Okta, OpenAPI examples"},
	appStillActive:       {403, "E0000056", "Delete application forbidden.", "status", unverified},
	mappedAttribute:      {403, "E0000075", "Cannot modify the %s attribute because it has a field mapping and profile push is enabled.", "malformed", "Okta, OpenAPI examples"},
	wrongState:           {403, "E0000079", "This operation is not allowed in the current authentication state.", "status", unverified},
	complexityUnmet:      {403, "E0000080", "The password does not meet the complexity requirements of the current password policy.", "policy", catalogue},
	wrongAnswer:          {403, "E0000087", "The recovery question answer did not match our records.", "credential", catalogue},
	tooManyTargets:       {400, "E0000093", "Target count limit exceeded", "malformed", catalogue},
	unknownRecovery:      {403, "E0000095", "Recovery not allowed for unknown user.", "not_found", catalogue + "; Okta, Authentication API"},
	stillActivating:      {409, "E0000112", "Cannot update this user because they are still being activated. Please try again in a few minutes.", "activating", catalogue},
	needsPassword:        {400, "E0000124", "Could not create user. To create a user and expire their password immediately, a password must be specified", "malformed", "code: Okta, OpenAPI examples; text unverified"},
	needsActivation:      {400, "E0000125", "Could not create user. To create a user and expire their password immediately, \"activate\" must be true", "malformed", "code: Okta, OpenAPI examples; text unverified"},
	wrongSignIn:          {401, "E0000207", "The username and/or the password you entered is incorrect. Please try again.", "credential", unverified + " (a switch)"},
	reconciling:          {423, "E0000239", "Policy priorities are being reconciled. Please try again later.", "unavailable", "recorded on group rules; on policies: unverified (a switch)"},
	versionMismatch:      {412, "E0000020", "Bad request.", "precondition", "unverified: Okta documents If-Match, not its failure"},
	badBearer:            {401, "", "The access token is invalid.", "credential", "texts: Okta, OAuth errors; that there is no body: unverified"},
	scopeMissing:         {403, "", "The access token provided does not contain the required scopes.", "forbidden", "reports to okta-sdk-golang and terraform-provider-okta"},
}

// Answers is the table of refusals, by code: what a client may rely on, and what only the simulator says.
func Answers() []Answer {
	all := make([]Answer, 0, len(answers))
	for _, a := range answers {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Answer) int { return strings.Compare(a.Code+a.Reason+a.Summary, b.Code+b.Reason+b.Summary) })
	return all
}

// refusal is a request's error: what the client is told, and what the journal remembers.
type refusal struct {
	kind     kind
	args     []any
	causes   []string
	status   int    // when a switch overrides the table's
	surprise string // when the vendor's API has no such thing
}

func refuse(k kind, args ...any) *refusal { return &refusal{kind: k, args: args} }

// because adds causes.
func (r *refusal) because(causes ...string) *refusal {
	r.causes = append(r.causes, causes...)
	return r
}

// surprising marks a request that no client of the real API would send.
func (r *refusal) surprising(format string, args ...any) *refusal {
	r.surprise = fmt.Sprintf(format, args...)
	return r
}

func (r *refusal) as(status int) *refusal {
	r.status = status
	return r
}

// Error is the summary and its causes, in the words of an Org2Org task: "summary (cause; cause)".
func (r *refusal) Error() string {
	text := r.summary()
	if len(r.causes) > 0 {
		text += " (" + strings.Join(r.causes, "; ") + ")"
	}
	return text
}

func (r *refusal) summary() string {
	text := answers[r.kind].Summary
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

type cause struct {
	Summary string `json:"errorSummary"`
}

// envelope is the body of every error: always these five members.
type envelope struct {
	Code    string  `json:"errorCode"`
	Summary string  `json:"errorSummary"`
	Link    string  `json:"errorLink"`
	ID      string  `json:"errorId"`
	Causes  []cause `json:"errorCauses"`
}

func newEnvelope(code, summary, id string, causes []string) []byte {
	e := envelope{Code: code, Summary: summary, Link: code, ID: id, Causes: []cause{}}
	for _, text := range causes {
		e.Causes = append(e.Causes, cause{text})
	}
	body, err := encode(e)
	if err != nil { // only strings go in
		return []byte(`{}`)
	}
	return body
}

func (r *refusal) body(id string) []byte {
	code := answers[r.kind].Code
	if code == "" {
		return nil
	}
	return newEnvelope(code, r.summary(), id, r.causes)
}

// refuse answers with the refusal and notes it in the journal.
func (c *call) refuse(err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = refuse(serverError)
	}
	if c.x.Reason == "" {
		c.x.Reason = answers[r.kind].Reason
	}
	if c.x.Operation == "write_password" || c.x.Operation == "create" {
		c.x.Outcome = "refused"
	}
	if r.surprise != "" {
		c.x.Surprise = r.surprise
	}
	if r.kind == badBearer {
		c.challenge("", "invalid_token", r.summary())
	}
	c.send(r.statusCode(), r.body(c.s.ids.error()))
}

// challenge is the header of a refused access token. Addresses in it begin with http also on https orgs (reports to
// okta-sdk-golang and terraform-provider-okta).
func (c *call) challenge(scope, code, description string) {
	org := "http://" + c.r.Host
	scheme := "Bearer "
	if c.who.dpop {
		scheme = `DPoP algs="RS256 RS384 RS512 ES256 ES384 ES512", `
	}
	text := scheme + `authorization_uri="` + org + `/oauth2/v1/authorize", realm="` + org + `"`
	if scope != "" {
		text += `, scope="` + scope + `"`
	}
	text += `, error="` + code + `", error_description="` + description + `", resource="` + strings.Map(quotable, c.r.URL.Path) + `"`
	c.w.Header()["Www-Authenticate"] = []string{text}
}

// quotable keeps a path from ending the quoted string that it stands in.
func quotable(r rune) rune {
	if r == '"' || r == '\\' || r < ' ' {
		return -1
	}
	return r
}

// page is what a gateway says when the application says nothing.
func page(status int) []byte { return web.Page(http.StatusText(status)) }
