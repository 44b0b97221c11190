package faults

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func nobody() (user, client string) { return "bjensen", "uid=idm,ou=Apps" }

func ldapSet() *Set { return NewLDAPSet(random.Seed(1).Stream("faults")) }

func TestLDAPRules(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rule    Rule
		mistake string
	}{
		{"a result code", Rule{Kind: KindStatus, Status: 51}, ""},
		{"no-op", Rule{Kind: KindStatus, Status: 16654}, ""},
		{"success is no error", Rule{Kind: KindStatus}, "faults.status: 0 is not within 1…123"},
		{"a status of HTTP", Rule{Kind: KindStatus, Status: 503}, "faults.status: 503 is not within 1…123"},
		{"half an answer", Rule{Kind: KindLoseAnswer, Body: Half}, ""},
		{"another part", Rule{Kind: KindLoseAnswer, Body: "third"}, "faults.body"},
		{"a wait", Rule{Kind: KindStatus, Status: 51, RetryAfter: time.Second}, "an answer over LDAP cannot ask for a wait"},
		{"a path", Rule{Kind: KindReset, Scope: Scope{Route: "/Users/*"}}, "neither an operation"},
		{"an operation", Rule{Kind: KindReset, Scope: Scope{Route: "password_modify"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ldapSet().Add(tt.rule)
			if tt.mistake == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.mistake)
		})
	}
}

func TestLDAPRoutes(t *testing.T) {
	const dn = "uid=bjensen,ou=People,dc=example,dc=com"
	for route, covered := range map[string]bool{
		"": true, "*": true, "MODIFY": true, "modify": true, "BIND": false, "MODIFY *": true,
		"modify UID=bjensen,*": true, "*,OU=people,dc=example,dc=com": true, "MODIFY uid=scarter,*": false,
		"* *,dc=example,dc=com": true, "MOD*": true, "dc=example,dc=com": false,
	} {
		t.Run(route, func(t *testing.T) {
			s := ldapSet()
			_, err := s.Add(Rule{Kind: KindReset, Scope: Scope{Route: route}})
			require.NoError(t, err)
			assert.Equal(t, covered, s.Judge(t.Context(), "MODIFY", dn, nobody).Kind == KindReset)
		})
	}
}

func TestJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ldapSet()
		assert.True(t, s.Idle())
		for _, r := range []Rule{
			{Kind: KindLatency, Latency: Latency{Value: time.Second}, Scope: Scope{User: "BJENSEN"}},
			{Kind: KindStatus, Status: 51, Body: "queue full", Trigger: Trigger{First: 1}},
			{Kind: KindLoseAnswer, Body: Half, Scope: Scope{Client: "uid=idm,ou=Apps"}},
		} {
			_, err := s.Add(r)
			require.NoError(t, err)
		}
		assert.False(t, s.Idle())
		j := journal.New(10, secret.NewDigester([]byte("0123456789abcdef")))
		began := time.Now()
		ctx, x := j.Begin(t.Context(), "ds", journal.LDAP)
		assert.Equal(t, Verdict{Kind: KindStatus, Status: 51, Body: "queue full"}, s.Judge(ctx, "BIND", "", nobody))
		assert.InDelta(t, time.Second, time.Since(began), float64(time.Millisecond))
		assert.Equal(t, []string{"latency-1", "status-1"}, x.Faults)

		ctx, x = j.Begin(t.Context(), "ds", journal.LDAP)
		assert.Equal(t, Verdict{Kind: KindLoseAnswer, Body: Half}, s.Judge(ctx, "BIND", "", nobody))
		assert.True(t, x.Lost)

		gone, leave := context.WithCancel(t.Context())
		leave()
		assert.Equal(t, Verdict{Kind: KindReset}, s.Judge(gone, "BIND", "", nobody), "nobody waits any longer")
	})
}
