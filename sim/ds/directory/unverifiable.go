package directory

import "github.com/seatrial/seatrial/sim/kernel/schemes"

// UnknownScheme stands for stored passwords that are of no known scheme, or malformed. What they have in braces is not told: it may
// be the beginning of a password in clear.
const UnknownScheme = ""

// Unverifiable counts the entries of the suffix whose password nobody can bind with, by the storage scheme of its first value that
// can be read: it is not enabled, or of a kind that verifies nothing here.
func (d *Directory) Unverifiable() map[string]int {
	counts := map[string]int{}
	for _, e := range d.all() {
		values := e.values(d.known.userPassword)
		first, verifiable := UnknownScheme, len(values) == 0
		for _, v := range values {
			stored, err := schemes.Parse(string(v))
			if err != nil {
				continue
			}
			if first == UnknownScheme {
				first = stored.Scheme()
			}
			known, _ := schemes.Lookup(stored.Scheme())
			verifiable = verifiable || known.Verifiable && d.enabled(known.Name)
		}
		if !verifiable {
			counts[first]++
		}
	}
	return counts
}
