package rulebook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// an org with one user, whose password is set as an administrator does.
type org struct {
	t     require.TestingT
	api   http.Handler
	login string
}

func newOrg(t require.TestingT, settings okta.PasswordSettings, p policy.Subject) org {
	c := okta.DefaultConfig()
	c.Policy, c.Plan = settings, "unlimited"
	c.Tokens = []okta.APIToken{{Name: "admin", Value: secret.New("00token")}}
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := okta.New(c, okta.Kernel{Clock: &clock.Clock{}, Seed: 1, Journal: journal.New(10, digester), Digester: digester})
	require.NoError(t, err)
	_, err = s.Populate(people.Person{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, Active: true,
		Credential: people.Credential{Password: p.Current},
	})
	require.NoError(t, err)
	return org{t, s.Handler(), p.UserName}
}

func (o org) set(password, query string) (int, string) {
	body := fmt.Sprintf(`{"credentials":{"password":{"value":%q}}}`, password)
	r := httptest.NewRequest(http.MethodPost, "https://seatrial.okta.com/api/v1/users/"+o.login+query, strings.NewReader(body))
	r.Header.Set("Authorization", "SSWS 00token")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	o.api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func subject() policy.Subject {
	return policy.Subject{UserName: "isaac.brock@example.com", GivenName: "Isaac", FamilyName: "Brock", Current: secret.New("Before-the-run-1")}
}

func settings(t *rapid.T) okta.PasswordSettings {
	flag := func(name string) int { return rapid.IntRange(0, 1).Draw(t, name) }
	s := okta.PasswordSettings{Complexity: okta.Complexity{
		MinLength: rapid.IntRange(0, 20).Draw(t, "minLength"), MinLowerCase: flag("lower"), MinUpperCase: flag("upper"),
		MinNumber: flag("number"), MinSymbol: flag("symbol"), ExcludeUsername: rapid.Bool().Draw(t, "excludeUsername"),
		ExcludeAttributes: rapid.SampledFrom([][]string{{}, {"firstName"}, {"lastName"}, {"firstName", "lastName"}}).Draw(t, "attributes"),
	}}
	s.Complexity.Dictionary.Common.Exclude = rapid.Bool().Draw(t, "dictionary")
	return s
}

// What is made by the rules is accepted by the real simulator; what breaks one of them is refused.
func TestTheOrgAgreesWithItsRulebook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := rulebook.Oktas{PasswordSettings: settings(t)}
		who, stream := subject(), random.Seed(rapid.Uint64().Draw(t, "seed")).Stream("passwords")
		require.NoError(t, book.Validate())
		o := newOrg(t, book.PasswordSettings, who)
		password, err := policy.Generate(stream, book.Of(who), who)
		require.NoError(t, err)
		code, answer := o.set(password, "")
		require.Equal(t, http.StatusOK, code, "%q: %s", password, answer)
		for _, name := range rulebook.Breakable(book) {
			broken, err := policy.Break(stream, book.Of(who), who, rulebook.Kernel(book, name))
			require.NoError(t, err, name)
			code, answer = o.set(broken, "")
			require.Equal(t, http.StatusBadRequest, code, "%s: %q was accepted", name, broken)
			require.Contains(t, answer, `"errorSummary":"Api validation failed: password"`)
		}
	})
}

// Every rule that is named can be broken when the policy has it, and only then.
func TestBreakable(t *testing.T) {
	all := okta.PasswordSettings{Complexity: okta.Complexity{
		MinLength: 10, MinLowerCase: 1, MinUpperCase: 1, MinNumber: 1, MinSymbol: 1, ExcludeUsername: true, ExcludeAttributes: []string{"lastName"},
	}}
	all.Complexity.Dictionary.Common.Exclude = true
	cases := map[string]struct {
		book rulebook.Book
		want []string
	}{
		"all of an org's": {
			rulebook.Oktas{PasswordSettings: all},
			[]string{"minLength", "maxLength", "minLowerCase", "minUpperCase", "minNumber", "minSymbol", "excludeUsername", "excludeAttributes", "dictionary"},
		},
		"none but the limit": {rulebook.Oktas{}, []string{"maxLength"}},
		"a domain's": {
			rulebook.Oracles{Policy: policy.Policy{MinLength: 8, UserNameDisallowed: true}}, []string{"minLength", "userNameDisallowed"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, rulebook.Breakable(tc.book))
		})
	}
}

// The history counts where the engine asks for it, as in the org.
func TestStrict(t *testing.T) {
	who := subject()
	who.Reused = func(candidate secret.Value, _ int) bool { return candidate.Equal(who.Current) }
	cases := map[string]struct {
		strict bool
		age    okta.Age
		code   int
	}{
		"history, strict":     {true, okta.Age{HistoryCount: 4}, http.StatusBadRequest},
		"history, not strict": {false, okta.Age{HistoryCount: 4}, http.StatusOK},
		"no history, strict":  {true, okta.Age{}, http.StatusBadRequest},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			book := rulebook.Oktas{PasswordSettings: okta.PasswordSettings{Age: tc.age}, Strict: tc.strict}
			refused := len(book.Of(who).Check(who.Current, who)) > 0
			code, answer := newOrg(t, book.PasswordSettings, who).set(who.Current.Reveal(), fmt.Sprintf("?strict=%v", tc.strict))
			assert.Equal(t, tc.code, code, answer)
			assert.Equal(t, code != http.StatusOK, refused, "the rulebook says the same")
		})
	}
}

// Mistakes have the path of their attribute.
func TestValidate(t *testing.T) {
	org := rulebook.Oktas{PasswordSettings: okta.PasswordSettings{Complexity: okta.Complexity{MinLength: 80}, Age: okta.Age{HistoryCount: 25}}}
	require.EqualError(t, org.Validate(), "complexity.minLength: 80 is not within 0 to 72\nage.historyCount: 25 is not within 0 to 24")
	domain := rulebook.Oracles{Policy: policy.Policy{MinLength: 12, MaxLength: 8}}
	require.ErrorContains(t, domain.Validate(), "minLength: ")
	require.NotContains(t, domain.Validate().Error(), "policy.")
}
