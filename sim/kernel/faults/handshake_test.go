package faults

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

// TestCertificates has a client that has been here before meet each flaw: a session that it could resume must not hide it.
func TestCertificates(t *testing.T) {
	for flaw, want := range map[network.Flaw]any{
		network.Expired:     new(x509.CertificateInvalidError),
		network.NotYetValid: new(x509.CertificateInvalidError),
		network.WrongHost:   new(x509.HostnameError),
		network.UnknownCA:   new(x509.UnknownAuthorityError),
	} {
		t.Run(string(flaw), func(t *testing.T) {
			world(t, func(t *testing.T, p *place) {
				_, err := p.patch(t.Context())
				require.NoError(t, err)
				id := p.force(t, Rule{Kind: KindCertificate, Certificate: flaw, Trigger: Trigger{First: 2}})
				_, err = p.patch(t.Context())
				require.NoError(t, err, "a connection that stands does not look again")
				assert.Zero(t, p.set.List()[0].Seen)
				for range 2 {
					p.client.CloseIdleConnections()
					_, err = p.patch(t.Context())
					require.ErrorAs(t, err, want)
				}
				e := p.last(t)
				assert.Equal(t, []string{id}, e.Faults)
				assert.Equal(t, []string{"TLS", "handshake", ""}, []string{e.Method, e.Operation, e.Outcome})
				assert.True(t, e.Unanswered())
				assert.Equal(t, int64(2), p.applied.Load(), "no request has come through")
				_, err = p.patch(t.Context())
				require.NoError(t, err, "the certificate has been renewed")
				status := p.set.List()[0]
				assert.Equal(t, []uint64{3, 2}, []uint64{status.Seen, status.Fired})
			})
		})
	}
}

func TestHandshakesThatBreak(t *testing.T) {
	for way, check := range map[string]func(t *testing.T, err error){
		HandshakeClose: func(t *testing.T, err error) { assert.ErrorIs(t, err, io.EOF) },
		HandshakeGarbage: func(t *testing.T, err error) {
			record := tls.RecordHeaderError{}
			require.ErrorAs(t, err, &record)
			assert.Equal(t, "This ", string(record.RecordHeader[:]))
		},
	} {
		t.Run(way, func(t *testing.T) {
			test := func(t *testing.T, p *place) {
				t.Helper()
				id := p.force(t, Rule{Kind: KindHandshake, Handshake: way, Trigger: Trigger{First: 1}})
				_, err := p.patch(t.Context())
				require.Error(t, err)
				check(t, err)
				assert.Equal(t, []string{id}, p.last(t).Faults)
				_, err = p.patch(t.Context())
				require.NoError(t, err)
				assert.Equal(t, int64(1), p.applied.Load())
			}
			t.Run("memory", func(t *testing.T) { world(t, test) })
			t.Run("tcp", func(t *testing.T) { test(t, open(t, network.TCP(""))) })
		})
	}
}

func TestAHandshakeThatHangs(t *testing.T) {
	t.Run("until the client goes", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			p.force(t, Rule{Kind: KindHandshake, Handshake: HandshakeHang})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			got, err := p.patch(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Hour, got.took, "the server's own limit does not end it")
			synctest.Wait()
		})
	})
	t.Run("until the rule goes", func(t *testing.T) {
		world(t, func(t *testing.T, p *place) {
			id := p.force(t, Rule{Kind: KindHandshake, Handshake: HandshakeHang})
			time.AfterFunc(time.Hour, func() { p.set.Remove(id) })
			got, err := p.patch(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []any{"written", time.Hour}, []any{got.body, got.took})
		})
	})
}

// TestHandshakesHaveTheirOwnKinds: other rules do not see them, and they do not see requests.
func TestHandshakesHaveTheirOwnKinds(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		p.force(t, Rule{Kind: KindCertificate, Certificate: network.Expired, Trigger: Trigger{Skip: 10}})
		p.force(t, Rule{Kind: KindLatency, Latency: Latency{Value: time.Second}})
		for range 3 {
			_, err := p.patch(t.Context())
			require.NoError(t, err)
		}
		list := p.set.List()
		assert.Equal(t, []uint64{1, 3}, []uint64{list[0].Seen, list[1].Seen})
	})
}
