package syncer

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// mailbox is a mail server that keeps what it gets.
type mailbox struct {
	mu    sync.Mutex
	mails map[string][]string // by recipient
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &sender{mailbox: m}, nil }

func (m *mailbox) of(to string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails[to]...)
}

type sender struct {
	*mailbox
	to string
}

func (s *sender) Reset()                                    {}
func (s *sender) Logout() error                             { return nil }
func (s *sender) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *sender) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *sender) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails[s.to] = append(s.mails[s.to], string(text))
	return err
}

// startWithMail starts an engine that has a mail server beside its domain.
func (r *rig) startWithMail() *mailbox {
	r.t.Helper()
	m, post := &mailbox{mails: map[string][]string{}}, idcstest.Listen()
	server := smtp.NewServer(m)
	server.ErrorLog = log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(post)
	}()
	r.t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	r.config.Mail.Server, r.config.Mail.TLS, r.config.Mail.From = "localhost:25", notify.None, "it@example.com"
	r.config.Mail.ResetURL, r.config.Mail.ReportTo = "https://password.example.com/", []string{"ops@example.com"}
	r.config.Mail.State = filepath.Join(filepath.Dir(r.config.Audit), "mail.jsonl")
	r.listener = idcstest.Listen()
	e, err := New(r.config, Environment{
		Listener: r.listener, Logger: slog.New(slog.NewJSONHandler(r.logs, nil)),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == r.config.Mail.Server {
				return post.DialContext(ctx, network, address)
			}
			return r.domain.DialContext(ctx, network, address)
		},
	})
	require.NoError(r.t, err)
	require.NoError(r.t, e.Start(r.t.Context()))
	r.engine = e
	r.client = &http.Client{Transport: &http.Transport{DialContext: r.listener.DialContext, MaxIdleConnsPerHost: 8}}
	return m
}

// change submits a change with an address for mail.
func (r *rig) change(transaction, user, password string) {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodPost, "/v1/changes", map[string]any{
		"transactionId": transaction, "userName": user, "password": password,
		"attributes": map[string]string{"mail": user + "@example.com", "groups": "Sales; Pilot"},
	})
	require.Equal(r.t, http.StatusAccepted, status, string(answer))
}

func TestAUserHearsOfTheThirdFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy = func(_, password string) string {
			if strings.Contains(password, "weak") {
				return "The password must have at least 99 characters."
			}
			return ""
		}
		r.domain.Add("jane")
		r.domain.Add("joe")
		m := r.startWithMail()
		for i := range 5 {
			r.change(fmt.Sprint("t-", i), "jane", fmt.Sprintf("weak-C4nary-%d", i))
			r.change(fmt.Sprint("t-", i), "joe", []string{"weak-C4nary", "Strong-1"}[i%2]) // Never three times in a row.
			r.settled(2*i+2, time.Minute)
		}
		time.Sleep(time.Second)
		require.Len(t, m.of("jane@example.com"), 1, r.logs)
		assert.Empty(t, m.of("joe@example.com"))
		assert.Contains(t, m.of("jane@example.com")[0], "t-2", "the reference of the third")
		assert.NotContains(t, m.of("jane@example.com")[0], "C4nary")
		assert.Contains(t, r.metrics(), `idm_password_sync_mails_total{outcome="sent",target_system="idcs"} 1`)

		time.Sleep(24 * time.Hour)
		reports := m.of("ops@example.com")
		require.Len(t, reports, 1, "one a day")
		assert.Contains(t, reports[0], "Subject: Password sync: 2 applied, 8 parked, 2 users wait")
		assert.Contains(t, reports[0], "Changes kept for replay:")
		assert.NotContains(t, reports[0], "C4nary")
		r.stop()
		m = r.startWithMail()
		r.change("t-9", "jane", "weak-C4nary-9")
		r.settled(11, time.Minute)
		time.Sleep(time.Second)
		assert.Len(t, m.of("jane@example.com"), 1, "the quiet time is over, and the count has survived")
		r.close()
	})
}

// An outage of a minute is nothing to write to everybody about.
func TestAnOutageMakesNoMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("jane")
		r.domain.Script = until(time.Now().Add(time.Minute), step{Status: 503})
		m := r.startWithMail()
		r.change("t-1", "jane", "Password-1")
		list := r.settled(1, time.Hour)
		assert.Equal(t, hook.Applied, list[0].State)
		assert.Greater(t, list[0].Attempts, 3)
		time.Sleep(2 * time.Hour)
		assert.Empty(t, m.of("jane@example.com"))
		assert.Contains(t, r.metrics(), `idm_password_sync_mails_total{outcome="withdrawn",target_system="idcs"} 1`)
		r.close()
	})
}

func TestWhoIsNotInTheRolloutIsSkipped(t *testing.T) {
	for name, tt := range map[string]struct {
		rollout Rollout
		want    hook.State
	}{
		"everybody":     {DefaultRollout(), hook.Applied},
		"nobody":        {Rollout{Percent: 0}, hook.Skipped},
		"his group":     {Rollout{Percent: 100, Groups: []string{"pilot"}, Attribute: "groups"}, hook.Applied},
		"another group": {Rollout{Percent: 100, Groups: []string{"it"}, Attribute: "groups"}, hook.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.Rollout = tt.rollout
				r.domain.Add("jane")
				r.start()
				r.change("t-1", "jane", "Password-1")
				list := r.settled(1, time.Minute)
				assert.Equal(t, tt.want, list[0].State)
				assert.Equal(t, string(tt.want), r.trail()[0].Outcome)
				if tt.want == hook.Skipped {
					assert.Empty(t, r.domain.Log(), "nothing was sent, not even a look")
				}
				r.close()
			})
		})
	}
}
