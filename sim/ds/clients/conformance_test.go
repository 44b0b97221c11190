package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) {
	if path := os.Getenv(serveEnv); path != "" {
		fmt.Fprintln(os.Stderr, serveLDIF(path))
		os.Exit(1)
	}
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// tools are what each client needs, as commands that succeed where it is installed.
var tools = map[string][][]string{
	"ldap-utils": {{"ldapsearch", "-VV"}, {"ldappasswd", "-VV"}, {"stdbuf", "--version"}},
	"jndi":       {{"java", "-version"}, {"keytool", "-help"}},
	"ldap3":      {{"/usr/bin/python3", "-c", "import ldap3"}},
	"net-ldap":   {{"perl", "-MNet::LDAP", "-MIO::Socket::SSL", "-e", "1"}},
}

// missing tells what is not installed. The script itself needs ldap-utils, whoever the client is.
func missing(t *testing.T, client string) []string {
	t.Helper()
	var none []string
	for _, command := range append(tools["ldap-utils"], tools[client]...) {
		if exec.CommandContext(t.Context(), command[0], command[1:]...).Run() != nil {
			none = append(none, strings.Join(command, " "))
		}
	}
	return none
}

// place is a server on sockets.
type place struct {
	plain, secure, ca string
	journal           *journal.Journal
}

const rootPassword = "An-administrator's-own-1"

func serve(t *testing.T) place {
	t.Helper()
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Certificate("ds.test")
	require.NoError(t, err)
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	config := ds.DefaultConfig()
	config.Directory.RootPassword = secret.New(rootPassword)
	j := journal.New(10000, digester)
	server, err := ds.New(config, ds.Kernel{
		Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: j,
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	require.NoError(t, err)
	listen := func(serve func(net.Listener) error) string {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			assert.ErrorIs(t, serve(l), ds.ErrStopped)
		}()
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			assert.NoError(t, server.Stop(ctx))
			<-ended
		})
		return l.Addr().String()
	}
	p := place{ca: filepath.Join(t.TempDir(), "ca.pem"), journal: j}
	require.NoError(t, authority.WriteFile(p.ca))
	p.plain, p.secure = "ldap://"+listen(server.Serve), "ldaps://"+listen(server.ServeTLS)
	return p
}

// TestClients runs each client against a server of DS's defaults and compares what it got with testdata.
func TestClients(t *testing.T) {
	for _, client := range []string{"ldap-utils", "jndi", "ldap3", "net-ldap"} {
		t.Run(client, func(t *testing.T) {
			if none := missing(t, client); len(none) > 0 {
				if os.Getenv("REQUIRE_LDAP_CLIENTS") == "1" {
					require.Empty(t, none, "REQUIRE_LDAP_CLIENTS is set, and these do not run")
				}
				t.Skipf("NOT TESTED: %s is not checked against sim/ds, because these do not run: %s", client, strings.Join(none, "; "))
			}
			p := serve(t)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			script := exec.CommandContext(ctx, "./conformance.sh", client)
			script.Env = append(os.Environ(), "LDAP_URL="+p.plain, "LDAPS_URL="+p.secure, "CA="+p.ca,
				"ADMIN_DN=uid=admin", "ADMIN_PASSWORD="+rootPassword, "BASE=dc=example,dc=com")
			var errors bytes.Buffer
			script.Stderr = &errors
			got, err := script.Output()
			require.NoError(t, err, "%s\n%s", got, errors.String())
			golden := filepath.Join("testdata", client+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got), errors.String())

			user := journal.Query{Operation: "write_password", Outcome: "accepted", User: client}
			writes := p.journal.Search(user).Entries
			require.Len(t, writes, 2, "one by modify, one by the extended operation")
			assert.Equal(t, []string{"MODIFY", "PASSWORD_MODIFY"}, []string{writes[0].Method, writes[1].Method})
			for _, e := range p.journal.Search(journal.Query{}).Entries {
				assert.Empty(t, e.Surprise, "%+v", e)
			}
		})
	}
}
