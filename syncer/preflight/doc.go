// Package preflight reads a ForgeRock IDM project folder and reports what will fail in it, and why: before any simulator
// starts, from the files alone.
//
// The folder is read as IDM reads it: JSON with its strict syntax, scripts by a tokenizer for JavaScript and Groovy (package
// code), alert rules by Prometheus' own parser. A rule is a small function over that; the table in rules.go lists them all.
// A finding is made only from what stands in the files. Where the fault is that something is missing, the finding says so
// and points at the line after which it is missing.
//
// Secrets found in the folder never leave it: evidence is masked before it becomes part of a finding.
package preflight
