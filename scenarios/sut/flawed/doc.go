// Package flawed holds a test double: a small foreign sync engine that works in memory and is correct, unless it is given
// one deliberate flaw. It exists to test the tests: a suite is worth as much as the flaws it names. It shares no code with
// our own engine, and must never be given a real target. Engine hears of changes and keeps nothing on disk; ReaderWith reads a
// directory by itself, and keeps its position, what it has seen and its outcomes in a file, so that it can be cut off.
package flawed
