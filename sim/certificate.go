package sim

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// clientFile has the certificate and the key of a client.
const clientFile = "seatrial-client.pem"

// clientPath is beside the CA's certificate.
func (o *options) clientPath() string { return filepath.Join(filepath.Dir(o.ca), clientFile) }

// writeClient writes a new certificate of the DN and its key to one file, which nobody else may read.
func writeClient(authority *network.Authority, dn, path string) (err error) {
	subject, err := ds.Subject(dn)
	if err != nil {
		return err
	}
	certificate, err := authority.ClientCertificate(subject)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("client certificate: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+clientFile+".*") // with mode 0600
	if err != nil {
		return fmt.Errorf("client certificate: %w", err)
	}
	err = errors.Join(
		pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("client certificate: %w", err), os.Remove(f.Name()))
	}
	return nil
}
