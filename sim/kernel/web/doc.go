// Package web is what the simulators of HTTP APIs do alike before a vendor's own protocol begins and after it has ended:
// reading a request's method, address, credential and body, and writing an answer.
package web
