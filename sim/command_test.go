package sim

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// execute runs the command in the background; its first line of output is what --json prints.
func execute(ctx context.Context, t *testing.T, arguments ...string) (first string, notes *strings.Builder, done <-chan error) {
	t.Helper()
	reader, writer := io.Pipe()
	notes = &strings.Builder{}
	command := Command()
	command.SetArgs(arguments)
	command.SetOut(writer)
	command.SetErr(notes)
	command.SilenceErrors = true
	ended := make(chan error, 1)
	go func() {
		err := command.ExecuteContext(ctx)
		_ = writer.Close()
		ended <- err
	}()
	lines := bufio.NewReader(reader)
	first, err := lines.ReadString('\n')
	if err != nil {
		return "", notes, ended
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return first, notes, ended
}

// What is printed is enough for a stranger who has nothing but the CA file: an engine in another process, or curl.
func TestCommand(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	first, _, done := execute(t.Context(), t, "--json", "--population", "25", "--seed", "18446744073709551615", "--ca", ca,
		"--tier", "premium", "--visibility", "2s")
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a))
	assert.Equal(t, 25, a.Users)
	assert.Equal(t, uint64(18446744073709551615), a.Seed)
	assert.Equal(t, ca, a.CA)

	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == a.IDCS.Host+":443" { // as curl --connect-to does
				address = a.IDCS.Address
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	defer client.CloseIdleConnections()

	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"urn:opc:idm:__myscopes__"}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+a.IDCS.Host+"/oauth2/v1/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.SetBasicAuth(a.IDCS.ClientID, a.IDCS.ClientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	require.NoError(t, err)
	_ = response.Body.Close()
	assert.Equal(t, http.StatusOK, response.StatusCode)

	world, err := control.NewClient(a.Control.URL, secret.New(a.Control.Token), client).World(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 25, world.Targets[0].Users)
	assert.Equal(t, a.IDCS.URL, world.Targets[0].URL)
	assert.Equal(t, "premium", world.Targets[0].Tier)
	assert.Equal(t, 2*time.Second, world.Targets[0].Visibility)

	client.CloseIdleConnections()
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	require.NoError(t, <-done, "a signal is the ordinary end")
}

// An Org2Org pair: the hub by its API token and by the key of its application, the spoke by its own token.
func TestCommandRunsOrgs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	first, _, done := execute(ctx, t, "--json", "--run", "okta,spoke", "--population", "5", "--plan", "free", "--visibility", "2s", "--ca", ca)
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a))
	assert.Nil(t, a.IDCS)
	require.NotNil(t, a.Okta)
	require.NotNil(t, a.Spoke)
	assert.NotEmpty(t, a.Okta.ClientID)
	require.NotNil(t, a.Okta.ClientKey)
	assert.False(t, a.Okta.ClientKey.IsPublic())

	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	for _, o := range []*announcedOrg{a.Okta, a.Spoke} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.URL+"/api/v1/users", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "SSWS "+o.Token)
		response, err := client.Do(request)
		require.NoError(t, err)
		var users []map[string]any
		require.NoError(t, json.NewDecoder(response.Body).Decode(&users))
		require.NoError(t, response.Body.Close())
		assert.Len(t, users, 5)
		assert.Equal(t, "50", response.Header.Get("X-Rate-Limit-Limit"), "a half of the plan's 100")
	}
	for _, name := range []string{Okta, Spoke} {
		target, err := control.NewClient(a.Control.URL, secret.New(a.Control.Token), client).Target(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, "free", target.Tier)
		assert.Equal(t, 2*time.Second, target.Visibility)
	}

	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)

	text := announcement{
		CA: "ca.pem", Okta: &announcedOrg{Host: "hub.test", Address: "127.0.0.1:1", Token: "00a", ClientID: "0oab"},
		Spoke: &announcedOrg{Host: "spoke.test", Address: "127.0.0.1:2", Token: "00b"},
	}.text()
	assert.True(t, strings.HasPrefix(text, "Okta, simulated\n"))
	assert.Contains(t, text, "application  0oab")
	assert.Contains(t, text, "--connect-to hub.test:443:127.0.0.1:1 \\\n    -H 'Authorization: SSWS 00a' 'https://hub.test/api/v1/users?limit=3'")
	assert.Contains(t, text, "SSWS 00b' 'https://spoke.test/api/v1/users?limit=3'")
	assert.NotContains(t, text, "Oracle")
}

// A directory and its replica: the announced lines work, where there is an ldapsearch to try them.
func TestCommandRunsDirectories(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	first, _, done := execute(ctx, t, "--json", "--run", "ds,ds2", "--population", "5", "--ca", ca)
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a))
	require.NotNil(t, a.DS)
	require.NotNil(t, a.DS2)
	assert.Equal(t, 5, a.Users)
	assert.Equal(t, a.DS.Password, a.DS2.Password, "accounts are replicated")

	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	for _, s := range []*announcedServer{a.DS, a.DS2} {
		for _, url := range []string{s.URL, s.StartTLS} {
			trust := &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
			c, err := goldap.DialURL(url, goldap.DialWithTLSConfig(trust))
			require.NoError(t, err)
			if url == s.StartTLS {
				require.NoError(t, c.StartTLS(trust))
			}
			require.NoError(t, c.Bind(s.Account, s.Password))
			found, err := c.Search(goldap.NewSearchRequest(s.Base, goldap.ScopeWholeSubtree, 0, 0, 0, false, "(uid=*)", []string{"uid"}, nil))
			require.NoError(t, err)
			assert.Len(t, found.Entries, 5, "the same on both")
			require.NoError(t, c.Bind(s.Administrator, s.AdministratorPassword))
			require.NoError(t, c.Close())
		}
	}
	a.CA = ca
	text := a.text()
	assert.True(t, strings.HasPrefix(text, "ForgeRock Directory Services, simulated\n"))
	assert.Contains(t, text, `journal(target: \"ds\")`)
	t.Run("as OpenLDAP's tools take it", func(t *testing.T) {
		LDAPTool(t, "ldapsearch")
		tried := 0
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", ""), "\n") {
			if !strings.HasPrefix(line, "  LDAPTLS_CACERT=") {
				continue
			}
			tried++
			said, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
			if !strings.Contains(line, "-z 3") { // which asks for less than there is: that ends with 4
				require.NoError(t, err, "%s\n%s", line, said)
			}
			assert.Contains(t, string(said), "dn: ", line)
		}
		assert.Equal(t, 2, tried)
	})
	cancel()
	require.NoError(t, <-done)
}

func TestCommandTextIsForPeople(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(t.TempDir(), "the ca.pem")
	first, notes, done := execute(ctx, t, "--population", "0", "--ca", ca)
	assert.Equal(t, "Oracle IDCS, simulated\n", first)
	cancel()
	require.NoError(t, <-done)
	assert.Equal(t, "stopping\n", notes.String())

	text := announcement{
		CA: ca, Seed: 7, IDCS: &announcedIDCS{Host: "idcs.test", Address: "127.0.0.1:1", ClientID: "c", ClientSecret: "it's"},
		Control: announcedControl{URL: "https://127.0.0.1:2/graphql", Token: "t"},
	}.text()
	assert.Contains(t, text, "--cacert '"+ca+"' --connect-to idcs.test:443:127.0.0.1:1")
	assert.Contains(t, text, `-u 'c:it'\''s'`)
	assert.Contains(t, text, "--seed 7 makes the same world")
}

func TestCommandTakesUsersFromAFile(t *testing.T) {
	directory := t.TempDir()
	users := filepath.Join(directory, "users.csv")
	require.NoError(t, os.WriteFile(users, []byte("uid,sn,mail,password\nb,Jensen,b@example.com,Winter2026!\nc,Carter,,\nB,Again,b2@example.com,\n"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	first, notes, done := execute(ctx, t, "--json", "--users", users, "--ca", filepath.Join(directory, "ca.pem"))
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a))
	assert.Equal(t, 1, a.Users)
	cancel()
	require.NoError(t, <-done)
	said := notes.String()
	assert.Contains(t, said, "users.csv: 3 entries read, 1 used, 2 left out")
	assert.Contains(t, said, "users.csv:3: c: the entry has no mail")
	assert.Contains(t, said, "users.csv:4: B: the user name is taken by line 2")
	assert.Contains(t, said, "1 passwords stand in the file in clear text")
	assert.NotContains(t, said, "Winter2026!")
}

// An export's user names are none that Okta takes: there the address stands in.
func TestCommandTakesUsersOfAFileToOkta(t *testing.T) {
	directory := t.TempDir()
	users := filepath.Join(directory, "users.csv")
	require.NoError(t, os.WriteFile(users, []byte("uid,givenName,sn,mail\nb,Barbara,Jensen,b@example.com\nc@example.com,Carl,Carter,carl@example.com\n"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	first, notes, done := execute(ctx, t, "--json", "--run", "idcs,okta", "--users", users, "--ca", filepath.Join(directory, "ca.pem"))
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(first), &a), notes)
	assert.Equal(t, 2, a.Users)
	pem, err := os.ReadFile(filepath.Join(directory, "ca.pem"))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	plane := control.NewClient(a.Control.URL, secret.New(a.Control.Token), client)
	for target, want := range map[string][]string{IDCS: {"b", "c@example.com"}, Okta: {"b@example.com", "c@example.com"}} {
		list, err := plane.Users(t.Context(), target)
		require.NoError(t, err)
		var names []string
		for _, user := range list {
			names = append(names, user.UserName)
		}
		assert.Equal(t, want, names, target)
	}
	client.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)
	assert.Equal(t, 1, strings.Count(notes.String(), "2 entries read"), "the file is told about once")
}

func TestCommandRefuses(t *testing.T) {
	var listen net.ListenConfig
	taken, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	directory := t.TempDir()
	nobody := filepath.Join(directory, "nobody.ldif")
	require.NoError(t, os.WriteFile(nobody, []byte("dn: ou=x\nobjectClass: organizationalUnit\n"), 0o600))
	wrong := filepath.Join(directory, "changes.ldif")
	require.NoError(t, os.WriteFile(wrong, []byte("dn: uid=x\nchangetype: delete\n"), 0o600))
	broken := filepath.Join(directory, "broken.ldif")
	require.NoError(t, os.WriteFile(broken, []byte("dn: cn=schema\nattributeTypes: nonsense\n"), 0o600))
	ca := filepath.Join(directory, "ca.pem")

	for name, c := range map[string]struct {
		arguments []string
		want      []string
	}{
		"every mistake at once": {
			[]string{"--listen", "localhost", "--population", "-1", "--idcs-port", "70000", "--control-port", "-2", "--tier", "gold", "--visibility", "2h"},
			[]string{`--tier: there is no domain type "gold"; there are external-user, free,`, "--visibility: 2h0m0s is not from 0s to 1h", `--listen: "localhost" is not an IP address`, "--population: -1 is below 0", "--idcs-port: 70000 is not from 0 to 65535", "--control-port: -2 is not"},
		},
		"no simulator":       {[]string{"--run", "okta,ping,okta"}, []string{`--run: there is no simulator "ping"; there are idcs, okta, spoke, ds, ds2`, "--run: okta is there twice"}},
		"nothing to run":     {[]string{"--run", ""}, []string{"--run: is empty"}},
		"half a pair":        {[]string{"--run", "spoke"}, []string{"--run: spoke needs okta, its hub"}},
		"half a directory":   {[]string{"--run", "ds2"}, []string{"--run: ds2 needs ds, whose replica it is"}},
		"one port of a pair": {[]string{"--ds-port", "1389", "--ds2-ldaps-port", "1389"}, []string{"--ds2-ldaps-port: 1389 is the port of the directory, too"}},
		"no subject":         {[]string{"--run", "ds", "--client-certificate", "bjensen", "--ds-client-auth", "maybe"}, []string{"--client-certificate: ds: subject", `--ds-client-auth: "maybe" is none of disabled, optional, required`}},
		"no directory": {
			[]string{"--ds-ldif", nobody, "--ds-schema", nobody, "--ds-schemes", "PBES"},
			[]string{"--ds-ldif: needs --run ds", "--ds-schema: needs --run ds", "--ds-schemes: needs --run ds", `no password can be verified with a scheme "PBES"; there are CLEAR,`},
		},
		"users without an export":      {[]string{"--run", "ds", "--ds-people", "ou=identities,dc=example,dc=com"}, []string{"--ds-people: needs --ds-ldif"}},
		"users outside the suffix":     {[]string{"--run", "ds", "--ds-ldif", nobody, "--ds-people", "ou=identities,ou=y"}, []string{`--ds-people: "ou=identities,ou=y" is not below the suffix "ou=x"`}},
		"users in an unlike neighbour": {[]string{"--run", "ds", "--ds-ldif", nobody, "--ds-people", `ou=a\,ou=x`}, []string{`is not below the suffix "ou=x"`}},
		"users at the suffix":          {[]string{"--run", "ds", "--ds-ldif", nobody, "--ds-people", "OU=X"}, []string{`--ds-people: "OU=X" is not below the suffix "ou=x"`}},
		"users nowhere":                {[]string{"--run", "ds", "--ds-ldif", nobody, "--ds-people", "people"}, []string{`--ds-people: "people" is not a DN`}},
		"no export":                    {[]string{"--run", "ds", "--ds-ldif", filepath.Join(directory, "nosuch.ldif")}, []string{"--ds-ldif: open ", "no such file"}},
		"no definition":                {[]string{"--run", "ds", "--ds-schema", broken}, []string{"--ds-schema: ", "broken.ldif: wrong schema definition"}},
		"no suffix":                    {[]string{"--run", "ds", "--ds-ldif", wrong}, []string{"--ds-ldif: ", `changes.ldif:2: changetype "delete" is refused`}},
		"nobody to ask":                {[]string{"--client-certificate", "cn=x"}, []string{"--client-certificate: needs --run ds"}},
		"no plan":                      {[]string{"--plan", "gold"}, []string{`--plan: there is no plan "gold"; there are enterprise, free, `}},
		"one port of two":              {[]string{"--okta-port", "8443", "--spoke-port", "8443"}, []string{"--spoke-port: 8443 is the port of the Okta org, too"}},
		"one port for two":             {[]string{"--idcs-port", "8443", "--control-port", "8443"}, []string{"--control-port: 8443 is the port of the identity domain, too"}},
		"no CA file":                   {[]string{"--ca", ""}, []string{"--ca: is empty"}},
		"two sources":                  {[]string{"--users", "x.csv", "--population", "5"}, []string{"--users, --population: "}},
		"no such file":                 {[]string{"--users", filepath.Join(directory, "nosuch.ldif")}, []string{"--users: open ", "no such file"}},
		"a list of changes":            {[]string{"--users", wrong}, []string{"--users: ", `changes.ldif:2: changetype "delete" is refused`}},
		"nobody in it":                 {[]string{"--users", nobody}, []string{"--users: ", "has nobody who can be used"}},
		"a port in use": {
			[]string{"--control-port", fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)},
			[]string{"address already in use", "choose other ports with --control-port and the others that end in -port"},
		},
		"a name that is none": {[]string{"--tls-name", "a/b"}, []string{`names[0]: "a/b" is neither a host name nor an address`}},
		"an argument":         {[]string{"idcs"}, []string{"unknown command"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, done := execute(t.Context(), t, append([]string{"--ca", ca}, c.arguments...)...)
			err := <-done
			require.Error(t, err)
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want)
			}
			if strings.HasPrefix(c.want[0], "--") {
				var coded interface{ ExitCode() int }
				require.ErrorAs(t, err, &coded)
				assert.Equal(t, 2, coded.ExitCode(), "wrong usage, or input that cannot be read")
			}
			assert.NoFileExists(t, ca, "a world that could not start leaves the file alone")
		})
	}
	t.Run("a CA file in no folder", func(t *testing.T) {
		_, _, done := execute(t.Context(), t, "--ca", filepath.Join(directory, "nosuch", "ca.pem"))
		assert.ErrorContains(t, <-done, "--ca: ")
	})
}
