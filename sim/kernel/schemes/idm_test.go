package schemes_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const saltedHash = `{"$crypto":{"type":"salted-hash","value":{"algorithm":"SHA-256","data":"gjTSqGjVyfTLiWRlEemKKArELUipXyaW416y14U9KbWOkvT6ReGu7PffiExIb26K"}}}`

func TestIDMVector(t *testing.T) {
	stored, err := schemes.ParseIDM(saltedHash)
	require.NoError(t, err)
	assert.Equal(t, "salted-hash SHA-256", stored.Scheme())
	assert.Equal(t, saltedHash, stored.Text())
	accepts(t, stored, "Passw0rd")
}

func TestEncodeIDM(t *testing.T) {
	for _, hash := range []string{"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"} {
		stored, err := schemes.EncodeIDM(hash, secret.New("Passw0rd"), random.Seed(1).Stream("salts"))
		require.NoError(t, err)
		again, err := schemes.ParseIDM(stored.Text())
		require.NoError(t, err)
		accepts(t, again, "Passw0rd")
		assert.Equal(t, schemes.Settings{Salt: 16}, again.Settings())
	}
	_, err := schemes.EncodeIDM("BCRYPT", secret.New("Passw0rd"), random.Seed(1).Stream("salts"))
	require.ErrorIs(t, err, schemes.ErrUnknown)
}

func TestIDMRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		kind error
	}{
		"no JSON":             {`{"$crypto":`, schemes.ErrNotEncoded},
		"a string":            {`"Passw0rd"`, schemes.ErrNotEncoded},
		"another object":      {`{"password":"x"}`, schemes.ErrNotEncoded},
		"another type":        {`{"$crypto":{"type":"x-asymmetric-encryption","value":{}}}`, schemes.ErrUnknown},
		"another algorithm":   {`{"$crypto":{"type":"salted-hash","value":{"algorithm":"SHA-3","data":"AAAA"}}}`, schemes.ErrUnknown},
		"data without a salt": {`{"$crypto":{"type":"salted-hash","value":{"algorithm":"MD5","data":"YYUElPaqO7DCedxQBrRJFQ=="}}}`, schemes.ErrMalformed},
		"no data":             {`{"$crypto":{"type":"x-simple-encryption","value":{"cipher":"AES/CBC/PKCS5Padding"}}}`, schemes.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schemes.ParseIDM(c.text)
			require.ErrorIs(t, err, c.kind)
		})
	}
}

func TestIDMRecognisesWhatItCannotVerify(t *testing.T) {
	for _, text := range []string{
		`{"$crypto":{"type":"x-simple-encryption","value":{"cipher":"AES/CBC/PKCS5Padding","key":"openidm-sym-default","data":"AAAA","iv":"AAAA"}}}`,
		`{"$crypto":{"type":"salted-hash","value":{"algorithm":"BCRYPT","data":"?"}}}`,
	} {
		stored, err := schemes.ParseIDM(text)
		require.NoError(t, err)
		verified, err := stored.Verify(secret.New("Passw0rd"))
		require.ErrorIs(t, err, schemes.ErrNotVerifiable)
		assert.False(t, verified)
	}
}
