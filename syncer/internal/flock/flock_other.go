//go:build !unix

package flock

import "os"

// Take does nothing here: keeping a second engine out of the directory is the operator's task on this system.
func Take(*os.File) error { return nil }
