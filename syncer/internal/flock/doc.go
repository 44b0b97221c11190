// Package flock keeps a second process out of a directory.
package flock

import "errors"

// ErrInUse says that another process has the file.
var ErrInUse = errors.New("another engine uses it")
