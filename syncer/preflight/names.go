package preflight

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// bindings are the names that IDM and the connector framework put before a Groovy script.
// Sources: Ping Identity, Script triggers and variables; OpenICF, scripted connectors.
var bindings = set("openidm", "logger", "log", "identityServer", "console", "request", "context", "resourceName", "resourcePath",
	"object", "oldObject", "newObject", "source", "target", "oldSource", "oldTarget", "existingTarget", "linkQualifier", "situation",
	"sourceAction", "recon", "reconId", "correlation", "property", "propertyName", "properties", "value", "syncResults", "security",
	"operation", "objectClass", "configuration", "options", "connection", "customizedConnection", "attributes", "uid", "id", "filter",
	"query", "handler", "token", "password", "username", "builder", "schemaBuilder", "input", "objects", "params", "args", "binding",
	"out", "owner", "delegate", "httpClient", "clientBuilder", "request", "response")

// roots are the first parts of the names of packages.
var roots = set("java", "javax", "jakarta", "groovy", "groovyx", "org", "com", "net", "io")

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, name := range names {
		m[name] = true
	}
	return m
}

// scope knows which names a Groovy script gives to whom.
type scope struct {
	s      *script
	script map[string]int          // declared with def or a type in the script itself, outside of every method: the script's own
	fields map[string]bool         // declared with @Field, or given a value without any declaration: visible everywhere
	local  map[int]map[string]bool // by the function's body: declared inside of it
	homes  map[string]int          // some declaration, to tell where a name does exist
}

func (p *project) scopeOf(s *script) scope {
	sc := scope{s: s, script: map[string]int{}, fields: map[string]bool{}, local: map[int]map[string]bool{}, homes: map[string]int{}}
	for name := range p.globals {
		sc.fields[name] = true
	}
	for i, t := range s.Tokens {
		if t.Kind != code.Word || code.IsKeyword(t.Text) {
			continue
		}
		switch {
		case sc.declared(i):
			sc.declare(i)
		case i+1 < len(s.Tokens) && s.Tokens[i+1].Is("=") && !s.follows(i, ".", "?."):
			sc.fields[t.Text] = true
		}
	}
	for _, fn := range s.Functions {
		for _, i := range fn.Params {
			sc.declareIn(fn.Body.From, i)
			sc.homes[s.Tokens[i].Text] = i
		}
	}
	return sc
}

// follows tells whether the token before i is one of these.
func (s *script) follows(i int, texts ...string) bool { return i > 0 && s.Tokens[i-1].Is(texts...) }

// precedes tells whether the token after i is one of these.
func (s *script) precedes(i int, texts ...string) bool {
	return i+1 < len(s.Tokens) && s.Tokens[i+1].Is(texts...)
}

// declared tells whether the name at i is being declared there.
func (sc scope) declared(i int) bool {
	s := sc.s
	if i == 0 || !s.precedes(i, "=", ";", "in", ":", ",", ")") && i+1 < len(s.Tokens) && !s.Tokens[i+1].First {
		return false
	}
	before := s.Tokens[i-1]
	switch {
	case before.Is("def", "var", "final", "int", "long", "boolean", "double", "float", "byte", "char", "short"):
		return true
	case before.Is("(") && s.precedes(i, "in"), before.Is("(", ",") && sc.several(i):
		return true
	case s.Tokens[i].First || before.Kind == code.Symbol && !before.Is(">", "]"):
		return false
	case before.Kind == code.Word:
		return !code.IsKeyword(before.Text) && unicode.IsUpper(rune(before.Text[0]))
	}
	return before.Is("]") && s.follows(i-1, "[") || before.Is(">") && s.precedes(i, "=", "in", ";")
}

// several tells whether i stands in "def (a, b) =".
func (sc scope) several(i int) bool {
	for j := i - 1; j > 0 && i-j < 20; j-- {
		if t := sc.s.Tokens[j]; t.Is("(") {
			return sc.s.Tokens[j-1].Is("def", "var")
		} else if t.Kind != code.Word && !t.Is(",") {
			return false
		}
	}
	return false
}

func (sc scope) declare(i int) {
	name := sc.s.Tokens[i].Text
	if _, known := sc.homes[name]; !known {
		sc.homes[name] = i
	}
	if body, inClass := sc.s.InClass(i); inClass && sc.s.FunctionAt(i, true) == nil {
		sc.declareIn(-1-body.From, i)
		return
	}
	if fn := sc.s.FunctionAt(i, true); fn != nil {
		sc.declareIn(fn.Body.From, i)
		return
	}
	for j := i - 1; j >= 0 && i-j < 12; j-- { // @Field def x, @groovy.transform.Field String x
		if sc.s.Tokens[j].Is("Field") {
			sc.fields[name] = true
			return
		}
		if sc.s.Tokens[j+1].First && !sc.s.follows(j+1, "Field") {
			break
		}
	}
	sc.script[name] = i
}

func (sc scope) declareIn(body, i int) {
	if sc.local[body] == nil {
		sc.local[body] = map[string]bool{}
	}
	sc.local[body][sc.s.Tokens[i].Text] = true
}

// sees tells whether a name is declared in one of the functions or classes around token i.
func (sc scope) sees(name string, i int) bool {
	for fn := range sc.s.Around(i) {
		if sc.local[fn.Body.From][name] {
			return true
		}
	}
	body, inClass := sc.s.InClass(i)
	return inClass && sc.local[-1-body.From][name]
}

// catches tells whether a name is the parameter of a handler around token i.
func (sc scope) catches(name string, i int) bool {
	for _, try := range sc.s.Tries {
		for _, c := range try.Catches {
			if c.Body.Holds(i) {
				for j := c.At; j < c.Body.From; j++ {
					if sc.s.Tokens[j].Is(name) {
						return true
					}
				}
			}
		}
	}
	return false
}

// invisibleNames is F09.
func invisibleNames(p *project) {
	for _, s := range p.scripts {
		if s.Language != code.Groovy {
			continue
		}
		sc := p.scopeOf(s)
		told := map[string]bool{}
		for i, t := range s.Tokens {
			method := s.method(i)
			if method == nil || t.Kind != code.Word || !sc.uses(i) || sc.sees(t.Text, i) || sc.catches(t.Text, i) {
				continue
			}
			key := fmt.Sprint(t.Text, method.At)
			if problem := sc.invisible(i, method.Name); problem != "" && !told[key] {
				told[key] = true
				p.found("F09", s.at(i), problem, "Hand "+t.Text+" over as a parameter, or declare it with @groovy.transform.Field at the top of the script.")
			}
		}
	}
}

// method is the method around token i; closures belong to the method or script around them.
func (s *script) method(i int) *code.Function {
	for fn := range s.Around(i) {
		if !fn.Closure {
			return fn
		}
	}
	return nil
}

// uses tells whether the word at i is the use of a variable.
func (sc scope) uses(i int) bool {
	s := sc.s
	if code.IsKeyword(s.Tokens[i].Text) || s.follows(i, ".", "?.", "*.", ".&", "::", "@", "new", "import", "package", "as", "instanceof") {
		return false
	}
	if s.precedes(i, ":") && !s.follows(i, "?", "case", "?:") || s.precedes(i, "(", "{", "->", "::", "=") {
		return false
	}
	next := i + 1
	return next >= len(s.Tokens) || s.Tokens[next].Kind != code.Word || s.Tokens[next].First || code.IsKeyword(s.Tokens[next].Text)
}

// invisible tells why the name at i is not visible there; empty when it is, or may be.
func (sc scope) invisible(i int, method string) string {
	s, name := sc.s, sc.s.Tokens[i].Text
	const fails = "Groovy throws MissingPropertyException and every sync fails"
	_, inClass := s.InClass(i)
	declared, inScript := sc.script[name]
	switch {
	case inClass && bindings[name] && !sc.fields[name]:
		return fmt.Sprintf("%s is a variable of the script; a class does not see it, so in %s %s.", name, method, fails)
	case inScript && !sc.fields[name]:
		return fmt.Sprintf("%s is declared at line %d as a local variable of the script; the method %s does not see it: %s.",
			name, s.Tokens[declared].Line, method, fails)
	case sc.fields[name], bindings[name], roots[name], unicode.IsUpper(rune(name[0])), strings.HasPrefix(name, "$"):
		return ""
	}
	if home, known := sc.homes[name]; known {
		return fmt.Sprintf("%s is not known in %s (it exists only at line %d, in another function): %s.", name, method, s.Tokens[home].Line, fails)
	}
	return fmt.Sprintf("%s is defined nowhere, and %s uses it: %s.", name, method, fails)
}

// basicHeaders is F10: the pair of client id and secret, and what is handed to the function that makes it.
func basicHeaders(p *project) {
	const fix = "Give the function the client's id and its secret, and build Base64(id + \":\" + secret) from these two."
	for _, s := range p.scripts {
		if !s.Says(s.All(), "basic") || !s.Says(s.All(), "base64") {
			continue
		}
		for i := range s.Tokens {
			left, right, ok := s.pair(i)
			if !ok || !s.Says(s.statement(i), "base64") {
				continue
			}
			switch {
			case left == right:
				p.found("F10", s.at(i), fmt.Sprintf("The Basic header is made of %s twice: the token endpoint answers 401 invalid_client.", left), fix)
			case secretish(left) || idish(right):
				p.found("F10", s.at(i), fmt.Sprintf("The Basic header has %s before the colon and %s behind it: the token endpoint answers 401 invalid_client.", left, right), fix)
			}
		}
		for _, set := range s.Sets {
			if name := set.Name; idish(name) && s.Says(set.Value, "secret") {
				p.found("F10", s.at(set.At), fmt.Sprintf("%s is given the client's secret, so no client id reaches the token endpoint: it answers 401 invalid_client.", name), fix)
			}
		}
		for _, call := range s.Calls {
			p.swappedArguments(s, call, fix)
		}
	}
}

// swappedArguments looks for an id where a function's parameter is a secret, and the other way round.
func (p *project) swappedArguments(s *script, call code.Call, fix string) {
	for _, fn := range s.Functions {
		if fn.Name == "" || fn.Name != call.Name {
			continue
		}
		for n, param := range fn.Params {
			if n >= len(call.Args) {
				return
			}
			given, wanted := s.Name(call.Args[n]), s.Tokens[param].Text
			if idish(given) && secretish(wanted) || secretish(given) && idish(wanted) {
				p.found("F10", s.at(call.Args[n].From), fmt.Sprintf("%s is called with %s where it takes %s: the token endpoint answers 401 invalid_client.",
					fn.Name, given, wanted), fix)
			}
		}
	}
}

// pair finds two names joined by a colon, "${a}:${b}" or a + ":" + b.
func (s *script) pair(i int) (left, right string, ok bool) {
	t := s.Tokens[i]
	if t.Kind != code.Text {
		return "", "", false
	}
	if holes := s.Holes(i); t.Text == "\x00:\x00" && len(holes) == 2 {
		return s.Name(holes[0]), s.Name(holes[1]), true
	}
	if t.Text != ":" || !s.follows(i, "+") || !s.precedes(i, "+") || i < 2 || i+2 >= len(s.Tokens) {
		return "", "", false
	}
	a, b := s.Tokens[i-2], s.Tokens[i+2]
	return a.Text, b.Text, a.Kind == code.Word && b.Kind == code.Word
}

// statement is about the statement around token i: its line, and the lines that go on with a dot.
func (s *script) statement(i int) code.Span {
	from, to := i, i+1
	for from > 0 && !s.Tokens[from].First {
		from--
	}
	for to < len(s.Tokens) && (!s.Tokens[to].First || s.Tokens[to].Is(".", "?.", "+")) {
		to++
	}
	return code.Span{From: from, To: to}
}

func idish(name string) bool {
	lower := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	return strings.HasSuffix(lower, "clientid") || strings.HasSuffix(lower, "appid")
}

func secretish(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, "secret")
}
