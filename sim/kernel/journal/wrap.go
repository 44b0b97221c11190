package journal

import (
	"net/http"
)

// Wrap journals what passes through next under the target's name.
func (j *Journal) Wrap(target string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r) // replaced in the next commit
	})
}
