package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// announcement is what a stranger needs to know, and what --json prints. What does not run is absent.
type announcement struct {
	Seed    uint64           `json:"seed,string"` // beyond what a JSON number holds for everybody
	CA      string           `json:"ca"`
	Users   int              `json:"users"` // in each simulator
	IDCS    *announcedIDCS   `json:"idcs,omitempty"`
	Okta    *announcedOrg    `json:"okta,omitempty"`
	Spoke   *announcedOrg    `json:"spoke,omitempty"`
	DS      *announcedServer `json:"ds,omitempty"`
	DS2     *announcedServer `json:"ds2,omitempty"`
	Control announcedControl `json:"control"`
}

type announcedIDCS struct {
	Host         string `json:"host"`
	Address      string `json:"address"`
	URL          string `json:"url"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

type announcedOrg struct {
	Host    string `json:"host"`
	Address string `json:"address"`
	URL     string `json:"url"`
	Token   string `json:"token"` // "Authorization: SSWS" and this
	// ClientID is a service application, ClientKey its private key for private_key_jwt.
	ClientID  string           `json:"clientId,omitempty"`
	ClientKey *jose.JSONWebKey `json:"clientKey,omitempty"`
}

type announcedServer struct {
	Host     string `json:"host"`
	URL      string `json:"url"`
	StartTLS string `json:"startTLS"` // the URL for who secures the connection with StartTLS
	// Account reads hashes and the changelog, and writes nothing; Administrator may do everything.
	Account               string `json:"account"`
	Password              string `json:"password"`
	Administrator         string `json:"administrator"`
	AdministratorPassword string `json:"administratorPassword"`
	Base                  string `json:"base"`  // where the users are
	Users                 int    `json:"users"` // below it
	// Client is the file of a client's certificate and key, ClientDN whose.
	Client   string `json:"client,omitempty"`
	ClientDN string `json:"clientDN,omitempty"`
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
		Control: announcedControl{
			Host: w.config.ControlHost, Address: address(w, controlName), URL: w.ExternalURL(controlName) + "/graphql",
			Token: w.ControlToken().Reveal(),
		},
	}
	if w.idcs != nil {
		a.IDCS = &announcedIDCS{
			Host: w.idcs.Host(), Address: address(w, IDCS), URL: w.ExternalURL(IDCS),
			ClientID: w.ClientID(), ClientSecret: w.ClientSecret().Reveal(),
		}
	}
	org := func(name, host string, token secret.Value) *announcedOrg {
		return &announcedOrg{Host: host, Address: address(w, name), URL: w.ExternalURL(name), Token: token.Reveal()}
	}
	if w.okta != nil {
		a.Okta = org(Okta, w.okta.Host(), w.OktaToken())
		id, key := w.OktaClient()
		a.Okta.ClientID, a.Okta.ClientKey = id, &key
	}
	if w.spoke != nil {
		a.Spoke = org(Spoke, w.spoke.Host(), w.SpokeToken())
	}
	server := func(name string, s *ds.Server) *announcedServer {
		account, password := w.DSAccount()
		administrator, all := w.DSAdministrator()
		return &announcedServer{
			Host: s.Host(), URL: w.ExternalURL(name), StartTLS: w.ExternalStartTLSURL(name), Account: account, Password: password.Reveal(),
			Administrator: administrator, AdministratorPassword: all.Reveal(), Base: s.Directory().PeopleDN(),
			Users: s.Roster().Len(),
		}
	}
	if w.ds != nil {
		a.DS = server(DS, w.ds)
	}
	if a.DS != nil && o.client != "" {
		a.DS.Client, a.DS.ClientDN = o.clientPath(), o.client
	}
	if w.ds2 != nil {
		a.DS2 = server(DS2, w.ds2)
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
	if i := a.IDCS; i != nil {
		fmt.Fprintf(&b, "Oracle IDCS, simulated\n")
		row("host", "%s", i.Host)
		row("address", "%s", i.Address)
		row("client", "%s", i.ClientID)
		row("secret", "%s", i.ClientSecret)
		row("users", "%d", a.Users)
	}
	org := func(title string, o *announcedOrg) {
		if o == nil {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		row("host", "%s", o.Host)
		row("address", "%s", o.Address)
		row("API token", "%s", o.Token)
		if o.ClientID != "" {
			row("application", "%s (private_key_jwt; --json has its key)", o.ClientID)
		}
		row("users", "%d", a.Users)
	}
	org("Okta, simulated", a.Okta)
	org("Okta, simulated: the spoke", a.Spoke)
	server := func(title string, s *announcedServer) {
		if s == nil {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		row("host", "%s", s.Host)
		row("LDAPS", "%s", s.URL)
		row("StartTLS", "%s", s.StartTLS)
		row("account", "%s", s.Account)
		row("password", "%s", s.Password)
		row("admin", "%s", s.Administrator)
		row("password", "%s", s.AdministratorPassword)
		if s.Client != "" {
			row("certificate", "%s (of %s, with its key)", s.Client, s.ClientDN)
		}
		row("users", "%d", s.Users)
	}
	server("ForgeRock Directory Services, simulated", a.DS)
	server("ForgeRock Directory Services, simulated: the replica", a.DS2)
	fmt.Fprintf(&b, "Control plane\n")
	row("host", "%s", a.Control.Host)
	row("address", "%s", a.Control.Address)
	row("URL", "%s", a.Control.URL)
	row("token", "%s", a.Control.Token)
	fmt.Fprintf(&b, "All of it\n")
	row("CA", "%s", a.CA)
	row("seed", "%d (--seed %d makes the same world, secrets included)", a.Seed, a.Seed)
	fmt.Fprintf(&b, "\nTry it:\n%s\nCtrl-C stops it.\n", a.examples())
	return b.String()
}

// examples are lines for a shell, each with a blank line behind it.
func (a announcement) examples() string {
	var b strings.Builder
	curl := "curl -sS --cacert " + quote(a.CA)
	to := func(host, address string) string { return curl + " --connect-to " + quote(host+":443:"+address) }
	target := DS
	if a.Okta != nil {
		target = Okta
	}
	if i := a.IDCS; i != nil {
		target = IDCS
		fmt.Fprintf(&b, `
  TOKEN=$(%s \
    -u %s -d grant_type=client_credentials -d scope=urn:opc:idm:__myscopes__ \
    https://%s/oauth2/v1/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  %s \
    -H "Authorization: Bearer $TOKEN" 'https://%s/admin/v1/Users?count=3'
`, to(i.Host, i.Address), quote(i.ClientID+":"+i.ClientSecret), i.Host, to(i.Host, i.Address), i.Host)
	}
	for _, o := range []*announcedOrg{a.Okta, a.Spoke} {
		if o != nil {
			fmt.Fprintf(&b, `
  %s \
    -H %s 'https://%s/api/v1/users?limit=3'
`, to(o.Host, o.Address), quote("Authorization: SSWS "+o.Token), o.Host)
		}
	}
	if s := a.DS; s != nil {
		search := "LDAPTLS_CACERT=" + quote(a.CA) + " ldapsearch -LLL -x -H " + s.URL + " -D " + quote(s.Account) + " -w " + quote(s.Password)
		fmt.Fprintf(&b, `
  %s \
    -b %s -z 3 '(uid=*)' uid userPassword pwdChangedTime

  %s \
    -b cn=changelog -E '!1.3.6.1.4.1.26027.1.5.4' targetDN changes
`, search, quote(s.Base), search)
		if s.Client != "" {
			fmt.Fprintf(&b, `
  LDAPTLS_CACERT=%s LDAPTLS_CERT=%s LDAPTLS_KEY=%s ldapwhoami -Q -Y EXTERNAL -H %s
`, quote(a.CA), quote(s.Client), quote(s.Client), s.URL)
		}
	}
	fmt.Fprintf(&b, `
  %s -H %s -H 'Content-Type: application/json' \
    -d '{"query":"{ journal(target: \"%s\") { total entries { method path status } } }"}' \
    %s
`, curl, quote("Authorization: Bearer "+a.Control.Token), target, a.Control.URL)
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
