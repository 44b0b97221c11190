package invariants

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Whatever surrounds it, a spelling is found; and nothing is found that strings.Contains does not find.
func TestScannerAgreesWithSearching(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.StringOfN(rapid.RuneFrom([]rune("abä\"\\<+")), 6, 12, -1)
		secrets := rapid.SliceOfN(letters, 1, 4).Draw(t, "secrets")
		s := newScanner()
		for i, secret := range secrets {
			s.add(secret, i)
		}
		var text strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "pieces") {
			text.WriteString(rapid.StringOf(rapid.RuneFrom([]rune("abä\"\\ "))).Draw(t, "noise"))
			ways := spellings(rapid.SampledFrom(secrets).Draw(t, "secret"))
			text.WriteString(rapid.SampledFrom(ways).Draw(t, "way").text)
		}
		found := map[int]bool{}
		for _, h := range s.scan([]byte(text.String())) {
			found[h.owner] = true
		}
		for i, secret := range secrets {
			contained := false
			for _, way := range spellings(secret) {
				contained = contained || len(way.text) >= window && strings.Contains(text.String(), way.text)
			}
			assert.Equal(t, contained, found[i], "%q in %q", secret, text.String())
		}
	})
}

// 10 000 secrets in every spelling: the scan must stay linear in the text.
func BenchmarkScan(b *testing.B) {
	stream := random.Seed(1).Stream("scan")
	s := newScanner()
	for i := range 10_000 {
		s.add(fmt.Sprintf("%s-%d-Aa", stream.Hex(12), i), i)
	}
	line := []byte(`{"time":"2000-01-01T00:00:00Z","level":"INFO","msg":"applied","user_name":"bjensen","attempt":1,"id":"` + stream.Hex(32) + "\"}\n")
	data := bytes.Repeat(line, 1<<20/len(line))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if len(s.scan(data)) > 0 {
			b.Fatal("found a secret where none is")
		}
	}
}
