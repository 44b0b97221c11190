package preflight

import (
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// loggedSecrets is P20.
func loggedSecrets(p *project) {
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if !strings.HasPrefix(call.Name, "logger.") && !strings.HasPrefix(call.Name, "log.") && !strings.HasPrefix(call.Name, "console.") && call.Name != "println" {
				continue
			}
			if i, name := s.secretUsed(call.Args); name != "" {
				p.found("P20", s.at(i), fmt.Sprintf("%s goes into the log, where backups and log servers keep it for years.", name),
					"Log the user and the transaction id; never the value.")
			}
		}
	}
}

// secretUsed finds the use of a variable that is a secret.
func (s *script) secretUsed(spans []code.Span) (int, string) {
	for _, span := range spans {
		for i := span.From; i < span.To; i++ {
			t := s.Tokens[i]
			// What is done with a secret (password.length(), !token) tells little; the value itself tells all.
			if t.Kind == code.Word && namesSecret(t.Text) && !s.precedes(i, "(", ".", "?.", ":", "=", "?") && !s.follows(i, "!") {
				return s.start(i), t.Text
			}
		}
	}
	return 0, ""
}

// start is the first token of the dotted name that ends at i.
func (s *script) start(i int) int {
	for i >= 2 && s.Tokens[i-1].Is(".", "?.") && s.Tokens[i-2].Kind == code.Word {
		i -= 2
	}
	return i
}

// urlSecrets is P21.
func urlSecrets(p *project) {
	report := func(s *script, span code.Span) {
		if i, name := s.secretUsed([]code.Span{span}); name != "" {
			p.found("P21", s.at(i), name+" becomes part of the URL, and every server on the way logs it.",
				"Send it in the body or in the Authorization header: URLs end in the logs of every proxy on the way.")
		}
	}
	for _, r := range p.requests {
		for _, key := range []string{"path", "uri", "url", "query"} {
			report(r.script, r.entry(key).Value)
		}
	}
	for _, s := range p.scripts {
		s.Strings(s.All(), func(i int, value string) {
			before := strings.Split(value, string(code.Hole))
			for n, hole := range s.Holes(i) {
				if n < len(before) && strings.Contains(value, "?") && strings.HasSuffix(before[n], "=") && strings.Contains(value, "://") {
					report(s, hole)
				}
			}
		})
	}
}

// tokenCaches is P23.
func tokenCaches(p *project) {
	for _, s := range p.scripts {
		for i, t := range s.Tokens {
			if t.Kind != code.Word || !s.shared(i) || !keepsToken(s, t.Text) {
				continue
			}
			const fix = "Keep the token with its expiry, refresh it some minutes before under a lock, and drop it on 401."
			if !s.Says(s.All(), "expir", "ttl", "validuntil", "issuedat") {
				p.found("P23", s.at(i), t.Text+" is kept without its expiry: after an hour every call fails with 401 until IDM is restarted.", fix)
				break
			}
			if !s.Says(s.All(), "synchronized", "lock", "atomicreference", "volatile", "concurrenthashmap") {
				p.found("P23", s.at(i), t.Text+" is shared by all requests without a lock: when it expires under load, each of them asks for a new one at once.", fix)
				break
			}
		}
	}
}

// shared tells whether the name at i is declared static, or as a field of the script.
func (s *script) shared(i int) bool {
	if !s.precedes(i, "=", ";") && i+1 < len(s.Tokens) && !s.Tokens[i+1].First {
		return false
	}
	for j := i - 1; j >= 0 && i-j < 8; j-- {
		if s.Tokens[j].Is("static", "Field") {
			return true
		}
		if s.Tokens[j].Is(";", "{", "}", "(", "=", ",") {
			return false
		}
	}
	return false
}

// keepsToken tells whether a shared name is that of a token, and not of its time or address.
func keepsToken(s *script, name string) bool {
	lower := strings.ToLower(name)
	for _, other := range []string{"expir", "time", "ttl", "url", "endpoint", "lock"} {
		if strings.Contains(lower, other) {
			return false
		}
	}
	return strings.Contains(lower, "token") || strings.HasPrefix(lower, "cache") && s.Says(s.All(), "access_token")
}
