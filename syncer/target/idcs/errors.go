package idcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// call is what a request was for: the same status may mean different things.
type call string

const (
	callToken  call = "token"
	callFind   call = "find"
	callCreate call = "create"
	callWrite  call = "write"
)

// verdict is what a reply means.
type verdict struct {
	class     target.Class
	reason    target.Reason
	unsettled bool // a write that may have been applied all the same
}

// row says what a reply means. Empty fields match anything; the first row that matches decides.
type row struct {
	call      call
	status    int
	through   int // end of a range of status that starts with status
	messageID string
	html      bool // the reply is a web page: a gateway's, not the domain's
	verdict   verdict
	source    string
}

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
var table = []row{
	{call: callToken, status: 429, verdict: verdict{target.Transient, target.Throttled, false}, source: docLimits},
	{call: callToken, status: 408, verdict: verdict{target.Transient, target.Timeout, false}, source: rfc9110},
	{call: callToken, status: 400, through: 499, verdict: verdict{target.Credential, target.BadCredential, false}, source: rfc6749},
	{call: callToken, status: 200, through: 399, verdict: verdict{target.Transient, target.Unavailable, false}, source: careful + "; a token answer that is none"},

	{status: 401, html: true, verdict: verdict{target.Credential, target.BadCredential, false}, source: sampleIDM},
	{status: 401, verdict: verdict{target.Credential, target.BadCredential, false}, source: docCodes},
	{status: 403, html: true, verdict: verdict{target.Transient, target.Unavailable, true}, source: careful + "; a firewall's page, not the domain's refusal"},
	{status: 403, verdict: verdict{target.Permanent, target.Forbidden, false}, source: docCodes},
	{status: 408, verdict: verdict{target.Transient, target.Timeout, true}, source: rfc9110},
	{status: 429, verdict: verdict{target.Transient, target.Throttled, false}, source: docLimits},

	{call: callWrite, status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", verdict: verdict{target.Permanent, target.Policy, false}, source: observed},
	{call: callWrite, status: 400, messageID: "error.common.validation.invalidReferenceResource", verdict: verdict{target.Missing, target.NotFound, false}, source: postman},
	{call: callWrite, status: 404, html: true, verdict: verdict{target.Transient, target.Unavailable, true}, source: careful + "; a gateway's page, not the domain's refusal"},
	{call: callWrite, status: 404, verdict: verdict{target.Missing, target.NotFound, false}, source: docCodes},
	{call: callWrite, status: 409, verdict: verdict{target.Transient, target.Unavailable, false}, source: docCodes + ": version mismatch"},
	{call: callWrite, status: 412, verdict: verdict{target.Transient, target.Unavailable, false}, source: docCodes + ": the resource changed meanwhile"},
	{call: callCreate, status: 400, messageID: "error.identity.user.primaryEmailNotSpecified", verdict: verdict{target.Permanent, target.Malformed, false}, source: observed},
	{call: callCreate, status: 409, verdict: verdict{target.Permanent, target.Duplicate, false}, source: observed},
	{call: callFind, status: 404, verdict: verdict{target.Transient, target.Unavailable, false}, source: careful + "; a collection is never missing, so something before it answers"},

	{call: callWrite, status: 502, verdict: verdict{target.Unknown, target.Unavailable, true}, source: rfc9110 + ": a gateway speaks, the domain may have acted"},
	{call: callWrite, status: 504, verdict: verdict{target.Unknown, target.Unavailable, true}, source: rfc9110 + ": a gateway speaks, the domain may have acted"},
	{status: 501, verdict: verdict{target.Permanent, target.Malformed, false}, source: docCodes},
	{status: 500, through: 599, verdict: verdict{target.Transient, target.Unavailable, true}, source: docCodes + ": 503 is overload or maintenance"},
	{status: 300, through: 399, verdict: verdict{target.Permanent, target.Malformed, false}, source: careful + "; a password does not follow a redirect"},
	{status: 400, through: 499, verdict: verdict{target.Permanent, target.Malformed, false}, source: docCodes},
	{call: callWrite, status: 200, through: 299, html: true, verdict: verdict{target.Unknown, target.Unavailable, true}, source: careful + "; a page is not the domain's yes"},
	{call: callWrite, status: 200, verdict: verdict{target.Applied, "", false}, source: postman},
	{call: callWrite, status: 201, verdict: verdict{target.Applied, "", false}, source: observed},
	{call: callWrite, status: 204, verdict: verdict{target.Applied, "", false}, source: "RFC 7644, 3.5.2"},
}

// reply is an answer as it came.
type reply struct {
	status     int
	html       bool
	body       []byte
	retryAfter time.Duration
	allowance  target.Allowance
	date       time.Time // the answer's Date, or zero
	asked, got time.Time // when the request began, and when the answer's head was there
	err        error     // no answer, or a body that broke off
	sent       bool      // the request may have reached the target
}

// judge gives a reply its meaning.
func judge(c call, r reply) verdict {
	if r.status == 0 {
		return broken(c, r.err, r.sent)
	}
	id := r.messageID()
	for _, row := range table {
		last := max(row.status, row.through)
		if (row.call == "" || row.call == c) && r.status >= row.status && r.status <= last &&
			(!row.html || r.html) && (row.messageID == "" || row.messageID == id) {
			v := row.verdict
			v.unsettled = v.unsettled && c == callWrite
			return v
		}
	}
	return verdict{target.Transient, target.Unavailable, c == callWrite}
}

// broken is the meaning of no answer at all.
func broken(c call, err error, sent bool) verdict {
	v := verdict{class: target.Transient, reason: target.Connection}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()) {
		v.reason = target.Timeout
	}
	if c == callWrite && sent {
		v.class, v.unsettled = target.Unknown, true
	}
	return v
}

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

// messageID is the vendor's id of what went wrong. What went well has none, and its body, the user as he is now, is long.
func (r reply) messageID() string {
	if r.status < 300 {
		return ""
	}
	return messageID(r.body)
}

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

// detail is what the log may say about a reply.
func detail(c call, r reply) string {
	switch {
	case r.status == 0 && r.err != nil:
		return fmt.Sprintf("%s: %v", c, plainError(r.err))
	case r.messageID() != "":
		return fmt.Sprintf("%s: %d %s", c, r.status, r.messageID())
	default:
		return fmt.Sprintf("%s: %d", c, r.status)
	}
}

// plainError drops the URL, which holds the user's name, from a transport error.
func plainError(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func isHTML(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}
