package sim

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The ports of a directory, as DS's setup proposes them.
const (
	ldapPort  = "1389" // with StartTLS
	ldapsPort = "1636"
)

// listening is a directory server behind one of its two doors.
type listening struct {
	server *ds.Server
	secure bool
	served chan struct{} // closed when the server accepts no more
}

func (l *listening) open(_ context.Context, listener net.Listener, _ *network.Certificates) {
	l.served = make(chan struct{})
	serve := l.server.Serve
	if l.secure {
		serve = l.server.ServeTLS
	}
	go func() {
		defer close(l.served)
		_ = serve(listener) // returns when the server stops, and only then
	}()
}

// close stops the server altogether: its other door is closed at the same time.
func (l *listening) close(ctx context.Context) error {
	if l.served == nil {
		return nil
	}
	err := l.server.Stop(ctx)
	<-l.served
	return err
}

// buildDirectories makes the directory servers that run, and joins them.
func (w *World) buildDirectories(records *journal.Journal, digester *secret.Digester) (err error) {
	build := func(name string, config ds.Config) (*ds.Server, error) {
		certificates, err := w.authority.Certificates(append([]string{config.Host}, w.config.Names...)...)
		if err != nil {
			return nil, err
		}
		s, err := ds.New(config, ds.Kernel{
			Clock: new(clock.Clock), Seed: w.config.Seed, Journal: records, Digester: digester, Name: name,
			TLS:          &tls.Config{Certificates: []tls.Certificate{certificates.Good()}, MinVersion: tls.VersionTLS12},
			Certificates: certificates, ClientCAs: w.authority.Pool(),
		})
		if err != nil {
			return nil, err
		}
		w.targets = append(w.targets, s)
		w.doors = append(w.doors,
			&door{name: name, scheme: "ldaps", host: net.JoinHostPort(config.Host, ldapsPort), service: &listening{server: s, secure: true}},
			&door{name: name, scheme: "ldap", host: net.JoinHostPort(config.Host, ldapPort), service: &listening{server: s}})
		return s, nil
	}
	if w.config.runs(DS) {
		if w.ds, err = build(DS, w.config.DS); err != nil {
			return err
		}
	}
	if w.config.runs(DS2) {
		if w.ds2, err = build(DS2, w.config.DS2); err != nil {
			return err
		}
		w.replicas, err = ds.Join(w.ds, w.ds2)
	}
	return err
}

// DS is the directory; nil when it does not run.
func (w *World) DS() *ds.Server { return w.ds }

// DS2 is its replica; nil when it does not run.
func (w *World) DS2() *ds.Server { return w.ds2 }

// StartTLSURL is the address of a directory for who secures the connection with StartTLS, "ldap://ds.example.com:1389", for whoever
// dials through the network; ExternalStartTLSURL is the one for a stranger, empty before Start.
func (w *World) StartTLSURL(name string) string {
	if d := w.door(name, "ldap"); d != nil {
		return "ldap://" + d.host
	}
	return ""
}

// ExternalStartTLSURL is StartTLSURL for a stranger.
func (w *World) ExternalStartTLSURL(name string) string { return w.external(w.door(name, "ldap")) }

// DSAccount is the account of the directory that the engine under trial binds with: it reads hashes and the changelog, and writes
// nothing.
func (w *World) DSAccount() (dn string, password secret.Value) {
	return w.config.DS.Directory.Reader.DN, w.config.DS.Directory.Reader.Password
}

// DSAdministrator may do everything in the directory.
func (w *World) DSAdministrator() (dn string, password secret.Value) {
	return w.config.DS.Directory.RootDN, w.config.DS.Directory.RootPassword
}
