package ds

import (
	"bufio"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestFiltersInTheJournal(t *testing.T) {
	for text, hidden := range map[string]bool{
		"(uid=x)":                                    false,
		"(userPassword=*)":                           false,
		"(userPassword=x)":                           true,
		"(USERPASSWORD=x)":                           true,
		"(2.5.4.35=x)":                               true,
		"(authPassword=x)":                           true,
		"(userPassword;lang-de=x)":                   true,
		"(userPassword=x*)":                          true,
		"(userPassword>=x)":                          true,
		"(userPassword<=x)":                          true,
		"(userPassword~=x)":                          true,
		"(userPassword:caseExactMatch:=x)":           true,
		"(:caseExactMatch:=x)":                       true,
		"(uid:caseExactMatch:=x)":                    false,
		"(!(userPassword=x))":                        true,
		"(|(uid=x)(userPassword=x))":                 true,
		"(&(uid=x)(|(cn=x)(!(userPassword=x))))":     true,
		"(&(uid=x)(|(cn=x)(!(passwordPolicyDN=x))))": false,
	} {
		f, err := ldap.ParseFilter(text)
		require.NoError(t, err)
		assert.Equal(t, hidden, withoutPasswords(f) == HiddenFilter, text)
	}
}

func TestWhatBecameOfAPassword(t *testing.T) {
	for code, want := range map[ldap.ResultCode]string{
		ldap.Success:                  "accepted ",
		ldap.NoOperation:              " ",
		ldap.Canceled:                 " ",
		ldap.ConstraintViolation:      "refused policy",
		ldap.UnwillingToPerform:       "refused policy",
		ldap.AttributeOrValueExists:   "refused policy",
		ldap.NoSuchObject:             "refused not_found",
		ldap.InsufficientAccessRights: "refused forbidden",
		ldap.AuthorizationDenied:      "refused forbidden",
		ldap.InvalidCredentials:       "refused wrong_password",
		ldap.NoSuchAttribute:          "refused wrong_password",
		ldap.ConfidentialityRequired:  "refused insecure",
		ldap.StrongerAuthRequired:     "refused insecure",
		ldap.Busy:                     "refused unavailable",
		ldap.Unavailable:              "refused unavailable",
		ldap.AdminLimitExceeded:       "refused unavailable",
		ldap.TimeLimitExceeded:        "refused unavailable",
		ldap.Referral:                 "refused referral",
		ldap.ProtocolError:            "refused malformed",
	} {
		outcome, why := judged(code)
		assert.Equal(t, want, outcome+" "+why, code)
	}
}

// TestPasswordsAreHiddenEvenInNames has passwords that are part of what the journal keeps besides.
func TestPasswordsAreHiddenEvenInNames(t *testing.T) {
	const known = "People"
	for name, ask := range map[string]func(*goldap.Conn) error{
		"simple bind": func(c *goldap.Conn) error { return c.Bind(babs, known) },
		"the old one": func(c *goldap.Conn) error {
			_, err := c.PasswordModify(goldap.NewPasswordModifyRequest("dn:"+babs, known, "Brand new 1!"))
			return err
		},
		"a new one": func(c *goldap.Conn) error {
			_, err := c.PasswordModify(goldap.NewPasswordModifyRequest("dn:"+babs, "", known))
			return err
		},
		"one that is deleted": func(c *goldap.Conn) error {
			r := goldap.NewModifyRequest(babs, nil)
			r.Delete("userPassword", []string{known})
			return c.Modify(r)
		},
		"one that is added": func(c *goldap.Conn) error {
			r := goldap.NewModifyRequest(babs, nil)
			r.Add("userPassword", []string{known})
			return c.Modify(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				h.fake.passwords[babs] = known
				require.NoError(t, ask(h.client(t)))
				assert.NotContains(t, h.last(t).Path, known)
				assert.True(t, strings.HasPrefix(h.last(t).Path, "uid=bjensen"), h.last(t).Path)
			})
		})
	}
}

func TestAnonymousBindHasNoPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		require.NoError(t, h.client(t).UnauthenticatedBind(""))
		assert.Zero(t, h.last(t).Password)
	})
}

// TestAnswersWithoutAValue has what is refused compared byte for byte.
func TestAnswersWithoutAValue(t *testing.T) {
	for name, tt := range map[string]struct {
		value []byte
		want  ldap.ExtendedResponse
	}{
		ldap.OIDPasswordPolicyState: {nil, ldap.ExtendedResponse{Name: ldap.OIDPasswordPolicyState, Result: ldap.Result{Code: ldap.UnwillingToPerform}}},
		ldap.OIDWhoAmI:              {[]byte("x"), ldap.ExtendedResponse{Result: ldap.Result{Code: ldap.ProtocolError, Message: "The who am I request has a value"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.dial(t)
				write(t, c, extendedRequest(1, name, tt.value))
				got, err := ber.ReadElement(bufio.NewReader(c), 1<<20)
				require.NoError(t, err)
				assert.Equal(t, ldap.Append(nil, 1, tt.want, nil), got)
			})
		})
	}
}

// The route of a fault may name what the server calls its operations, all of them and nothing else.
func TestFaultsKnowTheOperations(t *testing.T) {
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	server, err := New(DefaultConfig(), Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(10, digester)})
	require.NoError(t, err)
	requests := []ldap.Request{
		ldap.BindRequest{},
		ldap.SearchRequest{Filter: ldap.And{}},
		ldap.CompareRequest{},
		ldap.AddRequest{},
		ldap.ModifyRequest{},
		ldap.DeleteRequest{},
		ldap.ModifyDNRequest{},
		ldap.ExtendedRequest{Name: "1.2.3"},
	}
	for _, oid := range offers(directory.Offers{}, true).Extensions {
		requests = append(requests, ldap.ExtendedRequest{Name: oid})
	}
	named := map[string]bool{}
	for _, r := range requests {
		c := &conn{server: server, session: &directory.Session{}}
		_, x := server.kernel.Journal.Begin(t.Context(), server.name, journal.LDAP)
		c.describe(&task{Message: ldap.Message{Request: r}, x: x})
		named[x.Method] = true
	}
	assert.ElementsMatch(t, faults.LDAPOperations(), slices.Collect(maps.Keys(named)))
}
