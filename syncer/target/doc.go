// Package target is what the engine and its targets agree on: a job in, an answer out. Each target classifies what its
// vendor says, in one table; the engine knows classes and reasons only.
package target
