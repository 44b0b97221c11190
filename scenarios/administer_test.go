package scenarios

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const withEntries = `id: mine/entries
title: Entries are added
because: An administrator does.
severity: minor
given:
  idcs: {users: 2}
  ds: {}
  engine: {provision: true}
steps:
  - directory:
      add: |
        dn: ou=Subsidiary,ou=People,dc=example,dc=com
        objectClass: referral
        objectClass: extensibleObject
        ou: Subsidiary
        ref: ldap://ds2.example.com:1389/
  - change: {users: all}
  - settle: 5m
expect:
  - outcome: {parked: 2}
  - query: '{ journal(target: "ds", operation: "create", first: 1) { entries { path status } } }'
    that: journal.entries[0].path == "ou=Subsidiary,ou=People,dc=example,dc=com" && journal.entries[0].status == 0
`

func TestEntriesThatAnAdministratorAdds(t *testing.T) {
	s, err := Parse("mine.yaml", []byte(withEntries))
	require.NoError(t, err)
	result := Run(t.Context(), []Scenario{s}, Options{Seed: 1}).Scenarios[0]
	if !assert.EqualValues(t, "passed", result.Verdict) {
		explain(t, result)
	}
	for name, tt := range map[string]struct{ from, to, says string }{
		"no entry":             {"dn: ou", "ou", "has no colon"},
		"a list of changes":    {"objectClass: referral", "changetype: modify", "the file is a list of changes"},
		"no operation of ours": {`"create"`, `"creates"`, "did you mean create?"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("mine.yaml", []byte(strings.Replace(withEntries, tt.from, tt.to, 1)))
			require.ErrorContains(t, err, tt.says)
		})
	}
}
