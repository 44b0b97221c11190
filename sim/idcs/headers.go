package idcs

import (
	"net/http"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// The headers of captured answers (Oracle, idm-samples, IDCS REST Postman collection). The slices are shared by all
// answers: nobody appends to them. Names keep Oracle's spelling on the wire.
var (
	dmsRID        = []string{"0:1"}
	noSniff       = []string{"nosniff"}
	xssProtection = []string{"1; mode=block"}
	via           = []string{"1.1 net-idcs-config"}
	serverName    = []string{"Oracle Identity Cloud Service"}
	noCacheSCIM   = []string{"no-cache, no-store, must-revalidate"}
	noStore       = []string{"no-store"}
	noCache       = []string{"no-cache"}
	longAgo       = []string{"Sat, 01 Jan 2000 00:00:00 GMT"}
	transport     = []string{"max-age=315360000; includeSubDomains"}
)

var (
	scimContentType  = []string{"application/json;charset=utf-8"}
	tokenContentType = []string{"application/json;charset=UTF-8"}
	errorContentType = []string{"application/json"}
	htmlContentType  = []string{"text/html"}
)

// commonHeaders are those of every answer.
func commonHeaders(h http.Header, ecid string) {
	h["X-ORACLE-DMS-ECID"] = []string{ecid}
	h["X-ORACLE-DMS-RID"] = dmsRID
	h["X-Content-Type-Options"] = noSniff
	h["X-XSS-Protection"] = xssProtection
	h["Via"] = via
	h["Server"] = serverName
}

// send answers a request of the admin API.
func (c *call) send(status int, contentType []string, body []byte) {
	h := c.w.Header()
	commonHeaders(h, c.ecid)
	h["Cache-Control"], h["Pragma"], h["Expires"] = noCacheSCIM, noCache, longAgo
	if id := c.r.Header["Opc-Request-Id"]; len(id) > 0 {
		h["Opc-Request-Id"] = id[:1:1]
	}
	web.Answer(c.w, status, contentType, body)
}

// sendToken answers a request of the token service.
func (c *call) sendToken(status int, body []byte) {
	h := c.w.Header()
	commonHeaders(h, c.ecid)
	h["Cache-Control"], h["Pragma"], h["Strict-Transport-Security"] = noStore, noCache, transport
	web.Answer(c.w, status, tokenContentType, body)
}
