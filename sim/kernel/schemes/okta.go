package schemes

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// OktaHash is credentials.password.hash of a user of Okta (Okta, Users API, PasswordCredentialHash). Numbers that an
// algorithm does not use are ignored, as Okta ignores the workFactor 0 that clients send beside a SHA-512.
type OktaHash struct {
	Algorithm       string `json:"algorithm"`
	Value           string `json:"value"`
	Salt            string `json:"salt,omitempty"`
	SaltOrder       string `json:"saltOrder,omitempty"`
	WorkFactor      int    `json:"workFactor,omitempty"`
	IterationCount  int    `json:"iterationCount,omitempty"`
	KeySize         int    `json:"keySize,omitempty"`
	DigestAlgorithm string `json:"digestAlgorithm,omitempty"`
}

// The ranges that Okta publishes.
const (
	oktaMinWork       = 1
	oktaMaxWork       = 20
	oktaMinIterations = 4096
)

// oktaDigests are the algorithms that are a digest of salt and password.
var oktaDigests = map[string]algorithm{"SHA-512": hashSHA512, "SHA-256": hashSHA256, "SHA-1": hashSHA1, "MD5": hashMD5}

// oktaHMACs are the digestAlgorithms of PBKDF2.
var oktaHMACs = map[string]algorithm{"SHA256_HMAC": hashSHA256, "SHA512_HMAC": hashSHA512}

// Parse reads the hash. Its Text is the JSON of it. An error names the field, so that the simulated Okta can name it too.
func (h OktaHash) Parse() (Stored, error) {
	m, want, err := h.parse()
	if err != nil {
		return Stored{}, under(h.Algorithm, err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return Stored{}, under(h.Algorithm, malformed("it is not to be written as JSON"))
	}
	return Stored{&stored{h.Algorithm, string(text), m, want}}, nil
}

func (h *OktaHash) parse() (method, []byte, error) {
	switch h.Algorithm {
	case "BCRYPT":
		return h.parseBcrypt()
	case "PBKDF2":
		return h.parsePBKDF2()
	}
	a, known := oktaDigests[h.Algorithm]
	if !known {
		h.Algorithm = "" // a stranger's text
		return nil, nil, &Error{Problem: "algorithm: not one of BCRYPT, SHA-512, SHA-256, SHA-1, MD5, PBKDF2", Kind: ErrUnknown}
	}
	salt, err := oktaBytes("salt", h.Salt)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case h.SaltOrder == "PREFIX", h.SaltOrder == "POSTFIX":
	case h.SaltOrder == "" && len(salt) == 0:
	default:
		return nil, nil, malformed("saltOrder: not one of PREFIX, POSTFIX")
	}
	want, err := oktaValue(h.Value, a.size)
	return digest{algorithm: a, salt: salt, saltFirst: h.SaltOrder == "PREFIX"}, want, err
}

// parseBcrypt joins what Okta keeps apart: the two halves of what stands behind $2a$NN$.
func (h *OktaHash) parseBcrypt() (method, []byte, error) {
	if h.WorkFactor < oktaMinWork || h.WorkFactor > oktaMaxWork {
		return nil, nil, malformed("workFactor: %d is not from %d to %d", h.WorkFactor, oktaMinWork, oktaMaxWork)
	}
	m, want, err := bcryptParts("2a", h.WorkFactor, h.Salt, h.Value)
	if err != nil {
		return nil, nil, malformed("salt or value: not 22 and 31 characters of bcrypt's alphabet")
	}
	return m, want, nil
}

func (h *OktaHash) parsePBKDF2() (method, []byte, error) {
	a, known := oktaHMACs[h.DigestAlgorithm]
	switch {
	case !known:
		return nil, nil, malformed("digestAlgorithm: not one of SHA256_HMAC, SHA512_HMAC")
	case h.SaltOrder != "":
		return nil, nil, malformed("saltOrder: PBKDF2 has none")
	case h.IterationCount < oktaMinIterations:
		return nil, nil, malformed("iterationCount: %d is below %d", h.IterationCount, oktaMinIterations)
	case h.KeySize < 1:
		return nil, nil, malformed("keySize: %d is below 1", h.KeySize)
	}
	salt, err := oktaBytes("salt", h.Salt)
	if err != nil {
		return nil, nil, err
	}
	if len(salt) == 0 {
		return nil, nil, malformed("salt: empty")
	}
	want, err := oktaValue(h.Value, h.KeySize)
	return derivation{a, h.IterationCount, h.KeySize, salt}, want, err
}

func oktaValue(text string, size int) ([]byte, error) {
	want, err := oktaBytes("value", text)
	if err != nil {
		return nil, err
	}
	if len(want) != size {
		return nil, malformed("value: %d bytes, not %d", len(want), size)
	}
	return want, nil
}

// oktaBytes does without padding: an example in Okta's documentation has none.
func oktaBytes(field, text string) ([]byte, error) {
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || strings.ContainsAny(text, "\r\n") || (strings.Contains(text, "=") && len(text)%4 != 0) {
		return nil, malformed("%s: not base64", field)
	}
	return data, nil
}

// EncodeOkta makes a hash of the algorithm, with the settings' rounds as workFactor or iterationCount. The order of the
// salt is PREFIX, the digestAlgorithm SHA512_HMAC.
func EncodeOkta(algorithm string, password secret.Value, salts Salts, s Settings) (OktaHash, error) {
	h := OktaHash{Algorithm: algorithm}
	if s.Salt < 0 || s.Salt > maxSalt {
		return OktaHash{}, malformed("a salt of %d bytes is not from 1 to %d", s.Salt, maxSalt)
	}
	var m method
	switch a, simple := oktaDigests[algorithm]; {
	case simple:
		d := digest{algorithm: a, salt: salts.Bytes(orElse(s.Salt, 16)), saltFirst: true}
		h.Salt, h.SaltOrder, m = encode64(d.salt), "PREFIX", d
	case algorithm == "BCRYPT":
		b := eksBlowfish{"2a", orElse(s.Rounds, 10), salts.Bytes(bcryptSalt)}
		h.Salt, h.WorkFactor, m = radix64.EncodeToString(b.salt), b.rounds, b
	case algorithm == "PBKDF2":
		d := derivation{hashSHA512, orElse(s.Rounds, oktaMinIterations), hashSHA512.size, salts.Bytes(orElse(s.Salt, 16))}
		h.Salt, h.IterationCount, h.KeySize, h.DigestAlgorithm, m = encode64(d.salt), d.rounds, d.size, "SHA512_HMAC", d
	default:
		return OktaHash{}, &Error{Problem: "algorithm: not one of BCRYPT, SHA-512, SHA-256, SHA-1, MD5, PBKDF2", Kind: ErrUnknown}
	}
	if algorithm == "BCRYPT" && (h.WorkFactor < oktaMinWork || h.WorkFactor > oktaMaxWork) ||
		algorithm == "PBKDF2" && h.IterationCount < oktaMinIterations {
		return OktaHash{}, under(algorithm, malformed("%d rounds are out of Okta's range", s.Rounds))
	}
	got, err := compute(m, password)
	if err != nil {
		return OktaHash{}, under(algorithm, err)
	}
	h.Value = encode64(got)
	if algorithm == "BCRYPT" {
		h.Value = radix64.EncodeToString(got)
	}
	return h, nil
}

// Format shows the algorithm and dots, whatever the verb.
func (h OktaHash) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, h.shown()) }

// LogValue shows the algorithm and dots in slog.
func (h OktaHash) LogValue() slog.Value { return slog.StringValue(h.shown()) }

func (h OktaHash) shown() string {
	if _, known := oktaDigests[h.Algorithm]; known || slices.Contains([]string{"BCRYPT", "PBKDF2"}, h.Algorithm) {
		return h.Algorithm + " " + dots
	}
	return dots
}
