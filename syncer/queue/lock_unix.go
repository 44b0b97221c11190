//go:build unix

package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock takes the directory for this process; the kernel gives it back when the process ends, however it ends.
func lock(dir string) (release func() error, err error) {
	path := filepath.Join(dir, "engine.lock")
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock queue: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("directory %s: %w", dir, ErrInUse)
		}
		return nil, fmt.Errorf("lock queue %s: %w", dir, err)
	}
	return f.Close, nil
}
