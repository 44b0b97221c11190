package code_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// show writes tokens in one line: strings in «», regular expressions in //.
func show(f *code.File) string {
	var parts []string
	for _, t := range f.Tokens {
		text := strings.ReplaceAll(t.Text, "\x00", "□")
		switch t.Kind {
		case code.Text:
			text = "«" + text + "»"
		case code.Regex:
			text = "/" + text + "/"
		case code.Word, code.Number, code.Symbol:
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func TestTokens(t *testing.T) {
	cases := map[string]struct {
		language   code.Language
		text, want string
	}{
		"comments":               {code.JavaScript, "a // b\n/* c\n*/ d", "a d"},
		"a comment in a string":  {code.JavaScript, `"// no" + '/* no */'`, "«// no» + «/* no */»"},
		"escapes":                {code.JavaScript, `"a\"b\\" + 'c\'d\n'`, "«a\"b\\» + «c'd\n»"},
		"division":               {code.JavaScript, "a / b / c", "a / b / c"},
		"regular expression":     {code.JavaScript, `x = /a"[/]\/b/gi.test(y)`, `x = /a"[/]\/b/ . test ( y )`},
		"regular, then divided":  {code.JavaScript, "return /a/ / 2", "return /a/ / 2"},
		"template":               {code.JavaScript, "`a ${b + `c ${d}`} e`", "«a □ e» ${ b + «c □» ${ d } }"},
		"object in a template":   {code.JavaScript, "`${ {a: 1}.a }`", "«□» ${ { a : 1 } . a }"},
		"no template in quotes":  {code.JavaScript, `"${a}" + '$b'`, "«${a}» + «$b»"},
		"arrows and options":     {code.JavaScript, "a?.b ?? (c => c)", "a ?. b ?? ( c => c )"},
		"gstring":                {code.Groovy, `"a ${b.c(1)} $d.e f" + '$g'`, "«a □ □ f» ${ b . c ( 1 ) } ${ d . e } + «$g»"},
		"price":                  {code.Groovy, `"5 $" + "\$a"`, "«5 $» + «$a»"},
		"quotes in a gstring":    {code.Groovy, `"eq \"${a}\""`, "«eq \"□\"» ${ a }"},
		"three quotes":           {code.Groovy, "'''a 'b'\n''' + \"\"\"${c}\n\"\"\"", "«a 'b'\n» + «□\n» ${ c }"},
		"slashy":                 {code.Groovy, `a =~ /x\/y ${b}\d/`, `a =~ «x/y □\d» ${ b }`},
		"dollar slashy":          {code.Groovy, "a = $/x / \"y\" ${b}/$", "a = «x / \"y\" □» ${ b }"},
		"range and spread":       {code.Groovy, "(1..3)*.a ?: b.&c", "( 1 .. 3 ) *. a ?: b .& c"},
		"shebang and mark":       {code.Groovy, "\ufeff#!/usr/bin/groovy\na", "a"},
		"numbers":                {code.Groovy, "1.5e3 0x1F 1_000L 2.times", "1.5e3 0x1F 1_000L 2 . times"},
		"names of other scripts": {code.JavaScript, "größe = 1", "größe = 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := code.Parse("x", c.language, c.text)
			assert.Equal(t, c.want, show(f))
			assert.Empty(t, f.Problems)
		})
	}
}

func TestProblems(t *testing.T) {
	cases := map[string]struct {
		text, want   string
		line, column int
	}{
		"string":   {"a\n  'b\nc", "the string is never closed", 2, 3},
		"comment":  {"a /* b", "the comment is never closed", 1, 3},
		"bracket":  {"a(b", "the bracket ( is never closed", 1, 2},
		"too many": {"a)\n", "the bracket ) closes nothing", 1, 2},
		"mixed":    {"(]", "the bracket ] closes nothing", 1, 2},
		"deep":     {strings.Repeat("[", 1000), "nested too deeply", 1, 202},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := code.Parse("x", code.Groovy, c.text)
			require.NotEmpty(t, f.Problems)
			assert.Contains(t, f.Problems[0].Message, c.want)
			assert.Equal(t, [2]int{c.line, c.column}, [2]int{f.Problems[0].Line, f.Problems[0].Column})
		})
	}
}

func names(f *code.File) (functions, calls []string) {
	for _, fn := range f.Functions {
		text := fn.Name + "("
		for i, p := range fn.Params {
			if i > 0 {
				text += ","
			}
			text += f.Tokens[p].Text
		}
		functions = append(functions, text+")")
	}
	for _, c := range f.Calls {
		calls = append(calls, c.Name)
	}
	return functions, calls
}

func TestStructure(t *testing.T) {
	cases := map[string]struct {
		language         code.Language
		text             string
		functions, calls []string
	}{
		"groovy": {
			code.Groovy, `
			def a(String b, int c = d(1), Map<String, Object> e) throws IOException { f.g(b) }
			private static List<String> h() { i() }
			list.each { one -> one.j() }
			list.inject(0) { sum, x -> sum + x }
			new RESTClient("x").get(path: "y")
			"${k.l()}".bytes.encodeBase64()
			logger.info "m"
			def n = { o -> o }
			if (p(q)) { r() } else { s() }`,
			[]string{"a(b,c,e)", "h()", "(one)", "(sum,x)", "n(o)"},
			[]string{"d", "f.g", "i", "list.each", "one.j", "list.inject", "new RESTClient", ".get", "k.l", ".bytes.encodeBase64", "logger.info", "p", "r", "s"},
		},
		"javascript": {
			code.JavaScript, `
			function a(b, c = 1) { d.e(b); }
			var f = function (g) { return g; }, h = (i, j) => k(i);
			list.forEach(l => { m(l); });
			(function () { n(); }());
			class O { p(q) { r(); } }
			if (s) { t(); }`,
			[]string{"a(b,c)", "f(g)", "h(i,j)", "(l)", "()", "p(q)"},
			[]string{"d.e", "k", "list.forEach", "m", "n", "r", "t"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := code.Parse("x", c.language, c.text)
			functions, calls := names(f)
			assert.Empty(t, f.Problems)
			assert.ElementsMatch(t, c.functions, functions)
			assert.ElementsMatch(t, c.calls, calls)
		})
	}
}

func TestMapsAreFoundThroughNames(t *testing.T) {
	f := code.Parse("x", code.Groovy, `
		def entry = [a: 1, "b": 2]
		entry.c = 3
		entry.put("d", 4)
		save(entry)
		entry.e = 5`)
	entries, ok := f.Map(f.CallsIn(f.All())[1].Args[0])
	require.True(t, ok)
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.Key)
	}
	assert.Equal(t, []string{"a", "b", "c", "d"}, keys)
}

// checkFile holds what every reading promises, whatever was read.
func checkFile(t *testing.T, f *code.File) {
	t.Helper()
	line, column := 0, 0
	for i, token := range f.Tokens {
		require.True(t, token.Line > line || token.Line == line && token.Column >= column, "tokens stand in their order")
		line, column = token.Line, token.Column
		if token.Pair >= 0 {
			require.Equal(t, i, f.Tokens[token.Pair].Pair, "brackets belong to each other")
		}
		if token.Kind == code.Text {
			require.LessOrEqual(t, len(f.Holes(i)), strings.Count(token.Text, "\x00"))
		}
	}
	inside := func(s code.Span) { require.True(t, 0 <= s.From && s.From <= len(f.Tokens) && s.To <= len(f.Tokens)) }
	for _, call := range f.Calls {
		for _, arg := range call.Args {
			inside(arg)
			_, _ = f.Map(arg)
			_ = f.Name(arg)
			_, _ = f.Value(arg)
		}
		inside(call.Block)
	}
	for _, fn := range f.Functions {
		inside(fn.Body)
	}
	for i := range f.Tokens {
		for range f.Around(i) {
		}
		inside(f.Block(i))
	}
}

func fuzz(f *testing.F, language code.Language) {
	f.Helper()
	for _, seed := range []string{
		"a.b(c, [d: 1]) { e -> f }", "\"a ${b} $c.d\" + /e\\/${f}/", "`${`${a}`}` /b/ => {}", "try { a } catch (b) { c } /* d",
		"def (a, b) = [1, 2]; class A { int b() { } }", "'''a''' \"\"\"$b\"\"\" $/c/$", "(x, y) => z", "\xff\x00\"\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 5000 {
			return
		}
		checkFile(t, code.Parse("x", language, text))
	})
}

func FuzzJavaScript(f *testing.F) { fuzz(f, code.JavaScript) }

func FuzzGroovy(f *testing.F) { fuzz(f, code.Groovy) }
