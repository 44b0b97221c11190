package schemes_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Add("PBKDF2$10:AAECAwQFBgcICQoLDA0ODw==$wMI/L4brh9WBLWzVKUGwjeYtnJk=")
	f.Add("{PBKDF2-HMAC-SHA1}10000$T78t/00uHfSr95czOvVufNLEfkwyBJKdZ0w3bV4wxIg/nb4pvTzvzA==")
	f.Add("{AES}AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
	f.Add(saltedHash)
	for _, h := range []schemes.OktaHash{sha512Hash(), bcryptHash(), pbkdf2Hash()} {
		stored, err := h.Parse()
		require.NoError(f, err)
		f.Add(stored.Text())
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (schemes.Stored, error){
			schemes.UserPassword.Parse, schemes.AuthPassword.Parse, schemes.IDCS.Parse, schemes.ParseIDM, parseOkta,
		} {
			stored, err := parse(text)
			if err != nil {
				if _, is := errors.AsType[*schemes.Error](err); !is {
					t.Fatalf("%v is no Error", err)
				}
				if _, payload, found := strings.Cut(text, "}"); found && len(payload) > 20 && strings.Contains(err.Error(), payload) {
					t.Fatalf("%v has the value in it", err)
				}
				continue
			}
			if strings.Contains(stored.String(), text) && len(text) > 20 {
				t.Fatalf("%v has the value in it", stored)
			}
			if s := stored.Settings(); s.Rounds > 1500 || s.Rounds*s.Memory > 1024 || s.Block > 8 || s.Parallelism > 4 ||
				(stored.Scheme() == "BCRYPT" && s.Rounds > 5) || (stored.Scheme() == "SCRYPT" && s.Rounds > 8) {
				continue // affordable perhaps, but not thousands of times
			}
			_, err = stored.Verify(secret.New("Secret12!"))
			if err != nil && !errors.Is(err, schemes.ErrNotVerifiable) && !errors.Is(err, schemes.ErrTooCostly) {
				t.Fatalf("%s: %v", stored.Scheme(), err)
			}
		}
	})
}

func parseOkta(text string) (schemes.Stored, error) {
	var h schemes.OktaHash
	if json.Unmarshal([]byte(text), &h) != nil {
		return schemes.Stored{}, &schemes.Error{Problem: "no JSON", Kind: schemes.ErrNotEncoded}
	}
	return h.Parse()
}
