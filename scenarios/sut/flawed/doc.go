// Package flawed holds a test double: a small foreign sync engine that works in memory and is correct, unless it is given
// one deliberate flaw. It exists to test the tests: a suite is worth as much as the flaws it names. It shares no code with
// our own engine, keeps nothing on disk, and must never be given a real target.
package flawed
