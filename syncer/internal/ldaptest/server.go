package ldaptest

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"
	"sync"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
)

// Fault is what happens to a request instead of its answer.
type Fault struct {
	Code    int           // the result code
	Message string        // its text
	After   int           // that many entries are sent first
	Stall   bool          // nothing is answered
	Cut     bool          // the connection ends
	Deaf    bool          // for an hour, nothing is even read
	Drip    time.Duration // between two bytes of the answer
	Policy  []byte        // value of the password policy control, for a bind that asks for it; the bind succeeds with Code 0
}

// Server is one replica. What is exported is set before, or under Edit.
type Server struct {
	// Numbers and Cookies say which changelog it offers; neither is a server without one.
	Numbers, Cookies bool
	// Is389 makes it behave like 389-DS: wrapped base64 with a NUL, no pwdChangedTime, silent rehashes.
	Is389 bool
	// Undated keeps no pwdChangedTime.
	Undated bool
	// HidePasswords: the account may not read userPassword; HideChanges: nor the changelog, and is told; EmptyChanges: it is
	// not told, and sees nothing there.
	HidePasswords, HideChanges, EmptyChanges bool
	// Cookieless: entries of the changelog show no cookie.
	Cookieless bool
	// HideOf is a user whose password the account may not read.
	HideOf string
	// NoCompare: nor compare userPassword. TellsRights: the server knows the control "get effective rights".
	NoCompare, TellsRights bool
	// SizeLimit of a search that is not paged, UserLimit of one for users; 0 is none.
	SizeLimit, UserLimit int
	// Forgetful: the second page does not say whether there is another. Circling: it is empty, and leads to itself.
	Forgetful, Circling bool
	// TLS is what StartTLS is answered with; nil refuses it.
	TLS *tls.Config
	// Secured is LDAPS: TLS from the first byte.
	Secured bool
	// Password is another one than the constant.
	Password string
	// References are sent with each search for users.
	References []string
	// Script may answer a request otherwise: "bind", "starttls", "search" with its base and filter.
	Script func(operation, base, filter string) *Fault

	host     string
	listener *idcstest.Listener
	loops    sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry
	index   map[string]*entry // by entryUUID; nil when it must be made
	walked  walked
	changes []change
	next    int
	latest  state // of all changes
	gone    state // of those that were trimmed
	lags    bool
	missed  []func(*Server)
	asked   []string
	conns   map[net.Conn]bool
}

// change is an entry of the changelog.
type change struct {
	number                      int
	csn, kind, dn, uid, changes string
	rdn, superior               string // of a modrdn
	at                          time.Time
}

func startServer(host string, number int) *Server {
	s := &Server{
		Numbers: true, Cookies: true, host: host, listener: idcstest.Listen(), entries: map[string]*entry{}, conns: map[net.Conn]bool{}, next: number,
	}
	s.loops.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			s.loops.Go(func() { s.serve(c) })
		}
	})
	return s
}

// Stop ends the server.
func (s *Server) Stop() {
	_ = s.listener.Close()
	s.Cut()
	s.loops.Wait()
}

// Cut ends all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	var list []net.Conn
	for c := range s.conns {
		list = append(list, c)
	}
	s.mu.Unlock()
	for _, c := range list {
		_ = c.Close()
	}
}

// Down refuses connections while it is set, and ends those that there are.
func (s *Server) Down(down bool) {
	s.listener.Down(down)
	if down {
		s.Cut()
	}
}

// Edit changes what is exported while the server runs.
func (s *Server) Edit(f func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Trim removes changes from the changelog but for the last n.
func (s *Server) Trim(keep int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.changes) - keep; n > 0 {
		for _, c := range s.changes[:n] {
			s.gone = s.gone.with(c.csn)
		}
		s.changes = s.changes[n:]
	}
}

// ShowAccount lets the account see an attribute of its own entry. It is called under Edit.
func (s *Server) ShowAccount(name, value string) {
	e := &entry{dn: BindDN, values: map[string][]string{}}
	e.set("objectClass", "top", "applicationProcess")
	e.set(name, value)
	s.entries[strings.ToLower(BindDN)] = e
}

// Forget is a changelog that has just been switched on: there was never a change in it.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes, s.latest, s.gone = nil, nil, nil
}

// Reset is a restore: the numbering begins anew.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes, s.next = nil, 0
}

// Skip leaves a hole in the numbering.
func (s *Server) Skip(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next += n
}

// Asked lists what was asked: "bind DN", "starttls", "search BASE FILTER".
func (s *Server) Asked(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, a := range s.asked {
		if strings.HasPrefix(a, prefix) {
			list = append(list, a)
		}
	}
	return list
}

func (s *Server) log(c change) {
	s.next++
	c.number = s.next
	if s.Is389 {
		c.uid, c.csn = "", "" // It gives neither.
	}
	s.changes = append(s.changes, c)
	s.latest = s.latest.with(c.csn)
}

// date gives a password its date, with milliseconds as DS has them.
func (s *Server) date(e *entry, now time.Time) {
	if !s.Is389 && !s.Undated {
		e.set("pwdChangedTime", now.Format("20060102150405.000Z"))
	}
}

// line is a value as the changelog shows it. 389-DS encodes hashes, with a NUL, and wraps at 76 characters.
func (s *Server) line(name, value string) string {
	if !s.Is389 {
		return name + ": " + value + "\n"
	}
	text := name + ":: " + base64.StdEncoding.EncodeToString([]byte(value+"\x00"))
	var b strings.Builder
	for width := 76; len(text) > width; width = 75 {
		b.WriteString(text[:width] + "\n ")
		text = text[width:]
	}
	return b.String() + text + "\n"
}

// request is one that was read.
type request struct {
	id       int64
	tag      ber.Tag
	op       *ber.Packet
	controls map[string][]byte
}

func (s *Server) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	s.mu.Lock()
	if s.Secured {
		c = tls.Server(c, s.TLS)
	}
	s.mu.Unlock()
	bound, plain := false, c
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		r := request{op: p.Children[1], tag: p.Children[1].Tag, controls: map[string][]byte{}}
		r.id, _ = p.Children[0].Value.(int64)
		if len(p.Children) > 2 {
			for _, control := range p.Children[2].Children {
				oid, _ := control.Children[0].Value.(string)
				r.controls[oid] = control.Children[len(control.Children)-1].Data.Bytes()
			}
		}
		var ok bool
		switch r.tag {
		case 0:
			bound, ok = s.bind(c, r)
		case 2:
			return
		case 3:
			ok = s.search(c, r, bound)
		case 14:
			ok = s.compare(c, r)
		case 23:
			if c, ok = s.startTLS(c, r); ok && c != plain {
				s.mu.Lock()
				s.conns[c] = true
				s.mu.Unlock()
			}
		default:
			ok = write(c, result(r.id, 24, 2, "not here"))
		}
		if !ok {
			return
		}
	}
}

// trouble notes what is asked and asks the script.
func (s *Server) trouble(operation, base, filter string) *Fault {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(operation+" "+base+" "+filter))
	script := s.Script
	s.mu.Unlock()
	if script == nil {
		return nil
	}
	return script(operation, base, filter)
}

// stall waits for the end of the connection.
func stall(c net.Conn) bool {
	var b [1]byte
	for {
		if _, err := c.Read(b[:]); err != nil {
			return false
		}
	}
}

func (f *Fault) answer(c net.Conn, id int64, tag ber.Tag) bool {
	switch {
	case f.Cut:
		return false
	case f.Stall:
		return stall(c)
	case f.Deaf:
		time.Sleep(time.Hour)
		return false
	}
	p := result(id, tag, f.Code, f.Message)
	if f.Policy != nil {
		p.AppendChild(controls(policyOID, string(f.Policy)))
	}
	return write(c, p)
}

func (s *Server) bind(c net.Conn, r request) (bound, ok bool) {
	dn, _ := r.op.Children[1].Value.(string)
	auth, method := r.op.Children[2], "bind"
	if auth.Tag == 3 {
		method = "bind " + auth.Children[0].Data.String()
	}
	f := s.trouble(method, dn, "")
	if _, asked := r.controls[policyOID]; !asked && f != nil && f.Policy != nil { // Who does not ask is told the code only, as on DS.
		code := f.Code
		if f = nil; code != 0 {
			f = &Fault{Code: code}
		}
	}
	if f != nil && (f.Code != 0 || f.Policy == nil) {
		return false, f.answer(c, r.id, 1)
	}
	if !s.knows(c, dn, auth) {
		return false, write(c, result(r.id, 1, 49, ""))
	}
	p := result(r.id, 1, 0, "")
	if f != nil {
		p.AppendChild(controls(policyOID, string(f.Policy)))
	}
	return true, write(c, p)
}

// knows tells whether the credentials are the account's.
func (s *Server) knows(c net.Conn, dn string, auth *ber.Packet) bool {
	s.mu.Lock()
	password := cmp.Or(s.Password, Password)
	s.mu.Unlock()
	if auth.Tag == 0 {
		return strings.EqualFold(dn, BindDN) && auth.Data.String() == password
	}
	switch auth.Children[0].Data.String() {
	case "PLAIN":
		return auth.Children[1].Data.String() == "\x00dn:"+BindDN+"\x00"+password
	case "EXTERNAL":
		secured, ok := c.(*tls.Conn)
		return ok && len(secured.ConnectionState().PeerCertificates) > 0
	}
	return false
}

// compare answers with 50 without the right, 16 without the attribute, and never with 6: nobody compares a password here.
func (s *Server) compare(c net.Conn, r request) bool {
	dn, _ := r.op.Children[0].Value.(string)
	if f := s.trouble("compare", dn, ""); f != nil {
		return f.answer(c, r.id, 15)
	}
	s.mu.Lock()
	e, code := s.entries[strings.ToLower(dn)], 5
	switch {
	case e == nil:
		code = 32
	case s.NoCompare:
		code = 50
	case e.get("userPassword") == "":
		code = 16
	}
	s.mu.Unlock()
	return write(c, result(r.id, 15, code, ""))
}

func (s *Server) startTLS(c net.Conn, r request) (net.Conn, bool) {
	if f := s.trouble("starttls", "", ""); f != nil {
		return c, f.answer(c, r.id, 24)
	}
	s.mu.Lock()
	config := s.TLS
	s.mu.Unlock()
	if config == nil {
		return c, write(c, result(r.id, 24, 2, "unsupported extended operation"))
	}
	if !write(c, result(r.id, 24, 0, "")) {
		return c, false
	}
	secured := tls.Server(c, config)
	return secured, secured.HandshakeContext(context.Background()) == nil
}

func result(id int64, tag ber.Tag, code int, message string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(text(""))
	op.AppendChild(text(message))
	return envelope(id, op)
}

func envelope(id int64, op *ber.Packet) *ber.Packet {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(op)
	return p
}

func text(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func write(c net.Conn, p *ber.Packet) bool {
	_, err := c.Write(p.Bytes())
	return err == nil
}
