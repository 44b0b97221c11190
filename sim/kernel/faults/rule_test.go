package faults

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

func TestValidateNamesEveryMistake(t *testing.T) {
	latency := Rule{Kind: KindLatency, Latency: Latency{Value: time.Second}}
	tests := map[string]struct {
		rule Rule
		want string // empty: the rule is good
	}{
		"constant":               {latency, ""},
		"uniform":                {Rule{Kind: KindLatency, Latency: Latency{Min: 1, Max: 2}}, ""},
		"lognormal":              {Rule{Kind: KindLatency, Latency: Latency{Median: 1, P95: 2, Max: 3}}, ""},
		"percentiles":            {Rule{Kind: KindLatency, Latency: Latency{Min: 1, Percentiles: map[float64]time.Duration{50: 2, 99.9: 3}}}, ""},
		"throttle by the second": {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 0.5}, RetryAfter: time.Second}, ""},
		"throttle by the minute": {Rule{Kind: KindThrottle, Throttle: Throttle{PerMinute: 600, Burst: 10}}, ""},
		"status":                 {Rule{Kind: KindStatus, Status: 503, Body: "gateway", RetryAfter: time.Second}, ""},
		"reset":                  {Rule{Kind: KindReset, Trigger: Trigger{Share: new(0.0), First: 1, Skip: 2, Every: 3, From: 1, Until: 2}}, ""},
		"hang":                   {Rule{Kind: KindHang, Scope: Scope{Route: "patch /Users/*", User: "b", Client: "c"}}, ""},
		"lose_answer":            {Rule{Kind: KindLoseAnswer, Scope: Scope{Route: "/Users/*"}}, ""},

		"no kind":                 {Rule{}, `faults.kind: "" is none of certificate, handshake, latency, throttle, status, disconnect, reset, half_open, hang, drip, stall, cut, lose_answer`},
		"unknown kind":            {Rule{Kind: "slow"}, `faults.kind: "slow" is none of`},
		"id with a blank":         {Rule{ID: " x", Kind: KindReset}, `faults.id: " x" has blanks`},
		"no latency":              {Rule{Kind: KindLatency}, "faults.latency.value: is missing"},
		"negative latency":        {Rule{Kind: KindLatency, Latency: Latency{Value: -1}}, "faults.latency.value: -1ns is negative"},
		"unknown distribution":    {Rule{Kind: KindLatency, Latency: Latency{Kind: "normal"}}, `faults.latency.kind: "normal" is none of constant,`},
		"two distributions":       {Rule{Kind: KindLatency, Latency: Latency{Value: 1, Median: 1, P95: 1}}, "faults.latency.value: does nothing for a lognormal latency"},
		"bounds the wrong way":    {Rule{Kind: KindLatency, Latency: Latency{Min: 2, Max: 1}}, "faults.latency.max: 1ns is not above min (2ns)"},
		"no median":               {Rule{Kind: KindLatency, Latency: Latency{P95: 1}}, "faults.latency.median: is missing"},
		"p95 below the median":    {Rule{Kind: KindLatency, Latency: Latency{Median: 2, P95: 1}}, "faults.latency.p95: 1ns is below the median (2ns)"},
		"tail cut below p95":      {Rule{Kind: KindLatency, Latency: Latency{Median: 1, P95: 3, Max: 2}}, "faults.latency.max: 2ns is below p95 (3ns)"},
		"no points":               {Rule{Kind: KindLatency, Latency: Latency{Kind: "percentiles"}}, "faults.latency.percentiles: is empty"},
		"point outside":           {Rule{Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{101: 1}}}, "faults.latency.percentiles: 101 is not within 0…100"},
		"points that fall":        {Rule{Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{50: 2, 95: 1}}}, "faults.latency.percentiles: 95: 1ns is below the value at 50 (2ns)"},
		"point below min":         {Rule{Kind: KindLatency, Latency: Latency{Min: 3, Percentiles: map[float64]time.Duration{50: 2}}}, "faults.latency.percentiles: 50: 2ns is below min (3ns)"},
		"max below the points":    {Rule{Kind: KindLatency, Latency: Latency{Max: 1, Percentiles: map[float64]time.Duration{50: 2}}}, "faults.latency.max: 1ns is below the value at 50 (2ns)"},
		"no rate":                 {Rule{Kind: KindThrottle}, "faults.throttle.rate: 0 is not above 0"},
		"rate that is no number":  {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: math.NaN()}}, "faults.throttle.rate: NaN is not above 0"},
		"two rates":               {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 1, PerMinute: 60}}, "faults.throttle.perMinute: give either this or rate"},
		"negative burst":          {Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 1, Burst: -1}}, "faults.throttle.burst: -1 is negative"},
		"no status":               {Rule{Kind: KindStatus}, "faults.status: 0 is not within 200…599"},
		"status of something":     {Rule{Kind: KindReset, Status: 500}, `faults.status: does nothing for the kind "reset"`},
		"body of something":       {Rule{Kind: KindHang, Body: "x"}, `faults.body: does nothing for the kind "hang"`},
		"latency of something":    {Rule{Kind: KindReset, Latency: Latency{Value: 1}}, `faults.latency: does nothing for the kind "reset"`},
		"throttle of something":   {Rule{Kind: KindReset, Throttle: Throttle{Rate: 1}}, `faults.throttle: does nothing for the kind "reset"`},
		"retryAfter of something": {Rule{Kind: KindReset, RetryAfter: 1}, `faults.retryAfter: does nothing for the kind "reset"`},
		"negative retryAfter":     {Rule{Kind: KindStatus, Status: 500, RetryAfter: -1}, "faults.retryAfter: -1ns is negative"},
		"share above 1":           {Rule{Kind: KindReset, Trigger: Trigger{Share: new(1.5)}}, "faults.share: 1.5 is not within 0…1"},
		"share that is no number": {Rule{Kind: KindReset, Trigger: Trigger{Share: new(math.NaN())}}, "faults.share: NaN is not within 0…1"},
		"negative count":          {Rule{Kind: KindReset, Trigger: Trigger{Skip: -1}}, "faults.skip: -1 is negative"},
		"window the wrong way":    {Rule{Kind: KindReset, Trigger: Trigger{From: 2, Until: 1}}, "faults.until: 1ns is not after from (2ns)"},
		"negative window":         {Rule{Kind: KindReset, Trigger: Trigger{From: -1}}, "faults.from: -1ns is negative"},
		"certificate":             {Rule{Kind: KindCertificate, Certificate: network.Expired, Trigger: Trigger{First: 2}}, ""},
		"handshake":               {Rule{Kind: KindHandshake, Handshake: HandshakeHang}, ""},
		"stall":                   {Rule{Kind: KindStall, After: 100, Scope: Scope{Route: "GET /Users"}}, ""},
		"cut":                     {Rule{Kind: KindCut}, ""},
		"drip":                    {Rule{Kind: KindDrip, Rate: 0.5}, ""},
		"no flaw":                 {Rule{Kind: KindCertificate}, "faults.certificate: is missing: write what is wrong with it, one of expired, not_yet_valid, wrong_host, unknown_ca"},
		"unknown flaw":            {Rule{Kind: KindCertificate, Certificate: "old"}, `faults.certificate: "old" is none of expired,`},
		"flaw of something":       {Rule{Kind: KindReset, Certificate: network.Expired}, `faults.certificate: does nothing for the kind "reset": use the kind certificate`},
		"no way":                  {Rule{Kind: KindHandshake}, "faults.handshake: is missing: write how it goes wrong, one of close, garbage, hang"},
		"unknown way":             {Rule{Kind: KindHandshake, Handshake: "slow"}, `faults.handshake: "slow" is none of close, garbage, hang`},
		"way of something":        {Rule{Kind: KindHang, Handshake: HandshakeHang}, `faults.handshake: does nothing for the kind "hang"`},
		"handshake on a route":    {Rule{Kind: KindHandshake, Handshake: "close", Scope: Scope{Route: "/Users"}}, `faults.route: nobody has asked for "/Users" yet when TLS begins`},
		"handshake of a user":     {Rule{Kind: KindHandshake, Handshake: "close", Scope: Scope{User: "b", Client: "c"}}, "faults.client: nobody has given a name yet when TLS begins"},
		"negative part":           {Rule{Kind: KindCut, After: -1}, "faults.after: -1 is negative"},
		"part of something":       {Rule{Kind: KindStatus, Status: 500, After: 1}, `faults.after: does nothing for the kind "status" over HTTP`},
		"drip without a rate":     {Rule{Kind: KindDrip}, "faults.rate: 0 is not above 0"},
		"drip at no number":       {Rule{Kind: KindDrip, Rate: math.NaN()}, "faults.rate: NaN is not above 0"},
		"rate of something":       {Rule{Kind: KindStall, Rate: 1}, `faults.rate: does nothing for the kind "stall"`},
		"all of something":        {Rule{Kind: KindReset, All: true}, `faults.all: does nothing for the kind "reset": use the kind disconnect`},
		"disconnect over HTTP":    {Rule{Kind: KindDisconnect}, "faults.kind: there is no disconnect over HTTP: a server of HTTP says no goodbye: use reset"},
		"half-open over HTTP":     {Rule{Kind: KindHalfOpen}, "faults.kind: there is no half_open over HTTP: a connection has one request at a time there: use hang"},
		"route without a slash":   {Rule{Kind: KindReset, Scope: Scope{Route: "Users"}}, `faults.route: "Users" is neither a path`},
		"route with a query":      {Rule{Kind: KindReset, Scope: Scope{Route: "GET /a b"}}, `faults.route: "GET /a b" is neither a path`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.rule.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("over LDAP", func(t *testing.T) {
		for name, tt := range map[string]struct {
			rule Rule
			want string
		}{
			"disconnect":             {Rule{Kind: KindDisconnect}, ""},
			"disconnect with a code": {Rule{Kind: KindDisconnect, Status: 51, Body: "come back later", All: true}, ""},
			"half-open":              {Rule{Kind: KindHalfOpen, Scope: Scope{Route: "BIND"}}, ""},
			"handshake of StartTLS":  {Rule{Kind: KindHandshake, Handshake: "garbage", Scope: Scope{Route: "start_tls"}}, ""},
			"certificate of LDAPS":   {Rule{Kind: KindCertificate, Certificate: network.UnknownCA, Scope: Scope{Route: "LDAPS"}}, ""},
			"a code after entries":   {Rule{Kind: KindStatus, Status: 4, After: 10, Scope: Scope{Route: "SEARCH ou=People,*"}}, ""},
			"a stall anywhere":       {Rule{Kind: KindStall}, ""},
			"no code of LDAP":        {Rule{Kind: KindDisconnect, Status: 503}, "faults.status: 503 is not within 1…123"},
			"after what":             {Rule{Kind: KindStatus, Status: 4, After: 10}, "faults.after: counts entries of a search: write route: SEARCH, alone or with a DN"},
			"entries of a write":     {Rule{Kind: KindStall, After: 10, Scope: Scope{Route: "MODIFY"}}, "faults.after: counts entries of a search: write route: SEARCH"},
			"the word DN":            {Rule{Kind: KindReset, Scope: Scope{Route: "DN"}}, `faults.route: "DN" is neither an operation (BIND, SEARCH, COMPARE, ADD, MODIFY, MODIFY_DN, DELETE, PASSWORD_MODIFY, PASSWORD_STATE, WHO_AM_I, CANCEL, START_TLS, EXTENDED), a DN (uid=*,ou=People,dc=example,dc=com), nor the one and the other`},
			"a misspelt operation":   {Rule{Kind: KindReset, Scope: Scope{Route: "serach ou=People,*"}}, `"serach ou=People,*" is neither an operation (BIND, `},
			"no such pattern":        {Rule{Kind: KindReset, Scope: Scope{Route: "MOX*"}}, `"MOX*" is neither an operation (BIND, `},
			"a pattern":              {Rule{Kind: KindReset, Scope: Scope{Route: "password_*"}}, ""},
			"a word for a DN":        {Rule{Kind: KindReset, Scope: Scope{Route: "MODIFY bjensen"}}, `"MODIFY bjensen" is neither an operation (BIND, `},
			"the root DSE":           {Rule{Kind: KindReset, Scope: Scope{Route: "SEARCH "}}, ""},
			"an identity":            {Rule{Kind: KindReset, Scope: Scope{Route: "PASSWORD_MODIFY u:bjensen"}}, ""},
			"a unit with a blank":    {Rule{Kind: KindReset, Scope: Scope{Route: "ou=My Unit,dc=example,dc=com"}}, ""},
			"a handshake, cut":       {Rule{Kind: KindReset, Scope: Scope{Route: "LDAPS"}}, `"LDAPS" is neither an operation (BIND, `},
			"handshake of a bind":    {Rule{Kind: KindHandshake, Handshake: "close", Scope: Scope{Route: "BIND"}}, `faults.route: "BIND" is no handshake: write LDAPS or START_TLS, or leave it out`},
		} {
			t.Run(name, func(t *testing.T) {
				if err := tt.rule.ValidateLDAP(); tt.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, tt.want)
				}
			})
		}
	})
	t.Run("all at once", func(t *testing.T) {
		err := Rule{Kind: "x", Trigger: Trigger{Share: new(2.0), First: -1}, Scope: Scope{Route: "x"}}.Validate()
		for _, field := range []string{"faults.kind", "faults.share", "faults.first", "faults.route"} {
			require.ErrorContains(t, err, field)
		}
	})
}

func TestString(t *testing.T) {
	for want, rule := range map[string]Rule{
		"reset":                         {Kind: KindReset},
		"latency 120ms":                 {Kind: KindLatency, Latency: Latency{Value: 120 * time.Millisecond}},
		"latency 1ms…2s":                {Kind: KindLatency, Latency: Latency{Min: time.Millisecond, Max: 2 * time.Second}},
		"latency median 1s, p95 2s":     {Kind: KindLatency, Latency: Latency{Median: time.Second, P95: 2 * time.Second}},
		"latency p50 1s, p99.9 2s":      {Kind: KindLatency, Latency: Latency{Percentiles: map[float64]time.Duration{50: time.Second, 99.9: 2 * time.Second}}},
		"throttle beyond 5/s (burst 5)": {Kind: KindThrottle, Throttle: Throttle{Rate: 5}},
		"throttle beyond 600/min (burst 10), retry after 30s": {Kind: KindThrottle, Throttle: Throttle{PerMinute: 600}, RetryAfter: 30 * time.Second},
		"status 503, 25% of PATCH /Users/*, user bjensen, without the first 2, each 3., 4 times at most, from 1m0s, until 2m0s": {
			Kind: KindStatus, Status: 503, Scope: Scope{Route: "PATCH /Users/*", User: "bjensen"},
			Trigger: Trigger{Share: new(0.25), Skip: 2, Every: 3, First: 4, From: time.Minute, Until: 2 * time.Minute},
		},
		"certificate expired, LDAPS":       {Kind: KindCertificate, Certificate: network.Expired, Scope: Scope{Route: "LDAPS"}},
		"handshake close, 3 times at most": {Kind: KindHandshake, Handshake: HandshakeClose, Trigger: Trigger{First: 3}},
		"status 4 after 10, SEARCH":        {Kind: KindStatus, Status: 4, After: 10, Scope: Scope{Route: "SEARCH"}},
		"stall after 100":                  {Kind: KindStall, After: 100},
		"cut":                              {Kind: KindCut},
		"drip 8 bytes/s":                   {Kind: KindDrip, Rate: 8},
		"disconnect 52 all":                {Kind: KindDisconnect, All: true},
		"hang, 10% of requests":            {Kind: KindHang, Trigger: Trigger{Share: new(0.1)}},
	} {
		assert.Equal(t, want, rule.String())
	}
}
