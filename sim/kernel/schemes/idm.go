package schemes

import (
	"encoding/json"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// idmValue is a property of ForgeRock IDM that is stored hashed or encrypted.
type idmValue struct {
	Crypto *struct {
		Type  string `json:"type"`
		Value struct {
			Algorithm string `json:"algorithm"`
			Data      string `json:"data"`
			Cipher    string `json:"cipher"`
		} `json:"value"`
	} `json:"$crypto"`
}

// idmDigests are the algorithms of secureHash whose form is known.
var idmDigests = []algorithm{hashMD5, hashSHA1, hashSHA256, hashSHA384, hashSHA512}

// ParseIDM reads the JSON of a $crypto object of ForgeRock IDM: salted-hash is base64 of digest and salt;
// x-simple-encryption needs IDM's key. The Scheme of the result is salted-hash with its algorithm, or the type.
func ParseIDM(text string) (Stored, error) {
	var v idmValue
	// The library's errors can quote the text.
	if err := json.Unmarshal([]byte(text), &v); err != nil || v.Crypto == nil {
		return Stored{}, &Error{Problem: "it is not a JSON object with a $crypto object", Kind: ErrNotEncoded}
	}
	switch v.Crypto.Type {
	case "salted-hash":
	case "x-simple-encryption":
		if _, err := decode64("data", v.Crypto.Value.Data); err != nil || v.Crypto.Value.Data == "" {
			return Stored{}, under(v.Crypto.Type, malformed("value.data: not base64"))
		}
		m := sealed{"encrypted with a key of the IDM that wrote it"}
		return Stored{&stored{v.Crypto.Type, text, m, nil}}, nil
	default:
		return Stored{}, &Error{Problem: "the $crypto type is neither salted-hash nor x-simple-encryption", Kind: ErrUnknown}
	}
	switch v.Crypto.Value.Algorithm {
	case "BCRYPT", "SCRYPT", "PBKDF2":
		m := sealed{"how IDM writes this algorithm is not published"}
		return Stored{&stored{"salted-hash " + v.Crypto.Value.Algorithm, text, m, nil}}, nil
	}
	for _, a := range idmDigests {
		if a.name != v.Crypto.Value.Algorithm {
			continue
		}
		m, want, err := saltedDigest{a}.parse(v.Crypto.Value.Data)
		if err != nil {
			return Stored{}, under("salted-hash "+a.name, err)
		}
		return Stored{&stored{"salted-hash " + a.name, text, m, want}}, nil
	}
	return Stored{}, &Error{Problem: "the salted-hash algorithm is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512, BCRYPT, SCRYPT, PBKDF2", Kind: ErrUnknown}
}

// EncodeIDM makes the salted-hash of an algorithm, with a salt of 16 bytes.
func EncodeIDM(hash string, password secret.Value, salts Salts) (Stored, error) {
	for _, a := range idmDigests {
		if !strings.EqualFold(a.name, hash) {
			continue
		}
		f := saltedDigest{a}
		m, got, err := encode(f, password, salts, Settings{Salt: 16})
		if err != nil {
			return Stored{}, under("salted-hash "+a.name, err)
		}
		// Nothing in it needs escaping.
		text := `{"$crypto":{"type":"salted-hash","value":{"algorithm":"` + a.name + `","data":"` + f.render(m, got) + `"}}}`
		return Stored{&stored{"salted-hash " + a.name, text, m, got}}, nil
	}
	return Stored{}, &Error{Problem: "the algorithm is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512", Kind: ErrUnknown}
}
