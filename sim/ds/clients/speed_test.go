package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	speedBase    = "dc=example,dc=com"
	speedTurn    = 2 * time.Second
	speedRounds  = 5
	speedClients = 16
	// everybody's password, "a Passw0rd of all", as salted SHA-1: both servers verify it at the same cost.
	speedPassword = "a Passw0rd of all"
	serveEnv      = "SEATRIAL_DS_SPEED_LDIF"
)

// TestSpeedBesideSlapd drives sim/ds and slapd in turns with one client, each a process of its own with the same entries, and
// records how they compare. It is for make ldap-speed: a machine that does something else as well tells nothing but the ratio.
func TestSpeedBesideSlapd(t *testing.T) {
	if os.Getenv("LDAP_SPEED") == "" {
		t.Skip("set LDAP_SPEED=1, or make ldap-speed, to time sim/ds beside slapd")
	}
	for _, tool := range []string{"slapd", "slapadd", "slappasswd"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err)
	}
	fmt.Println("| users | what | sim/ds a second | slapd a second | ratio |")
	var all []speed
	for _, users := range []int{1000, 100_000} {
		t.Run(strconv.Itoa(users), func(t *testing.T) {
			file := ldif(t, users)
			servers := []string{startSim(t, file), startSlapd(t, file)}
			for _, what := range []string{"bind", "search", "mixed"} {
				var rates [2][]float64
				for range speedRounds {
					for i, address := range servers {
						rates[i] = append(rates[i], drive(t, address, what, users))
					}
				}
				s := speed{Users: users, What: what, Sim: int(median(rates[0])), Slapd: int(median(rates[1]))}
				all = append(all, s)
				fmt.Print(s.row())
			}
		})
	}
	if !t.Failed() {
		writeSpeeds(t, all)
	}
}

func median(rates []float64) float64 {
	slices.Sort(rates)
	return rates[len(rates)/2]
}

// ldif writes the entries that both servers have.
func ldif(t *testing.T, users int) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "slappasswd", "-h", "{SSHA}", "-s", speedPassword).Output()
	require.NoError(t, err)
	stored := strings.TrimSpace(string(out))
	path := filepath.Join(t.TempDir(), "people.ldif")
	file, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriter(file)
	fmt.Fprintf(w, "dn: %s\nobjectClass: domain\ndc: example\n\ndn: ou=People,%s\nobjectClass: organizationalUnit\nou: People\n\n", speedBase, speedBase)
	for i := range users {
		fmt.Fprintf(w, "dn: uid=user%d,ou=People,%s\nobjectClass: inetOrgPerson\nuid: user%d\ncn: User %d\nsn: User\ngivenName: Some\nmail: user%d@example.com\nuserPassword: %s\n\n",
			i, speedBase, i, i, i, stored)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, file.Close())
	return path
}

// startSim starts this test binary as a server.
func startSim(t *testing.T, file string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), serveEnv+"="+file, "GOGC=400") // as the binary sets it
	command.Stderr = os.Stderr
	said, err := command.StdoutPipe()
	require.NoError(t, err)
	start(t, command)
	address, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(address)
}

// serveLDIF is the other end of startSim.
func serveLDIF(path string) error {
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	config := ds.DefaultConfig()
	config.Directory = directory.DefaultConfig(directory.OpenDJ)
	config.Directory.Layout = directory.Empty
	server, err := ds.New(config, ds.Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(10000, digester)})
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = server.Directory().Import(context.Background(), path, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return server.Serve(l)
}

func startSlapd(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "slapd.conf")
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
database mdb
suffix %[2]s
directory %[1]s
maxsize 1073741824
index objectClass eq
index uid eq
access to attrs=userPassword by anonymous auth
access to * by * read
`, dir, speedBase), 0o600))
	out, err := exec.CommandContext(t.Context(), "slapadd", "-q", "-f", config, "-l", file).CombinedOutput()
	require.NoError(t, err, string(out))
	start(t, exec.CommandContext(t.Context(), "slapd", "-f", config, "-h", "ldap://"+address+"/", "-d", "0"))
	require.Eventually(t, func() bool {
		c, err := goldap.DialURL("ldap://" + address)
		return err == nil && c.Close() == nil
	}, 20*time.Second, 50*time.Millisecond)
	return address
}

func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait() // it was told to go
	})
}

// drive asks for one turn over all connections, and returns operations a second.
func drive(t *testing.T, address, what string, users int) float64 {
	t.Helper()
	var done atomic.Int64
	var next atomic.Int64
	var all sync.WaitGroup
	deadline := time.Now().Add(speedTurn)
	for range speedClients {
		all.Go(func() {
			c, err := goldap.DialURL("ldap://" + address)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for i := 0; time.Now().Before(deadline); i++ {
				user := strconv.Itoa(int(next.Add(7919)) % users)
				bind := what == "bind" || what == "mixed" && i%2 == 0
				if bind {
					err = c.Bind("uid=user"+user+",ou=People,"+speedBase, speedPassword)
				} else {
					err = find(c, "user"+user)
				}
				if err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / speedTurn.Seconds()
}

func find(c *goldap.Conn, uid string) error {
	found, err := c.Search(&goldap.SearchRequest{BaseDN: speedBase, Scope: goldap.ScopeWholeSubtree, Filter: "(uid=" + uid + ")"})
	if err == nil && len(found.Entries) != 1 {
		return fmt.Errorf("%d entries for %s", len(found.Entries), uid)
	}
	return err
}
