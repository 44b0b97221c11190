package code

import (
	"iter"
	"slices"
	"strings"
)

// FunctionAt is the innermost function around token i; closures count only when asked for. Nil when i stands in the script.
func (f *File) FunctionAt(i int, closures bool) *Function {
	index := f.named
	if closures {
		index = f.innermost
	}
	if i < 0 || i >= len(index) || index[i] < 0 {
		return nil
	}
	return &f.Functions[index[i]]
}

// Around are the functions around token i, the innermost first.
func (f *File) Around(i int) iter.Seq[*Function] {
	return func(yield func(*Function) bool) {
		if i < 0 || i >= len(f.innermost) {
			return
		}
		for n := f.innermost[i]; n >= 0 && yield(&f.Functions[n]); {
			n = f.Functions[n].outer
		}
	}
}

// InClass is the body of the class around token i.
func (f *File) InClass(i int) (Span, bool) {
	found, ok := Span{}, false
	for _, c := range f.Classes {
		if c.Holds(i) && (!ok || c.From > found.From) {
			found, ok = c, true
		}
	}
	return found, ok
}

// CallsIn are the calls in a span.
func (f *File) CallsIn(s Span) []Call {
	by := func(c Call, at int) int { return c.At - at }
	from, _ := slices.BinarySearchFunc(f.Calls, s.From, by)
	to, _ := slices.BinarySearchFunc(f.Calls, s.To, by)
	return f.Calls[from:max(from, to)]
}

// Value is the string that a span consists of, when it is nothing but one.
func (f *File) Value(s Span) (string, bool) {
	if s.Empty() || f.Tokens[s.From].Kind != Text {
		return "", false
	}
	return f.Tokens[s.From].Text, f.afterText(s.From) == s.To
}

// afterText is the token behind the string at i and its expressions.
func (f *File) afterText(i int) int {
	next := i + 1
	for range f.Tokens[i].Holes {
		if next >= len(f.Tokens) || f.Tokens[next].Pair < next {
			return next
		}
		next = f.Tokens[next].Pair + 1
	}
	return next
}

// Holes are the expressions inside the string at token i.
func (f *File) Holes(i int) []Span {
	var holes []Span
	next := i + 1
	for range f.Tokens[i].Holes {
		if next >= len(f.Tokens) || !f.Tokens[next].Is("${") {
			break
		}
		holes = append(holes, f.inside(next))
		next = f.behind(next)
	}
	return holes
}

// Name is the dotted name that a span consists of, when it is nothing but one.
func (f *File) Name(s Span) string {
	if s.Empty() || f.chain(s.To-1) != s.From {
		return ""
	}
	return f.chainName(s.From, s.To-1)
}

// Entry is one entry of a map or object, or one named argument.
type Entry struct {
	Key   string
	At    int
	Value Span
}

// Entries are the entries of the map that a span consists of ("[a: 1]", "{a: 1}"), or that stand in it as named arguments.
func (f *File) Entries(s Span) []Entry {
	if !s.Empty() && f.Tokens[s.From].Is("[", "{") && f.Tokens[s.From].Pair == s.To-1 {
		s = f.inside(s.From)
	}
	var entries []Entry
	for _, part := range f.Split(s) {
		key := f.Tokens[part.From]
		switch colon := part.From + 1; {
		case key.Kind != Word && key.Kind != Text:
		case colon < part.To && f.Tokens[colon].Is(":"):
			entries = append(entries, Entry{Key: key.Text, At: part.From, Value: Span{colon + 1, part.To}})
		case f.Language == JavaScript && colon == part.To && key.Kind == Word: // {name}
			entries = append(entries, Entry{Key: key.Text, At: part.From, Value: part})
		}
	}
	return entries
}

// Map is the map that a span means: one that it consists of, or the one that was last given to the name it consists of,
// with what was later put into it. False when it cannot be made out.
func (f *File) Map(s Span) ([]Entry, bool) {
	if s.Empty() {
		return nil, false
	}
	if f.Tokens[s.From].Is("[", "{") && f.Tokens[s.From].Pair == s.To-1 {
		return f.Entries(s), true
	}
	name := f.Name(s)
	value, ok := f.Given(name, s.From)
	if !ok || !f.symbol(value.From, "[", "{") || f.Tokens[value.From].Pair != value.To-1 {
		return nil, false
	}
	entries := f.Entries(value)
	for _, set := range f.Sets {
		if member, isMember := strings.CutPrefix(set.Name, name+"."); isMember && set.At > value.From && set.At < s.From {
			entries = append(entries, Entry{Key: member, At: set.At, Value: set.Value})
		}
	}
	for _, call := range f.Calls {
		if call.Name == name+".put" && len(call.Args) == 2 && call.At > value.From && call.At < s.From {
			key, _ := f.Value(call.Args[0])
			entries = append(entries, Entry{Key: key, At: call.At, Value: call.Args[1]})
		}
	}
	return entries, true
}

// Given is the value that was last given to a name before token i, in the same function or in the script around it.
func (f *File) Given(name string, i int) (Span, bool) {
	if name == "" {
		return Span{}, false
	}
	here := f.FunctionAt(i, false)
	found, ok := Span{}, false
	for _, n := range f.given[name] {
		set := f.Sets[n]
		if set.At >= i {
			continue
		}
		if there := f.FunctionAt(set.At, false); there == nil || there == here {
			found, ok = set.Value, true
		}
	}
	return found, ok
}

// Strings calls visit for every string in a span.
func (f *File) Strings(s Span, visit func(i int, value string)) {
	for i := s.From; i < s.To; i++ {
		if f.Tokens[i].Kind == Text {
			visit(i, f.Tokens[i].Text)
		}
	}
}

// All is the whole file.
func (f *File) All() Span { return Span{0, len(f.Tokens)} }

// Says tells whether a span has a word or a string with one of these texts in it, in any case of letters.
func (f *File) Says(s Span, texts ...string) bool {
	for i := s.From; i < s.To && i < len(f.Tokens); i++ {
		if t := f.Tokens[i]; t.Kind == Word || t.Kind == Text {
			lower := strings.ToLower(t.Text)
			for _, text := range texts {
				if strings.Contains(lower, text) {
					return true
				}
			}
		}
	}
	return false
}

// Block is the innermost block around token i: what stands in the same braces.
func (f *File) Block(i int) Span {
	for j := i - 1; j >= 0; j-- {
		switch t := f.Tokens[j]; {
		case t.Is("{") && t.Pair > i:
			return f.inside(j)
		case t.Pair >= 0 && t.Pair < j:
			j = t.Pair
		}
	}
	return f.All()
}
