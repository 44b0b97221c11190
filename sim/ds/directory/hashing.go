package directory

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// hashing bounds how many passwords are hashed at one time: a storm of binds waits here, and searches find a processor.
type hashing struct {
	state atomic.Pointer[hashingState]
}

type hashingState struct {
	Hashing
	slots chan struct{}
}

func newHashing(c Hashing) *hashing {
	h := &hashing{}
	h.set(c)
	return h
}

func (h *hashing) set(c Hashing) { h.state.Store(&hashingState{c, make(chan struct{}, c.Workers)}) }

// SetHashing changes what passwords cost from now on.
func (d *Directory) SetHashing(h Hashing) error {
	c := d.config
	c.Hashing = h
	if err := c.Validate(); err != nil {
		return err
	}
	d.hashing.set(h)
	return nil
}

// work runs f when it is its turn. In the cheap mode the delay stands for what the work would have cost.
func (h *hashing) work(ctx context.Context, f func(cheap bool)) error {
	s := h.state.Load()
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.slots }()
	f(s.Cheap)
	if !s.Cheap || s.Delay <= 0 {
		return nil
	}
	timer := time.NewTimer(s.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// clearTexts knows the digests of passwords by what is stored of them, for the cheap mode.
type clearTexts struct {
	mu     sync.Mutex
	digest map[string]secret.Digest
}

// remembered is how many passwords the cheap mode knows before it begins again.
const remembered = 1 << 20

func (c *clearTexts) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.digest = map[string]secret.Digest{}
}

func (c *clearTexts) put(stored string, digest secret.Digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.digest) >= remembered {
		clear(c.digest)
	}
	c.digest[stored] = digest
}

func (c *clearTexts) get(stored string) (secret.Digest, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	digest, ok := c.digest[stored]
	return digest, ok
}

// verify tells whether a password is the stored one. Malformed values and disabled schemes are no match, never an error (OpenDJ);
// an error is only that ctx has ended.
func (d *Directory) verify(ctx context.Context, stored string, password secret.Value) (matched bool, err error) {
	parsed, malformed := schemes.Parse(stored)
	if malformed != nil || !d.enabled(parsed.Scheme()) || password.Empty() || d.strange(parsed) {
		return false, nil //nolint:nilerr // No match, says DS.
	}
	err = d.hashing.work(ctx, func(cheap bool) {
		if cheap {
			if known, ok := d.clear.get(stored); ok {
				matched = known == d.kernel.Digester.Digest(password)
				return
			}
		}
		matched, _ = parsed.Verify(password) // What cannot be verified does not match.
		if matched && cheap {
			d.clear.put(stored, d.kernel.Digester.Digest(password))
		}
	})
	return matched, err
}

// strange tells of a bcrypt value whose variant the directory does not know (OpenDJ, BcryptPasswordStorageScheme).
func (d *Directory) strange(stored schemes.Stored) bool {
	variant := stored.Settings().Variant
	return stored.Scheme() == "BCRYPT" && (variant == "2b" || variant == "2y") && d.is(bcryptVariants, "2a")
}

// enabled tells whether passwords of a scheme can be verified.
func (d *Directory) enabled(scheme string) bool {
	_, ok := d.schemes[scheme]
	return ok
}

// settings are the costs of an enabled scheme, by whatever name.
func (d *Directory) settings(scheme string) schemes.Settings {
	known, _ := schemes.Lookup(scheme)
	return d.schemes[known.Name]
}

// encode makes the stored form of a password.
func (d *Directory) encode(ctx context.Context, scheme string, password secret.Value) (stored string, err error) {
	settings := d.settings(scheme)
	var failed error
	err = d.hashing.work(ctx, func(cheap bool) {
		if cheap {
			settings.Rounds = cheapest(scheme, settings.Rounds)
		}
		var s schemes.Stored
		if s, failed = schemes.Encode(scheme, password, d.chance.Load().salts, settings); failed == nil {
			stored = s.Text()
			if cheap {
				d.clear.put(stored, d.kernel.Digester.Digest(password))
			}
		}
	})
	if failed != nil {
		return "", failed
	}
	return stored, err
}

// cheapest are the rounds that cost next to nothing, where a scheme has rounds that are written into its value.
func cheapest(scheme string, rounds int) int {
	switch name := strings.ToUpper(scheme); {
	case name == "BCRYPT":
		return 4
	case strings.HasPrefix(name, "PBKDF2"), strings.HasPrefix(name, "SCRAM"):
		return 1
	}
	return rounds
}

// stale tells whether a verified password has to be encoded anew: its scheme is deprecated, or its cost is not the scheme's.
func (d *Directory) stale(stored string, p *PasswordPolicy) bool {
	parsed, err := schemes.Parse(stored)
	if err != nil {
		return false
	}
	for _, name := range p.DeprecatedSchemes {
		if known, ok := schemes.Lookup(name); ok && strings.EqualFold(known.Name, parsed.Scheme()) {
			return true
		}
	}
	if standard, _ := schemes.Lookup(p.DefaultScheme); standard.Name != parsed.Scheme() {
		return false
	}
	have, want := parsed.Settings().Rounds, d.settings(p.DefaultScheme).Rounds
	if want == 0 || have == 0 {
		return false
	}
	switch d.hashing.state.Load().Rehash {
	case RehashAlways:
		return have != want
	case RehashOnlyIncrease:
		return have < want
	case RehashNever:
	}
	return false
}
