package schemes

// Settings are what a vendor's configuration says about a scheme. What is zero is the vendor's default when encoding;
// what a scheme does not have is ignored then and zero in a Stored.
type Settings struct {
	// Rounds are the iterations of PBKDF2 and SCRAM, the rounds of SHA-crypt, the passes of Argon2, and the binary
	// logarithm of the cost of bcrypt and scrypt.
	Rounds int
	// Memory is in KiB, of Argon2.
	Memory int
	// Block is the block size of scrypt.
	Block int
	// Parallelism is the number of lanes, of Argon2 and scrypt.
	Parallelism int
	// Salt is the length of the salt in bytes, or in characters for CRYPT.
	Salt int
	// Variant is "2", "2a", "2b" or "2y" of bcrypt, "unix", "1", "5" or "6" of CRYPT, "argon2i", "argon2id" or "argon2d".
	Variant string
}

// The limits: one verification at the limit takes a few seconds of one core at most. A value beyond them is refused
// with ErrTooCostly instead of computed, because whoever may write a hash may otherwise stop the simulator with one.
const (
	// MaxIterations is of PBKDF2 and SCRAM: iterations times blocks of output.
	MaxIterations = 2_000_000
	// MaxBcryptCost is a binary logarithm; each step doubles the time.
	MaxBcryptCost = 15
	// MaxCryptRounds is of SHA-crypt, which itself allows 999999999.
	MaxCryptRounds = 1_000_000
	// MaxMemory is of Argon2 and scrypt, in KiB.
	MaxMemory = 256 << 10
	// MaxTraffic is of Argon2 and scrypt: KiB of memory times passes or lanes.
	MaxTraffic = 1 << 20
	// MaxPassword is in bytes. For CRYPT it is 512, as in libxcrypt: its SHA variants take time with the square.
	MaxPassword = 4096
)

const maxCryptPassword = 512

// Salts is where encoding takes its salts from. A random.Stream is one.
type Salts interface {
	Bytes(n int) []byte
}

// orElse is the default's place: the first that is not zero.
func orElse(set, vendor int) int {
	if set == 0 {
		return vendor
	}
	return set
}
