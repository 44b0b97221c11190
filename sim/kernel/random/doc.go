// Package random splits one seed into named streams, one per consumer, so that the same seed repeats a run and a new
// consumer does not shift the numbers of the others.
package random
