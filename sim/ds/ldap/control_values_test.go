package ldap

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

func withValue(oid, value string) Control {
	return Control{OID: oid, HasValue: true, Value: []byte(value)}
}

func TestParseMatchedValues(t *testing.T) {
	filters, err := ParseMatchedValues(withValue(OIDMatchedValues, "\x30\x11\xa3\x07\x04\x02cn\x04\x01x\x87\x02sn\xa9\x02\x82\x00"))
	require.ErrorIs(t, err, ErrControl, "an extensible item needs a value")
	assert.Empty(t, filters)
	filters, err = ParseMatchedValues(withValue(OIDMatchedValues, "\x30\x18\xa3\x07\x04\x02cn\x04\x01x\x87\x02sn\xa9\x09\x82\x04mail\x83\x01y"))
	require.NoError(t, err)
	assert.Equal(t, []Filter{Equality{"cn", []byte("x")}, Present{"sn"}, Extensible{Attr: "mail", Value: []byte("y")}}, filters)
}

func TestParseEffectiveRights(t *testing.T) {
	own, err := ParseEffectiveRights(Control{OID: OIDEffectiveRights})
	require.NoError(t, err)
	assert.Equal(t, EffectiveRights{Own: true}, own)
	asked, err := ParseEffectiveRights(withValue(OIDEffectiveRights, "\x30\x10\x04\x06DN:o=x\x30\x06\x04\x01a\x04\x01b"))
	require.NoError(t, err)
	assert.Equal(t, EffectiveRights{DN: "o=x", Attributes: []string{"a", "b"}}, asked)
	_, err = ParseEffectiveRights(withValue(OIDEffectiveRights, "\x30\x05\x04\x03u:x"))
	require.ErrorContains(t, err, `"u:x" contained in the geteffectiverights control is invalid because it does not start with "dn:"`)
}

func FuzzControlsOfEntries(f *testing.F) {
	f.Add([]byte("\x30\x18\xa3\x07\x04\x02cn\x04\x01x\x87\x02sn\xa9\x09\x82\x04mail\x83\x01y"))
	f.Add([]byte("\x30\x10\x04\x06dn:o=x\x30\x06\x04\x01a\x04\x01b"))
	f.Add([]byte("\x30\x0e\xa4\x0c\x04\x02cn\x30\x06\x80\x01a\x82\x01b"))
	f.Fuzz(func(t *testing.T, value []byte) {
		filters, err := ParseMatchedValues(withValue(OIDMatchedValues, string(value)))
		if err != nil {
			require.ErrorIs(t, err, ErrControl)
			require.Empty(t, filters)
		}
		for _, item := range filters {
			switch item.(type) {
			case And, Or, Not:
				require.Fail(t, "a joined filter is no item", item.String())
			}
		}
		if asked, err := ParseEffectiveRights(withValue(OIDEffectiveRights, string(value))); err != nil {
			require.ErrorIs(t, err, ErrControl)
		} else {
			require.False(t, asked.Own)
			require.Less(t, len(asked.DN), len(value))
		}
		if _, err := ParseSubentries(withValue(OIDSubentries, string(value))); err != nil {
			require.ErrorIs(t, err, ber.ErrValue)
		}
	})
}
