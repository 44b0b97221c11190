// Package people is the store of the persons that live in a simulated directory: identity, credential with its history,
// state and versions. It holds no rules: what may be written is the business of the simulator that owns the store.
package people
