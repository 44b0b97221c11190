package code

import (
	"slices"
	"strings"
)

// Span is a range of tokens, from From up to but without To.
type Span struct{ From, To int }

// Empty tells whether no token is in the span.
func (s Span) Empty() bool { return s.From >= s.To }

// Holds tells whether token i is in the span.
func (s Span) Holds(i int) bool { return s.From <= i && i < s.To }

// File is a script.
type File struct {
	Path      string
	Language  Language
	Tokens    []Token
	Problems  []Problem
	Functions []Function // in the order of their bodies
	Classes   []Span     // bodies of classes
	Calls     []Call     // in the order of their names
	Tries     []Try
	Loops     []Loop
	Ifs       []If
	Sets      []Assignment

	named, innermost []int            // per token, the function around it: any with a name, any at all; -1 for none
	given            map[string][]int // assignments by name
	blocks           map[int]bool     // the braces of closures behind calls with parentheses
}

// Function is a function, method or closure.
type Function struct {
	Name    string // empty when it has none
	At      int    // the token of its name, or of its first bracket
	Params  []int  // the tokens of the names of its parameters
	Body    Span   // without the brackets
	Closure bool   // a closure of Groovy or a function without a name: a return in it ends only the closure
	outer   int    // the function around it, -1 for none
}

// Call is a call of a function or method.
type Call struct {
	Name  string // "openidm.create"; with a leading dot when what stands before the first dot is no name; "new RESTClient"
	At    int    // its first token
	Args  []Span
	Block Span // the closure behind the call, without its brackets
	End   int  // the token behind the call
}

// Method is the last part of the call's name.
func (c Call) Method() string {
	for i := len(c.Name) - 1; i >= 0; i-- {
		if c.Name[i] == '.' || c.Name[i] == ' ' {
			return c.Name[i+1:]
		}
	}
	return c.Name
}

// Try is a try block with its handlers.
type Try struct {
	At      int
	Body    Span
	Catches []Catch
}

// Catch is one handler.
type Catch struct {
	At   int
	Body Span
}

// Loop is a loop, of a keyword or of a method that takes a closure.
type Loop struct {
	At      int
	Body    Span
	Closure bool // each, times and their like: return ends one turn only
}

// If is a condition and what is done when it holds.
type If struct {
	At         int
	Cond, Then Span
}

// Assignment gives a value to a name or to a member of it.
type Assignment struct {
	Name     string // "failure.status"
	At       int    // the first token of the name
	Declares bool   // with def, var or a type
	Value    Span
}

// Parse reads a script.
func Parse(path string, language Language, text string) *File {
	l := lex(language, text)
	f := &File{Path: path, Language: language, Tokens: l.tokens, Problems: l.problems, blocks: map[int]bool{}}
	for i, t := range f.Tokens {
		switch {
		case t.Is("("):
			f.parenthesis(i)
		case t.Is("{"):
			f.brace(i)
		case t.Is("=>"):
			f.arrow(i)
		case t.Is("try") && f.symbol(i+1, "{"):
			f.try(i)
		case t.Is("do") && f.symbol(i+1, "{"):
			f.Loops = append(f.Loops, Loop{At: i, Body: f.inside(i + 1)})
		case t.Is("class") && t.Kind == Word:
			f.class(i)
		case t.Is("="):
			f.assignment(i)
		case t.Kind == Text && language == Groovy:
			f.command(i)
		}
	}
	slices.SortStableFunc(f.Functions, func(a, b Function) int { return a.Body.From - b.Body.From })
	slices.SortStableFunc(f.Calls, func(a, b Call) int { return a.At - b.At })
	slices.SortStableFunc(f.Loops, func(a, b Loop) int { return a.At - b.At })
	f.index()
	return f
}

// index notes the functions around each token, outer ones first so that inner ones win, and the assignments by name.
func (f *File) index() {
	f.named, f.innermost = make([]int, len(f.Tokens)), make([]int, len(f.Tokens))
	for i := range f.Tokens {
		f.named[i], f.innermost[i] = -1, -1
	}
	for n, fn := range f.Functions {
		f.Functions[n].outer = f.innermost[fn.Body.From-1]
		for i := fn.Body.From; i < fn.Body.To; i++ {
			f.innermost[i] = n
			if !fn.Closure || fn.Name != "" {
				f.named[i] = n
			}
		}
	}
	f.given = map[string][]int{}
	for n, set := range f.Sets {
		f.given[set.Name] = append(f.given[set.Name], n)
	}
}

// symbol tells whether token i is one of these.
func (f *File) symbol(i int, texts ...string) bool {
	return i >= 0 && i < len(f.Tokens) && f.Tokens[i].Is(texts...)
}

func (f *File) word(i int) bool { return i >= 0 && i < len(f.Tokens) && f.Tokens[i].Kind == Word }

// far is how many tokens are looked at where something has no end of its own. It keeps the reading of a hostile file linear.
const far = 300

// inside is what stands between the bracket at i and its partner; a good deal of what follows without a partner.
func (f *File) inside(i int) Span {
	if pair := f.Tokens[i].Pair; pair > i {
		return Span{i + 1, pair}
	}
	return Span{i + 1, min(i+far, len(f.Tokens))}
}

// behind is the token behind the bracket at i and its partner.
func (f *File) behind(i int) int { return min(f.inside(i).To+1, len(f.Tokens)) }

// Split parts a span at its commas, not those inside brackets.
func (f *File) Split(s Span) []Span {
	var parts []Span
	from := s.From
	for i := s.From; i < s.To; i++ {
		switch t := f.Tokens[i]; {
		case t.Pair > i:
			i = t.Pair
		case t.Is(","):
			parts = append(parts, Span{from, i})
			from = i + 1
		}
	}
	if from < s.To {
		parts = append(parts, Span{from, s.To})
	}
	return parts
}

// class notes the body of a class.
func (f *File) class(i int) {
	if f.symbol(i-1, ".") {
		return
	}
	for j := i + 1; j < len(f.Tokens) && j < i+40; j++ {
		if f.Tokens[j].Is("{") {
			f.Classes = append(f.Classes, f.inside(j))
			return
		}
		if f.Tokens[j].Kind != Word && !f.Tokens[j].Is(".", ",", "<", ">") {
			return
		}
	}
}

// try notes a try block and its handlers.
func (f *File) try(i int) {
	t := Try{At: i, Body: f.inside(i + 1)}
	for at := f.behind(i + 1); f.symbol(at, "catch"); {
		body := at + 1
		if f.symbol(body, "(") {
			body = f.behind(body)
		}
		if !f.symbol(body, "{") {
			break
		}
		t.Catches = append(t.Catches, Catch{At: at, Body: f.inside(body)})
		at = f.behind(body)
	}
	f.Tries = append(f.Tries, t)
}

// assignment notes "name = value".
func (f *File) assignment(i int) {
	from := f.chain(i - 1)
	if from < 0 || !f.Tokens[from].First && f.symbol(from-1, ".", "?.", ")", "]") {
		return
	}
	a := Assignment{Name: f.chainName(from, i-1), At: from}
	if last := len(f.Sets) - 1; last >= 0 && f.symbol(from-1, "=") && f.Sets[last].Value.Holds(i) {
		a.Value = Span{i + 1, f.Sets[last].Value.To} // a = b = value
	} else {
		a.Value = f.expression(i + 1)
	}
	a.Declares = f.declares(from)
	f.Sets = append(f.Sets, a)
}

// declares tells whether the name at i stands behind def, var or a type.
func (f *File) declares(i int) bool {
	if i == 0 || f.Tokens[i].First && !f.word(i-1) {
		return false
	}
	t := f.Tokens[i-1]
	switch {
	case t.Is("def", "var", "let", "const", "final", "int", "long", "boolean", "double", "float", "byte", "char", "short"):
		return true
	case t.Kind == Word:
		return !keywords[t.Text] && t.Text[0] >= 'A' && t.Text[0] <= 'Z' && !f.Tokens[i].First
	case t.Is(">"), t.Is("]") && f.symbol(i-2, "["):
		return !f.Tokens[i].First
	}
	return false
}

// chain is the first token of the dotted name that ends at i, -1 when there is none.
func (f *File) chain(i int) int {
	if !f.word(i) {
		return -1
	}
	for f.symbol(i-1, ".", "?.", "*.") && f.word(i-2) {
		i -= 2
	}
	return i
}

// chainName is the dotted name from token from to token to.
func (f *File) chainName(from, to int) string {
	var name strings.Builder
	for _, t := range f.Tokens[from : to+1] {
		if t.Kind == Word {
			name.WriteString(t.Text)
		} else {
			name.WriteByte('.')
		}
	}
	return name.String()
}

// expression is the value that begins at i: up to the end of the statement.
func (f *File) expression(i int) Span {
	from := i
	for steps := 0; i < len(f.Tokens) && steps < far; i, steps = i+1, steps+1 {
		t := f.Tokens[i]
		if t.Is(";", ",", ")", "]", "}") || i > from && t.First && !f.goesOn(i) {
			break
		}
		if t.Pair > i {
			i = t.Pair
		}
	}
	return Span{from, min(i, len(f.Tokens))}
}

// goesOn tells whether the line that begins with token i continues the one before.
func (f *File) goesOn(i int) bool {
	if f.Tokens[i].Is(".", "?.", "*.", "+", "&&", "||", "?", ":", "?:") {
		return true
	}
	last := f.Tokens[i-1]
	return last.Kind == Symbol && !last.Is(")", "]", "}", "++", "--", ";")
}
