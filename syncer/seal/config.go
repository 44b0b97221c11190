package seal

import (
	"errors"
	"fmt"
)

// Config says where the sealing keys come from.
type Config struct {
	// KeyFile holds one key a line, "id base64-of-32-bytes"; the first seals, all open. Only its owner may read it (0600).
	KeyFile string `yaml:"keyFile"`
	// KeyEnv names an environment variable that holds such lines, instead of KeyFile.
	KeyEnv string `yaml:"keyEnv"`
	// Keys are the lines themselves, from wherever the caller has them.
	Keys Secret `yaml:"-"`
	// Generate makes a key when there is none: in KeyFile when that does not exist yet, otherwise in memory, where it is
	// lost at the end of the process together with all that it sealed.
	Generate bool `yaml:"generate"`
}

// Validate reports what is wrong, with paths relative to the section.
func (c Config) Validate() error {
	switch {
	case c.KeyFile != "" && c.KeyEnv != "":
		return errors.New("keyEnv: keyFile is set too; name one of them")
	case c.KeyEnv != "" && len(c.Keys) == 0:
		return fmt.Errorf("keyEnv: the variable %s is empty", c.KeyEnv)
	case c.KeyFile == "" && len(c.Keys) == 0 && !c.Generate:
		return errors.New("keyFile: not set; make a key with `seatrial sync key FILE`, or set generate: true to have one made")
	}
	return nil
}
