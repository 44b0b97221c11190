package network

import (
	"crypto/x509"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlaws(t *testing.T) {
	inTime := func(o *x509.VerifyOptions) { o.CurrentTime = time.Now().AddDate(2, 0, 0) }
	for name, tt := range map[string]struct {
		flaw Flaw
		want any // the error; nil is none
		// overlook is how somebody looks who does not see the flaw, and finds no other.
		overlook func(*x509.VerifyOptions)
	}{
		"none":          {"", nil, nil},
		"expired":       {Expired, x509.CertificateInvalidError{}, nil}, // its CA is younger than its end: there is no time at which both are good
		"not yet valid": {NotYetValid, x509.CertificateInvalidError{}, inTime},
		"wrong host":    {WrongHost, x509.HostnameError{}, func(o *x509.VerifyOptions) { o.DNSName = otherHost }},
		"unknown CA":    {UnknownCA, x509.UnknownAuthorityError{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				authority, err := NewAuthority()
				require.NoError(t, err)
				certificates, err := authority.Certificates("ds.test", "10.1.2.3")
				require.NoError(t, err)
				one, err := certificates.With(tt.flaw)
				require.NoError(t, err)
				for _, host := range []string{"ds.test", "10.1.2.3", "127.0.0.1", "localhost"} {
					_, err = one.Leaf.Verify(x509.VerifyOptions{Roots: authority.Pool(), DNSName: host})
					if tt.want == nil {
						require.NoError(t, err)
						continue
					}
					assert.IsType(t, tt.want, err, host)
				}
				if tt.overlook != nil {
					o := x509.VerifyOptions{Roots: authority.Pool(), DNSName: "ds.test"}
					tt.overlook(&o)
					_, err = one.Leaf.Verify(o)
					assert.NoError(t, err)
				}
				again, err := certificates.With(tt.flaw)
				require.NoError(t, err)
				assert.Same(t, one.Leaf, again.Leaf, "it is made once")
			})
		})
	}
}

func TestAFlawThatIsNone(t *testing.T) {
	authority, err := NewAuthority()
	require.NoError(t, err)
	certificates, err := authority.Certificates("ds.test")
	require.NoError(t, err)
	_, err = certificates.With("crooked")
	require.ErrorContains(t, err, `"crooked" is none of expired, not_yet_valid, wrong_host, unknown_ca`)
	_, err = authority.Certificates("")
	require.ErrorContains(t, err, "host 1 has no name")
}

func TestManyWantOneCertificate(t *testing.T) {
	authority, err := NewAuthority()
	require.NoError(t, err)
	certificates, err := authority.Certificates("ds.test")
	require.NoError(t, err)
	var all sync.Map
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			one, err := certificates.With(Flaws()[i%len(Flaws())])
			assert.NoError(t, err)
			all.Store(one.Leaf, true)
		})
	}
	group.Wait()
	count := 0
	all.Range(func(any, any) bool { count++; return true })
	assert.Equal(t, len(Flaws()), count)
}
