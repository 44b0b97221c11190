// Package clock tells a simulator what time it is: the real (or virtual) time plus an offset that the control plane can
// turn, so that a foreign engine living in real time can meet a 24-hour rule today. Only judgements of time ask this
// package (token expiry, password age, lock-out, rate windows); waiting is done with the standard time package.
package clock
