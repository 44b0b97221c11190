package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// What a failure says.
var (
	errRefused = errors.New("refused for good")     // The server does not take this mail, now or later.
	errServer  = errors.New("the mail server")      // The trouble is the server's, not the mail's.
	errCut     = errors.New("the connection broke") // Whether the server has the mail is not known.
)

// patience is how long the server may take for one step. RFC 5321, 4.5.3.2, allows it minutes; who needs them has a mail
// server that is as good as down.
const patience = time.Minute

// server is the mail server.
type server struct {
	config Config
	host   string
	port   int
	tls    *tls.Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func newServer(c Config, e Environment) (*server, error) {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	roots := e.RootCAs
	if c.CAFile != "" {
		text, err := os.ReadFile(filepath.Clean(c.CAFile))
		if err != nil {
			return nil, fmt.Errorf("caFile: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("caFile: %s holds no certificate in PEM", c.CAFile)
		}
	}
	s := &server{
		config: c, host: host, port: number, dial: e.DialContext,
		tls: &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	if s.dial == nil {
		s.dial = (&net.Dialer{}).DialContext
	}
	return s, nil
}

// session is a connection over which mails go one after the other.
type session struct {
	config Config
	client *gomail.Client
	smtp   *smtp.Client
	end    func()
}

// connect opens a session: TLS and log-in are done when it returns. Until the session is closed it ends with ctx.
func (s *server) connect(ctx context.Context) (*session, error) {
	// The library closes no connection on which the greeting, TLS or the log-in went wrong, and its later steps know no
	// context. So the connection stays ours.
	end := func() {}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		raw, err := s.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
		end = func() {
			stop()
			_ = raw.Close()
		}
		if s.config.TLS != TLS {
			return raw, nil
		}
		secure := tls.Client(raw, s.tls)
		return secure, secure.HandshakeContext(dialing)
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(patience), gomail.WithTLSConfig(s.tls), gomail.WithDialContextFunc(dial),
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	switch s.config.TLS {
	case TLS:
		options = append(options, gomail.WithSSL())
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.config.Username != "" {
		options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(string(s.config.Password)),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	c, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errServer, err)
	}
	client, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		end()
		return nil, fmt.Errorf("%w: %w", errServer, err)
	}
	return &session{config: s.config, client: c, smtp: client, end: end}, nil
}

func (s *session) close() {
	_ = s.client.CloseWithSMTPClient(s.smtp) // QUIT is good manners; nothing depends on its answer.
	s.end()
}

// send hands one mail over. An error that is none of the three above is a no for now.
func (s *session) send(m message) error {
	w, err := s.config.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	// RFC 6531: only an address in other letters needs SMTPUTF8, and with it the mail goes nowhere where it is not known.
	ascii := !strings.ContainsFunc(m.To, func(r rune) bool { return r > 127 })
	if offered, _ := s.smtp.Extension("SMTPUTF8"); !ascii && !offered {
		return fmt.Errorf("%w: the server does not offer SMTPUTF8, which this address needs", errRefused)
	}
	s.smtp.SkipSMTPUTF8(ascii)
	err = s.client.SendWithSMTPClient(s.smtp, w)
	if err == nil || w.IsDelivered() {
		return nil
	}
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return fmt.Errorf("%w: %w", errServer, err)
	}
	code, reason := sent.ErrorCode(), sent.Reason
	switch {
	case code == 421 || reason == gomail.ErrConnCheck || reason == gomail.ErrSMTPMailFrom:
		// The service closes, or does not want the sender: the next mail would fare no better.
		return fmt.Errorf("%w: %w", errServer, err)
	case code >= 500:
		return fmt.Errorf("%w: %w", errRefused, err)
	case code == 0:
		return fmt.Errorf("%w: %w", errCut, err)
	default:
		return err
	}
}
