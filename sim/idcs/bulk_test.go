package idcs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
)

const (
	bulkPath = "/admin/v1/Bulk"
	bulkURN  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
)

func bulk(operations ...string) string {
	return `{"schemas":["` + bulkURN + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func operation(method, path, data string, more ...string) string {
	text := `{"method":"` + method + `","path":"` + path + `"`
	if data != "" {
		text += `,"data":` + data
	}
	for _, m := range more {
		text += "," + m
	}
	return text + "}"
}

func userBody(userName string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + userName +
		`","name":{"familyName":"Carter"},"emails":[{"value":"` + userName + `@example.com","primary":true}]}`
}

// results are the operations of an answer.
func results(tb testing.TB, a answer) []map[string]any {
	tb.Helper()
	require.Equal(tb, http.StatusCreated, a.status, "%s", a.body)
	var body struct {
		Schemas    []string
		Operations []map[string]any
	}
	require.NoError(tb, json.Unmarshal(a.body, &body))
	assert.Equal(tb, []string{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}, body.Schemas)
	return body.Operations
}

func statuses(operations []map[string]any) []any {
	list := make([]any, 0, len(operations))
	for _, o := range operations {
		list = append(list, o["status"])
	}
	return list
}

func TestBulkSetsPasswords(t *testing.T) {
	d := newDomain(t)
	other := d.add(t, "other")
	a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
		operation("PATCH", "/Users/"+d.user.ID, patchPassword(newPassword)),
		operation("PUT", "/UserPasswordChanger/"+other.ID, changePassword(newPassword), `"bulkId":"second"`),
		operation("patch", "/Users/"+other.ID, patchPassword("short")),
	))
	got := results(t, a)
	assert.Equal(t, []any{"200", "200", "400"}, statuses(got), "the inner statuses are strings")
	assert.Equal(t, "https://"+d.Host()+"/admin/v1/Users/"+d.user.ID, got[0]["location"])
	assert.NotContains(t, got[0], "response")
	assert.Equal(t, "second", got[1]["bulkId"])
	refused, _ := got[2]["response"].(map[string]any)
	extension, _ := refused[errorURN].(map[string]any)
	assert.Equal(t, "error.identity.passwordmgmt.pwdpolicyViolation", extension["messageId"])
	assert.True(t, d.logsIn(t, newPassword).MustChange)

	page := d.Journal().Search(journal.Query{Operation: "write_password"})
	require.Len(t, page.Entries, 3, "each is an entry of its own")
	for i, want := range []struct{ user, route, outcome, reason string }{
		{"bjensen", "PATCH /admin/v1/Users/{id}", "accepted", ""},
		{"other", "PUT /admin/v1/UserPasswordChanger/{id}", "accepted", ""},
		{"other", "PATCH /admin/v1/Users/{id}", "refused", "policy"},
	} {
		e := page.Entries[i]
		assert.Equal(t, want.user, e.User)
		assert.Equal(t, want.route, e.Route)
		assert.Equal(t, want.outcome, e.Outcome)
		assert.Equal(t, want.reason, e.Reason)
		assert.Equal(t, "engine", e.Client)
		assert.Equal(t, "valid", e.Token)
		assert.False(t, e.Password.IsZero())
		assert.False(t, e.Answered.Before(e.Received))
	}
	outer := d.last(t)
	assert.Equal(t, "bulk", outer.Operation)
	inner := answer{header: page.Entries[0].ResponseHeaders.Map()}.raw("X-ORACLE-DMS-ECID")
	assert.NotEmpty(t, inner)
	assert.Equal(t, a.raw("X-ORACLE-DMS-ECID"), inner, "one execution context")
	d.leaks(t, newPassword)
}

func TestBulkReferences(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
		operation("POST", "/Users", userBody("scarter"), `"bulkId":"sam"`),
		operation("POST", "/Groups", `{"schemas":["`+groupURN+`"],"displayName":"Crew","members":[{"value":"bulkId:sam","type":"User"}]}`, `"bulkId":"crew"`),
		operation("PATCH", "/Groups/bulkId:crew", patch(`{"op":"add","path":"members","value":[{"value":"`+d.user.ID+`"}]}`)),
		operation("PATCH", "/Groups/bulkId:nobody", patch(`{"op":"remove","path":"members"}`)),
		operation("POST", "/Users", userBody("BJensen"), `"bulkId":"twice"`),
		operation("DELETE", "/Users/bulkId:twice", ""),
		operation("DELETE", "/Users/bulkId:sam?forceDelete=true", ""),
	))
	got := results(t, a)
	assert.Equal(t, []any{"201", "201", "200", "400", "409", "400", "204"}, statuses(got), "%s", a.body)
	location, _ := got[1]["location"].(string)
	path := strings.TrimPrefix(location, "https://"+d.Host())
	assert.Equal(t, []string{"bjensen"}, d.members(t, path))
	assert.NotContains(t, got[4], "location", "nothing was created")
	assert.Contains(t, string(a.body), "bulkId:nobody refers to no earlier operation")
}

// A value that looks like a reference is a password all the same.
func TestBulkPasswordIsNoReference(t *testing.T) {
	d := newDomain(t)
	const password = "bulkId:Nobody-1"
	a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
		operation("PATCH", "/Users/"+d.user.ID, patchPassword(password)),
	))
	assert.Equal(t, []any{"200"}, statuses(results(t, a)), "%s", a.body)
	assert.True(t, d.logsIn(t, password).OK)
	d.leaks(t, password)
}

func TestBulkStopsAfterErrors(t *testing.T) {
	d := newDomain(t)
	missing := operation("DELETE", "/Users/"+missingID, "")
	create := operation("POST", "/Users", userBody("late"))
	body := strings.Replace(bulk(missing, missing, create), `"Operations"`, `"failOnErrors":2,"Operations"`, 1)
	assert.Equal(t, []any{"404", "404"}, statuses(results(t, d.ask(t, "engine", http.MethodPost, bulkPath, body))))
	body = strings.Replace(body, `"failOnErrors":2`, `"failOnErrors":3`, 1)
	assert.Equal(t, []any{"404", "404", "201"}, statuses(results(t, d.ask(t, "engine", http.MethodPost, bulkPath, body))))
}

func TestBulkVersions(t *testing.T) {
	d := newDomain(t)
	tag := strings.Trim(d.ask(t, "engine", http.MethodGet, d.path(), "").header.Get("Etag"), `"`)
	rename := operation("PATCH", "/Users/"+d.user.ID, patch(`{"op":"replace","path":"title","value":"Major"}`), `"version":"`+tag+`"`)
	a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(rename, rename), "If-Match", "of no account")
	assert.Equal(t, []any{"200", "412"}, statuses(results(t, a)))
	unconditional := operation("PATCH", "/Users/"+d.user.ID, patch(`{"op":"replace","path":"title","value":"Colonel"}`))
	a = d.ask(t, "engine", http.MethodPost, bulkPath, bulk(unconditional), "If-Match", "of no account")
	assert.Equal(t, []any{"200"}, statuses(results(t, a)), "the header is the Bulk's, not the operation's")
}

// Roles are those of each operation, not of the Bulk.
func TestBulkRoles(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "helpdesk", http.MethodPost, bulkPath, bulk(
		operation("PUT", "/UserPasswordChanger/"+d.user.ID, changePassword(newPassword)),
		operation("PATCH", "/Users/"+d.user.ID, patchPassword("Another-Tide-2026")),
		operation("POST", "/Groups", groupBody("Crew")),
	))
	assert.Equal(t, []any{"200", "403", "403"}, statuses(results(t, a)))
	assert.True(t, d.logsIn(t, newPassword).OK)
	assert.Equal(t, http.StatusUnauthorized, d.ask(t, "", http.MethodPost, bulkPath, bulk(operation("DELETE", "/Users/x", ""))).status)
}

func TestBulkIsRefused(t *testing.T) {
	d := newDomain(t)
	one := operation("DELETE", "/Users/"+d.user.ID, "")
	many := make([]string, 51)
	for i := range many {
		many[i] = one
	}
	for _, tc := range []struct {
		name, body string
		status     int
		messageID  string
	}{
		{"no JSON", `[`, 400, "error.seatrial.malformedJSON"},
		{"no schema", `{"Operations":[` + one + `]}`, 400, "error.common.validation.missingReqAttributes"},
		{"another schema", `{"schemas":["x"],"Operations":[` + one + `]}`, 400, "error.seatrial.wrongSchema"},
		{"no operations", bulk(), 400, "error.common.validation.missingReqAttributes"},
		{"an operation that is none", bulk(`"x"`), 400, "error.seatrial.wrongType"},
		{"no method", bulk(one, `{"path":"/Users"}`), 400, "error.common.validation.missingReqAttributes"},
		{"a read", bulk(one, operation("GET", "/Users", "{}")), 400, "error.seatrial.invalidValue"},
		{"no data", bulk(one, operation("POST", "/Users", "")), 400, "error.common.validation.missingReqAttributes"},
		{"an address", bulk(one, operation("DELETE", "https://example.com/Users/1", "")), 400, "error.seatrial.invalidValue"},
		{"another host", bulk(one, operation("DELETE", "//example.com/Users/1", "")), 400, "error.seatrial.invalidValue"},
		{"a whole path", bulk(one, operation("DELETE", "/admin/v1/Users/1", "")), 400, "error.seatrial.invalidValue"},
		{"a bulk in a bulk", bulk(one, operation("POST", "/Bulk", bulk(one))), 400, "error.seatrial.invalidValue"},
		{"an id twice", bulk(one, operation("DELETE", "/Users/1", "", `"bulkId":"a"`), operation("DELETE", "/Users/2", "", `"bulkId":"a"`)), 400, "error.seatrial.invalidValue"},
		{"a member that it has not", bulk(`{"verb":"DELETE","path":"/Users/1"}`), 400, "error.seatrial.unknownAttribute"},
		{"no number of errors", strings.Replace(bulk(one), `"Operations"`, `"failOnErrors":0,"Operations"`, 1), 400, "error.seatrial.invalidValue"},
		{"half an error", strings.Replace(bulk(one), `"Operations"`, `"failOnErrors":1.5,"Operations"`, 1), 400, "error.seatrial.invalidValue"},
		{"too many", bulk(many...), 413, "error.seatrial.tooManyOperations"},
		{"too large", bulk(operation("POST", "/Users", quoted(strings.Repeat("x", 1<<20)))), 413, "error.seatrial.payloadTooLarge"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := d.ask(t, "engine", http.MethodPost, bulkPath, tc.body)
			require.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			_, there := d.People().ByID(d.user.ID)
			assert.True(t, there, "nothing of it is carried out")
		})
	}
	d.set(t, "bulkLimit", "1000")
	assert.Len(t, results(t, d.ask(t, "engine", http.MethodPost, bulkPath, bulk(many...))), 51)
}

// What goes elsewhere than to the admin API goes nowhere.
func TestBulkStaysInside(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
		operation("POST", "/../../oauth2/v1/token", `{}`), operation("DELETE", "/Nothing/1", ""),
		operation("POST", "/%2e%2e/Bulk", `{}`),
	))
	assert.Equal(t, []any{"404", "404", "404"}, statuses(results(t, a)), "%s", a.body)
}

// A Bulk whose answer is lost was carried out, and nobody has heard of any of it.
func TestBulkAndFaults(t *testing.T) {
	write := func(d *domain) string {
		return bulk(operation("PATCH", "/Users/"+d.user.ID, patchPassword(newPassword)), operation("DELETE", "/Users/"+missingID, ""))
	}
	lost := func(t *testing.T, d *domain, operations int) []journal.Entry {
		t.Helper()
		server := httptest.NewTLSServer(d.Handler())
		defer server.Close()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+bulkPath, strings.NewReader(write(d)))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+d.token(t, "engine"))
		r.Header.Set("Content-Type", "application/json")
		response, err := server.Client().Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		require.Error(t, err)
		page := d.Journal().Search(journal.Query{User: "bjensen"})
		require.Len(t, page.Entries, operations)
		return page.Entries
	}
	t.Run("the answer is lost", func(t *testing.T) {
		d := newDomain(t)
		_, err := d.Faults().Add(faults.Rule{Kind: faults.KindLoseAnswer, Scope: faults.Scope{Route: "POST /admin/v1/Bulk"}})
		require.NoError(t, err)
		e := lost(t, d, 1)[0]
		assert.True(t, e.Lost)
		assert.Zero(t, e.Status)
		assert.Equal(t, "accepted", e.Outcome)
		assert.True(t, d.logsIn(t, newPassword).OK)
	})
	t.Run("an operation is cut", func(t *testing.T) {
		d := newDomain(t)
		_, err := d.Faults().Add(faults.Rule{Kind: faults.KindReset, Scope: faults.Scope{Route: "DELETE /admin/v1/Users/*"}})
		require.NoError(t, err)
		e := lost(t, d, 1)[0]
		assert.True(t, e.Lost, "the operation before it was carried out")
		cut := d.Journal().Search(journal.Query{Method: http.MethodDelete}).Entries
		require.Len(t, cut, 1)
		assert.False(t, cut[0].Lost, "the one that was cut was not")
	})
	t.Run("an operation fails", func(t *testing.T) {
		d := newDomain(t)
		_, err := d.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 503, Scope: faults.Scope{Route: "PATCH /admin/v1/Users/*"}})
		require.NoError(t, err)
		got := results(t, d.ask(t, "engine", http.MethodPost, bulkPath, write(d)))
		assert.Equal(t, []any{"503", "404"}, statuses(got))
		assert.False(t, d.logsIn(t, newPassword).OK)
	})
	t.Run("a gateway answers", func(t *testing.T) {
		d := newDomain(t)
		_, err := d.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 502, Body: "gateway", Scope: faults.Scope{Route: "PATCH /admin/v1/Users/*"}})
		require.NoError(t, err)
		got := results(t, d.ask(t, "engine", http.MethodPost, bulkPath, write(d)))
		assert.Contains(t, got[0]["response"], "502 Bad Gateway")
	})
}

func TestOneBulkAtATime(t *testing.T) {
	for _, tc := range []struct {
		value string
		want  int
	}{{"one", http.StatusTooManyRequests}, {"many", http.StatusCreated}} {
		t.Run(tc.value, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDomain(t)
				d.set(t, "bulkAtOnce", tc.value)
				_, err := d.Faults().Add(faults.Rule{
					Kind: faults.KindLatency, Latency: faults.Latency{Value: time.Second}, Scope: faults.Scope{Route: "PATCH /admin/v1/Users/*"},
				})
				require.NoError(t, err)
				d.token(t, "engine")
				slow := bulk(operation("PATCH", "/Users/"+d.user.ID, patchPassword(newPassword)))
				var first answer
				var wg sync.WaitGroup
				wg.Go(func() { first = d.ask(t, "engine", http.MethodPost, bulkPath, slow) })
				synctest.Wait()
				second := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(operation("DELETE", "/Users/"+missingID, "")))
				assert.Equal(t, tc.want, second.status, "%s", second.body)
				wg.Wait()
				assert.Equal(t, http.StatusCreated, first.status)
				third := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(operation("DELETE", "/Users/"+missingID, "")))
				assert.Equal(t, http.StatusCreated, third.status, "the first is over")
			})
		})
	}
}

func TestBulkOfManyAtOnce(t *testing.T) {
	d := newDomain(t)
	d.set(t, "bulkAtOnce", "many")
	d.token(t, "engine")
	path := d.makeGroup(t, "Crew")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			user := fmt.Sprintf("sailor%d", n)
			a := d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
				operation("POST", "/Users", userBody(user), `"bulkId":"new"`),
				operation("PATCH", strings.TrimPrefix(path, "/admin/v1"), patch(`{"op":"add","path":"members","value":[{"value":"bulkId:new"}]}`)),
				operation("DELETE", "/Users/bulkId:new?forceDelete=true", ""),
			))
			assert.Equal(t, http.StatusCreated, a.status)
		})
	}
	wg.Wait()
	assert.Empty(t, d.members(t, path))
}

// Whatever a stranger sends: no panic, and as many entries as operations. A password that comes in as one does not come out.
func FuzzBulk(f *testing.F) {
	const password = "Canary-Yellow-1"
	f.Add(bulk(operation("PATCH", "/Users/1", patchPassword("x"))), password)
	f.Add(bulk(operation("POST", "/Users", userBody("scarter"), `"bulkId":"a"`), operation("DELETE", "/Users/bulkId:a", "")), password)
	f.Add(strings.Replace(bulk(operation("PUT", "/UserPasswordChanger/1", changePassword("x"))), `"Operations"`, `"failOnErrors":1,"Operations"`, 1), password)
	f.Add(`{"schemas":["`+bulkURN+`"],"Operations":[{"method":"PATCH","path":"/Users/1","data":{"Operations":[{"path":"PASSWORD","value":["x"]}]}}]}`, password)
	f.Add(`{"operations":null}`, "bulkId:Canary-1")
	d := newDomain(f)
	d.token(f, "engine")
	f.Fuzz(func(t *testing.T, body, password string) {
		d.Journal().Forget("idcs")
		a := d.ask(t, "engine", http.MethodPost, bulkPath, body)
		switch a.status {
		case http.StatusCreated:
			entries := d.Journal().Search(journal.Query{}).Total
			unresolved := strings.Count(string(a.body), "refers to no earlier operation")
			assert.Len(t, results(t, a), entries-1+unresolved)
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			assert.Fail(t, "unexpected status", "%d %s", a.status, a.body)
		}
		d.Journal().Forget("idcs")
		encoded, err := json.Marshal(password)
		require.NoError(t, err)
		d.ask(t, "engine", http.MethodPost, bulkPath, bulk(
			operation("PATCH", "/Users/"+missingID, patch(`{"op":"add","path":"password","value":`+string(encoded)+`}`)),
			operation("PATCH", "/Users/"+missingID, patch(`{"op":"add","value":{"password":`+string(encoded)+`}}`)),
			operation("POST", "/Users", `{"password":`+string(encoded)+`}`),
		))
		if strings.HasPrefix(password, "Canary") {
			d.leaks(t, password)
		}
	})
}
