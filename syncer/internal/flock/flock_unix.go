//go:build unix

package flock

import (
	"errors"
	"os"
	"syscall"
)

// Take takes a file for this process; the kernel gives it back when the file is closed or the process ends, however it ends.
func Take(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}
