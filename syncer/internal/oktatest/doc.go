// Package oktatest is a small Okta org for the engine's own tests: it takes a script of what goes wrong, keeps a log of what was
// asked, and talks over in-memory connections, so that it runs in testing/synctest. It is not a rehearsal: that is what the
// simulators are for, which the engine never imports.
package oktatest
