// Package switches is where a simulator keeps its decisions about what its vendor leaves open, or an administrator decides: a
// Board lists them with their options, and a Panel has their present values.
package switches
