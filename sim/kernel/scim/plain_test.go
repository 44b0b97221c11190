package scim

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const plainBody = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"REPLACE","path":"password","value":"Spring-Tide-1"}]}`

func TestPlainPatchKnowsWhatItReads(t *testing.T) {
	const schemas = `"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]`
	for name, c := range map[string]struct {
		body  string
		plain bool
	}{
		"a password":            {plainBody, true},
		"another order, spaces": {"{ \"Operations\" : [ {\"value\":\"x\",\n\"path\":\"title\", \"op\":\"add\"} ] , " + schemas + " } \n", true},
		"two operations":        {`{` + schemas + `,"Operations":[{"op":"add","path":"a","value":"x"},{"op":"add","path":"b","value":"y"}]}`, true},
		"an escape":             {`{` + schemas + `,"Operations":[{"op":"add","path":"a","value":"\u0041"}]}`, false},
		"beyond ASCII":          {`{` + schemas + `,"Operations":[{"op":"add","path":"a","value":"ü"}]}`, false},
		"a value that is none":  {`{` + schemas + `,"Operations":[{"op":"add","path":"a","value":null}]}`, false},
		"no path":               {`{` + schemas + `,"Operations":[{"op":"add","value":"x"}]}`, false},
		"a strange member":      {`{` + schemas + `,"Operations":[{"op":"add","path":"a","value":"x","pth":"b"}]}`, false},
		"a member twice":        {`{` + schemas + `,"Operations":[{"op":"add","path":"a","path":"b","value":"x"}]}`, false},
		"a strange op":          {`{` + schemas + `,"Operations":[{"op":"swap","path":"a","value":"x"}]}`, false},
		"another schema":        {`{"schemas":["urn:x"],"Operations":[{"op":"add","path":"a","value":"x"}]}`, false},
		"no operations":         {`{` + schemas + `,"Operations":[]}`, false},
		"cut short":             {plainBody[:len(plainBody)-1], false},
		"something behind":      {plainBody + "{}", false},
		"nothing":               {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, plain := plainPatch([]byte(c.body))
			assert.Equal(t, c.plain, plain)
		})
	}
}

// FuzzPlainPatch: what the short way reads, the long way reads the same.
func FuzzPlainPatch(f *testing.F) {
	f.Add([]byte(plainBody))
	f.Add([]byte(`{"schemas":["a","urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"a","value":""}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		short, ok := plainPatch(body)
		if !ok {
			return
		}
		long, err := decodePatch(body)
		require.NoError(t, err)
		assert.Equal(t, long, short)
	})
}
