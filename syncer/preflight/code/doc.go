// Package code reads JavaScript and Groovy as far as rules about scripts need it: tokens with positions, which brackets
// belong together, the functions, calls and try blocks, and what a name was last given.
//
// It is no compiler. It never refuses a script: what it cannot make out becomes a Problem, and the rest is read on. Comments
// are dropped, so nothing that is commented out can be taken for code; the values of strings are known, and the expressions
// inside them ("${…}") are tokens like any others.
package code
