package scim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// patch wraps operations, written as JSON, into a message.
func patch(operations string) []byte {
	return []byte(`{"schemas": ["` + scim.PatchOpURN + `"], "Operations": [` + operations + `]}`)
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// at returns, as JSON, what the path leads to; "" for nothing.
func at(t *testing.T, resource map[string]any, path string) string {
	t.Helper()
	p, err := scim.ParsePath(path)
	require.NoError(t, err)
	value, found := scim.Lookup(resource, p)
	if !found {
		return ""
	}
	return asJSON(t, value)
}

func TestApply(t *testing.T) {
	const department = scim.EnterpriseUserURN + ":department"
	for name, c := range map[string]struct {
		operations string
		want       map[string]string // by path
	}{
		"replace a simple one":      {`{"op":"replace","path":"displayName","value":"Barbara"}`, map[string]string{"displayName": `"Barbara"`}},
		"an SDK's capitals":         {`{"op":"REPLACE","path":"password","value":"x"}`, map[string]string{"password": `"x"`}},
		"replace what is not there": {`{"op":"Replace","path":"PassWord","value":"x"}`, map[string]string{"password": `"x"`}},
		"its name in another case":  {`{"op":"replace","path":"DISPLAYNAME","value":"B"}`, map[string]string{"displayName": `"B"`}},
		"with its URN":              {`{"op":"replace","path":"` + scim.UserURN + `:displayName","value":"B"}`, map[string]string{"displayName": `"B"`}},
		"replace with null":         {`{"op":"replace","path":"displayName","value":null}`, map[string]string{"displayName": ""}},
		"add null":                  {`{"op":"add","path":"displayName","value":null}`, map[string]string{"displayName": `"Babs Jensen"`}},
		"remove":                    {`{"op":"remove","path":"displayName"}`, map[string]string{"displayName": ""}},
		"remove with a null value":  {`{"op":"remove","path":"displayName","value":null}`, map[string]string{"displayName": ""}},
		"remove what is not there":  {`{"op":"remove","path":"nickName"}`, map[string]string{"nickName": ""}},
		"a boolean":                 {`{"op":"replace","path":"active","value":false}`, map[string]string{"active": "false"}},

		"a sub-attribute":                 {`{"op":"replace","path":"name.familyName","value":"O'Neill"}`, map[string]string{"name": `{"familyName":"O'Neill","givenName":"Barbara"}`}},
		"a sub-attribute in another case": {`{"op":"add","path":"NAME.FAMILYNAME","value":"O'Neill"}`, map[string]string{"name": `{"familyName":"O'Neill","givenName":"Barbara"}`}},
		"a new sub-attribute":             {`{"op":"add","path":"name.MIDDLENAME","value":"J"}`, map[string]string{"name.middleName": `"J"`}},
		"remove a sub-attribute":          {`{"op":"remove","path":"name.familyName"}`, map[string]string{"name": `{"givenName":"Barbara"}`}},
		"remove both of them":             {`{"op":"remove","path":"name.familyName"},{"op":"remove","path":"name.givenName"}`, map[string]string{"name": ""}},
		"complex values are merged":       {`{"op":"replace","path":"name","value":{"FAMILYNAME":"X","middleName":"Y"}}`, map[string]string{"name": `{"familyName":"X","givenName":"Barbara","middleName":"Y"}`}},
		"a merge removes null":            {`{"op":"add","path":"name","value":{"familyName":null}}`, map[string]string{"name": `{"givenName":"Barbara"}`}},
		"a sub of a new attribute":        {`{"op":"add","path":"manager.value","value":"7"}`, map[string]string{"manager": `{"value":"7"}`}},

		"add a value":                    {`{"op":"add","path":"emails","value":{"value":"c@x","type":"other"}}`, map[string]string{"emails.value": `["bjensen@example.com","babs@home.example","c@x"]`}},
		"add several":                    {`{"op":"add","path":"emails","value":[{"value":"c@x"},{"value":"d@x"}]}`, map[string]string{"emails.value": `["bjensen@example.com","babs@home.example","c@x","d@x"]`}},
		"add what is there":              {`{"op":"add","path":"emails","value":[{"type":"home","value":"babs@home.example"}]}`, map[string]string{"emails.value": `["bjensen@example.com","babs@home.example"]`}},
		"add a new primary":              {`{"op":"add","path":"emails","value":[{"value":"c@x","primary":true}]}`, map[string]string{"emails.primary": `[false,true]`}},
		"add the first of several":       {`{"op":"add","path":"phoneNumbers","value":{"value":"1"}}`, map[string]string{"phoneNumbers": `[{"value":"1"}]`}},
		"add to what never was":          {`{"op":"add","path":"ims","value":{"value":"1"}}`, map[string]string{"ims": `[{"value":"1"}]`}},
		"add a sub to what never was":    {`{"op":"add","path":"ims.value","value":"1"}`, map[string]string{"ims": `[{"value":"1"}]`}},
		"add simple values":              {`{"op":"add","path":"nicknames","value":["Bee","Bo"]}`, map[string]string{"nicknames": `["Babs","Bee","Bo"]`}},
		"replace all":                    {`{"op":"replace","path":"emails","value":[{"value":"c@x"}]}`, map[string]string{"emails": `[{"value":"c@x"}]`}},
		"replace all by one":             {`{"op":"replace","path":"emails","value":{"value":"c@x"}}`, map[string]string{"emails": `[{"value":"c@x"}]`}},
		"replace all by none":            {`{"op":"replace","path":"emails","value":[]}`, map[string]string{"emails": ""}},
		"remove all":                     {`{"op":"remove","path":"emails"}`, map[string]string{"emails": ""}},
		"a sub of all":                   {`{"op":"replace","path":"emails.type","value":"other"}`, map[string]string{"emails.type": `["other","other"]`}},
		"remove a sub of all":            {`{"op":"remove","path":"emails.primary"}`, map[string]string{"emails.primary": "", "emails.type": `["work","home"]`}},
		"a sub of the selected":          {`{"op":"replace","path":"emails[type eq \"home\"].value","value":"new@home"}`, map[string]string{"emails.value": `["bjensen@example.com","new@home"]`}},
		"a new sub of the selected":      {`{"op":"add","path":"addresses[type eq \"other\"].street","value":"Piotrkowska"}`, map[string]string{"addresses.street": `["Piotrkowska"]`}},
		"the selected as a whole":        {`{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"n@h"}}`, map[string]string{`emails`: `[{"primary":true,"type":"work","value":"bjensen@example.com"},{"value":"n@h"}]`}},
		"merge into the selected":        {`{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"Home"}}`, map[string]string{`emails[type eq "home"]`: `[{"display":"Home","type":"home","value":"babs@home.example"}]`}},
		"remove the selected":            {`{"op":"remove","path":"emails[type eq \"work\"]"}`, map[string]string{"emails.type": `["home"]`}},
		"remove all by selection":        {`{"op":"remove","path":"emails[value pr]"}`, map[string]string{"emails": ""}},
		"remove a sub of the selected":   {`{"op":"remove","path":"emails[primary eq true].primary"}`, map[string]string{"emails.primary": "", "emails.type": `["work","home"]`}},
		"select simple values":           {`{"op":"remove","path":"nicknames[value eq \"babs\"]"}`, map[string]string{"nicknames": `["Bee"]`}},
		"replace a simple value":         {`{"op":"replace","path":"nicknames[value eq \"babs\"]","value":"Bo"}`, map[string]string{"nicknames": `["Bo","Bee"]`}},
		"another primary":                {`{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`, map[string]string{"emails.primary": "[false,true]"}},
		"select within a single one":     {`{"op":"replace","path":"name[givenName eq \"Barbara\"].familyName","value":"X"}`, map[string]string{"name.familyName": `"X"`}},
		"remove a single one by filter":  {`{"op":"remove","path":"name[givenName eq \"Barbara\"]"}`, map[string]string{"name": ""}},
		"a filter in the extension":      {`{"op":"replace","path":"` + scim.EnterpriseUserURN + `:manager[value pr].value","value":"8"}`, map[string]string{scim.EnterpriseUserURN + ":manager": `{"value":"8"}`}},
		"an attribute of an extension":   {`{"op":"replace","path":"` + department + `","value":"IT"}`, map[string]string{department: `"IT"`, scim.EnterpriseUserURN + ":employeeNumber": `"701984"`}},
		"an extension in another case":   {`{"op":"replace","path":"urn:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department","value":"IT"}`, map[string]string{department: `"IT"`}},
		"a sub in an extension":          {`{"op":"replace","path":"` + userState + `:locked.on","value":true}`, map[string]string{userState + ":locked": `{"on":true}`}},
		"a new extension":                {`{"op":"add","path":"` + userExtension + `:isFederatedUser","value":true}`, map[string]string{userExtension: `{"isFederatedUser":true}`}},
		"an extension as a whole":        {`{"op":"add","path":"` + scim.EnterpriseUserURN + `","value":{"department":"IT","division":"D"}}`, map[string]string{department: `"IT"`, scim.EnterpriseUserURN + ":division": `"D"`, scim.EnterpriseUserURN + ":employeeNumber": `"701984"`}},
		"the last of an extension":       {`{"op":"remove","path":"` + passwordState + `:mustChange"}`, map[string]string{passwordState: ""}},
		"remove an extension":            {`{"op":"remove","path":"` + scim.EnterpriseUserURN + `"}`, map[string]string{scim.EnterpriseUserURN: ""}},
		"remove an extension not there":  {`{"op":"remove","path":"` + ociTags + `"}`, map[string]string{ociTags: ""}},
		"null in an extension":           {`{"op":"replace","path":"` + department + `","value":null}`, map[string]string{department: ""}},
		"without path":                   {`{"op":"replace","value":{"displayName":"B","name":{"familyName":"X"}}}`, map[string]string{"displayName": `"B"`, "name": `{"familyName":"X","givenName":"Barbara"}`}},
		"without path, names with dots":  {`{"op":"add","value":{"name.middleName":"M","DisplayName":"B"}}`, map[string]string{"name.middleName": `"M"`, "displayName": `"B"`}},
		"without path, names with URNs":  {`{"op":"add","value":{"` + department + `":"IT","` + userExtension + `:isFederatedUser":true}}`, map[string]string{department: `"IT"`, userExtension: `{"isFederatedUser":true}`}},
		"without path, an extension":     {`{"op":"replace","value":{"` + scim.EnterpriseUserURN + `":{"department":"IT"}}}`, map[string]string{department: `"IT"`, scim.EnterpriseUserURN + ":employeeNumber": `"701984"`}},
		"without path, a list is added":  {`{"op":"add","value":{"emails":[{"value":"c@x"}]}}`, map[string]string{"emails.value": `["bjensen@example.com","babs@home.example","c@x"]`}},
		"without path, a path of null":   {`{"op":"replace","path":null,"value":{"title":"T"}}`, map[string]string{"title": `"T"`}},
		"the own schema as a whole":      {`{"op":"replace","path":"` + scim.UserURN + `","value":{"title":"T"}}`, map[string]string{"title": `"T"`}},
		"id as it is":                    {`{"op":"replace","value":{"id":"2819c223","title":"T"}}`, map[string]string{"title": `"T"`, "id": `"2819c223"`}},
		"one builds on the other":        {`{"op":"remove","path":"emails"},{"op":"add","path":"emails","value":{"value":"c@x"}},{"op":"replace","path":"emails[value eq \"c@x\"].type","value":"work"}`, map[string]string{"emails": `[{"type":"work","value":"c@x"}]`}},
		"names of members in other case": {`{"OP":"replace","Path":"title","VALUE":"T"}`, map[string]string{"title": `"T"`}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := scim.DecodePatch(patch(c.operations))
			require.NoError(t, err)
			message, before := asJSON(t, p), barbara(t)
			after, err := p.Apply(before)
			require.NoError(t, err)
			for path, want := range c.want {
				assert.Equal(t, want, at(t, after, path), path)
			}
			assert.Equal(t, barbara(t), before, "the given resource stays as it is")
			assert.Equal(t, message, asJSON(t, p), "so does the message")
			again, err := p.Apply(before)
			require.NoError(t, err)
			assert.Equal(t, after, again, "the same again")
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		operations string
		operation  int
		reason     string
		message    string
	}{
		"unknown op":                 {`{"op":"change","path":"title","value":"T"}`, 0, scim.InvalidSyntax, `op must be add, remove or replace, not "change"`},
		"no op":                      {`{"path":"title","value":"T"}`, 0, scim.InvalidSyntax, "op must be add, remove or replace"},
		"op is no string":            {`{"op":1}`, 0, scim.InvalidSyntax, "op must be add, remove or replace"},
		"no object":                  {`"remove"`, 0, scim.InvalidSyntax, "an operation must be an object"},
		"misspelt path":              {`{"op":"replace","paht":"title","value":{"active":false}}`, 0, scim.InvalidSyntax, `an operation has one op, path and value, and no "paht"`},
		"two paths":                  {`{"op":"replace","path":"title","PATH":"active","value":"T"}`, 0, scim.InvalidSyntax, `an operation has one op, path and value, and no "PATH"`},
		"empty path":                 {`{"op":"replace","path":"","value":{}}`, 0, scim.InvalidPath, "path must be a string that is not empty"},
		"path is no string":          {`{"op":"replace","path":["title"],"value":"T"}`, 0, scim.InvalidPath, "path must be a string that is not empty"},
		"replace without value":      {`{"op":"replace","path":"title"}`, 0, scim.InvalidValue, "replace needs a value"},
		"add without value":          {`{"op":"add","path":"title"}`, 0, scim.InvalidValue, "add needs a value"},
		"remove without path":        {`{"op":"remove"}`, 0, scim.NoTarget, "remove needs a path"},
		"remove with value":          {`{"op":"remove","path":"emails","value":[{"value":"x"}]}`, 0, scim.InvalidValue, "remove takes no value"},
		"an index":                   {`{"op":"remove","path":"emails[0]"}`, 0, scim.InvalidPath, "SCIM has no array indexes"},
		"a broken path":              {`{"op":"remove","path":"title"},{"op":"replace","path":"name..x","value":1}`, 1, scim.InvalidPath, "at offset 5"},
		"no target to replace":       {`{"op":"replace","path":"emails[type eq \"fax\"].value","value":"x"}`, 0, scim.NoTarget, `emails[type eq "fax"].value: no value is selected`},
		"no target to remove":        {`{"op":"remove","path":"emails[type eq \"fax\"]"}`, 0, scim.NoTarget, "no value is selected"},
		"no target at all":           {`{"op":"add","path":"ims[type eq \"fax\"].value","value":"x"}`, 0, scim.NoTarget, "no value is selected"},
		"a sub of no value":          {`{"op":"replace","path":"phoneNumbers.type","value":"x"}`, 0, scim.NoTarget, "no value is selected"},
		"a sub of a simple one":      {`{"op":"replace","path":"userName.value","value":"x"}`, 0, scim.InvalidPath, "userName.value: the attribute has no sub-attributes"},
		"a sub of simple values":     {`{"op":"replace","path":"nicknames.value","value":"x"}`, 0, scim.InvalidPath, "the values have no sub-attributes"},
		"simple for complex":         {`{"op":"replace","path":"name","value":"Barbara"}`, 0, scim.InvalidValue, "name: the attribute is complex"},
		"complex for simple":         {`{"op":"replace","path":"userName","value":{"value":"x"}}`, 0, scim.InvalidValue, "userName: the attribute has one simple value"},
		"a list for simple":          {`{"op":"replace","path":"userName","value":["x"]}`, 0, scim.InvalidValue, "userName: the attribute has one simple value"},
		"a list for a sub":           {`{"op":"replace","path":"name.familyName","value":["x"]}`, 0, scim.InvalidValue, "name.familyName: the value must have the form"},
		"simple for the selected":    {`{"op":"replace","path":"emails[type eq \"home\"]","value":"x"}`, 0, scim.InvalidValue, "the value must have the form of the values"},
		"two primaries":              {`{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 0, scim.InvalidValue, "only one value can be primary"},
		"all primary":                {`{"op":"replace","path":"emails.primary","value":true}`, 0, scim.InvalidValue, "only one value can be primary"},
		"no path, no object":         {`{"op":"add","value":"x"}`, 0, scim.InvalidValue, "the value must be an object that names the attributes"},
		"an extension, no object":    {`{"op":"replace","path":"` + passwordState + `","value":true}`, 0, scim.InvalidValue, "the value must be an object that names the attributes"},
		"member is no path":          {`{"op":"add","value":{"a b":1}}`, 0, scim.InvalidPath, `member "a b"`},
		"a schema in an extension":   {`{"op":"add","path":"` + passwordState + `","value":{"` + userState + `:x":1}}`, 0, scim.InvalidPath, "an extension has no other schema inside"},
		"id":                         {`{"op":"replace","path":"id","value":"x"}`, 0, scim.Mutability, "id: the attribute is read-only"},
		"id, with its URN":           {`{"op":"replace","path":"` + scim.UserURN + `:ID","value":"x"}`, 0, scim.Mutability, "the attribute is read-only"},
		"id in a value":              {`{"op":"replace","value":{"title":"T","id":"x"}}`, 0, scim.Mutability, "id: the attribute is read-only"},
		"meta":                       {`{"op":"remove","path":"meta.created"}`, 0, scim.Mutability, "meta.created: the attribute is read-only"},
		"the own schema":             {`{"op":"remove","path":"` + scim.UserURN + `"}`, 0, scim.InvalidPath, "the resource's own schema cannot be removed"},
		"the last of three fails":    {`{"op":"replace","path":"title","value":"T"},{"op":"remove","path":"emails"},{"op":"remove","path":"emails[value pr]"}`, 2, scim.NoTarget, "no value is selected"},
		"a value that is a password": {`{"op":"replace","path":"name","value":"S3cret"}`, 0, scim.InvalidValue, "name: the attribute is complex"},
	} {
		t.Run(name, func(t *testing.T) {
			before := barbara(t)
			p, err := scim.DecodePatch(patch(c.operations))
			if err == nil {
				var after map[string]any
				after, err = p.Apply(before)
				assert.Nil(t, after)
			}
			var refused *scim.PatchError
			require.True(t, errors.As(err, &refused), "got %v", err)
			assert.Equal(t, c.operation, refused.Operation)
			assert.Equal(t, c.reason, refused.Reason)
			assert.Contains(t, refused.Message, c.message)
			assert.Contains(t, err.Error(), fmt.Sprintf("Operations[%d]: %s: ", c.operation, c.reason))
			assert.NotContains(t, err.Error(), "S3cret")
			assert.Equal(t, barbara(t), before, "none of the operations is carried out")
		})
	}
}

func TestDecodePatchRefusesTheMessage(t *testing.T) {
	for name, c := range map[string]struct{ body, message string }{
		"nothing":              {``, "the body is not JSON, at offset 0"},
		"not JSON":             {`{"schemas": S3cret}`, "the body is not JSON, at offset 13"},
		"a list":               {`[]`, "the body is a JSON array, not an object"},
		"garbage behind":       {string(patch(`{"op":"remove","path":"x"}`)) + "x", "the body is not JSON"},
		"no schemas":           {`{"Operations": [{"op":"remove","path":"x"}]}`, "schemas: must be a list of strings"},
		"schemas of numbers":   {`{"schemas": [1], "Operations": []}`, "schemas: must be a list of strings"},
		"another schema":       {`{"schemas": ["` + scim.UserURN + `"], "Operations": []}`, "schemas must contain " + scim.PatchOpURN},
		"no operations":        {`{"schemas": ["` + scim.PatchOpURN + `"]}`, "Operations must be a list of at least one operation"},
		"an empty list":        {string(patch(``)), "Operations must be a list of at least one operation"},
		"operations, no list":  {`{"schemas": ["` + scim.PatchOpURN + `"], "Operations": {"op":"remove"}}`, "Operations must be a list"},
		"null, not a message":  {`null`, "schemas: must be a list of strings"},
		"a string with a cut":  {`{"schemas`, "the body is not JSON"},
		"a bad string in UTF8": {"{\"schemas\": \"\x01\"}", "the body is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scim.DecodePatch([]byte(c.body))
			var refused *scim.PatchError
			require.True(t, errors.As(err, &refused), "got %v", err)
			assert.Equal(t, -1, refused.Operation)
			assert.Equal(t, scim.InvalidSyntax, refused.Reason)
			assert.Contains(t, refused.Message, c.message)
			assert.Contains(t, err.Error(), "invalidSyntax: ")
			assert.NotContains(t, err.Error(), "S3cret")
		})
	}
}

func TestDecodePatch(t *testing.T) {
	p, err := scim.DecodePatch([]byte(`{"SCHEMAS":["` + scim.PatchOpURN + `"],"operations":[{"op":"ADD","path":"a","value":[1,{"b":null}]},{"op":"remove","path":"c"}]}`))
	require.NoError(t, err)
	assert.Equal(t, scim.PatchOp{
		Schemas:    []string{scim.PatchOpURN},
		Operations: []scim.Operation{{Op: "ADD", Path: "a", Value: []any{1.0, map[string]any{"b": nil}}}, {Op: "remove", Path: "c"}},
	}, p)
}

func TestApplyToNothing(t *testing.T) {
	p := scim.PatchOp{Operations: []scim.Operation{{Op: "add", Path: "userName", Value: "x"}}}
	after, err := p.Apply(nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"userName": "x"}, after)
	_, err = scim.PatchOp{Operations: []scim.Operation{{Op: ""}}}.Apply(nil)
	assert.ErrorContains(t, err, "op must be add, remove or replace")
}

func TestApplyLeavesGoCodesListsAlone(t *testing.T) {
	before := map[string]any{"schemas": []string{"a"}, "emails": []map[string]any{{"value": "x", "primary": true}}}
	p := scim.PatchOp{Operations: []scim.Operation{
		{Op: "add", Path: "emails", Value: map[string]any{"value": "y", "primary": true}}, {Op: "add", Path: "schemas", Value: "b"},
	}}
	after, err := p.Apply(before)
	require.NoError(t, err)
	assert.JSONEq(t, `{"schemas":["a","b"],"emails":[{"value":"x","primary":false},{"value":"y","primary":true}]}`, asJSON(t, after))
	assert.Equal(t, map[string]any{"schemas": []string{"a"}, "emails": []map[string]any{{"value": "x", "primary": true}}}, before)
}

// A list with room to grow must not grow, or change, under its owner's eyes.
func TestApplyCopiesAListWithRoom(t *testing.T) {
	emails := append(make([]any, 0, 8), map[string]any{"value": "x", "primary": true})
	p := scim.PatchOp{Operations: []scim.Operation{{Op: "add", Path: "emails", Value: map[string]any{"value": "y", "primary": true}}}}
	after, err := p.Apply(map[string]any{"emails": emails})
	require.NoError(t, err)
	assert.Equal(t, "[false,true]", at(t, after, "emails.primary"))
	assert.Equal(t, []any{map[string]any{"value": "x", "primary": true}, nil}, emails[:2])
}

func TestApplyToTwoPrimariesFromElsewhere(t *testing.T) {
	before := map[string]any{"emails": []any{
		map[string]any{"value": "x", "primary": true}, map[string]any{"value": "y", "primary": true}, map[string]any{"value": "z"},
	}}
	for _, o := range []scim.Operation{
		{Op: "remove", Path: `emails[value eq "z"]`},
		{Op: "add", Path: "emails", Value: map[string]any{"value": "z"}},
	} {
		after, err := scim.PatchOp{Operations: []scim.Operation{o}}.Apply(before)
		require.NoError(t, err, "what the operation does not touch is not its fault")
		assert.Equal(t, "[true,true]", at(t, after, "emails.primary"))
	}
}

func TestTargets(t *testing.T) {
	p, err := scim.DecodePatch(patch(`{"op":"REPLACE","path":"password","value":"x"},
		{"op":"add","value":{"title":"T","` + passwordState + `:mustChange":false,"` + userExtension + `":{"isFederatedUser":true,"status":"verified"}}},
		{"op":"Remove","path":"` + scim.EnterpriseUserURN + `"}`))
	require.NoError(t, err)
	targets, err := p.Targets()
	require.NoError(t, err)
	var seen []string
	for _, target := range targets {
		seen = append(seen, fmt.Sprintf("%d %s %s %v", target.Operation, target.Op, target.Path, target.Value))
	}
	assert.Equal(t, []string{
		"0 replace password x",
		"1 add title T",
		"1 add " + passwordState + ":mustChange false",
		"1 add " + userExtension + ":isFederatedUser true",
		"1 add " + userExtension + ":status verified",
		"2 remove " + scim.EnterpriseUserURN + " <nil>",
	}, seen)
	assert.True(t, targets[0].Path.Is("password"))
}

func FuzzDecodePatch(f *testing.F) {
	for _, operations := range []string{
		`{"op":"replace","path":"password","value":"x"}`, `{"op":"add","value":{"name.familyName":"x","` + userState + `":{"locked":{"on":true}}}}`,
		`{"op":"remove","path":"emails[type eq \"work\"]"},{"op":"add","path":"emails","value":[{"primary":true}]}`, `{"op":"replace","path":"emails.primary","value":null}`,
	} {
		f.Add(patch(operations))
	}
	before := barbara(f)
	want := barbara(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := scim.DecodePatch(body)
		var refused *scim.PatchError
		if err != nil {
			require.True(t, errors.As(err, &refused))
			return
		}
		after, err := p.Apply(before)
		require.Equal(t, want, before, "the given resource stays as it is")
		if err != nil {
			require.True(t, errors.As(err, &refused))
			require.Nil(t, after)
			return
		}
		require.Equal(t, want["id"], after["id"])
		again, err := p.Apply(before)
		require.NoError(t, err)
		require.Equal(t, after, again)
	})
}

func BenchmarkPatch(b *testing.B) {
	body := patch(`{"op":"replace","path":"password","value":"Correct-Horse-7"}`)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := scim.DecodePatch(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	p, err := scim.DecodePatch(body)
	require.NoError(b, err)
	resource := barbara(b)
	b.Run("apply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Apply(resource); err != nil {
				b.Fatal(err)
			}
		}
	})
}
