package forecast

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func words(p Policy) []string { return p.Words().Rules }

func TestReadIDM(t *testing.T) {
	t.Parallel()
	password := func(text string) string {
		return `{"objects":[{"name":"user","schema":{"properties":{"password":` + text + `}}}]}`
	}
	inForce := func(list string) string {
		return `{"resources":[{"resource":"managed/user/*","properties":[{"name":"password","policies":[` + list + `]}]}]}`
	}
	assumed := "assumed: IDM's default policy, because the folder does not say what IDM enforces"
	byDefault := []string{"at least 8 characters", "at least 1 capital", "at least 1 number", "not the value of userName", "not the value of givenName", "not the value of sn"}
	cases := map[string]struct {
		managed, policy string
		rules, remarks  []string
		opaque          []string
	}{
		"neither file": {rules: byDefault, remarks: []string{assumed}},
		"on the property, with the schema's own words": {
			managed: password(`{"minLength":10,"pattern":"^[a-z]+$","policies":[{"policyId":"at-least-X-numbers","params":{"numNums":2}}]}`),
			rules:   []string{"at least 10 characters", "matches /^[a-z]+$/", "at least 2 numbers"},
		},
		"a property without policies demands nothing": {managed: password(`{"type":"string"}`), rules: []string{}},
		"both files: managed.json has the last word": {
			managed: password(`{"policies":[{"policyId":"minimum-length","params":{"minLength":12}}]}`),
			policy:  inForce(`{"policyId":"minimum-length","params":{"minLength":8}},{"policyId":"at-least-X-capitals","params":{"numCaps":0}}`),
			rules:   []string{"at least 12 characters", "at least 1 capital"},
		},
		"policy.json alone": {policy: inForce(`{"policyId":"minimum-length","params":{"minLength":9}}`), rules: []string{"at least 9 characters"}},
		"policies at the top, which IDM ignores": {
			policy:  `{"policies":[{"policyId":"minimum-length","params":{"minLength":12}}]}`,
			rules:   byDefault,
			remarks: []string{"conf/policy.json:1: IDM reads resources[].properties[].policies and ignores policies at the top of the file", assumed},
		},
		"a comment": {
			policy:  "{\n\"resources\": [] // none\n}",
			rules:   byDefault,
			remarks: []string{"conf/policy.json: not JSON (line 2, column 17): a comment, which JSON does not have; IDM does not load it, so it counts as not there", assumed},
		},
		"no list of objects": {
			managed: `{"managed":{"user":{}}}`, rules: byDefault,
			remarks: []string{`conf/managed.json: has no list "objects"; IDM finds no managed objects in it`, assumed},
		},
		"no such object": {
			managed: `{"objects":[{"name":"alpha_user"}]}`, rules: byDefault,
			remarks: []string{"conf/managed.json: has no managed object user", assumed},
		},
		"conditional policies": {
			managed: password(`{"conditionalPolicies":[{"condition":{}}],"policies":[{"policyId":"not-empty"}]}`), rules: []string{},
			remarks: []string{"conf/managed.json:1: conditionalPolicies depend on the user and are not compared"},
		},
		"a policy that IDM does not have": {
			managed: password(`{"policies":[{"policyId":"no-user-attribute"}]}`), rules: []string{}, opaque: []string{"no-user-attribute"},
			remarks: []string{`conf/managed.json:1: no-user-attribute: not one of IDM's own policies: without a script that adds it, IDM fails with "Unknown policy"; what it refuses is not known here`},
		},
		"a number that is none": {
			managed: password(`{"policies":[{"policyId":"minimum-length","params":{"minLength":"12"}},{"policyId":"at-least-X-capitals"},{}]}`),
			rules:   []string{}, opaque: []string{"minimum-length", "at-least-X-capitals"},
			remarks: []string{
				"conf/managed.json:1: a policy without policyId",
				"conf/managed.json:1: minimum-length: its parameters cannot be read: MinLength is a JSON string; what it refuses is not known here",
				"conf/managed.json:1: at-least-X-capitals: it needs the parameter numCaps, a number from 0 to 2000; what it refuses is not known here",
			},
		},
		"sets as guides write them": {
			managed: password(`{"policies":[{"policyId":"required-character-sets","params":{"characterSets":["u:A-Z","n:0-9"],"minSets":2}}]}`),
			rules:   []string{"2 of 2 character sets"},
			remarks: []string{`conf/managed.json:1: required-character-sets: not one of IDM's own policies: without a script that adds it, IDM fails with "Unknown policy"; compared as it is meant`},
		},
		"sets that cannot be": {
			managed: password(`{"policies":[{"policyId":"required-character-sets","params":{"characterSets":["A-Z"],"minSets":1}}]}`), rules: []string{},
			opaque:  []string{"required-character-sets"},
			remarks: []string{`conf/managed.json:1: required-character-sets: "A-Z" is no set of characters; write a name, a colon and the characters: uppercase:A-Z; what it refuses is not known here`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := fstest.MapFS{"conf/boot.properties": {}}
			for file, text := range map[string]string{managedFile: c.managed, policyFile: c.policy} {
				if text != "" {
					folder[file] = &fstest.MapFile{Data: []byte(text)}
				}
			}
			m, err := ReadIDM(folder)
			require.NoError(t, err)
			p := m.Policy()
			assert.Equal(t, c.rules, words(p))
			assert.Equal(t, c.remarks, p.Remarks)
			assert.Equal(t, c.opaque, p.Opaque)
		})
	}
}

func TestAFolderThatIsNoProject(t *testing.T) {
	t.Parallel()
	_, err := ReadIDM(fstest.MapFS{"readme": {}})
	require.ErrorContains(t, err, "it has no folder conf")
}

// The samples have the shapes of real projects: IDM's default, and one that was aligned with a domain by hand.
func TestSamples(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/domain.json")
	require.NoError(t, err)
	d, err := ReadDomain(data)
	require.NoError(t, err)
	for name, want := range map[string][]string{
		"default": {"minLength", "maxLength", "minLowerCase", "minUpperCase", "maxRepeatedChars"},
		"aligned": nil,
	} {
		m, err := ReadIDM(os.DirFS("testdata/" + name))
		require.NoError(t, err)
		assert.Empty(t, m.Remarks)
		c, err := Compare(m.Policy(), d.Policies[0].Policy)
		require.NoError(t, err)
		assert.Equal(t, want, rulesOf(c.Gaps), name)
		assert.Empty(t, c.Undecided, name)
	}
}

func FuzzReadIDM(f *testing.F) {
	for _, name := range []string{"default", "aligned"} {
		data, err := os.ReadFile("testdata/" + name + "/" + managedFile)
		require.NoError(f, err)
		f.Add(data, []byte(`{"resources":[{"resource":"managed/user/*","properties":[{"name":"password","policies":[{"policyId":"minimum-length","params":{"minLength":8}}]}]}]}`))
	}
	f.Fuzz(func(t *testing.T, managed, policy []byte) {
		m, err := ReadIDM(fstest.MapFS{managedFile: {Data: managed}, policyFile: {Data: policy}})
		require.NoError(t, err)
		p := m.Policy()
		p.Refuses("Any-password-1", nobody)
		p.Words()
	})
}

func FuzzPatternDemands(f *testing.F) {
	for _, c := range expressions {
		f.Add(c.expression, c.flags)
	}
	f.Fuzz(func(_ *testing.T, expression, flags string) {
		demands, err := patternDemands(expression, flags)
		if err != nil {
			return
		}
		for _, d := range demands {
			s := newShape()
			d.keep(&s, nobody)
			d.met("Any-password-1", nobody)
		}
		aheadOf(expression)
	})
}
