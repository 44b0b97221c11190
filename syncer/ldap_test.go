package syncer

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/source/ldap"
)

// withDirectory puts a directory in front of the rig's engine.
func withDirectory(r *rig) *ldaptest.Directory {
	d := ldaptest.Start("127.0.0.1")
	domain := r.dial
	r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "127.0.0.1:") {
			return d.DialContext(ctx, network, address)
		}
		return domain(ctx, network, address)
	}
	c := &r.config.LDAP
	c.URLs, c.BindDN, c.Password, c.Base = d.URLs(), ldaptest.BindDN, seal.Secret(ldaptest.Password), ldaptest.Base
	c.StartTLS, c.State = false, filepath.Join(filepath.Dir(r.config.Audit), "ldap")
	return d
}

func TestADirectoryIsASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		d := withDirectory(r)
		r.config.LDAP.Cleartext = true
		r.domain.Add("ann", "bob")
		d.Add("ann", "bob")
		r.start()
		time.Sleep(15 * time.Second)
		d.SetPassword("ann", ldaptest.Hash("a2"))
		d.SetPassword("bob", "Password-of-bob-2026")
		list := r.settled(2, time.Minute)
		states := map[string]hook.State{}
		for _, o := range list {
			assert.True(t, strings.HasPrefix(o.TransactionID, "ldap-"), o.TransactionID)
			states[o.UserName] = o.State
		}
		assert.Equal(t, map[string]hook.State{"ann": hook.Parked, "bob": hook.Applied}, states)
		assert.Equal(t, "Password-of-bob-2026", r.domain.User("bob").Password)
		assert.Contains(t, r.metrics(), `idm_password_sync_source_changes_total{outcome="delivered",source_system="ldap"} 2`)
		r.kill()

		d.SetPassword("bob", "Password-of-bob-2027")
		r.start() // The same registry names, a stored position.
		r.settled(3, time.Minute)
		assert.Equal(t, "Password-of-bob-2027", r.domain.User("bob").Password)
		assert.Len(t, r.trail(), 3)
		r.close()
		d.Stop()
	})
}

func TestWithADirectoryTheHookMayBeAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		d := withDirectory(r)
		r.config.Hook.Token = nil
		r.start()
		for _, token := range []string{"", "Bearer ", "Bearer x"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://hook.test/v1/outcomes", nil)
			require.NoError(t, err)
			request.Header.Set("Authorization", token)
			response, err := r.client.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
		}
		assert.Contains(t, r.metrics(), "idm_password_sync_source_lag_seconds")
		r.config.LDAP.URLs = nil
		require.ErrorContains(t, r.config.Validate(), "hook.token: not set")
		r.close()
		d.Stop()
	})
}

func TestCheckCommand(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, "sync.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	tests := map[string]struct {
		text string
		code int
		want string
	}{
		"no directory":  {"hook: {}\n", 2, "ldap.urls: not set"},
		"a mistake":     {"ldap:\n  urls: [ldap://ds.example.com]\n  startTLS: false\n", 2, "sync.yaml:2:10: ldap.urls[0]: startTLS is off"},
		"not reachable": {"ldap:\n  urls: ['ldap://127.0.0.1:1']\n  bindDN: cn=a\n  passwordFile: " + filepath.Join(dir, "sync.yaml") + "\n  base: dc=example\n  startTLS: false\n  state: " + dir + "/none\n", 3, "no server of the directory could be asked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c := Command()
			c.SetOut(&out)
			c.SetErr(&out)
			c.SilenceUsage, c.SilenceErrors = true, true
			c.SetArgs([]string{"ldap", "check", "--config", write(tt.text)})
			err := c.ExecuteContext(t.Context())
			require.ErrorContains(t, err, tt.want)
			coded, ok := err.(interface{ ExitCode() int })
			require.True(t, ok, "%T", err)
			assert.Equal(t, tt.code, coded.ExitCode())
		})
	}
}

// TestCheckCommandTellsWhatItFinds of a directory behind a socket, to people and to programs.
func TestCheckCommandTellsWhatItFinds(t *testing.T) {
	d := ldaptest.Start("127.0.0.1")
	d.Add("ann", "bob")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var relays sync.WaitGroup
	relays.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { relay(t.Context(), d, c) })
		}
	})
	dir := t.TempDir()
	password, path := filepath.Join(dir, "password"), filepath.Join(dir, "sync.yaml")
	require.NoError(t, os.WriteFile(password, []byte(ldaptest.Password+"\n"), 0o600))
	require.NoError(t, os.WriteFile(path, []byte("ldap:\n  urls: ['ldap://"+l.Addr().String()+"']\n  bindDN: "+ldaptest.BindDN+"\n  passwordFile: "+password+
		"\n  base: "+ldaptest.Base+"\n  startTLS: false\n  state: "+dir+"/none\n"), 0o600))
	for name, args := range map[string][]string{"people": {}, "programs": {"--json"}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c := Command()
			c.SetOut(&out)
			c.SilenceUsage, c.SilenceErrors = true, true
			c.SetArgs(append([]string{"ldap", "check", "--config", path}, args...))
			err := c.ExecuteContext(t.Context())
			require.EqualError(t, err, "the directory cannot be read as it should be; see the findings")
			coded, ok := err.(interface{ ExitCode() int })
			require.True(t, ok, "%T", err)
			assert.Equal(t, 1, coded.ExitCode())
			assert.NotContains(t, out.String(), ldaptest.Password)
			assert.NotContains(t, out.String(), ldaptest.Hash("ann"))
			if len(args) == 0 {
				assert.Contains(t, out.String(), "  finding    the connection is not secured\n")
				return
			}
			var report ldap.Report
			require.NoError(t, json.Unmarshal(out.Bytes(), &report))
			require.Len(t, report.Servers, 1)
			assert.Equal(t, []string{"the connection is not secured"}, report.Servers[0].Findings)
			assert.Equal(t, 2, report.Servers[0].Readable)
		})
	}
	require.NoError(t, l.Close())
	d.Stop()
	relays.Wait()
}

// relay carries bytes between a socket and the directory until one of them ends.
func relay(ctx context.Context, d *ldaptest.Directory, c net.Conn) {
	server, err := d.DialContext(ctx, "tcp", "127.0.0.1:389")
	if err != nil {
		_ = c.Close()
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(c, server)
		_ = c.Close()
	})
	_, _ = io.Copy(server, c)
	_ = server.Close()
	answers.Wait()
}

func TestTheReadmeShowsTheDirectorysDefaults(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, block, ok := strings.Cut(string(text), "```yml\n")
	require.True(t, ok)
	block, _, _ = strings.Cut(block, "```")
	path := filepath.Join(t.TempDir(), "sync.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(block, "passwordFile: /run/secrets/ldap ", "passwordEnv: SECRET", 1)), 0o600))
	c, _, err := ReadConfig(path, func(string) (string, bool) { return "secret", true })
	require.NoError(t, err)
	require.NoError(t, c.LDAP.Validate())
	got, want := c.LDAP, ldap.DefaultConfig()
	assert.Equal(t, "10s", got.Interval)
	assert.Equal(t, ldap.Now, got.Start)
	want.URLs, want.BindDN, want.Password, want.PasswordEnv, want.CAFile, want.Base = got.URLs, got.BindDN, got.Password, got.PasswordEnv, got.CAFile, got.Base
	want.Interval, want.Start, want.IgnoreInitiators = got.Interval, got.Start, got.IgnoreInitiators
	assert.Equal(t, want, got)
	for field := range reflect.TypeFor[ldap.Config]().Fields() {
		if name := field.Tag.Get("yaml"); name != "-" {
			assert.Contains(t, string(text), name, "every key is shown")
		}
	}
}

func TestTheReadmeNamesTheDirectorysMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		d := withDirectory(r)
		r.start()
		time.Sleep(time.Second)
		text, err := os.ReadFile("README.md")
		require.NoError(t, err)
		documented, printed := map[string]bool{}, map[string]bool{}
		for _, m := range regexp.MustCompile("(?m)^\\| `(source_\\w+)` ").FindAllStringSubmatch(string(text), -1) {
			documented["idm_password_sync_"+m[1]] = true
		}
		for _, m := range regexp.MustCompile(`(?m)^# TYPE (idm_password_sync_source_\w+)`).FindAllStringSubmatch(r.metrics(), -1) {
			printed[m[1]] = true
		}
		assert.Equal(t, printed, documented)
		row := regexp.MustCompile("(?m)^\\| `source_changes_total` .*$").FindString(string(text))
		outcomes := regexp.MustCompile(`source_changes_total\{outcome="(\w+)"`).FindAllStringSubmatch(r.metrics(), -1)
		assert.Len(t, outcomes, strings.Count(row, "`")/2-2)
		for _, m := range outcomes {
			assert.Contains(t, row, "`"+m[1]+"`")
		}
		_, table, _ := strings.Cut(string(text), "| failure |")
		table, _, _ = strings.Cut(table, "\n\n")
		var told, counted []string
		for _, m := range regexp.MustCompile("(?m)^\\|( `[^|]+`) \\|").FindAllStringSubmatch(table, -1) {
			for name := range strings.SplitSeq(m[1], ",") {
				told = append(told, strings.Trim(name, " `"))
			}
		}
		for _, m := range regexp.MustCompile(`source_failures_total\{reason="(\w+)"`).FindAllStringSubmatch(r.metrics(), -1) {
			counted = append(counted, m[1])
		}
		assert.ElementsMatch(t, counted, told)
		r.close()
		d.Stop()
	})
}
