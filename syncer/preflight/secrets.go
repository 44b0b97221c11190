package preflight

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"github.com/seatrial/seatrial/syncer/idmconf"
	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// dots stand for a secret, whatever its length.
const dots = "••••••"

// secret is a value in clear.
type secret struct {
	file         string
	line, column int
	name         string
}

// vault knows the secrets of a folder, to report where they stand and to keep them out of everything else.
type vault struct {
	found  []secret
	values []string
}

func (v *vault) add(s secret, value string) {
	v.found = append(v.found, s)
	v.hide(value)
}

// hide keeps a value out of the evidence, in each way that it can be written.
func (v *vault) hide(value string) {
	v.values = append(v.values, value)
	if escaped, err := json.Marshal(value); err == nil && len(escaped) > 2 {
		v.values = append(v.values, string(escaped[1:len(escaped)-1]))
	}
}

// words splits a name: "idcs.client_secretValue" is idcs, client, secret, value.
func words(name string) []string {
	var all []string
	word := ""
	var last rune
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.IsUpper(r) && !unicode.IsUpper(last) {
			all = append(all, word)
			word = ""
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word += string(unicode.ToLower(r))
		}
		last = r
	}
	var kept []string
	for _, w := range append(all, word) {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// namesSecret tells whether a name is one of a secret.
func namesSecret(name string) bool {
	w := words(name)
	if len(w) == 0 {
		return false
	}
	switch last := w[len(w)-1]; last {
	case "secret", "password", "passwd", "pwd", "passphrase", "token", "apikey":
		return true
	case "key":
		return len(w) > 1 && (w[len(w)-2] == "api" || w[len(w)-2] == "private" || w[len(w)-2] == "access")
	}
	return false
}

// isSecret tells a secret's value from a reference to one, a label, an address or a name.
func isSecret(value string) bool {
	lower := strings.ToLower(value)
	switch {
	case len(value) < 3, strings.ContainsAny(value, " \t\n\x00/"), strings.Contains(value, "&{"), strings.Contains(value, "${"):
		return false
	case strings.HasPrefix(value, "OBF:"), strings.HasPrefix(value, "CRYPT:"), strings.HasPrefix(value, "__"):
		return false
	}
	switch lower {
	case "password", "userpassword", "token", "secret", "true", "false", "null", "string", "none", "bearer", "basic", "replace":
		return false
	}
	return true
}

func (v *vault) document(doc idmconf.Document) {
	doc.Visit(func(m idmconf.Member) {
		value, isText := m.Value.(string)
		if !isText || !literalSecret(value) && (!namesSecret(m.Name) || !isSecret(value)) {
			return
		}
		at := doc.Position(m.Pointer)
		v.add(secret{doc.File, at.Line, at.Column, m.Name}, value)
	})
}

func (v *vault) properties(f *file) {
	for i, line := range f.lines {
		line = strings.TrimSuffix(line, "\r")
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if ok && !strings.HasPrefix(name, "#") && !strings.HasPrefix(name, "!") && namesSecret(name) && isSecret(value) {
			v.add(secret{f.path, i + 1, 1, name}, value)
		}
	}
}

func (v *vault) script(s *script) {
	note := func(name string, i int) {
		at := s.at(i)
		v.add(secret{s.Path, at.line, at.column, name}, s.Tokens[i].Text)
	}
	for i, t := range s.Tokens {
		if t.Kind != code.Text || t.Holes > 0 {
			continue
		}
		if literalSecret(t.Text) {
			note("a credential", i)
			continue
		}
		if i < 2 || !s.Tokens[i-1].Is("=", ":") || !isSecret(t.Text) {
			continue
		}
		if before := s.Tokens[i-2]; (before.Kind == code.Word || before.Kind == code.Text) && namesSecret(before.Text) {
			note(before.Text, i)
		}
	}
}

var (
	credential = regexp.MustCompile(`^(?:Basic [A-Za-z0-9+/]{12,}=*|Bearer [A-Za-z0-9._~+/-]{16,}=*|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)$`)
	shown      = regexp.MustCompile(`(?i)((?:Basic|Bearer) )[A-Za-z0-9+/._~-]{12,}=*|(://[^/\s:@]+:)[^/\s@]+(@)|\beyJ[\w-]{8,}\.[\w.-]+|[A-Za-z0-9+=_]{48,}`)
	assigned   = regexp.MustCompile(`(?i)((?:secret|password|passwd|pwd|passphrase|token|apikey)["']?\s*[:=]\s*["'])((?:\\.|[^"'\\])*)(["'])`)
)

// literalSecret tells whether a value is a credential by its form alone.
func literalSecret(value string) bool {
	return credential.MatchString(value) || strings.Contains(value, "PRIVATE KEY-----")
}

// mask keeps secrets out of a line.
func (v *vault) mask(line string) string {
	for _, value := range v.values {
		if len(value) > 3 {
			line = strings.ReplaceAll(line, value, dots)
			continue
		}
		for _, quote := range []string{`"`, `'`} {
			line = strings.ReplaceAll(line, quote+value+quote, quote+dots+quote)
		}
		if rest, ok := strings.CutSuffix(line, "="+value); ok {
			line = rest + "=" + dots
		}
	}
	line = assigned.ReplaceAllStringFunc(line, func(found string) string {
		part := assigned.FindStringSubmatch(found)
		if !isSecret(part[2]) {
			return found
		}
		return part[1] + dots + part[3]
	})
	return shown.ReplaceAllString(line, "${1}${2}"+dots+"${3}")
}
