// Package harness has the words in which simulators answer questions that no client of the vendor asks: those of whoever
// conducts a rehearsal, through the control plane.
package harness
