package certify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/reports"
)

// prepare makes the folder and tells whether files can be written there.
func prepare(folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	probe, err := os.CreateTemp(folder, "probe.*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write puts the report's renderings into the folder and returns their paths, the one for people first. Each file appears
// whole or not at all.
func write(folder string, report reports.Report) ([]string, error) {
	var paths []string
	for _, rendering := range []struct {
		name   string
		render func(io.Writer, reports.Report) error
	}{
		{"report.html", reports.WriteHTML}, {"report.json", reports.WriteJSON}, {"junit.xml", reports.WriteJUnit},
	} {
		var content bytes.Buffer
		if err := rendering.render(&content, report); err != nil {
			return nil, fmt.Errorf("%s: %w", rendering.name, err)
		}
		path := filepath.Join(folder, rendering.name)
		if err := replace(path, content.Bytes()); err != nil {
			return nil, fmt.Errorf("--out: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
