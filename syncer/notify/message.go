package notify

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// message is a mail that waits. Its text is final, so that a retry after a restart says the same.
type message struct {
	ID      string    `json:"id"` // Message-ID without the angles
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Queued  time.Time `json:"queued"`
	Due     time.Time `json:"due"`
	Expires time.Time `json:"expires"`
	Tries   int       `json:"tries,omitempty"`
}

//go:embed mail.txt
var builtIn string

// Letter is what a template knows. None of it holds a control character.
type Letter struct {
	UserName      string
	ResetURL      string
	Failures      int    // in a row
	Reason        string // of the last one, as in the metrics: "policy", "timeout" …
	TransactionID string
	Time          time.Time
}

// readTemplate reads the text of the mail to a user and tries it out.
func readTemplate(path string) (*template.Template, error) {
	text, name := builtIn, "mail.txt"
	if path != "" {
		data, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			return nil, fmt.Errorf("templateFile: %w", err)
		}
		text, name = string(data), filepath.Base(path)
	}
	t, err := template.New(name).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("templateFile: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, Letter{UserName: "jane", Failures: 3, Reason: "policy", Time: time.Now()}); err != nil {
		return nil, fmt.Errorf("templateFile: %w", err)
	}
	if strings.TrimSpace(out.String()) == "" {
		return nil, fmt.Errorf("templateFile: %s makes an empty mail", path)
	}
	return t, nil
}

// write makes the text of a mail to a user.
func (n *Notifier) write(f Failure, failures int, now time.Time) string {
	l := Letter{
		UserName: oneLine(f.UserName), ResetURL: n.config.ResetURL, Failures: failures, Reason: oneLine(f.Reason),
		TransactionID: oneLine(f.TransactionID), Time: now.UTC(),
	}
	var text bytes.Buffer
	err := n.text.Execute(&text, l)
	if err == nil {
		return text.String()
	}
	// A template can pass the trial and stumble over a value, for instance by slicing a short name.
	n.log.Error("the mail template fails for a user; he gets the built-in text", "user_name", f.UserName, "error", err)
	text.Reset()
	if err := template.Must(template.New("mail.txt").Parse(builtIn)).Execute(&text, l); err != nil {
		n.log.Error("the built-in text fails", "error", err)
	}
	return text.String()
}

// oneLine makes a stranger's text harmless: no control characters, of which line ends are two, and not endless.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return clip(text, 256)
}

// clip keeps a stranger's text from filling a mail or a log.
func clip(text string, limit int) string {
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// parseAddress takes one bare address, as an attribute of a user should hold it. What a mail server could read as something
// else (a display name, a list, a line end) is refused. A domain name in other letters gets its ASCII form.
func parseAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > 320 || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", fmt.Errorf("%q is not an address like jane@example.com", clip(text, 80))
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text {
		return "", fmt.Errorf("%q is not an address like jane@example.com", clip(text, 80))
	}
	at := strings.LastIndexByte(text, '@')
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	if err != nil {
		return "", fmt.Errorf("%q has no domain name: %w", clip(text, 80), err)
	}
	return text[:at+1] + domain, nil
}

// messageID stays with a mail, so that a mailbox which gets it twice knows.
func (n *Notifier) messageID(key string, now time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, now.UnixNano()))
	domain := "seatrial.invalid"
	if from, err := mail.ParseAddress(n.config.From); err == nil {
		if a, err := parseAddress(from.Address); err == nil {
			domain = a[strings.LastIndexByte(a, '@')+1:]
		}
	}
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

// compose makes the mail as it goes over the wire.
func (c Config) compose(m message) (*gomail.Msg, error) {
	w := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := w.From(c.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if c.ReplyTo != "" {
		if err := w.ReplyTo(c.ReplyTo); err != nil {
			return nil, fmt.Errorf("replyTo: %w", err)
		}
	}
	if err := w.To(m.To); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	w.Subject(m.Subject)
	w.SetDateWithValue(m.Queued)
	w.SetMessageIDWithValue(m.ID)
	// RFC 3834: nobody's absence note should answer.
	w.SetGenHeader("Auto-Submitted", "auto-generated")
	w.SetBodyString(gomail.TypeTextPlain, m.Text)
	return w, nil
}
