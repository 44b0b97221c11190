package okta

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// Where the rows come from. "Careful" marks our own reading where nothing is documented.
const (
	catalogue = "Okta, error codes"
	usersAPI  = "Okta, Users API"
	orgToOrg  = "Okta, Org2Org: app assignment with initial provisioning fails"
	limits    = "Okta, rate limits"
	scopes    = "Okta, OAuth 2.0 for Okta APIs; reports to okta-sdk-golang"
	rfc6749   = "RFC 6749, 5.2"
	rfc9110   = "RFC 9110, 15"
	careful   = "careful: not documented"
)

// What E0000001 is about is not in its code but in the summary and the causes.
const (
	codePassword    = "E0000001 password"
	codeUnsupported = "E0000001 password_unsupported"
	codeLogin       = "E0000001 login"
	codeTaken       = "E0000001 login_taken"
	noScope         = "insufficient_scope"
)

// sets are the calls that bring a password.
const sets = rest.CallWrite

// table is the one place where answers of Okta get their meaning. Codes of operations that are not used here are in it, too: an
// org that answers with one is not a riddle.
var table = rest.Table{Code: codeOf, Rows: []rest.Row{
	{Call: rest.CallToken, Status: 429, Verdict: rest.Sure(target.Transient, target.Throttled), Source: limits},
	{Call: rest.CallToken, Status: 408, Verdict: rest.Sure(target.Transient, target.Timeout), Source: rfc9110},
	{Call: rest.CallToken, Status: 400, Through: 499, Verdict: rest.Sure(target.Credential, target.BadCredential), Source: rfc6749},
	{Call: rest.CallToken, Status: 200, Through: 399, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: careful + "; a token answer that is none"},

	{Status: 400, Code: codeUnsupported, Verdict: rest.Sure(target.Permanent, target.Federated), Source: orgToOrg},
	{Status: 400, Code: codePassword, Verdict: rest.Sure(target.Permanent, target.Policy), Source: orgToOrg + ", requirements were not met"},
	{Status: 400, Code: codeTaken, Verdict: rest.Sure(target.Permanent, target.Duplicate), Source: "tests of guardian/gateway, a client in production"},
	{Status: 400, Code: codeLogin, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: "tests of guardian/gateway, a client in production"},
	{Status: 400, Code: "E0000001", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000002", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000003", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 401, Code: "E0000004", Verdict: rest.Sure(target.Credential, target.BadCredential), Source: catalogue},
	{Status: 403, Code: "E0000005", Verdict: rest.Sure(target.Credential, target.BadCredential), Source: catalogue + ": no Authorization arrived"},
	{Status: 403, Code: "E0000006", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 404, Code: "E0000007", Verdict: rest.Sure(target.Missing, target.NotFound), Source: usersAPI},
	{Status: 404, Code: "E0000008", Verdict: rest.Sure(target.Transient, target.Unavailable), Source: careful + "; users have a path in every org, so this is another server"},
	{Status: 500, Code: "E0000009", Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: catalogue},
	{Status: 503, Code: "E0000010", Verdict: rest.Sure(target.Transient, target.Unavailable), Source: catalogue + ": the org only reads for a while"},
	{Status: 401, Code: "E0000011", Verdict: rest.Sure(target.Credential, target.BadCredential), Source: catalogue},
	{Status: 404, Code: "E0000012", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000014", Verdict: rest.Sure(target.Permanent, target.Policy), Source: usersAPI + ", change password; tests of Okta's sign-in widget"},
	{Status: 401, Code: "E0000015", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 403, Code: "E0000016", Verdict: rest.Sure(target.Permanent, target.Inactive), Source: catalogue},
	{Status: 403, Code: "E0000017", Verdict: rest.Sure(target.Permanent, target.Inactive), Source: "tests of guardian/gateway: the user's status or provider allows no reset"},
	{Status: 400, Code: "E0000018", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000019", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000020", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000021", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 405, Code: "E0000022", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000023", Verdict: rest.Sure(target.Permanent, target.Federated), Source: "Okta, User provisioning for Org2Org failed: the profile is another system's"},
	{Status: 400, Code: "E0000024", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000028", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 400, Code: "E0000031", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000032", Verdict: rest.Sure(target.Permanent, target.Inactive), Source: catalogue},
	{Status: 400, Code: "E0000033", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000034", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 403, Code: "E0000035", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: "Okta, Users not able to change their password: a policy rule"},
	{Status: 403, Code: "E0000036", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 400, Code: "E0000037", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000038", Verdict: rest.Sure(target.Permanent, target.Inactive), Source: catalogue},
	{Status: 400, Code: "E0000041", Verdict: rest.Sure(target.Permanent, target.Federated), Source: catalogue + ": credentials are not set under this scheme"},
	{Status: 429, Code: "E0000047", Verdict: rest.Sure(target.Transient, target.Throttled), Source: catalogue},
	{Status: 400, Code: "E0000053", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 501, Code: "E0000060", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 401, Code: "E0000064", Verdict: rest.Sure(target.Credential, target.BadCredential), Source: catalogue},
	{Status: 403, Code: "E0000079", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 403, Code: "E0000080", Verdict: rest.Sure(target.Permanent, target.Policy), Source: catalogue},
	{Status: 403, Code: "E0000087", Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 400, Code: "E0000093", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: catalogue},
	{Status: 403, Code: "E0000095", Verdict: rest.Sure(target.Missing, target.NotFound), Source: catalogue},
	{Status: 409, Code: "E0000112", Verdict: rest.Sure(target.Transient, target.Unavailable), Source: catalogue + ": the user is still being activated"},
	{Status: 400, Code: "E0000124", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: usersAPI},
	{Status: 400, Code: "E0000125", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: usersAPI},
	{Status: 401, Code: "E0000207", Verdict: rest.Sure(target.Credential, target.BadCredential), Source: catalogue},
	{Status: 423, Code: "E0000239", Verdict: rest.Sure(target.Transient, target.Unavailable), Source: "recorded answers of an org"},
	{Status: 403, Code: noScope, Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: scopes},

	{Status: 401, Verdict: rest.Sure(target.Credential, target.BadCredential), Source: scopes},
	{Status: 403, HTML: true, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: careful + "; a firewall's page, not the org's refusal"},
	{Status: 403, Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: catalogue},
	{Status: 404, HTML: true, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: careful + "; a gateway's page, not the org's refusal"},
	{Status: 404, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: careful + "; Okta says which resource is missing, in an envelope"},
	{Status: 408, Verdict: rest.Unsure(target.Transient, target.Timeout), Source: rfc9110},
	{Status: 409, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: rfc9110 + ": a conflict with a change under way"},
	{Status: 412, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: rfc9110},
	{Status: 423, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: rfc9110},
	{Status: 429, Verdict: rest.Sure(target.Transient, target.Throttled), Source: limits},
	{Call: sets, Status: 502, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: rfc9110 + ": a gateway speaks, the org may have acted"},
	{Call: sets, Status: 504, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: rfc9110 + ": a gateway speaks, the org may have acted"},
	{Status: 501, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: rfc9110},
	{Status: 500, Through: 599, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: rfc9110},
	{Status: 300, Through: 399, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: careful + "; a password does not follow a redirect"},
	{Status: 400, Through: 499, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: rfc9110},
	{Call: sets, Status: 200, Through: 299, HTML: true, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: careful + "; a page is not the org's yes"},
	{Call: sets, Status: 200, Verdict: rest.Sure(target.Applied, ""), Source: usersAPI + ", also for a creation"},
	{Call: sets, Status: 201, Verdict: rest.Sure(target.Applied, ""), Source: rfc9110},
	{Call: sets, Status: 204, Verdict: rest.Sure(target.Applied, ""), Source: rfc9110},
}}

// envelope is the error body: always these members, and an id.
type envelope struct {
	Code    string `json:"errorCode"`
	Summary string `json:"errorSummary"`
	Causes  []struct {
		Summary string `json:"errorSummary"`
	} `json:"errorCauses"`
}

func readEnvelope(body []byte) envelope {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		return envelope{}
	}
	return e
}

// causes are the texts behind "password: ".
func (e envelope) causes() (list []string) {
	for _, c := range e.Causes {
		list = append(list, strings.TrimPrefix(c.Summary, "password: "))
	}
	return list
}

// plainCode keeps a stranger's text out of our logs.
var plainCode = regexp.MustCompile(`^E[0-9]{7}$`)

// validationFailed begins the summary of E0000001; what follows is the field.
const validationFailed = "Api validation failed: "

// unsupported is the cause when a password is set for a user whose credentials are not the org's (Okta, Org2Org app assignment;
// that the hub says no more is our reading). Orgs that say the whole sentence of the policy are told by a look.
const unsupported = "Password"

// codeOf is Okta's code of what went wrong, for E0000001 with what it is about, and for a token without the scope, which has no
// body, the error of the challenge.
func codeOf(r rest.Reply) string {
	e := readEnvelope(r.Body)
	switch {
	case e.Code == "" && strings.Contains(r.Header.Get("Www-Authenticate"), `error="`+noScope+`"`):
		return noScope
	case !plainCode.MatchString(e.Code):
		return rest.OAuthError(r.Body)
	case e.Code != "E0000001":
		return e.Code
	}
	causes := e.causes()
	switch field := strings.TrimPrefix(e.Summary, validationFailed); {
	case field == "password" && len(causes) == 1 && causes[0] == unsupported:
		return codeUnsupported
	case field == "password":
		return codePassword
	case field == "login" && slices.ContainsFunc(causes, isTaken):
		return codeTaken
	case field == "login":
		return codeLogin
	}
	return e.Code
}

// isTaken matches "login: An object with this field already exists in the current organization".
func isTaken(cause string) bool { return strings.Contains(cause, "already exists") }

// oldPasswords are the causes that speak of old passwords and nothing else.
var oldPasswords = []string{"Password has been used too recently", "Password cannot be your current password"}

// historyOnly tells whether a refusal for policy names the rules of old passwords and no other.
func historyOnly(body []byte) bool {
	causes := readEnvelope(body).causes()
	for _, c := range causes {
		if !slices.Contains(oldPasswords, c) {
			return false
		}
	}
	return len(causes) > 0
}
