package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"math/big"
	"net"
	netmail "net/mail"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serverPassword = "c4nary of the server"

// received is a mail that has arrived.
type received struct {
	from, to string
	utf8     bool // the sender asked for SMTPUTF8
	tls      bool
	login    string
	text     []byte
	at       time.Time
}

func (r received) String() string { return "mail to " + r.to }

func (r received) parse(t *testing.T) *netmail.Message {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(r.text))
	require.NoError(t, err)
	return m
}

// office is a mail server on an in-memory network, in the tests' hands.
type office struct {
	listener *idcstest.Listener
	server   *smtp.Server
	roots    *x509.CertPool
	pem      []byte
	wire     *wire
	done     chan struct{}

	mu         sync.Mutex
	mechanisms []string
	password   string
	step       func(step, to string) error // "mail", "rcpt", "data": what to answer
	cut        func(to string) bool        // breaks the connection within DATA
	mails      []received
	logins     int
}

// wire is what the client said in clear.
type wire struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

type tapped struct {
	net.Conn
	wire *wire
}

func (c tapped) Write(p []byte) (int, error) {
	c.wire.mu.Lock()
	c.wire.said.Write(p)
	c.wire.mu.Unlock()
	return c.Conn.Write(p)
}

func openOffice(t *testing.T, kind string) *office {
	t.Helper()
	o := &office{
		listener: idcstest.Listen(), wire: &wire{}, done: make(chan struct{}), password: serverPassword, mechanisms: []string{sasl.Plain},
		step: func(string, string) error { return nil }, cut: func(string) bool { return false },
	}
	certificate := o.certify(t)
	o.server = smtp.NewServer(o)
	o.server.Domain, o.server.ErrorLog = "mail.test", log.New(io.Discard, "", 0)
	// In memory nothing is buffered: a session ticket and the client's first word would wait for each other.
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true}
	listener := net.Listener(o.listener)
	switch kind {
	case StartTLS:
		o.server.TLSConfig = secure
	case TLS:
		listener = tls.NewListener(listener, secure)
	case None:
		o.server.AllowInsecureAuth = true
	}
	go func() {
		defer close(o.done)
		_ = o.server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = o.server.Close()
		_ = o.listener.Close()
		<-o.done
	})
	return o
}

// certify makes an authority, and a certificate of it for mail.test.
func (o *office) certify(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{"mail.test"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	require.NoError(t, err)
	root, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	o.roots = x509.NewCertPool()
	o.roots.AddCert(root)
	o.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	der, err = x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// dial connects to the office and notes what is said in clear.
func (o *office) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := o.listener.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return tapped{c, o.wire}, nil
}

func (o *office) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &visitor{office: o, conn: c, received: received{tls: secure}}, nil
}

func (o *office) set(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

func (o *office) inbox() []received {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.mails)
}

// visitor is a connection to the office.
type visitor struct {
	office *office
	conn   *smtp.Conn
	received
}

func (v *visitor) Reset() {}

func (v *visitor) Logout() error { return nil }

func (v *visitor) AuthMechanisms() []string { return v.office.mechanisms }

func (v *visitor) Auth(mechanism string) (sasl.Server, error) {
	if !slices.Contains(v.office.mechanisms, mechanism) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	if mechanism == sasl.Login {
		return &loginServer{check: v.check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return v.check(user, password) }), nil
}

func (v *visitor) check(user, password string) error {
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	v.office.logins++
	if password != v.office.password {
		return smtp.ErrAuthFailed
	}
	v.login = user
	return nil
}

func (v *visitor) ask(step, to string) error {
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	return v.office.step(step, to)
}

func (v *visitor) Mail(from string, options *smtp.MailOptions) error {
	v.from, v.utf8 = from, options.UTF8
	return v.ask("mail", "")
}

func (v *visitor) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.to = to
	return v.ask("rcpt", to)
}

func (v *visitor) Data(r io.Reader) error {
	v.office.mu.Lock()
	cut := v.office.cut(v.to)
	v.office.mu.Unlock()
	if cut {
		_, _ = io.ReadFull(r, make([]byte, 20))
		_ = v.conn.Conn().Close()
		return errors.New("cut")
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := v.ask("data", v.to); err != nil {
		return err
	}
	mail := v.received
	mail.text, mail.at = text, time.Now()
	v.office.set(func() { v.office.mails = append(v.office.mails, mail) })
	return nil
}

// loginServer is the server's side of AUTH LOGIN, which go-sasl has no more.
type loginServer struct {
	user  *string
	check func(user, password string) error
	asked bool
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case !l.asked && response == nil:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

// rig is a notifier with its office.
type rig struct {
	*testing.T
	office   *office
	config   Config
	notifier *Notifier
	logs     *wire

	mu     sync.Mutex
	counts map[string]int
}

// inBubble runs a test in virtual time with an office of a kind; the notifier is not open yet.
func inBubble(t *testing.T, kind string, f func(r *rig)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, office: openOffice(t, kind), logs: &wire{}, counts: map[string]int{}}
		r.config = DefaultConfig()
		r.config.Server, r.config.TLS, r.config.From = "mail.test:587", kind, "IT-Service Zürich <it@example.com>"
		r.config.Username, r.config.Password = "seatrial", seal.Secret(serverPassword)
		r.config.ResetURL, r.config.State = "https://password.example.com/", filepath.Join(dir, "mail.jsonl")
		if kind == None {
			r.config.Server = "localhost:25"
		}
		t.Cleanup(func() { assert.NoError(t, r.notifier.Close(context.WithoutCancel(t.Context()))) })
		f(r)
	})
}

func (r *rig) open() *rig {
	r.Helper()
	n, err := Open(r.config, Environment{
		DialContext: r.office.dial, RootCAs: r.office.roots,
		Logger: slog.New(slog.NewTextHandler(writer{r.logs}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Counted: func(outcome string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.counts[outcome]++
		},
	})
	require.NoError(r, err)
	r.notifier = n
	return r
}

func (r *rig) close() {
	r.Helper()
	require.NoError(r, r.notifier.Close(r.Context()))
	r.notifier = nil
}

// reopen is a restart.
func (r *rig) reopen() {
	r.Helper()
	r.close()
	r.open()
}

// fail lets a number of syncs of a user fail; the last one is final.
func (r *rig) fail(user, address string, times int) {
	for i := range times {
		r.notifier.Failed(r.Context(), Failure{
			UserName: user, Mail: address, TransactionID: "tx-7", ChangeID: "c-7", Reason: "policy", Attempts: i + 1, Final: i == times-1,
		})
	}
}

// inbox is what has arrived once all that is due now has been sent. The goodbyes of TLS cross, which an unbuffered connection
// lets happen only after a timeout of five seconds; then comes what was due a moment too late for the connection before.
func (r *rig) inbox() []received {
	r.wait(10 * time.Second)
	return r.office.inbox()
}

func (r *rig) outcomes() map[string]int {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

func (r *rig) wait(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

type writer struct{ *wire }

func (w writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(p)
}

// body decodes the text of a mail.
func body(t *testing.T, r received) string {
	t.Helper()
	m := r.parse(t)
	assert.Equal(t, "quoted-printable", m.Header.Get("Content-Transfer-Encoding"))
	text, err := io.ReadAll(quoted(m.Body))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// plain is a mail of the same notifier to a user whose name is nothing special.
func (r *rig) plain() received {
	for range 3 {
		r.notifier.Failed(r.Context(), Failure{UserName: "plain jane", Mail: "jane@example.com", Reason: "x", TransactionID: "x", Final: true})
	}
	mails := r.inbox()
	return mails[len(mails)-1]
}
