package scenarios

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// mailHost is where the engine may hand in mail.
const mailHost = "mail.seatrial.test"

// mailServer receives mail, with STARTTLS, and delivers nothing.
type mailServer struct {
	server   *smtp.Server
	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	received map[string]int // by address
	unread   []string       // mails that could not be understood
}

func openMail(n network.Network, a *network.Authority) (*mailServer, error) {
	certificate, err := a.Certificate(mailHost)
	if err != nil {
		return nil, err
	}
	listener, err := n.Listen(mailHost)
	if err != nil {
		return nil, err
	}
	m := &mailServer{listener: listener, received: map[string]int{}}
	m.server = smtp.NewServer(m)
	m.server.Domain = mailHost
	m.server.ReadTimeout, m.server.WriteTimeout = time.Minute, time.Minute
	m.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	m.serving.Go(func() { _ = m.server.Serve(listener) }) // It ends when it is closed.
	return m, nil
}

// settings tells the engine where the mail server is.
func (m *mailServer) settings(own map[string]any) map[string]any {
	if m == nil {
		return own
	}
	return sut.Merge(map[string]any{"mail": map[string]any{
		"server": mailHost + ":587", "from": "IT Service <it@example.com>", "resetUrl": "https://reset.example.com/",
	}}, own)
}

func (m *mailServer) close() {
	if m == nil {
		return
	}
	_ = m.server.Close()   // What hangs on it is cut.
	_ = m.listener.Close() // The server knows it only once it serves.
	m.serving.Wait()
}

// NewSession is a conversation.
func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: m}, nil }

type session struct {
	server *mailServer
	to     []string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, strings.ToLower(to))
	return nil
}

// Data takes a mail that is one: what a user could not read does not count as received.
func (s *session) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if err != nil || message.Header.Get("Subject") == "" {
		s.server.unread = append(s.server.unread, fmt.Sprint(s.to, err))
		return errors.New("this is no mail")
	}
	for _, to := range s.to {
		s.server.received[to]++
	}
	return nil
}

func (s *session) Reset() { s.to = nil }

func (s *session) Logout() error { return nil }

// expectMails compares who got how much.
func (r *run) expectMails(e Mails) (wrong, about []string) {
	r.mail.mu.Lock()
	got := maps.Clone(r.mail.received)
	wrong = append(wrong, r.mail.unread...)
	r.mail.mu.Unlock()
	if !e.None {
		for _, p := range r.pick(e.Users) {
			address := strings.ToLower(p.PrimaryEmail())
			if got[address] != 1 {
				wrong, about = append(wrong, fmt.Sprintf("%s got %d", p.UserName, got[address])), append(about, p.UserName)
			}
			delete(got, address)
		}
	}
	for _, address := range sortedKeys(got) {
		wrong = append(wrong, fmt.Sprintf("%s got %d", address, got[address]))
	}
	return wrong, about
}
