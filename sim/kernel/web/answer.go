package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer writes status, length and body, and a content type unless it is nil. The slice may be shared by all answers.
func Answer(w http.ResponseWriter, status int, contentType []string, body []byte) {
	h := w.Header()
	if contentType != nil {
		h["Content-Type"] = contentType
	}
	if status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	// A client that has gone needs no answer. What a client sent comes back in JSON only, never as a page.
	_, _ = w.Write(body)
}

// Page is a gateway's page of HTML with that title.
func Page(title string) []byte {
	return []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n")
}

// ContentType is that of a literal body, told by its beginning.
func ContentType(body string) string {
	switch {
	case strings.HasPrefix(body, "{"):
		return "application/json"
	case strings.HasPrefix(body, "<"):
		return "text/html"
	}
	return "text/plain"
}

// WholeSeconds is a wait as Retry-After has it, rounded up so that a client that obeys is not too early.
func WholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
