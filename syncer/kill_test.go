package syncer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

const childVariable = "SEATRIAL_TEST_ENGINE_CONFIG"

// runChild makes this test binary an engine when it was started as one.
func runChild() {
	path := os.Getenv(childVariable)
	if path == "" {
		return
	}
	c := Command()
	c.SetArgs([]string{"run", "--config", path})
	if err := c.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestKillNine kills real processes over real sockets, in real time: the page cache survives, nothing else does.
func TestKillNine(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a few seconds")
	}
	domain := idcstest.Start()
	defer domain.Stop()
	domain.Script = writes(func(int, string) *step { return &step{Delay: 15 * time.Millisecond} })
	server := httptest.NewServer(domain)
	defer server.Close()
	users := 5
	for u := range users {
		domain.Add(fmt.Sprint("user-", u))
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"token": hookToken, "secret": domain.ClientSecret} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, seal.WriteKeyFile(filepath.Join(dir, "key")))
	config := filepath.Join(dir, "sync.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
hook: {listen: "127.0.0.1:0", tokenFile: %[1]s/token}
queue: {dir: %[1]s/queue}
seal: {keyFile: %[1]s/key}
idcs: {url: %[2]s, clientId: client, clientSecretFile: %[1]s/secret}
retry: {first: 50ms}
audit: %[1]s/audit
`, dir, server.URL), 0o600))

	client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	acknowledged := map[string]string{} // id to password
	newest := map[int]string{}
	n := 0
	for life := range 6 {
		address, kill := startChild(t, config)
		end := time.Now().Add(time.Duration(60+life*45) * time.Millisecond)
		for time.Now().Before(end) {
			password := fmt.Sprintf("Password-%06d", n)
			if id := submitTo(t, client, address, n, users, password); id != "" {
				acknowledged[id] = password
				newest[n%users] = password
			}
			n++
		}
		kill()
	}
	address, kill := startChild(t, config)
	defer kill()
	outcomes := map[string]hook.State{}
	require.Eventually(t, func() bool {
		for _, o := range outcomesOf(t, client, address) {
			outcomes[o.ID] = o.State
		}
		for id := range acknowledged {
			if outcomes[id] == "" {
				return false
			}
		}
		return true
	}, 30*time.Second, 100*time.Millisecond, "every acknowledged change becomes final")

	seen, last := map[string]bool{}, map[string]string{}
	for _, w := range domain.Applied() {
		assert.False(t, seen[w.Password], "%s was written twice", w.Password)
		seen[w.Password] = true
		assert.Greater(t, w.Password, last[w.User], "an older password after a newer one")
		last[w.User] = w.Password
	}
	for u, password := range newest {
		assert.Equal(t, password, domain.User(fmt.Sprint("user-", u)).Password)
	}
	f, err := os.Open(filepath.Join(dir, "audit"))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	audited := map[string]int{}
	_, _, err = audit.Read(f, func(l audit.Line) { audited[l.ID]++ })
	require.NoError(t, err)
	for id := range acknowledged {
		assert.Equal(t, 1, audited[id], "one line each")
	}
	t.Logf("%d acknowledged changes, %d writes, 6 kills", len(acknowledged), len(seen))
}

// startChild starts an engine process and returns where it listens and how to kill it.
func startChild(t *testing.T, config string) (address string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVariable+"="+config)
	var log bytes.Buffer
	child.Stderr = &log
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "%s", &log)
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	require.True(t, ok, line)
	return address, func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
}

// submitTo returns the id of an acknowledged change. A change that was not acknowledged may live on all the same, so its
// successor comes under a new transaction.
func submitTo(t *testing.T, client *http.Client, address string, n, users int, password string) string {
	t.Helper()
	body := fmt.Sprintf(`{"transactionId":"tx-%d","userName":"user-%d","password":"%s"}`, n, n%users, password)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/v1/changes", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+hookToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	var receipt hook.Receipt
	if response.StatusCode != http.StatusAccepted || json.NewDecoder(response.Body).Decode(&receipt) != nil {
		return ""
	}
	return receipt.ID
}

func outcomesOf(t *testing.T, client *http.Client, address string) []hook.Outcome {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/v1/outcomes?limit=10000", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+hookToken)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var list struct{ Outcomes []hook.Outcome }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&list))
	return list.Outcomes
}
