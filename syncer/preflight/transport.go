package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/idmconf"
	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// clients are the ways a script can open a connection of its own.
var clients = set("new RESTClient", "new HTTPBuilder", "new AsyncHTTPBuilder")

// timeouts is F04.
func timeouts(p *project) {
	for _, s := range p.scripts {
		if s.Says(s.All(), "timeout") {
			continue
		}
		for _, call := range s.Calls {
			rest := isAction(s, call, "external/rest") // has defaults of its own
			if !rest && (clients[call.Name] || call.Method() == "openConnection" || strings.HasPrefix(call.Name, "HttpClients.") || call.Name == "new DefaultHttpClient") {
				p.found("F04", s.at(call.At),
					"No timeout is set on this connection: when the target accepts and does not answer, the user's request hangs for ever, and each further one takes a thread.",
					"Set both, e.g. client.client.params.setParameter(\"http.connection.timeout\", 5000) and \"http.socket.timeout\", 30000.")
				break
			}
		}
	}
}

// addresses is P06 and P07, in scripts and in configuration files.
func addresses(p *project) {
	look := func(at place, value string) {
		lower := strings.ToLower(value)
		switch host, isHTTP := strings.CutPrefix(lower, "http://"); {
		case isHTTP && !loopback(host):
			p.found("P06", at, "This address is plain http: whoever is on the way reads what is sent there, and Oracle does not answer on it.", "Use https://.")
		case strings.HasPrefix(lower, "https://") && placeholder(lower):
			p.found("P07", at, "This address is an example's placeholder: no such host answers, and every sync fails.",
				"Put in the domain's own address, https://idcs-<32 hex digits>.identity.oraclecloud.com; better from a property.")
		}
	}
	for _, s := range p.scripts {
		if !p.talks(s) {
			continue
		}
		s.Strings(s.All(), func(i int, value string) { look(s.at(i), value) })
	}
	for _, doc := range p.docs {
		if !strings.HasPrefix(doc.File, "conf/provisioner") && !strings.HasPrefix(doc.File, "conf/external") {
			continue
		}
		doc.Visit(func(m idmconf.Member) {
			if value, ok := m.Value.(string); ok && !strings.HasPrefix(m.Name, "_") {
				look(p.member(doc, m.Pointer), value)
			}
		})
	}
}

func loopback(rest string) bool {
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "[" || host == ""
}

func placeholder(address string) bool {
	for _, sign := range []string{"://your-", "://<", "your-tenant", "yourtenant", "idcs-xxx", "://mytenant.", "{tenant}", ".example.com", ".example.org"} {
		if strings.Contains(address, sign) {
			return true
		}
	}
	return false
}

// talks tells whether a script makes requests of its own.
func (p *project) talks(s *script) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool { return r.script == s }) ||
		slices.ContainsFunc(s.Calls, func(c code.Call) bool { return clients[c.Name] || c.Method() == "openConnection" })
}

// trustAll is P09.
func trustAll(p *project) {
	for _, s := range p.scripts {
		for i, t := range s.Tokens {
			lower := strings.ToLower(t.Text)
			switch {
			case t.Kind != code.Word || s.follows(i, "import"):
				continue
			case t.Is("ignoreSSLIssues", "TrustAllStrategy", "NoopHostnameVerifier", "ALLOW_ALL_HOSTNAME_VERIFIER", "TrustSelfSignedStrategy", "AllowAllHostnameVerifier"),
				strings.Contains(lower, "trustall"), lower == "checkservertrusted" && s.emptyMethod(i):
				if i > 0 && s.Tokens[i-1].Is(".") && s.imported(i) {
					continue
				}
				p.found("P09", s.at(i),
					"Certificates are not checked: whoever stands between IDM and the target gets the client's secret and every password.",
					"Remove this; put the CA into IDM's truststore if the target's certificate is not known there.")
			}
		}
	}
}

// emptyMethod tells whether the name at i is that of a method that does nothing.
func (s *script) emptyMethod(i int) bool {
	fn := s.method(i + 1)
	for n := range s.Functions {
		if s.Functions[n].At == i {
			fn = &s.Functions[n]
		}
	}
	return fn != nil && fn.At == i && fn.Body.Empty()
}

// imported tells whether the name at i stands in an import.
func (s *script) imported(i int) bool {
	for j := i; j >= 0; j-- {
		if s.Tokens[j].Is("import") {
			return true
		}
		if s.Tokens[j].First {
			return s.Tokens[j].Is("import")
		}
	}
	return false
}

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

// filters is P22.
func filters(p *project) {
	for _, s := range p.scripts {
		s.Strings(s.All(), func(i int, value string) {
			for n, hole := range s.Holes(i) {
				part := strings.SplitN(value, string(code.Hole), n+2)
				if len(part) < n+2 || !quotedOperand(part[n]) || s.escaped(hole) {
					continue
				}
				p.unescaped(s.at(i))
				return
			}
			if quotedOperand(value) && s.precedes(i, "+") && i+2 < len(s.Tokens) && s.Tokens[i+2].Kind == code.Word && !s.escaped(s.operand(i+2)) {
				p.unescaped(s.at(i))
			}
		})
	}
}

func (p *project) unescaped(at place) {
	p.found("P22", at, `A user name with a quote in it ends the filter early: the search fails with 400, or finds somebody else, whose password is then changed.`,
		`Put a backslash before each backslash and quote of the name, e.g. name.replace("\\", "\\\\").replace("\"", "\\\"").`)
}

// operand is what stands between two plus signs, from i.
func (s *script) operand(i int) code.Span {
	to := i
	for to < len(s.Tokens) && !s.Tokens[to].Is("+", ",", ";", ")", "]", "}") {
		if s.Tokens[to].Pair > to {
			to = s.Tokens[to].Pair
		}
		to++
	}
	return code.Span{From: i, To: min(to, len(s.Tokens))}
}

// quotedOperand tells whether a text ends with a comparison whose value is just about to begin: userName eq ".
func quotedOperand(text string) bool {
	text, quoted := strings.CutSuffix(text, `"`)
	if !quoted {
		return false
	}
	fields := strings.Fields(text)
	return len(fields) >= 2 && slices.Contains([]string{"eq", "sw", "co", "ew", "ne"}, strings.ToLower(fields[len(fields)-1]))
}

// escaped tells whether an expression, or what was given to its name, does something about quotes.
func (s *script) escaped(value code.Span) bool {
	if given, ok := s.Given(s.Name(value), value.From); ok {
		value = given
	}
	for i := value.From; i < value.To; i++ {
		lower := strings.ToLower(s.Tokens[i].Text)
		if strings.Contains(lower, "replace") || strings.Contains(lower, "escape") || strings.Contains(lower, "encode") || lower == "time" || strings.HasSuffix(lower, "ago") {
			return true
		}
	}
	return s.precedesID(value)
}

// precedesID tells whether a value is an id or a time made by a machine, which has no quotes.
func (s *script) precedesID(value code.Span) bool {
	name := words(s.Name(value))
	if len(name) == 0 {
		return false
	}
	switch name[len(name)-1] {
	case "id", "timestamp", "date", "status", "count", "now":
		return true
	}
	return false
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

// contentTypes is P24. Source: http-builder, EncoderRegistry.getAt and HTTPBuilder.encodeBody: "No encoder found for request
// content type"; registered are text, form, XML and application/json with its two JavaScript forms.
func contentTypes(p *project) {
	for _, r := range p.requests {
		s := r.script
		if r.entry("body").Value.Empty() || !strings.Contains(r.path, "Users") && !strings.Contains(r.path, "Password") {
			continue
		}
		kind := r.entry("requestContentType")
		if kind.Value.Empty() {
			kind = r.entry("contentType")
		}
		value, isText := s.Value(kind.Value)
		name := s.Name(kind.Value)
		switch {
		case isText && strings.Contains(value, "scim+json") && r.builder() && !s.Says(s.All(), "encoder"):
			p.found("P24", s.at(kind.At),
				`RESTClient has no encoder for application/scim+json: it throws "No encoder found for request content type" before anything is sent, and no password ever arrives.`,
				"Register one: client.encoder.'application/scim+json' = client.encoder.'application/json' (and a parser the same way), or send a JSON text.")
		case isText && !strings.Contains(value, "json"), strings.HasSuffix(name, "URLENC"), strings.HasSuffix(name, ".TEXT"), strings.HasSuffix(name, ".XML"):
			p.found("P24", s.at(kind.At), "This is not a content type that the SCIM API takes: it answers 415, and no password arrives.", "Use application/scim+json or application/json.")
		}
	}
}

// builder tells whether a request is made with Groovy's HTTPBuilder.
func (r request) builder() bool {
	return slices.ContainsFunc(r.script.Calls, func(c code.Call) bool { return clients[c.Name] })
}

// patchedPasswords is P26.
// Source: Oracle, REST API for identity domains: an administrator's PATCH marks the password as to be changed; UserPasswordChanger does not.
func patchedPasswords(p *project) {
	for _, r := range p.requests {
		if r.setsPassword() && r.method != "POST" && strings.Contains(r.path, "Users") {
			p.found("P26", r.at(),
				"A password that is set by "+r.method+" counts as set by an administrator: at the next sign-in Oracle makes the user choose another one, and the two sides differ again.",
				"Use PUT /admin/v1/UserPasswordChanger/{id} with {schemas, password, bypassNotification: true}.")
		}
	}
}

// unknownUsers is F11.
func unknownUsers(p *project) {
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if call.Name == "openidm.read" && len(call.Args) > 0 {
				p.readByName(s, call.Args[0])
			}
		}
		for _, r := range p.requests {
			if r.script == s && strings.Contains(r.path, "Users/") {
				p.readByName(s, r.entry("path").Value)
			}
		}
		if p.writes(s) && !p.creates(s) {
			p.droppedUsers(s)
		}
	}
}

// readByName reports a resource whose id is a user's name.
func (p *project) readByName(s *script, resource code.Span) {
	s.Strings(resource, func(i int, value string) {
		name := ""
		switch {
		case strings.HasSuffix(value, "user/\x00") || strings.HasSuffix(value, "Users/\x00"):
			if holes := s.Holes(i); len(holes) > 0 {
				name = s.Name(holes[len(holes)-1])
			}
		case (strings.HasSuffix(value, "user/") || strings.HasSuffix(value, "Users/")) && s.precedes(i, "+"):
			name = s.Name(s.operand(i + 2))
		}
		if lower := strings.ToLower(name); strings.HasSuffix(lower, "username") || strings.HasSuffix(lower, "login") {
			p.found("F11", s.at(i),
				fmt.Sprintf("%s stands where the id belongs: ids are not names, so the answer is null (or 404), and what follows fails for every new user.", name),
				`Ask with a filter, openidm.query("managed/user", [_queryFilter: …userName eq …]), or hand the id over.`)
		}
	})
}

// creates tells whether a script creates users at the target.
func (p *project) creates(s *script) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool {
		return r.script == s && r.method == "POST" && strings.HasSuffix(strings.TrimRight(r.path, "/"), "Users")
	})
}

// droppedUsers reports "not found" that ends in the log, where nothing creates the user and nothing is kept for later.
func (p *project) droppedUsers(s *script) {
	for _, branch := range s.Ifs {
		if !s.has(branch.Cond, "!") || branch.Cond.To-branch.Cond.From != 2 || !s.has(branch.Then, "return") || s.keeps(branch.Then) {
			continue
		}
		given, ok := s.Given(s.Tokens[branch.Cond.From+1].Text, branch.At)
		if !ok {
			continue
		}
		for _, call := range s.CallsIn(given) {
			fn := s.functionNamed(call.Name)
			if fn == nil || !s.Says(fn.Body, "username eq") {
				continue
			}
			p.foundAs(MayFail, "F11", s.at(branch.At),
				"A user whom the target does not have yet is only logged: nothing here creates him, and no record is kept, so his password is lost when the account appears.",
				"Keep the change until the user exists, or create him with his attributes and this password in one request.")
		}
	}
}
