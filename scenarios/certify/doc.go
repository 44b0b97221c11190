// Package certify is the main job: the scenario suite in virtual time, then load over real sockets, then the verdict and
// its report. What it rehearses can come from a customer's own files: an IDM project folder, the users of a directory, the
// password policy of the target.
package certify
