package code

// parenthesis looks at what stands around an opening parenthesis: a call, a function or a loop.
func (f *File) parenthesis(i int) {
	behind := f.behind(i)
	if i == 0 || f.Tokens[i-1].Kind != Word {
		return
	}
	switch word := f.Tokens[i-1]; {
	case word.Is("function"):
		if f.symbol(behind, "{") {
			f.Functions = append(f.Functions, Function{
				Name: f.nameBefore(i - 1), At: i - 1, Params: f.params(f.inside(i)), Body: f.inside(behind), Closure: true,
			})
		}
		return
	case word.Is("for", "while") && !f.symbol(i-2, "."):
		f.Loops = append(f.Loops, Loop{At: i - 1, Body: f.blockAt(behind)})
		return
	case word.Is("if"):
		f.Ifs = append(f.Ifs, If{At: i - 1, Cond: f.inside(i), Then: f.blockAt(behind)})
		return
	case keywords[word.Text] && !f.symbol(i-2, ".", "?."):
		return
	}
	if f.function(i, behind) {
		return
	}
	from := f.chain(i - 1)
	call := Call{Name: f.chainName(from, i-1), At: from, Args: f.Split(f.inside(i)), End: behind}
	switch {
	case f.symbol(from-1, "new"):
		call.Name = "new " + f.Tokens[i-1].Text
		call.At = from - 1
	case f.symbol(from-1, ".", "?.", "*."):
		call.Name = "." + call.Name
	}
	if f.Language == Groovy && f.symbol(behind, "{") && !f.Tokens[behind].First {
		call.Block, call.End = f.inside(behind), f.behind(behind)
		f.blocks[behind] = true
	}
	f.addCall(call)
}

// blockAt is the block or the single statement that begins at i.
func (f *File) blockAt(i int) Span {
	if f.symbol(i, "{") {
		return f.inside(i)
	}
	return f.expression(i)
}

// turners are the methods that run a closure several times.
var turners = map[string]bool{
	"each": true, "eachWithIndex": true, "times": true, "upto": true, "downto": true, "forEach": true, "step": true, "eachRow": true,
}

func (f *File) addCall(c Call) {
	f.Calls = append(f.Calls, c)
	if !turners[c.Method()] {
		return
	}
	body := c.Block
	for _, arg := range c.Args {
		if f.Language == JavaScript && f.symbol(arg.From, "function", "(", "async") {
			body = arg
		}
	}
	if !body.Empty() {
		f.Loops = append(f.Loops, Loop{At: c.At, Body: body, Closure: true})
	}
}

// function notes "def name(…) {", "Type name(…) {", "function name(…) {" and methods of classes.
func (f *File) function(i, behind int) bool {
	if f.symbol(behind, "throws") {
		for n := 0; n < 40 && behind < len(f.Tokens) && !f.Tokens[behind].Is("{"); n++ {
			behind++
		}
	}
	if !f.symbol(behind, "{") || i < 2 {
		return false
	}
	before := f.Tokens[i-2]
	switch {
	case before.Is("function"):
	case f.Language == JavaScript:
		if (f.Tokens[i-1].First || before.Is("{", "}", ";")) && f.classAt(i) { // a method
			break
		}
		return false
	case before.Is("def", "void", "int", "long", "boolean", "double", "float", "static", "private", "public", "protected"):
	case before.Kind == Word && keywords[before.Text], before.Kind == Word && f.Tokens[i-1].First:
		return false
	case before.Kind == Word, before.Is(">"), before.Is("]"):
	default:
		return false
	}
	f.Functions = append(f.Functions, Function{
		Name: f.Tokens[i-1].Text, At: i - 1, Params: f.params(f.inside(i)), Body: f.inside(behind),
	})
	return true
}

func (f *File) classAt(i int) bool {
	for _, c := range f.Classes {
		if c.Holds(i) {
			return true
		}
	}
	return false
}

// nameBefore is the name that a function without a name is given: "name = function" or "name: function".
func (f *File) nameBefore(i int) string {
	if f.symbol(i-1, "=", ":") && f.word(i-2) {
		return f.Tokens[i-2].Text
	}
	return ""
}

// params are the names in a list of parameters.
func (f *File) params(list Span) []int {
	var names []int
	for _, part := range f.Split(list) {
		name, generics := -1, 0 // Map<String, Object> has a comma of its own
		for i := part.From; i < part.To && !f.Tokens[i].Is("="); i++ {
			switch t := f.Tokens[i]; {
			case t.Is("<"):
				generics++
			case t.Is(">"):
				generics--
			case t.Kind == Word:
				name = i
			}
		}
		if name >= 0 && generics <= 0 {
			names = append(names, name)
		}
	}
	return names
}

// arrow notes "(a, b) => {…}" and "a => value".
func (f *File) arrow(i int) {
	if f.Language != JavaScript || i == 0 {
		return
	}
	fn := Function{At: i - 1, Closure: true}
	switch {
	case f.symbol(i-1, ")") && f.Tokens[i-1].Pair >= 0:
		fn.At = f.Tokens[i-1].Pair
		fn.Params = f.params(f.inside(fn.At))
	case f.word(i - 1):
		fn.Params = []int{i - 1}
	default:
		return
	}
	fn.Name = f.nameBefore(fn.At)
	fn.Body = f.expression(i + 1)
	if f.symbol(i+1, "{") {
		fn.Body = f.inside(i + 1)
	}
	f.Functions = append(f.Functions, fn)
}

// brace looks at an opening brace: in Groovy it can be a closure, and behind a name a call with one.
func (f *File) brace(i int) {
	if f.Language != Groovy || i == 0 {
		return
	}
	before := f.Tokens[i-1]
	closure := before.Is("=", "(", ",", "return", ":", "[", "->", "?:") || f.blocks[i]
	if before.Kind == Word && !f.Tokens[i].First {
		if from := f.chain(i - 1); from < i-1 || f.symbol(from-1, ".", "?.", "*.") {
			call := Call{Name: f.chainName(from, i-1), At: from, Block: f.inside(i), End: f.behind(i)}
			if f.symbol(from-1, ".", "?.", "*.") {
				call.Name = "." + call.Name
			}
			f.addCall(call)
			closure = true
		}
	}
	if !closure {
		return
	}
	fn := Function{At: i, Body: f.inside(i), Closure: true, Name: f.nameBefore(i)}
	for j := fn.Body.From; j < fn.Body.To && j < i+60; j++ {
		t := f.Tokens[j]
		if t.Is("->") {
			fn.Params = f.params(Span{fn.Body.From, j})
			fn.Body.From = j + 1
			break
		}
		if t.Is(";") || t.First && j > fn.Body.From && !f.Tokens[j-1].Is(",") {
			break
		}
		if t.Pair > j {
			j = t.Pair
		}
	}
	f.Functions = append(f.Functions, fn)
}

// command notes Groovy's calls without parentheses, "logger.info "text"".
func (f *File) command(i int) {
	from := f.chain(i - 1)
	if from < 0 || from == i-1 && f.Tokens[from].Text != "println" || f.Tokens[i].First || !f.Tokens[from].First && !f.symbol(from-1, "{", ";", "->") {
		return
	}
	args := f.list(i)
	f.addCall(Call{Name: f.chainName(from, i-1), At: from, Args: f.Split(args), End: args.To})
}

// list is the list of arguments without parentheses that begins at i: up to the end of the statement.
func (f *File) list(i int) Span {
	for next := i; next < len(f.Tokens); {
		end := f.expression(next).To
		if end >= len(f.Tokens) || !f.Tokens[end].Is(",") {
			return Span{i, end}
		}
		next = end + 1
	}
	return Span{i, len(f.Tokens)}
}
