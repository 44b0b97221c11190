package code

import "slices"

// Language is the language of a script.
type Language int

// The languages of IDM's scripts.
const (
	JavaScript Language = iota
	Groovy
)

// Kind is the kind of a token.
type Kind int

// The kinds of tokens.
const (
	Word   Kind = iota // a name or a keyword
	Number             // as it stands
	Text               // a string; Value has its holes as Hole
	Regex              // a regular expression of JavaScript
	Symbol             // an operator or a bracket
)

// Hole stands in the value of a Text for an expression inside it.
const Hole = '\x00'

// Token is one token. Lines and columns count from 1, columns in characters.
//
// The expressions inside a string follow their Text as tokens, each between the brackets "${" and "}".
type Token struct {
	Kind         Kind
	Text         string // as it stands in the file; for a Text its value
	Line, Column int
	First        bool // the first token of its line
	Pair         int  // for a bracket, the index of its partner, else -1
	Holes        int  // for a Text, how many expressions follow
}

// Is tells whether the token is one of these names or symbols.
func (t Token) Is(texts ...string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && slices.Contains(texts, t.Text)
}

// Problem is something in a script that was not made out.
type Problem struct {
	Line, Column int
	Message      string
}

// symbols are the operators of both languages that are longer than one character, the longest first.
var symbols = []string{
	">>>=", "===", "!==", "<=>", "==~", "**=", "<<=", ">>=", ">>>", "...", "..<", "?.", "*.", ".&", "::", "?:", "??", "->", "=>",
	"==", "!=", "<=", ">=", "=~", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**", "..", "<<",
}

var partners = map[string]string{"(": ")", "[": "]", "{": "}", "${": "}"}

// keywords of both languages that look like the name of a function before a bracket, or like a variable.
var keywords = map[string]bool{
	"if": true, "else": true, "for": true, "while": true, "do": true, "switch": true, "case": true, "default": true,
	"try": true, "catch": true, "finally": true, "throw": true, "throws": true, "return": true, "break": true, "continue": true,
	"new": true, "in": true, "instanceof": true, "typeof": true, "delete": true, "void": true, "function": true, "class": true,
	"interface": true, "enum": true, "trait": true, "extends": true, "implements": true, "import": true, "package": true,
	"static": true, "private": true, "public": true, "protected": true, "final": true, "def": true, "var": true, "let": true,
	"const": true, "as": true, "assert": true, "synchronized": true, "with": true, "this": true, "super": true, "null": true,
	"true": true, "false": true, "undefined": true, "int": true, "long": true, "boolean": true, "double": true, "float": true,
	"byte": true, "char": true, "short": true, "it": true, "of": true, "async": true, "await": true, "yield": true,
	"transient": true, "volatile": true, "abstract": true, "native": true, "strictfp": true,
}

// IsKeyword tells whether a word has a meaning of its own in one of the languages.
func IsKeyword(word string) bool { return keywords[word] }
