package preflight

import (
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
