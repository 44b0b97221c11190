//go:build unix

package queue

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file for this process; the kernel gives it back when the process ends, however it ends.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}
