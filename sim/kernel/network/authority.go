package network

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Authority is the CA of one rehearsal, made at its start and forgotten at its end. It is safe for concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes a CA (ECDSA P-256) that is valid from an hour ago for ten years by the standard clock; in a
// testing/synctest bubble, where time starts in the year 2000, it must be made inside.
func NewAuthority() (*Authority, error) { return newAuthority("seatrial rehearsal CA") }

func newAuthority(common string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("network: authority: %w", err)
	}
	template, err := newTemplate(common)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("network: authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("network: authority: %w", err)
	}
	return &Authority{certificate: certificate, key: key}, nil
}

// Certificate returns a server certificate for the hosts (names and IP addresses), and always for localhost, 127.0.0.1
// and ::1 too.
func (a *Authority) Certificate(hosts ...string) (tls.Certificate, error) {
	template, err := serverTemplate(slices.Concat(hosts, []string{"localhost", "127.0.0.1", "::1"}))
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.issue(template)
}

// ClientCertificate returns a certificate for a client; the subject is a DN in DER.
func (a *Authority) ClientCertificate(subject []byte) (tls.Certificate, error) {
	template, err := newTemplate("")
	if err != nil {
		return tls.Certificate{}, err
	}
	template.RawSubject = subject
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

// serverTemplate is what a certificate of the hosts says.
func serverTemplate(hosts []string) (*x509.Certificate, error) {
	template, err := newTemplate("seatrial simulator") // clients look at the names below; a vendor's may exceed the 64 characters of this one
	if err != nil {
		return nil, err
	}
	for i, address := range hosts {
		host, _ := split(address)
		if host == "" {
			return nil, fmt.Errorf("network: certificate: host %d has no name", i+1)
		}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return template, nil
}

// issue signs what the template says, for a new key.
func (a *Authority) issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("network: certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("network: certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("network: certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// PEM is the CA's certificate as clients take it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Pool holds the CA's certificate alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// WriteFile writes the CA's certificate to path, readable by everybody; whoever reads the file meanwhile sees the old
// one or the new one, never a part.
func (a *Authority) WriteFile(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("network: authority: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("network: authority: %w", err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(a.PEM())
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func newTemplate(common string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("network: serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"seatrial"}, CommonName: common},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}, nil
}
