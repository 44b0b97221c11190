package idcs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

func names(t *testing.T, a answer) []string {
	t.Helper()
	require.Equal(t, 200, a.status, "%s", a.body)
	list := []string{}
	resources, ok := a.json(t)["Resources"].([]any)
	require.True(t, ok, "Resources is a list, also when empty")
	for _, r := range resources {
		m, _ := r.(map[string]any)
		name, _ := m["userName"].(string)
		list = append(list, name)
	}
	return list
}

func crew(t *testing.T) *domain {
	t.Helper()
	d := newDomain(t)
	for i, name := range []string{"Adam", "çelik", "dora", "eve"} {
		p := d.add(t, name)
		_, err := d.People().Update(p.ID, func(p *people.Person) error {
			p.Active = i%2 == 0
			p.Attributes = map[string]any{"title": fmt.Sprintf("T%d", 9-i)}
			return nil
		})
		require.NoError(t, err)
	}
	return d
}

func TestSearch(t *testing.T) {
	for _, tc := range []struct {
		name  string
		query url.Values
		want  []string
		total int
	}{
		{"by user name", url.Values{"filter": {`userName eq "bjensen"`}}, []string{"bjensen"}, 1},
		{"in another case", url.Values{"filter": {`USERNAME EQ "BJensen"`}}, []string{"bjensen"}, 1},
		{"by qualified name", url.Values{"filter": {`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ÇELIK"`}}, []string{"çelik"}, 1},
		{"nobody", url.Values{"filter": {`userName eq "nobody"`}}, []string{}, 0},
		{"by user name, only the total", url.Values{"filter": {`userName eq "bjensen"`}, "count": {"0"}}, []string{}, 1},
		{"by user name, beyond", url.Values{"filter": {`userName eq "bjensen"`}, "startIndex": {"2"}}, []string{}, 1},
		{"all", nil, []string{"bjensen", "Adam", "çelik", "dora", "eve"}, 5},
		{"starts with", url.Values{"filter": {`userName sw "A"`}}, []string{"Adam"}, 1},
		{"active", url.Values{"filter": {`active eq false`}}, []string{"çelik", "eve"}, 2},
		{"joined", url.Values{"filter": {`active eq true and (title pr)`}}, []string{"Adam", "dora"}, 2},
		{"value path", url.Values{"filter": {`emails[primary eq true and value co "eve"]`}}, []string{"eve"}, 1},
		{"password state", url.Values{"filter": {passwordState + `:mustChange eq false`}, "count": {"1"}}, []string{"bjensen"}, 5},
		{"federated", url.Values{"filter": {extUser + `:isFederatedUser eq true`}}, []string{}, 0},
		{"first page", url.Values{"count": {"2"}}, []string{"bjensen", "Adam"}, 5},
		{"second page", url.Values{"count": {"2"}, "startIndex": {"3"}}, []string{"çelik", "dora"}, 5},
		{"beyond", url.Values{"startIndex": {"100"}}, []string{}, 5},
		{"below the first", url.Values{"startIndex": {"-3"}, "count": {"1"}}, []string{"bjensen"}, 5},
		{"only the total", url.Values{"count": {"0"}}, []string{}, 5},
		{"negative count", url.Values{"count": {"-1"}}, []string{"bjensen", "Adam", "çelik", "dora", "eve"}, 5},
		{"sorted", url.Values{"sortBy": {"userName"}, "sortOrder": {"DESCENDING"}, "count": {"2"}}, []string{"çelik", "eve"}, 5},
		{"sorted, absent last", url.Values{"sortBy": {"title"}}, []string{"eve", "dora", "çelik", "Adam", "bjensen"}, 5},
		{"sorted by sub-attribute, second page", url.Values{"sortBy": {"emails.value"}, "startIndex": {"2"}, "count": {"1"}}, []string{"bjensen"}, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := crew(t)
			a := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?"+tc.query.Encode(), "")
			assert.Equal(t, tc.want, names(t, a))
			assert.EqualValues(t, tc.total, a.json(t)["totalResults"])

			body := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
			for key, values := range tc.query {
				body[key] = values[0]
				if key == "count" || key == "startIndex" {
					body[key] = json.Number(values[0])
				}
			}
			encoded, err := json.Marshal(body)
			require.NoError(t, err)
			posted := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users/.search", string(encoded))
			assert.JSONEq(t, string(a.body), string(posted.body), "the two ways of searching agree")
		})
	}
}

func TestSearchEnvelope(t *testing.T) {
	d := crew(t)
	m := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?filter=userName+eq+%22bjensen%22&attributes="+setDate, "").json(t)
	assert.EqualValues(t, 50, m["itemsPerPage"], "the page size asked for, not the number that came")
	assert.EqualValues(t, 1, m["startIndex"])
	resources, _ := m["Resources"].([]any)
	require.Len(t, resources, 1)
	user, _ := resources[0].(map[string]any)
	state, _ := user[passwordState].(map[string]any)
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, state["lastSuccessfulSetDate"])
	assert.Len(t, user, 3, "id, userName and what was asked for")
	entry := d.last(t)
	assert.Equal(t, "find", entry.Operation)
	assert.Equal(t, "bjensen", entry.User)

	many := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?count=5000", "").json(t)
	assert.EqualValues(t, 1000, many["itemsPerPage"])
	d.set(t, "countOverMaximum", "refuse")
	assert.Equal(t, 400, d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?count=5000", "").status)
}

func TestSearchRefused(t *testing.T) {
	for _, tc := range []struct {
		name, query, messageID string
		surprise               bool
	}{
		{"syntax", `filter=` + url.QueryEscape(`userName eq`), "error.seatrial.invalidFilter", false},
		{"unknown attribute", `filter=` + url.QueryEscape(`login eq "x"`), "error.seatrial.unknownAttribute", true},
		{"unknown attribute among others", `filter=` + url.QueryEscape(`userName sw "a (b eq " and not (emails[kind eq "x"])`), "error.seatrial.unknownAttribute", true},
		{"password", `filter=` + url.QueryEscape(`password eq "`+firstPassword+`"`), "error.seatrial.invalidFilter", false},
		{"password among others", `filter=` + url.QueryEscape(`userName eq "x" or password eq "`+firstPassword+`"`), "error.seatrial.invalidFilter", false},
		{"password, broken", `filter=` + url.QueryEscape(`password eqq "`+firstPassword+`"`), "error.seatrial.invalidFilter", false},
		{"count", "count=many", "error.seatrial.invalidPaging", false},
		{"start", "startIndex=one", "error.seatrial.invalidPaging", false},
		{"sort order", "sortBy=userName&sortOrder=up", "error.seatrial.invalidPaging", false},
		{"sort by the password", "sortBy=password", "error.seatrial.invalidPaging", false},
		{"sort by nothing known", "sortBy=login", "error.seatrial.unknownAttribute", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			a := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?"+tc.query, "")
			assert.Equal(t, 400, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			assert.Equal(t, tc.surprise, d.last(t).Surprise != "")
			d.leaks(t, firstPassword)
		})
	}
}

func TestValueWithTheWordPassword(t *testing.T) {
	d := newDomain(t)
	d.add(t, "password")
	a := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?filter="+url.QueryEscape(`userName eq "password" or userName eq "token eq"`), "")
	assert.Equal(t, []string{"password"}, names(t, a))
}
