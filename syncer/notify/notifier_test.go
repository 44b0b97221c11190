package notify

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNobodyIsWrittenToTwice(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.open().fail("jane", "jane@example.com", 1000)
		assert.Len(r, r.inbox(), 1, "1 000 failures")
		r.reopen()
		r.fail("JANE", "jane@example.com", 1000)
		assert.Len(r, r.inbox(), 1, "a restart, and another spelling")
		r.wait(23 * time.Hour)
		r.fail("jane", "jane@example.com", 10)
		assert.Len(r, r.inbox(), 1, "within the quiet time")
		r.wait(2 * time.Hour)
		assert.Len(r, r.inbox(), 1, "and nothing by itself after it")
		r.fail("jane", "jane@example.com", 1)
		assert.Len(r, r.inbox(), 2)
	})
}

func TestCountsSurviveARestart(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.open()
		for _, user := range []string{"jane", "joe"} {
			r.fail(user, user+"@example.com", 2)
		}
		r.reopen()
		r.notifier.Applied("Joe")
		r.reopen()
		r.fail("jane", "jane@example.com", 1)
		r.fail("joe", "joe@example.com", 1)
		mails := r.inbox()
		require.Len(r, mails, 1, "joe's count began anew")
		assert.Equal(r, "jane@example.com", mails[0].to)
	})
}

func TestAFailureInPassingWaits(t *testing.T) {
	passing := Failure{UserName: "jane", Mail: "jane@example.com", Reason: "timeout"}
	for name, tt := range map[string]struct {
		then func(r *rig)
		want time.Duration // after the first failure; 0 is no mail
		sent map[string]int
	}{
		"and is written about":      {then: func(*rig) {}, want: 20 * time.Minute, sent: map[string]int{Sent: 1}},
		"and is overcome":           {then: func(r *rig) { r.notifier.Applied("jane") }, sent: map[string]int{Withdrawn: 1}},
		"and becomes final":         {then: func(r *rig) { r.fail("jane", "jane@example.com", 1) }, want: time.Minute, sent: map[string]int{Sent: 1}},
		"over a restart":            {then: func(r *rig) { r.reopen() }, want: 20 * time.Minute, sent: map[string]int{Sent: 1}},
		"and is overcome afterward": {then: func(r *rig) { r.reopen(); r.notifier.Applied("jane") }, sent: map[string]int{Withdrawn: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				r.open()
				start := time.Now()
				for range 3 {
					r.notifier.Failed(r.Context(), passing)
				}
				r.wait(time.Minute)
				assert.Empty(r, r.office.inbox())
				tt.then(r)
				r.wait(3 * time.Hour)
				mails := r.inbox()
				assert.Equal(r, tt.sent, r.outcomes())
				if tt.want == 0 {
					assert.Empty(r, mails)
					return
				}
				require.Len(r, mails, 1)
				assert.InDelta(r, tt.want, mails[0].at.Sub(start), float64(time.Second))
			})
		})
	}
}

func TestAPasswordThatIsAppliedWhileTheMailIsOnItsWay(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.office.answer("rcpt", "", 1, 451)
		step := r.office.step
		r.office.step = func(s, to string) error {
			if s == "rcpt" {
				r.notifier.Applied("jane")
			}
			return step(s, to)
		}
		r.open().fail("jane", "jane@example.com", 3)
		r.wait(time.Hour)
		assert.Empty(r, r.inbox(), "greylisted, and no longer wanted")
		assert.Equal(r, map[string]int{Withdrawn: 1}, r.outcomes())
	})
}

func TestAServerThatIsDownForDays(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.office.listener.Down(true)
		r.open()
		for i := range 200 {
			r.fail(fmt.Sprint("user-", i), "x@example.com", 3)
		}
		r.wait(20 * time.Hour)
		assert.Zero(r, r.outcomes()[Expired])
		r.fail("late", "late@example.com", 3)
		r.wait(5 * time.Hour)
		assert.Equal(r, 200, r.outcomes()[Expired])
		assert.Equal(r, 200, strings.Count(r.logs.String(), "a mail was given up"), "none is lost without a word")
		assert.Equal(r, 1, strings.Count(r.logs.String(), "mail cannot be sent"))
		r.office.listener.Down(false)
		r.wait(time.Hour)
		assert.Len(r, r.inbox(), 1, "who came later is still in time")
	})
}

func TestAProcessThatWasDownForDaysStillSends(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.office.listener.Down(true)
		r.open()
		for range 3 {
			r.notifier.Failed(r.Context(), Failure{UserName: "jane", Mail: "jane@example.com"})
		}
		r.close()
		r.office.listener.Down(false)
		r.wait(5 * 24 * time.Hour)
		r.open()
		assert.Len(r, r.inbox(), 1)
	})
}

func TestAUserWithoutAnAddressIsToldOfOnce(t *testing.T) {
	for name, address := range map[string]string{
		"none": "", "blank": "  ", "no domain": "jane", "two": "a@example.com, b@example.com", "with a name": "Jane <jane@example.com>",
		"line end": "jane@example.com\r\nBcc: all@example.com", "line end within": "jane\r\nBcc: x@example.com", "space": "ja ne@example.com",
		"command": "jane@example.com> NOTIFY=NEVER", "angle": "<jane@example.com>", "quoted": `"ja ne"@example.com`, "bare newline": "a\nb@example.com",
		"nul": "a\x00@example.com", "literal": "jane@[127.0.0.1]", "very long": strings.Repeat("a", 400) + "@example.com", "bad domain": "jane@exa_mple..com",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				r.open().fail("jane", address, 10)
				r.reopen()
				r.fail("jane", address, 10)
				assert.Empty(r, r.inbox())
				assert.Equal(r, map[string]int{NoAddress: 1}, r.outcomes())
				assert.Contains(r, r.logs.String(), "attribute=mail", "names the cure")
				r.fail("jane", "jane@example.com", 1)
				assert.Len(r, r.inbox(), 1, "as soon as there is one")
			})
		})
	}
}

func TestNamesFromStrangers(t *testing.T) {
	long := strings.Repeat("ü", 10_000)
	for name, user := range map[string]string{
		"umlauts": "Zoë Åström-Łukasiewicz 李小龙 🙂", "quotes": `o'neil "the" <boss>`, "header": "jane\r\nBcc: all@example.com\r\n\r\nHello",
		"newline": "jane\nSubject: other", "dot line": "jane\r\n.\r\nMAIL FROM:<evil@example.com>", "template": "{{.ResetURL}}{{template \"x\"}}", "long": long,
		"broken UTF-8": "jane\xff\xfe", "NUL": "a\x00b", "other line ends": "jane\u2028Bcc: x\u2029\u0085y", "turned round": "jane\u202egpj.exe", "percent": "%s%n%d",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, StartTLS, func(r *rig) {
				r.open()
				for range 3 {
					r.notifier.Failed(r.Context(), Failure{UserName: user, Mail: "jane@example.com", Reason: user, TransactionID: user, Final: true})
				}
				mails := r.inbox()
				require.Len(r, mails, 1)
				plain := r.plain()
				head := mails[0].parse(r.T).Header
				assert.Len(r, head, len(plain.parse(r.T).Header), "no header more than for jane")
				assert.Equal(r, plain.parse(r.T).Header.Get("To"), head.Get("To"))
				text := body(r.T, mails[0])
				assert.Equal(r, strings.Count(body(r.T, plain), "\n"), strings.Count(text, "\n"), "no line more")
				if name == "umlauts" || name == "quotes" || name == "template" || name == "percent" {
					assert.Contains(r, text, "Hello "+user+",")
				}
				if name == "long" {
					assert.Less(r, len(text), 2000)
				}
			})
		})
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	inBubble(t, None, func(r *rig) {
		r.open()
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := range 200 {
					user := fmt.Sprint("user-", i%20)
					if w == 0 && i%3 == 0 {
						r.notifier.Applied(user)
						continue
					}
					r.notifier.Failed(r.Context(), Failure{UserName: user, Mail: user + "@example.com", Final: i%2 == 0})
				}
			})
		}
		all.Wait()
		r.wait(time.Hour)
		seen := map[string]int{}
		for _, m := range r.inbox() {
			seen[m.to]++
		}
		for to, n := range seen {
			assert.Equal(r, 1, n, to)
		}
		assert.NotEmpty(r, seen)
	})
}

func TestNoSecretShows(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.office.password = "another"
		r.open().fail("jane", "jane@example.com", 3)
		r.wait(time.Hour)
		r.office.set(func() { r.office.password = serverPassword })
		r.wait(time.Hour)
		mails := r.inbox()
		require.Len(r, mails, 1)
		r.close()
		state, err := os.ReadFile(r.config.State)
		require.NoError(r, err)
		info, err := os.Stat(r.config.State)
		require.NoError(r, err)
		assert.Equal(r, os.FileMode(0o600), info.Mode().Perm(), "it holds addresses")
		for place, text := range map[string]string{"log": r.logs.String(), "state": string(state), "mail": string(mails[0].text), "config": fmt.Sprintf("%v %+v %#v", r.config, r.config, r.config)} {
			assert.NotContains(r, text, serverPassword, place)
		}
	})
}

func TestWithoutAServerNothingHappens(t *testing.T) {
	n, err := Open(DefaultConfig(), Environment{})
	require.NoError(t, err)
	require.Nil(t, n)
	n.Failed(t.Context(), Failure{UserName: "jane"})
	n.Applied("jane")
	n.Report("x", "x", "x")
	require.NoError(t, n.Close(t.Context()))
}

func TestReports(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.config.ReportTo = []string{"ops@example.com", "gone@example.com"}
		r.office.answer("rcpt", "gone@example.com", -1, 550)
		r.open().notifier.Report("2026-01-02", "Password sync:\r\n3 parked", "Zeile ü\nline 2\n")
		synctest.Wait()
		r.reopen()
		r.notifier.Report("2026-01-02", "again", "again")
		mails := r.inbox()
		require.Len(r, mails, 1, "once, and one address that is gone does not spoil the other's")
		assert.Equal(r, "ops@example.com", mails[0].to)
		assert.Equal(r, "Password sync:  3 parked", mails[0].parse(r.T).Header.Get("Subject"))
		assert.Equal(r, "Zeile ü\nline 2\n", body(r.T, mails[0]))
		r.notifier.Report("2026-01-03", "next day", "x")
		assert.Len(r, r.inbox(), 2)
		assert.Equal(r, map[string]int{Sent: 2, Refused: 2}, r.outcomes())
	})
}
