package ldap

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a look at the directory has found. Nothing was changed.
type Report struct {
	Mode     string   `json:"mode"`
	Servers  []Server `json:"servers"`
	Position string   `json:"position"`
	Pending  string   `json:"pending,omitempty"` // why all users will be compared first
	// Reconciled is when all users were last compared.
	Reconciled time.Time `json:"reconciled,omitzero"`
	Seen       int       `json:"seen"` // users that are remembered
	Parked     []Entry   `json:"parked,omitempty"`
}

// Server is what was found on one of them.
type Server struct {
	URL     string `json:"url"`
	Error   string `json:"error,omitempty"`  // it could not be used; nothing else is known
	Reason  reason `json:"reason,omitempty"` // of the error, as the metric has it
	Advice  string `json:"advice,omitempty"`
	Vendor  string `json:"vendor,omitempty"`
	Version string `json:"version,omitempty"`
	TLS     string `json:"tls,omitempty"`
	// CertificateEnds is when the server's certificate does.
	CertificateEnds time.Time `json:"certificateEnds,omitzero"`
	// Account says who we are there, and how that was said. Limits are those in the account's entry, where it shows them.
	Account string            `json:"account,omitempty"`
	Limits  map[string]string `json:"limits,omitempty"`
	// Strategy is the one that is taken, and Refused are those before it with their reasons.
	Strategy string   `json:"strategy,omitempty"`
	Refused  []string `json:"refused,omitempty"`
	// Missed says why the stored position means nothing here, so that all users will be compared.
	Missed string `json:"missed,omitempty"`
	// All users are looked at, as a comparison does it: those with userPassword, with pwdChangedTime, and what is wrong with the others.
	Users    int `json:"users"`
	Readable int `json:"readable"`
	Dated    int `json:"dated"`
	Hidden   int `json:"hidden,omitempty"` // show pwdChangedTime and no userPassword
	// Sight is "shown", "hidden", "none" or "unclear": what the account sees of passwords. Because says how that is known.
	Sight   sight          `json:"sight,omitempty"`
	Because string         `json:"because,omitempty"`
	Schemes map[string]int `json:"schemes,omitempty"`
	Trouble map[string]int `json:"trouble,omitempty"`
	// Findings need somebody.
	Findings []string `json:"findings,omitempty"`
}

// Unreachable tells whether no server could be used at all.
func (r Report) Unreachable() bool {
	return !slices.ContainsFunc(r.Servers, func(s Server) bool { return s.Error == "" })
}

// Sound tells whether nothing needs somebody.
func (r Report) Sound() bool {
	return len(r.Parked) == 0 && !slices.ContainsFunc(r.Servers, func(s Server) bool { return s.Error != "" || len(s.Findings) > 0 })
}

// Write shows the report to people.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		_, _ = fmt.Fprintf(&b, "  %-10s %s\n", name, fmt.Sprintf(format, a...))
	}
	for _, v := range r.Servers {
		_, _ = fmt.Fprintln(&b, v.URL)
		if v.Error != "" {
			line("error", "%s: %s", v.Reason, v.Error)
			line("advice", "%s", v.Advice)
			continue
		}
		line("server", "%s, TLS: %s", cmp.Or(strings.TrimSpace(v.Vendor+" "+v.Version), "says no name"), v.TLS)
		if !v.CertificateEnds.IsZero() {
			line("", "certificate until %s", v.CertificateEnds.Format(time.RFC3339))
		}
		line("account", "%s", v.Account)
		for _, name := range slices.Sorted(maps.Keys(v.Limits)) {
			line("", "%s: %s", name, v.Limits[name])
		}
		if v.Sight != "" {
			line("passwords", "%s: %s", v.Sight, v.Because)
		}
		if v.Strategy != "" {
			line("strategy", "%s", v.Strategy)
		}
		for _, text := range v.Refused {
			line("", "not %s", text)
		}
		if v.Missed != "" {
			line("position", "means nothing here, so all users will be compared: %s", v.Missed)
		}
		line("users", "%d looked at, %d with userPassword, %d with pwdChangedTime", v.Users, v.Readable, v.Dated)
		for _, name := range slices.Sorted(maps.Keys(v.Schemes)) {
			line("scheme", "%s %d", name, v.Schemes[name])
		}
		for _, text := range v.Findings {
			line("finding", "%s", text)
		}
	}
	_, _ = fmt.Fprintf(&b, "%-12s %s\n%-12s %s\n", "mode", r.Mode, "position", r.Position)
	if r.Pending != "" {
		_, _ = fmt.Fprintf(&b, "%-12s all users, first: %s\n", "compare", r.Pending)
	}
	if !r.Reconciled.IsZero() {
		_, _ = fmt.Fprintf(&b, "%-12s %s, %d users remembered\n", "compared", r.Reconciled.Format(time.RFC3339), r.Seen)
	}
	for _, e := range r.Parked {
		_, _ = fmt.Fprintf(&b, "%-12s %s: %s, since %s\n", "parked", e.DN, e.Reason, e.Since.Format(time.RFC3339))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
