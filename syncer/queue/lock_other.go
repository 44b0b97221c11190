//go:build !unix

package queue

import "os"

// lock does nothing here: keeping a second engine out of the directory is the operator's task on this system.
func lock(*os.File) error { return nil }
