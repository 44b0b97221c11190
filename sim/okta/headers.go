package okta

import (
	"net/http"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// The headers that every recorded answer of two test orgs has. The slices are shared by all answers: nobody appends to them.
var (
	jsonContentType = []string{"application/json"}
	htmlContentType = []string{"text/html"}
	referrerPolicy  = []string{"strict-origin-when-cross-origin"}
	acceptCH        = []string{"Sec-CH-UA-Platform-Version"}
)

// commonHeaders are those of every answer, beside the request id and the rate limits. The date is that of the gateway, whose rate limits are told by the same clock:
// clients subtract one from the other.
func commonHeaders(h http.Header) {
	h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	h["Referrer-Policy"] = referrerPolicy
	h["Accept-Ch"] = acceptCH
}

func (c *call) send(status int, body []byte) {
	commonHeaders(c.w.Header())
	contentType := jsonContentType
	if len(body) == 0 {
		contentType = nil
	}
	web.Answer(c.w, status, contentType, body)
}
