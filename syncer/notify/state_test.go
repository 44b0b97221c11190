package notify

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATornLastLineIsCutOff(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.open().fail("jane", "jane@example.com", 2)
		r.close()
		f, err := os.OpenFile(r.config.State, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(r, err)
		_, err = f.WriteString(`{"key":"user joe","fail`)
		require.NoError(r, err)
		require.NoError(r, f.Close())
		r.open().fail("jane", "jane@example.com", 1)
		assert.Len(r, r.inbox(), 1)
		r.reopen()
	})
}

func TestTheStateFileDoesNotGrowForEver(t *testing.T) {
	inBubble(t, None, func(r *rig) {
		r.open()
		for i := range 1300 {
			user := fmt.Sprint("user-", i%10)
			r.fail(user, user+"@example.com", 1)
			if i%2 == 0 {
				r.notifier.Applied(user)
			}
			r.wait(time.Minute)
		}
		r.close()
		text, err := os.ReadFile(r.config.State)
		require.NoError(r, err)
		assert.Less(r, bytes.Count(text, []byte("\n")), 400)
		r.open()
		assert.Less(r, len(r.notifier.entries), 11)
	})
}

func TestADiskThatFails(t *testing.T) {
	inBubble(t, StartTLS, func(r *rig) {
		r.open()
		good := r.notifier.state.file
		bad, err := os.Open(r.config.State) // Nobody can write to it.
		require.NoError(r, err)
		swap := func(f *os.File) {
			r.notifier.mu.Lock()
			defer r.notifier.mu.Unlock()
			r.notifier.state.file = f
		}
		swap(bad)
		r.fail("jane", "jane@example.com", 3)
		assert.Len(r, r.inbox(), 1, "the mail goes out all the same")
		assert.Contains(r, r.logs.String(), "the state of mails cannot be written")
		swap(good)
		require.NoError(r, bad.Close())
		r.wait(againAfter)
		assert.Contains(r, r.logs.String(), "the state of mails is written again")
		r.reopen()
		r.fail("jane", "jane@example.com", 3)
		assert.Len(r, r.inbox(), 1)
	})
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"key":"user a","failures":2,"mail":{"id":"x","to":"a@example.com"}}` + "\n" + `{"key":`))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := t.TempDir() + "/state"
		require.NoError(t, os.WriteFile(path, data, 0o600))
		s, entries, err := openState(path)
		if err != nil {
			return
		}
		require.NoError(t, s.append([]entry{{Key: "user new", Failures: 1}}))
		require.NoError(t, s.close())
		s, again, err := openState(path)
		require.NoError(t, err, "what was readable stays readable")
		entries["user new"] = &entry{Key: "user new", Failures: 1}
		assert.Len(t, again, len(entries))
		require.NoError(t, s.close())
	})
}

// FuzzMessage: whatever a stranger chooses, a mail has the headers and lines that it has for anybody, and goes to one mailbox.
func FuzzMessage(f *testing.F) {
	f.Add("jane\r\nBcc: x@example.com", "jane@example.com")
	f.Add("zoë", "zoë@bücher.example")
	n := &Notifier{config: valid()}
	text, err := readTemplate("")
	require.NoError(f, err)
	n.text = text
	write := func(t *testing.T, user, to string) []byte {
		t.Helper()
		m, err := n.config.compose(message{
			ID: n.messageID(user, time.Unix(1, 0)), To: to, Subject: oneLine(user),
			Text: n.write(Failure{UserName: user, Reason: user, TransactionID: user}, 3, time.Unix(0, 0)),
		})
		require.NoError(t, err)
		var out bytes.Buffer
		_, err = m.WriteTo(&out)
		require.NoError(t, err)
		return out.Bytes()
	}
	f.Fuzz(func(t *testing.T, user, address string) {
		if address, err := parseAddress(address); err == nil {
			m, err := n.config.compose(message{To: address, Subject: "x"})
			require.NoError(t, err, address)
			list, err := m.GetRecipients()
			require.NoError(t, err)
			assert.Len(t, list, 1)
			assert.NotContains(t, address, "\r")
			assert.NotContains(t, address, "\n")
			assert.NotContains(t, address, " ")
		}
		if user == "" || user == "policy" {
			return
		}
		strange, plain := received{text: write(t, user, "jane@example.com")}, received{text: write(t, "jane", "jane@example.com")}
		assert.Len(t, strange.parse(t).Header, len(plain.parse(t).Header))
		assert.Equal(t, bytes.Count([]byte(body(t, plain)), []byte("\n")), bytes.Count([]byte(body(t, strange)), []byte("\n")))
	})
}
