package schemes_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// What libxcrypt makes of an empty password, a short one and one that is longer than every digest.
func TestCryptAgreesWithLibxcrypt(t *testing.T) {
	const long = "Paéss 8 and more than that, up to seventy bytes and then some, and more still"
	for _, v := range []struct{ password, text string }{
		{"", "..X8NBuQ4l6uQ"},
		{"a", "..4/MD05HLWjI"},
		{long, "..9wdF6jdN9rg"},
		{"", "zZO7u0HfQST3A"},
		{"a", "zZ/Dc0K.bMxrQ"},
		{long, "zZf8xVs.8faiw"},
		{"", "/9gIuoWGcT5X2"},
		{"a", "/9qm2x5hqRcVw"},
		{long, "/91EAq82J7zAE"},
		{"", "$1$ab$rn6aQS/o7141mj179E/zA."},
		{"a", "$1$ab$NM4FR4Dl/CzoTSJTd3YJ3."},
		{long, "$1$ab$sYXb0tg/nG.9OHW5Bb/dw0"},
		{long, "$1$saltsal$rkpcTt7FB/ioT5Bnrgv2M/"},
		{"", "$5$rounds=1000$abc$sP9FmVrTEqPcRDE7OxGDY0efugGF1dtCtqYcUsX9wmD"},
		{"a", "$5$rounds=1000$abc$DH82V/64s50w/cPcgSWjP6uKZ/i9J3Ey8WBnwQari11"},
		{long, "$5$rounds=1000$abc$hcZBuD6UnPxQZu3vUMtTfeRUlHs/kKkHVhZ9/IQH6E."},
		{long, "$5$rounds=5000$x$CEHIbS7e21jRtZ4fnVwnKgECvhanBhBPrL02eE0AI84"},
		{"", "$6$rounds=1400$anotherlong$IAFDwUBuHlb2bz25p9wwKSLRIpIs40RTprRQtOf4Zbpw..N61HBC6kKZY8JCUkIyezyxbeWN/UD37B5nWTS341"},
		{"a", "$6$rounds=1400$anotherlong$aRO1QT5cozQsmVNtiUbhOzIyIFfbPNiuKp5x/eCL6S0z/lvNHZypAyv3O8/zsxWUyd1qJKsjGTOOWJR1A7GVh0"},
		{long, "$6$rounds=1400$anotherlong$Civ7jknxXE0qBtSM7dw18zbI/jbUvHo4IN5mugJuDMnU9OVY3JExL5KrksKH8uJUlCH7lDrgeXwyvV744bd5H/"},
	} {
		stored, err := schemes.Parse("{CRYPT}" + v.text)
		require.NoError(t, err, v.text)
		verified, err := stored.Verify(secret.New(v.password))
		require.NoError(t, err, v.text)
		assert.True(t, verified, "%s of %q", v.text, v.password)
		verified, err = stored.Verify(secret.New(v.password[:max(0, len(v.password)-71)] + "?"))
		require.NoError(t, err, v.text)
		assert.False(t, verified, "%s of another", v.text)
	}
}

func TestDESLooksAtEightCharacters(t *testing.T) {
	stored, err := schemes.Encode("CRYPT", secret.New("Secret12!"), random.Seed(1).Stream("salts"), schemes.Settings{})
	require.NoError(t, err)
	for password, want := range map[string]bool{"Secret12!": true, "Secret12": true, "Secret12, and more": true, "Secret1": false} {
		verified, err := stored.Verify(secret.New(password))
		require.NoError(t, err)
		assert.Equal(t, want, verified, password)
	}
}

func TestBcryptAgreesWithTheLibrary(t *testing.T) {
	salts := random.Seed(1).Stream("salts")
	for _, password := range []string{"", "a", "Secret12!", "pässwörd€", strings.Repeat("x", 72)} {
		ours, err := schemes.Encode("BCRYPT", secret.New(password), salts, schemes.Settings{Rounds: 4})
		require.NoError(t, err)
		modular := strings.TrimPrefix(ours.Text(), "{BCRYPT}")
		require.NoError(t, bcrypt.CompareHashAndPassword([]byte(modular), []byte(password)), "the library reads ours")
		require.Error(t, bcrypt.CompareHashAndPassword([]byte(modular), []byte(password[:len(password)/2]+"?")))

		theirs, err := bcrypt.GenerateFromPassword([]byte(password), 4)
		require.NoError(t, err)
		for _, variant := range []string{"$2a$", "$2b$", "$2y$"} {
			stored, err := schemes.Parse("{BCRYPT}" + variant + string(theirs[4:]))
			require.NoError(t, err)
			verified, err := stored.Verify(secret.New(password))
			require.NoError(t, err)
			assert.True(t, verified, "we read the library's, as %s", variant)
			assert.Equal(t, strings.Trim(variant, "$"), stored.Settings().Variant)
		}
	}
}

func TestBcryptCutsAfter72Bytes(t *testing.T) {
	stored, err := schemes.Encode("Bcrypt", secret.New(strings.Repeat("x", 80)), random.Seed(1).Stream("salts"), schemes.Settings{Rounds: 4})
	require.NoError(t, err)
	for length, want := range map[int]bool{72: true, 73: true, 80: true, 71: false} {
		verified, err := stored.Verify(secret.New(strings.Repeat("x", length)))
		require.NoError(t, err)
		assert.Equal(t, want, verified, "%d bytes", length)
	}
}

func TestBcryptVariant2HasNoEnd(t *testing.T) {
	salts := random.Seed(1).Stream("salts")
	stored, err := schemes.Encode("BCRYPT", secret.New("Secret12!"), salts, schemes.Settings{Rounds: 4, Variant: "2"})
	require.NoError(t, err)
	accepts2, err := stored.Verify(secret.New("Secret12!"))
	require.NoError(t, err)
	assert.True(t, accepts2)
	asNewer, err := schemes.Parse(strings.Replace(stored.Text(), "$2$", "$2a$", 1))
	require.NoError(t, err)
	accepts2a, err := asNewer.Verify(secret.New("Secret12!"))
	require.NoError(t, err)
	assert.False(t, accepts2a, "the variants hash differently")
	_, err = stored.Verify(secret.Value{})
	require.ErrorIs(t, err, schemes.ErrNotVerifiable)
}
