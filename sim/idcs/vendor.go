package idcs

import (
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/scim"
	"github.com/seatrial/seatrial/sim/kernel/web"
)

// vendor shapes the answers of the fault rules as Oracle would.
type vendor struct{ s *Server }

// Throttled is a 429. Oracle documents neither its body nor a Retry-After header (API Rate Limits), so both are switches.
func (v vendor) Throttled(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	v.wait(w, wait)
	if v.s.is(throttledBody, "text") {
		commonHeaders(w.Header(), v.s.nextECID())
		web.Answer(w, http.StatusTooManyRequests, []string{"text/plain"}, []byte(refuse(tooManyRequests).Error()))
		return
	}
	v.answer(w, r, refuse(tooManyRequests))
}

// Failure is an error of the domain itself, of a gateway before it, or a literal body.
func (v vendor) Failure(w http.ResponseWriter, r *http.Request, status int, body string, wait time.Duration) {
	if status == http.StatusServiceUnavailable || wait > 0 {
		v.wait(w, wait)
	}
	switch body {
	case "vendor", "":
		v.answer(w, r, v.refusal(status))
	case "gateway":
		web.Answer(w, status, htmlContentType, page(status))
	default:
		web.Answer(w, status, []string{web.ContentType(body)}, []byte(body))
	}
}

// refusal is the row of the table that has the status, or a plain one.
func (v vendor) refusal(status int) *refusal {
	switch status {
	case http.StatusUnauthorized:
		return refuse(invalidBearer)
	case http.StatusForbidden:
		return refuse(notAuthorized)
	case http.StatusTooManyRequests:
		return refuse(tooManyRequests)
	case http.StatusServiceUnavailable:
		return refuse(unavailable)
	}
	return refuse(serverError, http.StatusText(status)).as(status)
}

func (v vendor) answer(w http.ResponseWriter, r *http.Request, refused *refusal) {
	c := v.s.newCall(w, r)
	c.x.Reason = answers[refused.kind].Reason
	_, c.x.Client = v.Subject(r)
	switch {
	case strings.HasPrefix(r.URL.Path, "/oauth2/"):
		c.sendToken(refused.statusCode(), tokenError(oauthErrorOf(refused.statusCode()), refused.Error(), c.ecid))
	case refused.kind == invalidBearer:
		c.refuseBearer(refused)
	default:
		c.send(refused.statusCode(), errorContentType, refused.body())
	}
}

// oauthErrorOf: RFC 6749 has a code for a 503 only; what Oracle's token service says under load is not documented.
func oauthErrorOf(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "invalid_client"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "temporarily_unavailable"
	}
	return "server_error"
}

// wait sets Retry-After, in whole seconds, rounded up so that a client that obeys is not too early.
func (v vendor) wait(w http.ResponseWriter, d time.Duration) {
	if d <= 0 {
		if v.s.is(retryAfter, "none") {
			return
		}
		d = time.Second
	}
	w.Header()["Retry-After"] = []string{web.WholeSeconds(d)}
}

// Subject tells whose request it is: the user of the path or of a search by user name, and the client of the token.
func (v vendor) Subject(r *http.Request) (user, client string) {
	own := ""
	if text, ok := web.Credential(r.Header.Get("Authorization"), "Bearer"); ok {
		token, _ := v.s.issuer.Verify(text)
		client, own = token.Client, token.User
	} else if id, _, ok := oauth.Basic(r); ok {
		client = id
	}
	path := r.URL.Path
	if _, id := v.s.routes.find(path); id != "" {
		return v.s.people.UserName(plainID(id)), client
	}
	if path == usersPath && r.URL.RawQuery != "" {
		if filter, err := scim.ParseFilter(r.URL.Query().Get("filter")); err == nil {
			if attribute, value, ok := scim.Equal(filter); ok && strings.EqualFold(attribute, "userName") {
				return value, client
			}
		}
	}
	if own != "" {
		return v.s.people.UserName(own), client
	}
	return "", client
}
