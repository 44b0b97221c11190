// Package sut drives systems under test: any engine that takes password changes at one end and writes them to a target at
// the other. A System is told where the target is and what it may use (Place), is fed changes, is asked for its outcomes,
// and hands over everything it wrote down, which the invariants then search for secrets. Engine is ours, in process, over
// the same HTTP hook that a foreign engine would have.
package sut
