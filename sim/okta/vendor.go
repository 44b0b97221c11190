package okta

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// vendor shapes the answers of the fault rules as Okta would.
type vendor struct{ s *Server }

// Throttled is a 429. Okta sends no Retry-After: when to come again stands in X-Rate-Limit-Reset.
func (v vendor) Throttled(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	h := w.Header()
	if h["X-Rate-Limit-Limit"] == nil {
		h["X-Rate-Limit-Limit"] = []string{"600"}
	}
	h["X-Rate-Limit-Remaining"] = []string{"0"}
	if wait > 0 || h["X-Rate-Limit-Reset"] == nil {
		h["X-Rate-Limit-Reset"] = []string{epoch(time.Now().Add(wait))}
	}
	v.answer(w, r, refuse(tooManyRequests))
}

// Failure is an error of the org itself, of a gateway before it, or a literal body.
func (v vendor) Failure(w http.ResponseWriter, r *http.Request, status int, body string, wait time.Duration) {
	switch body {
	case "vendor", "":
		if status == http.StatusTooManyRequests {
			v.Throttled(w, r, wait)
			return
		}
		if wait > 0 {
			w.Header()["Retry-After"] = []string{web.WholeSeconds(wait)}
		}
		v.answer(w, r, v.refusal(r, status))
	case "gateway":
		commonHeaders(w.Header())
		web.Answer(w, status, htmlContentType, page(status))
	default:
		commonHeaders(w.Header())
		web.Answer(w, status, []string{web.ContentType(body)}, []byte(body))
	}
}

// refusal is the row of the table that has the status, or a plain one.
func (v vendor) refusal(r *http.Request, status int) *refusal {
	switch status {
	case http.StatusUnauthorized:
		if _, ok := bearer(r.Header.Get("Authorization")); ok {
			return refuse(badBearer)
		}
		return refuse(badToken)
	case http.StatusForbidden:
		return refuse(roleTooSmall)
	case http.StatusServiceUnavailable:
		return refuse(readOnlyMode)
	case http.StatusConflict:
		return refuse(stillActivating)
	case http.StatusNotFound:
		return refuse(noSuchPath)
	}
	return refuse(serverError).as(status)
}

func (v vendor) answer(w http.ResponseWriter, r *http.Request, refused *refusal) {
	c := v.s.newCall(w, r)
	_, c.x.Client = v.Subject(r)
	c.refuse(refused)
}

// Subject tells whose request it is: the user of the path, and the token's name or the client.
func (v vendor) Subject(r *http.Request) (user, client string) {
	_, id, _ := v.s.routes.find(r.URL.Path)
	return v.s.userOfPath(r.URL.Path, id), v.s.identifyPrincipal(r).name
}

// epoch is a time as X-Rate-Limit-Reset has it: whole seconds, rounded up so that who obeys is not too early.
func epoch(t time.Time) string {
	seconds := t.Unix()
	if t.Nanosecond() > 0 {
		seconds++
	}
	return strconv.FormatInt(seconds, 10)
}
