package sut

import (
	"bytes"
	"errors"
	"fmt"
	"maps"

	"github.com/goccy/go-yaml"

	"github.com/seatrial/seatrial/syncer"
)

// Merge lays settings over others, section by section. Neither is changed.
func Merge(under, over map[string]any) map[string]any {
	merged := maps.Clone(under)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range over {
		section, isSection := merged[key].(map[string]any)
		more, isMore := value.(map[string]any)
		if isSection && isMore {
			value = Merge(section, more)
		}
		merged[key] = value
	}
	return merged
}

// CheckSettings says what our own engine does not know or take of the settings.
func CheckSettings(settings map[string]any) error {
	c := syncer.DefaultConfig()
	return applySettings(&c, settings)
}

// DeliversFirst tells whether our own engine, with the settings, delivers the passwords that a directory has at the first start.
func DeliversFirst(settings map[string]any) bool {
	c := syncer.DefaultConfig()
	return applySettings(&c, settings) == nil && c.LDAP.DeliversFirst()
}

// applySettings reads settings over a configuration, as the engine reads its file: an unknown name is a mistake.
func applySettings(c *syncer.Config, settings map[string]any) error {
	if len(settings) == 0 {
		return nil
	}
	text, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("settings of the engine: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(c); err != nil {
		if broken, is := errors.AsType[yaml.Error](err); is {
			return errors.New(broken.GetMessage())
		}
		return err
	}
	return nil
}
