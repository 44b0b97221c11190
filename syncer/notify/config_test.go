package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
)

func valid() Config {
	c := DefaultConfig()
	c.Server, c.From, c.ResetURL = "mail.example.com:587", "it@example.com", "https://password.example.com/"
	c.Username, c.Password = "seatrial", seal.Secret("secret")
	c.ReportTo = []string{"ops@example.com"}
	return c
}

func TestMistakesAreNamed(t *testing.T) {
	require.NoError(t, valid().Validate())
	require.NoError(t, DefaultConfig().Validate(), "no server, no mail")
	for want, spoil := range map[string]func(c *Config){
		`server: "mail.example.com" is not host:port`:     func(c *Config) { c.Server = "mail.example.com" },
		`server: "mail:smtp"`:                             func(c *Config) { c.Server = "mail:smtp" },
		`server: ":25"`:                                   func(c *Config) { c.Server = ":25" },
		`tls: "ssl" is none of starttls, tls and none`:    func(c *Config) { c.TLS = "ssl" },
		"tls: none would send mail and log-in in clear":   func(c *Config) { c.TLS = None },
		"caFile: there is no certificate to check":        func(c *Config) { c.Server, c.TLS, c.CAFile = "localhost:25", None, "ca.pem" },
		"username: a log-in needs both":                   func(c *Config) { c.Password = nil },
		"username: a log-in needs both username":          func(c *Config) { c.Username = "" },
		`from: "" is not an address`:                      func(c *Config) { c.From = "" },
		`replyTo: "desk" is not an address`:               func(c *Config) { c.ReplyTo = "desk" },
		`subject: "a\nb" is not one line`:                 func(c *Config) { c.Subject = "a\nb" },
		"resetUrl: not an address like":                   func(c *Config) { c.ResetURL = "javascript:alert(1)" },
		"resetUrl: not an address like https":             func(c *Config) { c.ResetURL = "https://user:pass@example.com/" },
		"resetUrl: not set":                               func(c *Config) { c.ResetURL = "" },
		"after: 0 is not within":                          func(c *Config) { c.After = 0 },
		"wait: -1s is not within 0s":                      func(c *Config) { c.Wait = -time.Second },
		"quiet: 0s is not within 1m0s":                    func(c *Config) { c.Quiet = 0 },
		"keep: 10000h0m0s is not within":                  func(c *Config) { c.Keep = 10000 * time.Hour },
		"attribute: not set":                              func(c *Config) { c.Attribute = "" },
		"state: not set":                                  func(c *Config) { c.State = "" },
		`reportTo[1]: "ops" is not an address`:            func(c *Config) { c.ReportTo = append(c.ReportTo, "ops") },
		"reportTo: the report has no way out; set server": func(c *Config) { c.Server = "" },
	} {
		t.Run(want, func(t *testing.T) {
			c := valid()
			spoil(&c)
			err := c.Validate()
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "\n", "one mistake, one line")
			assert.NotContains(t, err.Error(), "pass@", "an address may hold a password")
		})
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		f, err := os.CreateTemp(dir, "")
		require.NoError(t, err)
		_, err = f.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		return f.Name()
	}
	for want, spoil := range map[string]func(c *Config){
		"templateFile: open":                         func(c *Config) { c.TemplateFile = filepath.Join(dir, "none") },
		"templateFile: template":                     func(c *Config) { c.TemplateFile = file("{{.UserName") },
		"can't evaluate field Password":              func(c *Config) { c.TemplateFile = file("{{.Password}}") },
		"makes an empty mail":                        func(c *Config) { c.TemplateFile = file("{{if false}}x{{end}}") },
		"caFile: open":                               func(c *Config) { c.CAFile = filepath.Join(dir, "none") },
		"holds no certificate in PEM":                func(c *Config) { c.CAFile = file("x") },
		"state: open":                                func(c *Config) { c.State = filepath.Join(dir, "no", "folder") },
		"line 2 is not an entry; move the file away": func(c *Config) { c.State = file(`{"key":"user a"}` + "\nx\n") },
	} {
		t.Run(want, func(t *testing.T) {
			c := valid()
			c.State = filepath.Join(t.TempDir(), "mail.jsonl")
			spoil(&c)
			_, err := Open(c, Environment{})
			require.ErrorContains(t, err, want)
		})
	}
}

// A template may pass its trial and stumble over a real value; the user still gets a mail.
func TestATemplateThatStumbles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.txt")
	require.NoError(t, os.WriteFile(path, []byte(`Dear {{slice .UserName 0 4}}, {{.Failures}} {{.Reason}} {{.Time.Format "2006"}}`), 0o600))
	inBubble(t, StartTLS, func(r *rig) {
		r.config.TemplateFile = path
		r.open().fail("jane doe", "jane@example.com", 3)
		r.fail("bo", "bo@example.com", 3)
		mails := r.inbox()
		require.Len(r, mails, 2)
		texts := map[string]string{}
		for _, m := range mails {
			texts[m.to] = body(r.T, m)
		}
		assert.Equal(r, "Dear jane, 3 policy 2000", strings.TrimSpace(texts["jane@example.com"]))
		assert.Contains(r, texts["bo@example.com"], "Hello bo,")
		assert.Contains(r, r.logs.String(), "the mail template fails for a user")
	})
}
