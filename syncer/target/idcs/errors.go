package idcs

import (
	"encoding/json"
	"regexp"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// Where the rows come from. "Careful" marks our own reading where nothing is documented.
const (
	docCodes  = "Oracle, REST API for identity domains, HTTP status codes"
	docLimits = "Oracle, API rate limiting in identity domains: 429, back off exponentially"
	sampleIDM = "oracle/idm-samples: 401 with text/html means the token is no longer good"
	postman   = "oracle/idm-samples, REST collection with captured answers"
	observed  = "answers seen by public clients of production domains"
	rfc6749   = "RFC 6749, 5.2"
	rfc9110   = "RFC 9110, 15"
	careful   = "careful: not documented"
)

// table is the one place where answers of IDCS get their meaning.
var table = rest.Table{Code: func(r rest.Reply) string { return messageID(r.Body) }, Rows: []rest.Row{
	{Call: rest.CallToken, Status: 429, Verdict: rest.Sure(target.Transient, target.Throttled), Source: docLimits},
	{Call: rest.CallToken, Status: 408, Verdict: rest.Sure(target.Transient, target.Timeout), Source: rfc9110},
	{Call: rest.CallToken, Status: 400, Through: 499, Verdict: rest.Sure(target.Credential, target.BadCredential), Source: rfc6749},
	{Call: rest.CallToken, Status: 200, Through: 399, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: careful + "; a token answer that is none"},

	{Status: 401, HTML: true, Verdict: rest.Sure(target.Credential, target.BadCredential), Source: sampleIDM},
	{Status: 401, Verdict: rest.Sure(target.Credential, target.BadCredential), Source: docCodes},
	{Status: 403, HTML: true, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: careful + "; a firewall's page, not the domain's refusal"},
	{Status: 403, Verdict: rest.Sure(target.Permanent, target.Forbidden), Source: docCodes},
	{Status: 408, Verdict: rest.Unsure(target.Transient, target.Timeout), Source: rfc9110},
	{Status: 429, Verdict: rest.Sure(target.Transient, target.Throttled), Source: docLimits},

	{Call: rest.CallWrite, Status: 400, Code: "error.identity.passwordmgmt.pwdpolicyViolation", Verdict: rest.Sure(target.Permanent, target.Policy), Source: observed},
	{Call: rest.CallWrite, Status: 400, Code: "error.common.validation.invalidReferenceResource", Verdict: rest.Sure(target.Missing, target.NotFound), Source: postman},
	{Call: rest.CallWrite, Status: 404, HTML: true, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: careful + "; a gateway's page, not the domain's refusal"},
	{Call: rest.CallWrite, Status: 404, Verdict: rest.Sure(target.Missing, target.NotFound), Source: docCodes},
	{Call: rest.CallWrite, Status: 409, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: docCodes + ": version mismatch"},
	{Call: rest.CallWrite, Status: 412, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: docCodes + ": the resource changed meanwhile"},
	{Call: rest.CallCreate, Status: 400, Code: "error.identity.user.primaryEmailNotSpecified", Verdict: rest.Sure(target.Permanent, target.Malformed), Source: observed},
	{Call: rest.CallCreate, Status: 409, Verdict: rest.Sure(target.Permanent, target.Duplicate), Source: observed},
	{Call: rest.CallFind, Status: 404, Verdict: rest.Sure(target.Transient, target.Unavailable), Source: careful + "; a collection is never missing, so something before it answers"},

	{Call: rest.CallWrite, Status: 502, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: rfc9110 + ": a gateway speaks, the domain may have acted"},
	{Call: rest.CallWrite, Status: 504, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: rfc9110 + ": a gateway speaks, the domain may have acted"},
	{Status: 501, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: docCodes},
	{Status: 500, Through: 599, Verdict: rest.Unsure(target.Transient, target.Unavailable), Source: docCodes + ": 503 is overload or maintenance"},
	{Status: 300, Through: 399, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: careful + "; a password does not follow a redirect"},
	{Status: 400, Through: 499, Verdict: rest.Sure(target.Permanent, target.Malformed), Source: docCodes},
	{Call: rest.CallWrite, Status: 200, Through: 299, HTML: true, Verdict: rest.Unsure(target.Unknown, target.Unavailable), Source: careful + "; a page is not the domain's yes"},
	{Call: rest.CallWrite, Status: 200, Verdict: rest.Sure(target.Applied, ""), Source: postman},
	{Call: rest.CallWrite, Status: 201, Verdict: rest.Sure(target.Applied, ""), Source: observed},
	{Call: rest.CallWrite, Status: 204, Verdict: rest.Sure(target.Applied, ""), Source: "RFC 7644, 3.5.2"},
}}

// envelope is the error body of the SCIM layer. Oracle's own examples leave out members at will.
type envelope struct {
	Detail  string `json:"detail"`
	Message struct {
		ID string `json:"messageId"`
	} `json:"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"`
}

func readEnvelope(body []byte) envelope {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		return envelope{}
	}
	return e
}

// plainID keeps a stranger's text out of our logs: ids look like this, passwords and pages do not.
var plainID = regexp.MustCompile(`^error(\.[A-Za-z]{1,64}){1,6}$`)

// messageID is the vendor's id of what went wrong.
func messageID(body []byte) string {
	if id := readEnvelope(body).Message.ID; plainID.MatchString(id) {
		return id
	}
	return ""
}

// The sentence of the history rule, and the sentences of the other rules, as production clients match them.
var (
	historyRule = regexp.MustCompile(`(?i)cannot repeat the (?:most recent|last) \d+ passwords?`)
	otherRule   = regexp.MustCompile(`(?i)(?:must|cannot|can not|should|may not)\s`)
)

// historyOnly tells whether a policy refusal names the history rule and no other.
func historyOnly(body []byte) bool {
	e := readEnvelope(body)
	if e.Message.ID != "error.identity.passwordmgmt.pwdpolicyViolation" || !historyRule.MatchString(e.Detail) {
		return false
	}
	return !otherRule.MatchString(historyRule.ReplaceAllString(e.Detail, ""))
}
