package idcs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The short way of writing a user and the long way through the resource give the same bytes.
func TestBothWaysOfRenderingAgree(t *testing.T) {
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := New(DefaultConfig(), Kernel{Clock: &clock.Clock{}, Seed: 7, Journal: journal.New(1, digester), Digester: digester})
	require.NoError(t, err)
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "O'Neil", "<&>", "\u2028", "Ünal", "a\"b\\c\x01\x7f"}))
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms"))
	})
	rapid.Check(t, func(t *rapid.T) {
		p := people.Person{
			ID: "0123456789abcdef0123456789abcdef", UserName: words.Draw(t, "userName"), ExternalID: words.Draw(t, "externalId"),
			GivenName: words.Draw(t, "given"), FamilyName: words.Draw(t, "family"), DisplayName: words.Draw(t, "display"),
			Active: rapid.Bool().Draw(t, "active"), Federated: rapid.Bool().Draw(t, "federated"), Locked: rapid.Bool().Draw(t, "locked"),
			Created: at.Draw(t, "created"), Modified: at.Draw(t, "modified"), Version: rapid.Uint64().Draw(t, "version"),
		}
		if rapid.Bool().Draw(t, "lockDate") {
			p.Credential.LockedAt = s.kernel.Clock.Now()
		}
		for range rapid.IntRange(0, 3).Draw(t, "emails") {
			p.Emails = append(p.Emails, people.Email{Value: words.Draw(t, "value"), Type: words.Draw(t, "type"), Primary: rapid.Bool().Draw(t, "primary")})
		}
		if rapid.Bool().Draw(t, "authors") {
			s.touch(&p, words.Draw(t, "client"), p.Modified)
			p.Attributes[createdBy] = p.Attributes[modifiedBy]
		}
		long, err := s.appendProjected(nil, &p, "https://x", view{})
		if err != nil {
			t.Fatal(err)
		}
		if short := string(s.appendUser(nil, &p, "https://x")); short != string(long) {
			t.Fatalf("the short way:\n%s\nthe long way:\n%s", short, long)
		}
	})
}

func TestFilterAttributes(t *testing.T) {
	for filter, want := range map[string][]string{
		`userName eq "x"`: {"userName"},
		`a pr and not (b.c gt 5 or urn:x:User:d co "e eq \" f pr")`: {"a", "b.c", "urn:x:User:d"},
		`emails[type eq "work" and (value ew "x")] and title pr`:    {"emails", "emails.type", "emails.value", "title"},
		`active eq true`: {"active"},
	} {
		assert.Equal(t, want, filterAttributes(filter), filter)
	}
}
