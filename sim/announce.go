package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// announcement is what a stranger needs to know, and what --json prints.
type announcement struct {
	Seed    uint64           `json:"seed,string"` // beyond what a JSON number holds for everybody
	CA      string           `json:"ca"`
	Users   int              `json:"users"`
	IDCS    announcedIDCS    `json:"idcs"`
	Control announcedControl `json:"control"`
}

type announcedIDCS struct {
	Host         string `json:"host"`
	Address      string `json:"address"`
	URL          string `json:"url"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

type announcedControl struct {
	Host    string `json:"host"`
	Address string `json:"address"`
	URL     string `json:"url"`
	Token   string `json:"token"`
}

// announce prints how to reach the world. The secrets are shown: they are this world's own, and showing them is the point.
func announce(out io.Writer, w *World, o options, users int) error {
	a := announcement{
		Seed: o.seed, CA: o.ca, Users: users,
		IDCS: announcedIDCS{
			Host: w.IDCS().Host(), Address: address(w, w.IDCS().Name()), URL: w.ExternalURL(w.IDCS().Name()),
			ClientID: w.ClientID(), ClientSecret: w.ClientSecret().Reveal(),
		},
		Control: announcedControl{
			Host: w.config.ControlHost, Address: address(w, controlName), URL: w.ExternalURL(controlName) + "/graphql",
			Token: w.ControlToken().Reveal(),
		},
	}
	if o.json {
		return json.NewEncoder(out).Encode(a)
	}
	_, err := io.WriteString(out, a.text())
	return err
}

func address(w *World, name string) string {
	u, err := url.Parse(w.ExternalURL(name))
	if err != nil {
		return ""
	}
	return u.Host
}

func (a announcement) text() string {
	var b strings.Builder
	row := func(name, format string, arguments ...any) {
		fmt.Fprintf(&b, "  %-12s %s\n", name, fmt.Sprintf(format, arguments...))
	}
	fmt.Fprintf(&b, "Oracle IDCS, simulated\n")
	row("host", "%s", a.IDCS.Host)
	row("address", "%s", a.IDCS.Address)
	row("client", "%s", a.IDCS.ClientID)
	row("secret", "%s", a.IDCS.ClientSecret)
	row("users", "%d", a.Users)
	fmt.Fprintf(&b, "Control plane\n")
	row("host", "%s", a.Control.Host)
	row("address", "%s", a.Control.Address)
	row("URL", "%s", a.Control.URL)
	row("token", "%s", a.Control.Token)
	fmt.Fprintf(&b, "All of it\n")
	row("CA", "%s", a.CA)
	row("seed", "%d (--seed %d makes the same world, secrets included)", a.Seed, a.Seed)

	curl := "curl -sS --cacert " + quote(a.CA)
	toIDCS := curl + " --connect-to " + quote(a.IDCS.Host+":443:"+a.IDCS.Address)
	fmt.Fprintf(&b, `
Try it:

  TOKEN=$(%s \
    -u %s -d grant_type=client_credentials -d scope=urn:opc:idm:__myscopes__ \
    https://%s/oauth2/v1/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  %s \
    -H "Authorization: Bearer $TOKEN" 'https://%s/admin/v1/Users?count=3'

  %s -H %s -H 'Content-Type: application/json' \
    -d '{"query":"{ journal(target: \"idcs\") { total entries { method path status } } }"}' \
    %s

Ctrl-C stops it.
`, toIDCS, quote(a.IDCS.ClientID+":"+a.IDCS.ClientSecret), a.IDCS.Host, toIDCS, a.IDCS.Host,
		curl, quote("Authorization: Bearer "+a.Control.Token), a.Control.URL)
	return b.String()
}

// quote makes one word of a shell command.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
