// Package faults makes a simulator misbehave on demand: answer late, throttle, fail, cut the connection, hang, or carry
// a request out and lose its answer. A Set holds the rules of one simulator; Wrap puts them in front of its handler.
package faults
