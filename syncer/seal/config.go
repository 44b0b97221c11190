package seal

import "errors"

// Config says where the sealing keys come from.
type Config struct {
	// KeyFile holds one key a line, "id base64-of-32-bytes"; the first seals, all open. Only its owner may read it (0600).
	KeyFile string `yaml:"keyFile"`
	// Generate makes a key when there is none: in KeyFile when that does not exist yet, otherwise in memory, where it is
	// lost at the end of the process together with all that it sealed.
	Generate bool `yaml:"generate"`
}

// Validate reports what is wrong, with paths relative to the section.
func (c Config) Validate() error {
	if c.KeyFile == "" && !c.Generate {
		return errors.New("keyFile: not set; make a key with `seatrial sync key FILE`, or set generate: true to have one made")
	}
	return nil
}
