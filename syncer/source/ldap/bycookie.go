package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// byCookie follows cn=changelog of ForgeRock DS and OpenDJ by its cookie, which names a place in the history of each domain and
// means the same on every replica.
//
// A cookie that is older than the history is refused. But only replicas that it names are checked: of one that it does not name,
// and so of all when it is empty, the server shows what is left and says nothing of what was trimmed. That is a gap, unless the
// changelog was read to its end on this connection, at most a minute or a comparison ago.
//
// PingDS, "Changelog for notifications"; OpenDJ, ChangelogBackend, ExternalChangelogRequestControl and
// ReplicationServer.isCookieOutdatedForDomain.
type byCookie struct {
	source  *Source
	conn    *conn
	root    rootDSE
	watched bool // the changelog was read to its end on this connection
}

var errNoCookie = errors.New("search the changelog: an entry shows no changeLogCookie")

func (f *byCookie) name() string { return Cookie }

func (f *byCookie) available(ctx context.Context) error {
	if !f.root.supports(cookieControl) {
		return &absentError{"the server does not know the control " + cookieControl}
	}
	_, _, err := f.read(ctx, f.root.cookie, 1)
	return absent(err)
}

func (f *byCookie) latest(ctx context.Context, p *position) (err error) {
	if f.root, err = f.conn.root(ctx); err != nil {
		return err
	}
	p.Cookie, f.watched = f.root.cookie, true // Empty is the beginning of the history.
	return nil
}

func (f *byCookie) resume(_ context.Context, p *position) error {
	p.Server = f.conn.url
	return nil
}

// read asks for what follows a cookie; more says that the limit has cut it. The base entry of the changelog comes with it, and
// counts.
func (f *byCookie) read(ctx context.Context, cookie string, limit int) (entries []*goldap.Entry, more bool, err error) {
	text := ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, cookie, "cookie").Bytes()
	r, more, err := f.conn.search(ctx, &goldap.SearchRequest{
		BaseDN: f.root.changelog, Scope: goldap.ScopeWholeSubtree, SizeLimit: limit + 1, Filter: "(objectClass=*)", Attributes: recordAttributes,
		Controls: []goldap.Control{goldap.NewControlString(cookieControl, true, string(text))},
	})
	if err != nil {
		return nil, false, fmt.Errorf("search the changelog: %w", err)
	}
	for _, e := range r.Entries {
		if value(e, "targetDN") != "" { // The base entry is no change.
			entries = append(entries, e)
		}
	}
	return entries, more, nil
}

func (f *byCookie) pass(ctx context.Context, p *position) error {
	for {
		entries, more, err := f.read(ctx, p.Cookie, f.source.config.PageSize)
		switch {
		case goldap.IsErrorAnyOf(err, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultProtocolError):
			// 53: full resync required; 2: this is no cookie. The second would stay like this forever, too.
			return gap("the server does not take the cookie: %v", err)
		case err != nil:
			return err
		case len(entries) == 0 && more:
			return errCut
		case len(entries) == 0:
			err := f.reached(p.Cookie, f.root.cookie)
			f.watched = f.watched || err == nil
			return err
		}
		cookie := value(entries[len(entries)-1], "changeLogCookie")
		if cookie == "" {
			return errNoCookie
		}
		if err := f.reached(p.Cookie, cookie); err != nil {
			return err
		}
		if err := f.source.handle(ctx, f.conn, entries, f.root); err != nil {
			return err
		}
		if p.Cookie = cookie; !more {
			f.watched = true
			return nil
		}
		if err := f.source.save(); err != nil {
			return err
		}
	}
}

// reached tells whether all that lies between two cookies was shown.
func (f *byCookie) reached(from, to string) error {
	had, has := f.replicas(from), f.replicas(to)
	if f.watched || has <= had {
		return nil
	}
	return gap("the changelog shows changes of %d replicas, and the position names %d: what was trimmed of the others cannot be told", has, had)
}

// replicas counts those that a cookie names in the domains of the users: "dc=example,dc=com:CSN CSN;o=other:CSN;". A domain whose
// name is not understood counts, too.
//
// OpenDJ, MultiDomainServerState.toString.
func (f *byCookie) replicas(cookie string) (n int) {
	for domain := range strings.SplitSeq(cookie, ";") {
		name, list := "", domain
		if i := strings.LastIndexByte(domain, ':'); i >= 0 {
			name, list = domain[:i], domain[i+1:]
		}
		dn, err := parseDN(name)
		if err == nil && !dn.EqualFold(f.source.base) && !dn.AncestorOfFold(f.source.base) && !f.source.base.AncestorOfFold(dn) {
			continue
		}
		n += len(strings.Fields(list))
	}
	return n
}
