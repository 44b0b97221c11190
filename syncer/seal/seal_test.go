package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const canary = "Canary-Pa55word-é"

func ring(t *testing.T) *Keyring {
	t.Helper()
	k, err := Open(Config{Generate: true})
	require.NoError(t, err)
	return k
}

func TestSecretPrintsAsDots(t *testing.T) {
	s := Secret(canary)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "inside", struct{ S Secret }{s})
	data, err := json.Marshal(map[string]any{"s": s})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"v": fmt.Sprintf("%v", s), "plus": fmt.Sprintf("%+v", struct{ S Secret }{s}), "go": fmt.Sprintf("%#v", s),
		"x": fmt.Sprintf("%x", s), "s": fmt.Sprintf("%s", s), "log": log.String(), "json": string(data),
	} {
		assert.NotContains(t, text, canary, name)
		assert.NotContains(t, text, fmt.Sprintf("%x", canary), name)
		assert.Contains(t, text, dots, name)
	}
	s.Wipe()
	assert.Equal(t, make([]byte, len(canary)), []byte(s))
}

func TestBoxOpensOnlyWhereItBelongs(t *testing.T) {
	k := ring(t)
	box, err := k.Seal(Secret(canary), "change-1", "bjensen")
	require.NoError(t, err)
	stored, err := json.Marshal(box)
	require.NoError(t, err)
	assert.NotContains(t, string(stored), canary)

	got, err := k.Open(box, "change-1", "bjensen")
	require.NoError(t, err)
	assert.Equal(t, canary, string(got))

	flipped := box
	flipped.Text = bytes.Clone(box.Text)
	flipped.Text[0] ^= 1
	short := box
	short.Nonce = box.Nonce[:3]
	renamed := box
	renamed.Key = "other"
	for name, try := range map[string]func() (Secret, error){
		"another change": func() (Secret, error) { return k.Open(box, "change-2", "bjensen") },
		"another user":   func() (Secret, error) { return k.Open(box, "change-1", "bjensen2") },
		"shifted border": func() (Secret, error) { return k.Open(box, "change-1b", "jensen") },
		"altered text":   func() (Secret, error) { return k.Open(flipped, "change-1", "bjensen") },
		"short nonce":    func() (Secret, error) { return k.Open(short, "change-1", "bjensen") },
		"unknown key":    func() (Secret, error) { return k.Open(renamed, "change-1", "bjensen") },
		"another ring":   func() (Secret, error) { return ring(t).Open(box, "change-1", "bjensen") },
		"empty box":      func() (Secret, error) { return k.Open(Box{}, "change-1", "bjensen") },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := try()
			require.ErrorIs(t, err, ErrMismatch)
			assert.Empty(t, s)
		})
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	k := ring(t)
	a, err := k.Seal(Secret(canary), "c", "u")
	require.NoError(t, err)
	b, err := k.Seal(Secret(canary), "c", "u")
	require.NoError(t, err)
	assert.NotEqual(t, a.Nonce, b.Nonce)
	assert.NotEqual(t, a.Text, b.Text)
}

func TestRotationOpensOldBoxes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	old, err := Open(Config{KeyFile: path, Generate: true})
	require.NoError(t, err)
	box, err := old.Seal(Secret(canary), "c", "u")
	require.NoError(t, err)

	line, err := newKeyLine()
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(line, before...), 0o600))
	rotated, err := Open(Config{KeyFile: path})
	require.NoError(t, err)
	s, err := rotated.Open(box, "c", "u")
	require.NoError(t, err)
	assert.Equal(t, canary, string(s))
	fresh, err := rotated.Seal(Secret(canary), "c", "u")
	require.NoError(t, err)
	assert.NotEqual(t, box.Key, fresh.Key, "the first line seals")
}

func TestKeysFromTheEnvironment(t *testing.T) {
	fresh, err := newKeyLine()
	require.NoError(t, err)
	old, err := newKeyLine()
	require.NoError(t, err)
	c := Config{KeyEnv: "SEAL_KEYS", Keys: append(bytes.Clone(fresh), old...)}
	k, err := Open(c)
	require.NoError(t, err)
	ids := []string{strings.Fields(string(fresh))[0], strings.Fields(string(old))[0]}
	assert.Equal(t, ids, k.IDs(), "the one that seals in front")
	box, err := k.Seal(Secret(canary), "c", "u")
	require.NoError(t, err)
	assert.Equal(t, ids[0], box.KeyID())
	assert.NotContains(t, fmt.Sprintf("%+v", c), string(fresh))

	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a file too": {func(c *Config) { c.KeyFile = "file" }, "keyEnv: keyFile is set too"},
		"empty":      {func(c *Config) { c.Keys = nil }, "keyEnv: the variable SEAL_KEYS is empty"},
		"no keys":    {func(c *Config) { c.Keys = Secret("hello") }, "keys: line 1: 1 words"},
	} {
		t.Run(name, func(t *testing.T) {
			c := c
			tt.change(&c)
			_, err := Open(c)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestKeyFileMistakes(t *testing.T) {
	good, err := newKeyLine()
	require.NoError(t, err)
	secret := strings.Fields(string(good))[1]
	tests := map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by others": {string(good), 0o644, "chmod 600"},
		"readable by group":  {string(good), 0o640, "chmod 600"},
		"empty":              {"", 0o600, "holds no key"},
		"comments only":      {"# none\n\n", 0o600, "holds no key"},
		"key without id":     {secret + "\n", 0o600, "line 1: 1 words"},
		"short key":          {"a " + secret[:8] + "\n", 0o600, "line 1: the key is not the base64 of 32 bytes"},
		"not base64":         {"# x\na !" + secret[1:] + "\n", 0o600, "line 2: the key is not the base64"},
		"same id twice":      {"a " + secret + "\na " + secret + "\n", 0o600, "appears twice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			require.NoError(t, os.WriteFile(path, []byte(tt.text), tt.mode))
			require.NoError(t, os.Chmod(path, tt.mode))
			_, err := Open(Config{KeyFile: path, Generate: true})
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := Open(Config{KeyFile: filepath.Join(t.TempDir(), "none")})
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("never replaced", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys")
		require.NoError(t, WriteKeyFile(path))
		require.ErrorIs(t, WriteKeyFile(path), os.ErrExist)
	})
	t.Run("not configured", func(t *testing.T) {
		_, err := Open(Config{})
		require.ErrorContains(t, err, "keyFile")
	})
}
