package ldap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseChanges(t *testing.T) {
	// As 389-DS 2.3 writes it: base64 with a NUL at its end, wrapped at 76 characters, and a NUL at the end of it all.
	wrapped := "replace: userPassword\nuserPassword:: e1BCS0RGMi1TSEE1MTJ9MTAwMDAkYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXokYW\n" +
		" JjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoA\n-\nreplace: modifiersname\nmodifiersname: uid=ann,ou=People,dc=example,dc=com\n-\n\x00"
	tests := map[string]struct {
		text     string
		describe bool
		want     []modification
	}{
		"DS": {
			"replace: userPassword\nuserPassword: {SSHA}abc=\n-\nreplace: pwdChangedTime\npwdChangedTime: 20260101000000.123Z\n-\n", false,
			[]modification{{"replace", "userPassword", []string{"{SSHA}abc="}}, {"replace", "pwdChangedTime", []string{"20260101000000.123Z"}}},
		},
		"389": {wrapped, false, []modification{
			{"replace", "userPassword", []string{"{PBKDF2-SHA512}10000$abcdefghijklmnopqrstuvwxyz$abcdefghijklmnopqrstuvwxyz\x00"}},
			{"replace", "modifiersname", []string{"uid=ann,ou=People,dc=example,dc=com"}},
		}},
		"several values":       {"add: userPassword\nuserpassword: a\nUSERPASSWORD:  b\n-", false, []modification{{"add", "userPassword", []string{"a", "b"}}}},
		"all values deleted":   {"delete: userPassword\n-\n", false, []modification{{"delete", "userPassword", nil}}},
		"the last has no end":  {"delete: userPassword", false, []modification{{"delete", "userPassword", nil}}},
		"an empty value":       {"replace: cn\ncn:\n-\n", false, []modification{{"replace", "cn", []string{""}}}},
		"spaces at its end":    {"replace: cn\ncn:  a \n-\n", false, []modification{{"replace", "cn", []string{"a "}}}},
		"carriage returns":     {"replace: cn\r\ncn: a\r\n-\r\n", false, []modification{{"replace", "cn", []string{"a"}}}},
		"a comment":            {"# hi\n # there\nreplace: cn\ncn: a\n-\n", false, []modification{{"replace", "cn", []string{"a"}}}},
		"nothing":              {"", false, nil},
		"an entry":             {"uid: ann\nobjectClass: top\nobjectClass: person\nuserPassword:: eA==\n", true, []modification{{"", "uid", []string{"ann"}}, {"", "objectClass", []string{"top", "person"}}, {"", "userPassword", []string{"x"}}}},
		"an entry of nothing":  {"", true, nil},
		"an entry interrupted": {"a: 1\nb: 2\na: 3\n", true, []modification{{"", "a", []string{"1"}}, {"", "b", []string{"2"}}, {"", "a", []string{"3"}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseChanges(tt.text, tt.describe)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for name, text := range map[string]string{
		"no block": "userPassword: x\n", "another attribute": "replace: cn\nsn: x\n-\n", "no colon": "replace cn\n", "a file": "replace: cn\ncn:< file:///etc/passwd\n-\n",
		"bad base64": "replace: cn\ncn:: !\n-\n", "folded from the start": " replace: cn\n", "no name": "replace:\n-\n", "an empty name": "replace: cn\n: x\n-\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseChanges(text, false)
			require.ErrorIs(t, err, errLDIF)
		})
	}
}

func FuzzParseChanges(f *testing.F) {
	f.Add("replace: userPassword\nuserPassword: {SSHA}abc=\n-\n", false)
	f.Add("uid: ann\nuserPassword:: eA==\n\x00", true)
	f.Add("# a\n b\n", true)
	f.Fuzz(func(t *testing.T, text string, describe bool) {
		list, err := parseChanges(text, describe)
		size := 0
		for _, m := range list {
			require.NotEmpty(t, m.attribute)
			for _, v := range m.values {
				size += len(v)
			}
		}
		if err == nil {
			assert.LessOrEqual(t, size, len(text))
		}
	})
}

func TestManyFoldedLinesTakeTheirTimeOnce(t *testing.T) {
	text := "replace: cn\ncn: " + strings.Repeat("x\n ", 1<<20) + "\n-\n"
	list, err := parseChanges(text, false)
	require.NoError(t, err)
	assert.Len(t, list[0].values[0], 1<<20)
}
