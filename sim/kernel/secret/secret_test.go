package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const canary = "Canary-7fQ2!"

func TestValueNeverPrints(t *testing.T) {
	v := secret.New(canary)
	holder := struct{ Password secret.Value }{v}
	wire, err := json.Marshal(holder)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("login", "password", v, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("login", "password", v, "holder", holder)

	seen := map[string]string{
		"%v":     fmt.Sprintf("%v", v),
		"%+v":    fmt.Sprintf("%+v", holder),
		"%#v":    fmt.Sprintf("%#v", holder),
		"%s":     fmt.Sprintf("%s", v),
		"%q":     fmt.Sprintf("%q", v),
		"%x":     fmt.Sprintf("%x", v),
		"%d":     fmt.Sprintf("%d", v),
		"nested": fmt.Sprintf("%v", []any{&holder, map[string]secret.Value{"p": v}}),
		"error":  errors.Join(fmt.Errorf("refused: %v", v)).Error(),
		"json":   string(wire),
		"slog":   log.String(),
	}
	hexed := fmt.Sprintf("%x", canary)
	for how, text := range seen {
		assert.NotContains(t, text, canary, how)
		assert.NotContains(t, text, hexed, how)
	}
	assert.Equal(t, canary, v.Reveal())
}

func TestValueReadsFromText(t *testing.T) {
	var holder struct{ Password secret.Value }
	require.NoError(t, json.Unmarshal([]byte(`{"Password":"`+canary+`"}`), &holder))
	assert.Equal(t, canary, holder.Password.Reveal())
	assert.False(t, holder.Password.Empty())
	assert.True(t, secret.Value{}.Empty())
}

func TestEqual(t *testing.T) {
	assert.True(t, secret.New("a").Equal(secret.New("a")))
	assert.False(t, secret.New("a").Equal(secret.New("b")))
	assert.False(t, secret.New("a").Equal(secret.New("")))
}

func TestDigester(t *testing.T) {
	one, other := secret.NewDigester([]byte("0123456789abcdef")), secret.NewDigester([]byte("fedcba9876543210"))
	v := secret.New(canary)
	assert.Equal(t, one.Digest(v), one.Digest(v))
	assert.NotEqual(t, one.Digest(v), one.Digest(secret.New(canary+" ")))
	assert.NotEqual(t, one.Digest(v), other.Digest(v), "the key matters")
	assert.Regexp(t, `^[0-9a-f]{32}$`, one.Digest(v).String())
	assert.True(t, secret.Digest{}.IsZero())
	assert.False(t, one.Digest(secret.Value{}).IsZero(), "an empty password is not an absent one")
}

func BenchmarkDigest(b *testing.B) {
	d, v := secret.NewDigester([]byte("0123456789abcdef")), secret.New(canary)
	b.ReportAllocs()
	for b.Loop() {
		d.Digest(v)
	}
}
