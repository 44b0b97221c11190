package ldap

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readState(value []byte) (target string, operations []StateOperation, err error) {
	p, err := ParsePasswordState(ExtendedRequest{Value: value, HasValue: true})
	if err != nil {
		return "", nil, err
	}
	for o, err := range p.Operations() {
		if err != nil {
			return p.Target, operations, err
		}
		operations = append(operations, o)
	}
	return p.Target, operations, nil
}

func TestPasswordState(t *testing.T) {
	for name, c := range map[string]struct {
		value      string
		operations []StateOperation
		wrong      bool
	}{
		"no operations":           {value: "30030401" + "78"},
		"an empty list":           {value: "3005040178" + "3000"},
		"get":                     {value: "300a040178" + "3005" + "30030a0101", operations: []StateOperation{{Type: GetAccountDisabledState}}},
		"get, with empty values":  {value: "300c040178" + "3007" + "30050a01013000", operations: []StateOperation{{Type: GetAccountDisabledState}}},
		"set":                     {value: "3010040178" + "300b" + "30090a0102" + "3004" + "04026f6e", operations: []StateOperation{{SetAccountDisabledState, []string{"on"}}}},
		"an INTEGER for the type": {value: "300a040178" + "3005" + "3003020101", operations: []StateOperation{{Type: GetAccountDisabledState}}},
		"two, and then nonsense":  {value: "3011040178" + "300c" + "30030a0100" + "30030a0101" + "0500", operations: []StateOperation{{Type: GetPasswordPolicyDN}, {Type: GetAccountDisabledState}}, wrong: true},
		"no list":                 {value: "3006040178" + "040178", wrong: true},
		"something after":         {value: "3007040178" + "3000" + "0500", wrong: true},
		"no type":                 {value: "3007040178" + "3002" + "3000", wrong: true},
		"values of no kind":       {value: "300d040178" + "3008" + "30060a0102" + "040178", wrong: true},
		"no target":               {value: "3000", wrong: true},
		"no sequence":             {value: "040178", wrong: true},
		"something after all":     {value: "3003040178" + "00", wrong: true},
		"nothing":                 {value: "", wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := hex.DecodeString(c.value)
			require.NoError(t, err)
			_, operations, err := readState(value)
			assert.Equal(t, c.wrong, err != nil, err)
			assert.Equal(t, c.operations, operations)
		})
	}
	_, err := ParsePasswordState(ExtendedRequest{})
	assert.ErrorIs(t, err, ErrNoState)
	p, err := ParsePasswordState(ExtendedRequest{Value: PasswordStateValue("x", []StateOperation{{Type: 1}, {Type: 2}}), HasValue: true})
	require.NoError(t, err)
	for range 2 {
		for o := range p.Operations() {
			assert.EqualValues(t, 1, o.Type, "it can be left, and begun again")
			break
		}
	}
}

// FuzzPasswordState reads strangers' requests; what can be read is the same when it is written again.
func FuzzPasswordState(f *testing.F) {
	f.Add(PasswordStateValue("uid=x", nil))
	f.Add(PasswordStateValue("uid=x", []StateOperation{{GetPasswordPolicyDN, nil}, {SetAccountDisabledState, []string{"true"}}}))
	f.Fuzz(func(t *testing.T, value []byte) {
		target, operations, err := readState(value)
		if err != nil {
			return
		}
		target2, operations2, err := readState(PasswordStateValue(target, operations))
		require.NoError(t, err)
		assert.Equal(t, target, target2)
		assert.Equal(t, operations, operations2)
	})
}
