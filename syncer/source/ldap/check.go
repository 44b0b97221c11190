package ldap

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// Check looks at each server with the rights that the source has, and at the stored position. It changes nothing.
func Check(ctx context.Context, c Config, e Environment) (Report, error) {
	e.ReadOnly = true
	s, err := New(c, e)
	if err != nil {
		return Report{}, err
	}
	defer s.Close()
	p := s.position
	r := Report{Mode: c.Mode, Position: p.String(), Pending: p.Pending, Reconciled: p.Reconciled, Seen: len(s.seen.memos), Parked: s.park.list()}
	for _, url := range c.URLs {
		s.position = p
		r.Servers = append(r.Servers, s.check(ctx, url))
	}
	return r, ctx.Err()
}

func (s *Source) check(ctx context.Context, url string) Server {
	v := Server{URL: url}
	if err := s.examine(ctx, &v); err != nil {
		v.Error, v.Reason = err.Error(), diagnose(err)
		v.Advice = v.Reason.advice(s.config)
	}
	return v
}

func (s *Source) examine(ctx context.Context, v *Server) error {
	c, err := s.dialer.connect(ctx, v.URL)
	if err != nil {
		return err
	}
	defer c.close(ctx)
	v.TLS, v.CertificateEnds = c.securedBy()
	if left := time.Until(v.CertificateEnds); !v.CertificateEnds.IsZero() && left < soon {
		v.Findings = append(v.Findings, fmt.Sprintf("the server's certificate ends in %d days, at %s", int(left.Hours()/24), v.CertificateEnds.Format(time.RFC3339)))
	}
	v.Account = s.config.who() + ", by " + s.config.Auth
	if text := c.account.warning(); text != "" {
		v.Findings = append(v.Findings, text+"; "+passwordExpired.advice(s.config))
	}
	if v.Limits, err = s.ownLimits(ctx, c); err != nil {
		return err
	}
	root, err := c.root(ctx)
	if err != nil {
		return err
	}
	v.Vendor, v.Version = root.vendor, root.version
	if s.config.Mode == LiveSync {
		if err := s.examineStrategy(ctx, c, root, v); err != nil {
			return err
		}
	}
	return s.examineUsers(ctx, c, v, root)
}

func (s *Source) examineStrategy(ctx context.Context, c *conn, root rootDSE, v *Server) error {
	f, refused, err := s.pick(ctx, c, root)
	if err != nil {
		return err
	}
	v.Strategy, v.Refused = f.name(), refused
	if v.Strategy == Timestamps && s.config.Strategy == Auto {
		v.Findings = append(v.Findings, "there is no changelog for this account: "+timestampsGaps)
	}
	if s.position.Strategy == "" {
		return nil
	}
	if s.position.Strategy != v.Strategy {
		v.Missed = "the strategy was " + s.position.Strategy
		return nil
	}
	err = f.resume(ctx, &s.position)
	if missed, ok := errors.AsType[*gapError](err); ok {
		v.Missed = missed.why
		return nil
	}
	return err
}

func (s *Source) examineUsers(ctx context.Context, c *conn, v *Server, root rootDSE) error {
	v.Schemes, v.Trouble = map[string]int{}, map[string]int{}
	t := tally{all: true}
	w, err := s.sweep(ctx, c, s.config.Filter, func(users []user) error {
		for _, u := range users {
			t.count(u, false)
			s.examineUser(u, v)
		}
		return nil
	})
	switch r := diagnose(err); {
	case err != nil && !answered(errors.Unwrap(err)) && r != limits:
		return err
	case err != nil:
		v.Findings = append(v.Findings, fmt.Sprintf("a comparison would not come to its end: %v; %s", err, r.advice(s.config)))
	}
	if w.referred > 0 {
		v.Findings = append(v.Findings, fmt.Sprintf("the directory refers to %d other places, which are not read: %s", w.referred, referred.advice(s.config)))
	}
	if v.Users = t.users; v.Users > 0 {
		if v.Sight, v.Because, err = s.sight(ctx, c, t); err != nil {
			return err
		}
	}
	v.Hidden = t.dated
	if v.Sight == shown && t.dated == 0 && t.witness != "" { // They may have none; of one it can be asked.
		switch sees, how, err := s.sightOf(ctx, c, t.witness); {
		case err != nil:
			return err
		case sees == hidden:
			v.Findings = append(v.Findings, fmt.Sprintf("%d of %d users show no userPassword, and of one of them, %s, %s; %s", v.Users-t.shown, v.Users, t.witness, how, hidden.advice()))
		}
	}
	v.Findings = append(v.Findings, v.judge(s.config, v.Strategy == ChangeNumber && root.rehashesSilently())...)
	return nil
}

// examineUser counts what is to be said of one user.
func (s *Source) examineUser(u user, v *Server) {
	if len(u.passwords) > 0 {
		v.Readable++
	}
	if !u.changed.IsZero() {
		v.Dated++
	}
	for _, p := range u.passwords {
		name, _ := scheme(p)
		if name == "" {
			name = "none"
		}
		v.Schemes[name]++
	}
	trouble := u.trouble
	if trouble == "" && len(u.passwords) > 0 {
		var password string
		if password, trouble = u.password(nil); trouble == "" {
			_, trouble = s.config.change(u, password, "")
		}
	}
	if trouble != "" {
		v.Trouble[string(trouble)]++
	}
}

// soon is when a certificate's end is worth a finding.
const soon = 14 * 24 * time.Hour

// limitAttributes are those of DS and of 389-DS in an account's own entry; slapd has its limits in its configuration.
var limitAttributes = []string{
	"ds-rlim-size-limit", "ds-rlim-time-limit", "ds-rlim-lookthrough-limit", "ds-rlim-idle-time-limit", "ds-privilege-name",
	"nsSizeLimit", "nsTimeLimit", "nsLookThroughLimit", "nsPagedSizeLimit", "nsIdleTimeout",
}

// ownLimits reads them. Often an account may not, and what it meets with then shows when all users are read.
func (s *Source) ownLimits(ctx context.Context, c *conn) (map[string]string, error) {
	if s.config.BindDN == "" {
		return nil, nil
	}
	r, _, err := c.search(ctx, &goldap.SearchRequest{
		BaseDN: s.config.BindDN, Scope: goldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: limitAttributes,
	})
	if answered(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	limits := map[string]string{}
	for _, e := range r.Entries {
		for _, name := range limitAttributes {
			if v := values(e, name); len(v) > 0 {
				limits[name] = strings.Join(v, " ")
			}
		}
	}
	return limits, nil
}

// judge says what an operator should know. told: the changelog tells a rehash from a change without dates.
func (v *Server) judge(c Config, told bool) []string {
	var list []string
	switch {
	case v.Users == 0:
		return []string{"no user is found; look at ldap.base, ldap.filter and the rights of the account"}
	case v.Sight != shown:
		list = append(list, "no user shows userPassword, so no password would be delivered: "+v.Because+"; "+v.Sight.advice())
	case v.Hidden > 0:
		list = append(list, fmt.Sprintf("%d of %d users show when their password was set, and not the password; %s", v.Hidden, v.Users, hidden.advice()))
	case v.Dated == 0 && !told:
		list = append(list, "no user shows pwdChangedTime: a rehash cannot be told from a change, and is delivered")
	}
	for _, t := range slices.Sorted(maps.Keys(v.Trouble)) {
		text := fmt.Sprintf("%d of %d users cannot be delivered: %s", v.Trouble[t], v.Users, t)
		if trouble(t) == noUID {
			text += "; ldap.uidAttribute is " + c.UIDAttribute + ", on an old 389-DS nsUniqueId does"
		}
		list = append(list, text)
	}
	if v.TLS == "none" {
		list = append(list, "the connection is not secured")
	}
	return list
}
