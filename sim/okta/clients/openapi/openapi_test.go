package openapi_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// theJudge reads the document once: it has four megabytes.
var theJudge = sync.OnceValues(func() (*judge, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/okta/okta-sdk-golang/v6").Output()
	if err != nil {
		return nil, err
	}
	return newJudge(filepath.Join(strings.TrimSpace(string(folder)), "okta", "api", "openapi.yaml"))
})

// record runs the tests of sim/okta, which write down all that they are answered.
func record(t *testing.T) []exchange {
	t.Helper()
	folder := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./sim/okta")
	command.Dir = filepath.Join("..", "..", "..", "..")
	command.Env = append(os.Environ(), "SEATRIAL_OKTA_EXCHANGES="+folder)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	file, err := os.Open(filepath.Join(folder, "exchanges.jsonl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var all []exchange
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var e exchange
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		all = append(all, e)
	}
	require.NoError(t, lines.Err())
	return all
}

// Every answer of the tests of sim/okta is of the document's form and has what answers always have; and none of the operations
// that the simulator claims is absent among them. Then each member is dropped in turn: the check must fail, or it is worth nothing.
func TestEveryAnswerIsOfTheDocumentsForm(t *testing.T) {
	j, err := theJudge()
	require.NoError(t, err)
	all := record(t)
	require.NotEmpty(t, all, "nothing was recorded")
	good, seen := map[string]exchange{}, map[exchangeKey]bool{}
	for _, e := range all {
		key := exchangeKey{e.Method, e.URL, e.Status, e.Body}
		if seen[key] {
			continue
		}
		seen[key] = true
		operation, err := j.check(e)
		assert.NoError(t, err, "%s: %s %s: %d %s", e.Test, e.Method, e.URL, e.Status, e.Body)
		if e.Status < 300 && !strings.Contains(e.Type, "okta-response=") && !strings.Contains(e.URL, "tempPassword=") {
			if best, ok := good[operation]; !ok || len(e.Body) > len(best.Body) {
				good[operation] = e
			}
		}
	}
	for _, operation := range operations() {
		_, met := good[operation]
		require.True(t, met, "no test of sim/okta met %s with success", operation)
	}
	for operation, members := range always {
		e := good[operation]
		for _, member := range members {
			t.Run(operation+" without "+member, func(t *testing.T) {
				body, err := without([]byte(e.Body), member)
				require.NoError(t, err)
				broken := e
				broken.Body = string(body)
				_, err = j.check(broken)
				assert.ErrorContains(t, err, "there is no "+member)
			})
		}
	}
}

type exchangeKey struct {
	method, url string
	status      int
	body        string
}

// What the judge must notice, each in an exchange that is right otherwise.
func TestTheJudgeNotices(t *testing.T) {
	j, err := theJudge()
	require.NoError(t, err)
	right := func() exchange {
		return exchange{Method: "GET", URL: "/api/v1/users/00u1", Status: 404, Header: map[string][]string{
			"Content-Type": {"application/json"}, "Date": {"Sat, 01 Jan 2000 00:00:00 GMT"}, "X-Okta-Request-Id": {strings.Repeat("0", 32)},
			"X-Rate-Limit-Limit": {"1"}, "X-Rate-Limit-Remaining": {"1"}, "X-Rate-Limit-Reset": {"1"},
		}, Body: `{"errorCode":"E0000007","errorSummary":"x","errorLink":"E0000007","errorId":"oaeAAAAAAAAAAAAAAAAAAAAAA","errorCauses":[]}`}
	}
	operation, err := j.check(right())
	require.NoError(t, err)
	require.Equal(t, "getUser", operation)
	for name, tc := range map[string]struct {
		change func(*exchange)
		want   string
	}{
		"a wrong type":       {func(e *exchange) { e.Body = strings.Replace(e.Body, `"x"`, `7`, 1) }, "errorSummary"},
		"no cause list":      {func(e *exchange) { e.Body = strings.Replace(e.Body, `,"errorCauses":[]`, "", 1) }, "there is no errorCauses"},
		"null for no causes": {func(e *exchange) { e.Body = strings.Replace(e.Body, `[]`, "null", 1) }, "not Okta's envelope"},
		"another link": {func(e *exchange) {
			e.Body = strings.Replace(e.Body, `"errorLink":"E0000007"`, `"errorLink":"E0000008"`, 1)
		}, "not Okta's envelope"},
		"another error id":       {func(e *exchange) { e.Body = strings.Replace(e.Body, `oae`, `xxx`, 1) }, "not Okta's envelope"},
		"an undocumented status": {func(e *exchange) { e.Status = 418 }, "status is not supported"},
		"no rate limit":          {func(e *exchange) { e.Header.Del("X-Rate-Limit-Reset") }, "X-Rate-Limit-Reset"},
		"no date":                {func(e *exchange) { e.Header.Del("Date") }, "Date"},
		"no request id":          {func(e *exchange) { e.Header.Del("X-Okta-Request-Id") }, "X-Okta-Request-Id"},
		"no type":                {func(e *exchange) { e.Header.Del("Content-Type") }, "of type"},
		"a type without a body":  {func(e *exchange) { e.Status, e.Body = 204, "" }, "of type"},
		"an invented operation":  {func(e *exchange) { e.URL, e.Status, e.Body = "/api/v1/shoes", 200, "{}" }, "no such operation"},
		"a token that is a number": {func(e *exchange) {
			e.Method, e.URL, e.Status, e.Body = "POST", "/api/v1/users/00u1/lifecycle/activate", 200, `{"activationToken":7}`
		}, "activationToken"},
	} {
		t.Run(name, func(t *testing.T) {
			e := right()
			tc.change(&e)
			_, err := j.check(e)
			assert.ErrorContains(t, err, tc.want)
		})
	}
}
