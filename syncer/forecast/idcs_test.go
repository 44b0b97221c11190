package forecast

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadDomain(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/domain.json")
	require.NoError(t, err)
	d, err := ReadDomain(data)
	require.NoError(t, err)
	assert.Empty(t, d.Remarks)
	var names []string
	for _, p := range d.Policies {
		names = append(names, p.Name)
	}
	assert.Equal(t, []string{"defaultPasswordPolicy", "administrators", "contractors"}, names, "the built-in ones are for nobody")
	assert.Equal(t, 4, d.Policies[0].History)
	assert.Equal(t, []string{"Contractors"}, d.Policies[2].Groups)

	for name, c := range map[string]struct {
		groups []string
		want   string
	}{
		"no group":                {nil, "defaultPasswordPolicy"},
		"a group without policy":  {[]string{"Staff"}, "defaultPasswordPolicy"},
		"a group, in any case":    {[]string{"contractors"}, "contractors"},
		"a group by its id":       {[]string{"0b1c2d3e4f5061728394a5b6c7d8e9f0"}, "contractors"},
		"two groups: first ranks": {[]string{"Contractors", "Administrators"}, "administrators"},
	} {
		assert.Equal(t, c.want, d.Applicable(c.groups).Name, name)
	}
}

func TestFormsOfPolicies(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"rules only":       `{"minLength":9}`,
		"with a byte mark": "\xef\xbb\xbf" + `{"minLength":9}`,
		"a resource":       `{"id":"77","name":"n","minLength":9,"minAlphas":0}`,
		"a list":           `[{"minLength":9}]`,
		"an answer":        `{"totalResults":1,"Resources":[{"id":"PasswordPolicy","minLength":9}]}`,
	} {
		d, err := ReadDomain([]byte(text))
		require.NoError(t, err, name)
		require.Len(t, d.Policies, 1, name)
		assert.Equal(t, []string{"at least 9 characters"}, words(d.Policies[0].Policy), name)
		assert.True(t, d.Policies[0].Default, name)
	}
}

func TestPoliciesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":               {``, "not a password policy"},
		"no JSON":               {`minLength: 12`, "not a password policy"},
		"a text":                {`"PasswordPolicy"`, "not a password policy"},
		"an empty list":         {`[]`, "there is no password policy in it"},
		"a list of numbers":     {`[1]`, "a password policy is a JSON object"},
		"half of the list":      {`{"totalResults":3,"Resources":[{"id":"PasswordPolicy"}]}`, "only 1 of 3 policies: ask for all with ?count=3"},
		"no default":            {`[{"id":"a"},{"id":"b"}]`, `none of the 2 policies has the id "PasswordPolicy"`},
		"a text for a number":   {`{"minLength":"12"}`, "MinLength: a JSON string is not what belongs there"},
		"a number below 0":      {`{"minLength":-1}`, "minLength: -1 is not within 0…2000"},
		"another case":          {`{"minlength":12}`, `minlength: no such attribute; did you mean "minLength"?`},
		"two letters exchanged": {`{"minLenght":12}`, `minLenght: no such attribute; did you mean "minLength"?`},
		"an empty word":         {`{"disallowedSubstrings":["a",""]}`, "disallowedSubstrings: entry 2 is empty"},
		"too few sets":          {`{"characterSets":["u:A-Z"],"minCharacterSets":2}`, "minCharacterSets: 2 is above the number of characterSets, 1"},
		"the second of two":     {`[{"id":"PasswordPolicy"},{"maxLength":-3}]`, "policy 2 of 2: maxLength"},
	} {
		_, err := ReadDomain([]byte(c.text))
		require.ErrorContains(t, err, c.want, name)
	}
	d, err := ReadDomain([]byte(`{"name":"n","minSyllables":3}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"n: the attribute minSyllables is not known here and not compared"}, d.Remarks)
}

func FuzzReadDomain(f *testing.F) {
	data, err := os.ReadFile("testdata/domain.json")
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"minLength":12,"requiredChars":"é","disallowedSubstrings":["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadDomain(data)
		if err != nil {
			return
		}
		require.NotEmpty(t, d.Policies)
		require.True(t, d.Policies[0].Default)
		d.Applicable([]string{"x"}).Refuses("Any-password-1", nobody)
	})
}
