package notify

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func quoted(r io.Reader) io.Reader { return quotedprintable.NewReader(r) }

func TestMailArrives(t *testing.T) {
	for name, tt := range map[string]struct {
		kind, mechanism string
		caFile          bool
	}{
		"STARTTLS, PLAIN":    {kind: StartTLS, mechanism: sasl.Plain},
		"STARTTLS, LOGIN":    {kind: StartTLS, mechanism: sasl.Login},
		"TLS, PLAIN":         {kind: TLS, mechanism: sasl.Plain},
		"TLS, LOGIN":         {kind: TLS, mechanism: sasl.Login},
		"CA from a file":     {kind: StartTLS, mechanism: sasl.Plain, caFile: true},
		"loopback, in clear": {kind: None, mechanism: sasl.Plain},
		"without a log-in":   {kind: StartTLS},
	} {
		t.Run(name, func(t *testing.T) {
			ca := filepath.Join(t.TempDir(), "ca.pem")
			inBubble(t, tt.kind, func(r *rig) {
				r.office.mechanisms = []string{tt.mechanism}
				if tt.mechanism == "" {
					r.office.mechanisms, r.config.Username, r.config.Password = nil, "", nil
				}
				if tt.caFile {
					require.NoError(r, os.WriteFile(ca, r.office.pem, 0o600))
					r.config.CAFile, r.office.roots = ca, nil
				}
				r.config.ReplyTo = "desk@example.com"
				r.open().fail("zoë", "zoe@example.com", 3)
				mails := r.inbox()
				require.Len(r, mails, 1, r.logs.String())
				got := mails[0]
				assert.Equal(r, []any{"it@example.com", "zoe@example.com", tt.kind != None, false}, []any{got.from, got.to, got.tls, got.utf8})
				assert.Equal(r, r.config.Username, got.login)
				head := got.parse(r.T).Header
				subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
				require.NoError(r, err)
				assert.Equal(r, r.config.Subject, subject)
				from, err := head.AddressList("From")
				require.NoError(r, err)
				assert.Equal(r, "IT-Service Zürich", from[0].Name)
				assert.Equal(r, "<desk@example.com>", head.Get("Reply-To"))
				assert.Equal(r, "auto-generated", head.Get("Auto-Submitted"), "RFC 3834")
				assert.Regexp(r, `^<[0-9a-f]{32}@example\.com>$`, head.Get("Message-Id"))
				text := body(r.T, got)
				for _, want := range []string{"Hello zoë,", "https://password.example.com/", "tx-7", "does not meet the rules"} {
					assert.Contains(r, text, want)
				}
				assert.Equal(r, map[string]int{Sent: 1}, r.outcomes())
			})
		})
	}
}

// Whatever the server lacks or pretends: neither a mail nor the log-in goes out in clear, and the mail is not lost.
func TestNothingGoesOutInClear(t *testing.T) {
	for name, prepare := range map[string]func(r *rig){
		"no STARTTLS": func(r *rig) { r.office.server.TLSConfig = nil; r.office.server.AllowInsecureAuth = true },
		"unknown CA":  func(r *rig) { r.office.certify(r.T) },
		"other name":  func(r *rig) { r.config.Server = "mail.evil:587" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				prepare(r)
				r.open().fail("jane", "jane@example.com", 3)
				r.wait(time.Hour)
				assert.Empty(r, r.inbox())
				said := r.office.wire.String()
				assert.Contains(r, said, "EHLO")
				for _, word := range []string{"MAIL", "AUTH", "jane", serverPassword, base64.StdEncoding.EncodeToString([]byte(serverPassword))} {
					assert.NotContains(r, said, word)
				}
				assert.Positive(r, r.outcomes()[Deferred])
				assert.Equal(r, 1, strings.Count(r.logs.String(), "mail cannot be sent"), "said once, not with each try")
			})
		})
	}
}

func TestAWrongPasswordCostsNoMail(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.office.password = "another"
		r.open().fail("jane", "jane@example.com", 3)
		r.wait(2 * time.Hour)
		assert.Empty(r, r.inbox())
		r.office.set(func() {
			assert.Less(r, r.office.logins, 25, "a server locks out who tries too often")
			r.office.password = serverPassword
		})
		r.wait(11 * time.Minute)
		assert.Len(r, r.inbox(), 1)
		assert.Contains(r, r.logs.String(), "535")
		assert.Contains(r, r.logs.String(), "mail is sent again")
		assert.NotContains(r, r.logs.String(), serverPassword)
	})
}

// answer lets the office answer a step a number of times, for one address or for all.
func (o *office) answer(step, to string, times, code int) {
	o.step = func(s, t string) error {
		if s != step || (to != "" && t != to) || times == 0 {
			return nil
		}
		times--
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "as the test wants"}
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	const forEver = -1
	for name, tt := range map[string]struct {
		step        string
		code, times int
		within      time.Duration
		jane        int // mails that she gets
		outcomes    map[string]int
	}{
		"greylisted":                  {step: "rcpt", code: 451, times: 2, within: 10 * time.Minute, jane: 1, outcomes: map[string]int{Sent: 2, Deferred: 2}},
		"mailbox full for now":        {step: "data", code: 452, times: 1, within: 10 * time.Minute, jane: 1, outcomes: map[string]int{Sent: 2, Deferred: 1}},
		"no such mailbox":             {step: "rcpt", code: 550, times: forEver, within: 48 * time.Hour, outcomes: map[string]int{Sent: 1, Refused: 1}},
		"content refused":             {step: "data", code: 554, times: forEver, within: 48 * time.Hour, outcomes: map[string]int{Sent: 1, Refused: 1}},
		"greylisted for good":         {step: "rcpt", code: 451, times: forEver, within: 48 * time.Hour, outcomes: map[string]int{Sent: 1, Expired: 1}},
		"sender refused, then fixed":  {step: "mail", code: 553, times: 3, within: 10 * time.Minute, jane: 1, outcomes: map[string]int{Sent: 2, Deferred: 3}},
		"service closes, then opened": {step: "rcpt", code: 421, times: 1, within: 10 * time.Minute, jane: 1, outcomes: map[string]int{Sent: 2, Deferred: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				to := "jane@example.com"
				if tt.step == "mail" {
					to = ""
				}
				r.office.answer(tt.step, to, tt.times, tt.code)
				r.open().fail("jane", "jane@example.com", 3)
				r.fail("joe", "joe@example.com", 3)
				r.wait(tt.within)
				jane := 0
				for _, m := range r.inbox() {
					if m.to == "jane@example.com" {
						jane++
					}
				}
				assert.Equal(r, tt.jane, jane)
				got := r.outcomes()
				if got[Expired] > 0 {
					assert.Contains(r, r.logs.String(), "a mail was given up")
					delete(got, Deferred)
				}
				assert.Equal(r, tt.outcomes, got)
				if tt.outcomes[Refused] > 0 {
					assert.Contains(r, r.logs.String(), fmt.Sprint(tt.code))
				}
			})
		})
	}
}

func TestACutInTheMiddleIsTriedAgain(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		cuts := 2
		r.office.cut = func(to string) bool {
			if to == "jane@example.com" && cuts > 0 {
				cuts--
				return true
			}
			return false
		}
		r.open().fail("jane", "jane@example.com", 3)
		for i := range 5 {
			r.fail(fmt.Sprint("other-", i), "other@example.com", 3)
		}
		r.wait(30 * time.Second)
		assert.Len(r, r.inbox(), 5, "one bad mail holds up nobody else")
		r.wait(5 * time.Minute)
		mails := r.inbox()
		require.Len(r, mails, 6)
		assert.Equal(r, map[string]int{Sent: 6, Deferred: 2}, r.outcomes())
	})
}

// A server that takes the mail and dies before it says so gets it once more, as the same one.
func TestARepeatedMailIsRecognisable(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		first := true
		r.office.step = func(step, _ string) error {
			if step == "data" && first {
				first = false
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "later"}
			}
			return nil
		}
		r.open().fail("jane", "jane@example.com", 3)
		r.wait(time.Millisecond)
		id := r.notifier.entries["user jane"].Mail.ID
		r.reopen()
		r.wait(2 * time.Minute)
		mails := r.inbox()
		require.Len(r, mails, 1)
		assert.Equal(r, "<"+id+">", mails[0].parse(r.T).Header.Get("Message-Id"), "kept over a restart")
	})
}

func TestManyMailsShareAConnection(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.open()
		for i := range 120 {
			r.fail(fmt.Sprint("user-", i), fmt.Sprintf("user-%d@example.com", i), 3)
		}
		r.wait(time.Minute)
		assert.Len(r, r.inbox(), 120)
		r.office.set(func() { assert.LessOrEqual(r, r.office.logins, 5) })
	})
}

func TestAHangingServerHoldsUpNobody(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		hang := make(chan struct{})
		r.office.step = func(string, string) error { <-hang; return nil }
		r.open().fail("jane", "jane@example.com", 3)
		r.wait(time.Millisecond)
		start := time.Now()
		r.fail("joe", "joe@example.com", 3)
		assert.Zero(r, time.Since(start), "counting does not wait")
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		require.NoError(r, r.notifier.Close(ctx))
		assert.Equal(r, 5*time.Second, time.Since(start), "what is being sent gets its time")
		close(hang)
		synctest.Wait()
		r.office.set(func() { r.office.step = func(string, string) error { return nil } })
		r.open().wait(time.Minute)
		assert.Len(r, r.inbox(), 2, "both have waited in the state file")
	})
}

func TestAddressesInOtherLetters(t *testing.T) {
	for name, tt := range map[string]struct {
		address, arrives string
		offered, utf8    bool
	}{
		"domain":                             {address: "jane@bücher.example", arrives: "jane@xn--bcher-kva.example"},
		"mailbox":                            {address: "zoë@example.com", offered: true, arrives: "zoë@example.com", utf8: true},
		"mailbox, server without SMTPUTF8":   {address: "zoë@example.com"},
		"plain mailbox, server with it":      {address: "jane@example.com", offered: true, arrives: "jane@example.com"},
		"quotes, dots and pluses in a local": {address: "o'neil+a.b@example.com", arrives: "o'neil+a.b@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				r.office.server.EnableSMTPUTF8 = tt.offered
				r.open().fail("zoë", tt.address, 3)
				mails := r.inbox()
				if tt.arrives == "" {
					assert.Empty(r, mails)
					assert.Equal(r, map[string]int{Refused: 1}, r.outcomes())
					assert.Contains(r, r.logs.String(), "SMTPUTF8")
					return
				}
				require.Len(r, mails, 1, r.logs.String())
				assert.Equal(r, tt.arrives, mails[0].to)
				assert.Equal(r, tt.utf8, mails[0].utf8)
			})
		})
	}
}
