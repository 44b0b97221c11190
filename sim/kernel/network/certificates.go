package network

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Flaw is what is wrong with a certificate; "" is nothing.
type Flaw string

// The flaws that clients must notice.
const (
	Expired     Flaw = "expired"       // since yesterday
	NotYetValid Flaw = "not_yet_valid" // for a year to come
	WrongHost   Flaw = "wrong_host"    // that of another host, by name and by address
	UnknownCA   Flaw = "unknown_ca"    // right in everything, and issued by a CA that nobody trusts
)

// Flaws lists them.
func Flaws() []Flaw { return []Flaw{Expired, NotYetValid, WrongHost, UnknownCA} }

// otherHost is whose certificate one with a wrong host is.
const otherHost = "somewhere-else.example.com"

// Certificates are those of one server: the good one, and flawed ones, each made when it is first asked for. It is safe for
// concurrent use.
type Certificates struct {
	authority *Authority
	hosts     []string

	mu   sync.Mutex
	made map[Flaw]*issued
}

// issued is a certificate, once ready is closed.
type issued struct {
	ready       chan struct{}
	certificate tls.Certificate
	err         error
}

// Certificates returns the certificates of a server with these hosts; the good one is that of [Authority.Certificate].
func (a *Authority) Certificates(hosts ...string) (*Certificates, error) {
	c := &Certificates{authority: a, hosts: slices.Clone(hosts), made: map[Flaw]*issued{}}
	_, err := c.With("")
	return c, err
}

// Good is the certificate without a flaw.
func (c *Certificates) Good() tls.Certificate {
	good, _ := c.With("") // made without an error by Authority.Certificates
	return good
}

// With returns the certificate with that flaw. No lock is held while it is made: whoever wants the same waits, nobody else.
func (c *Certificates) With(f Flaw) (tls.Certificate, error) {
	c.mu.Lock()
	one, found := c.made[f]
	if !found {
		one = &issued{ready: make(chan struct{})}
		c.made[f] = one
	}
	c.mu.Unlock()
	if !found {
		one.certificate, one.err = c.issue(f)
		close(one.ready)
	}
	<-one.ready
	return one.certificate, one.err
}

func (c *Certificates) issue(f Flaw) (tls.Certificate, error) {
	authority, hosts := c.authority, slices.Concat(c.hosts, []string{"localhost", "127.0.0.1", "::1"})
	adjust := func(*x509.Certificate) {}
	now := time.Now()
	switch f {
	case "":
	case Expired:
		adjust = func(t *x509.Certificate) { t.NotBefore, t.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1) }
	case NotYetValid:
		adjust = func(t *x509.Certificate) { t.NotBefore = now.AddDate(1, 0, 0) }
	case WrongHost:
		hosts = []string{otherHost}
	case UnknownCA:
		var err error
		if authority, err = newAuthority("seatrial CA that nobody trusts"); err != nil {
			return tls.Certificate{}, err
		}
	default:
		names := make([]string, 0, len(Flaws()))
		for _, known := range Flaws() {
			names = append(names, string(known))
		}
		return tls.Certificate{}, fmt.Errorf("network: certificate: %q is none of %s", f, strings.Join(names, ", "))
	}
	template, err := serverTemplate(hosts)
	if err != nil {
		return tls.Certificate{}, err
	}
	adjust(template)
	return authority.issue(template)
}
