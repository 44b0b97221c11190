package ldaptest

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

const (
	pagedOID  = "1.2.840.113556.1.4.319"
	cookieOID = "1.3.6.1.4.1.26027.1.5.4"
	rightsOID = "1.3.6.1.4.1.42.2.27.9.5.2"
	policyOID = "1.3.6.1.4.1.42.2.27.8.5.1"
)

// query is a search that was read.
type query struct {
	base       string
	scope      int64
	limit      int64
	filter     *ber.Packet
	attributes []string
}

func readQuery(op *ber.Packet) query {
	q := query{filter: op.Children[6]}
	q.base, _ = op.Children[0].Value.(string)
	q.scope, _ = op.Children[1].Value.(int64)
	q.limit, _ = op.Children[3].Value.(int64)
	for _, a := range op.Children[7].Children {
		name, _ := a.Value.(string)
		q.attributes = append(q.attributes, strings.ToLower(name))
	}
	return q
}

func (s *Server) search(c net.Conn, r request, bound bool) bool {
	q := readQuery(r.op)
	fault := s.trouble("search", q.base, describe(q.filter))
	if fault != nil && fault.After == 0 && fault.Drip == 0 {
		return fault.answer(c, r.id, 5)
	}
	list, done := s.find(q, r, bound)
	for i, p := range list {
		if fault != nil && fault.Drip > 0 {
			return drip(c, p, fault.Drip)
		}
		if fault != nil && i == fault.After {
			return fault.answer(c, r.id, 5)
		}
		if !write(c, p) {
			return false
		}
	}
	return write(c, done)
}

// drip writes byte by byte, and never comes to the end of the answer.
func drip(c net.Conn, p *ber.Packet, pause time.Duration) bool {
	for {
		for _, b := range p.Bytes() {
			if _, err := c.Write([]byte{b}); err != nil {
				return false
			}
			time.Sleep(pause)
		}
	}
}

// find returns the messages that answer a search.
func (s *Server) find(q query, r request, bound bool) (list []*ber.Packet, done *ber.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case q.base == "" && q.scope == 0:
		return []*ber.Packet{s.shown(r.id, s.root(bound), q.attributes)}, result(r.id, 5, 0, "")
	case !bound:
		return nil, result(r.id, 5, 50, "bind first")
	case strings.EqualFold(q.base, "cn=changelog"):
		return s.findChanges(q, r)
	}
	base := strings.ToLower(q.base)
	if _, ok := s.entries[base]; !ok && base != strings.ToLower(Base) {
		return nil, result(r.id, 5, 32, "The entry "+q.base+" specified as the search base does not exist in the Directory Server")
	}
	page, paged := r.controls[pagedOID]
	found := s.walk(q, base, page)
	for _, url := range s.References {
		reference := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 19, nil, "")
		reference.AppendChild(text(url))
		list = append(list, envelope(r.id, reference))
	}
	code, cookie := 0, ""
	size, from := readPage(page)
	if paged && s.Circling && from > 0 {
		found, cookie = nil, strconv.Itoa(from)
	} else if paged {
		from = min(from, len(found))
		if to := from + size; to < len(found) {
			found, cookie = found[from:to], strconv.Itoa(to)
		} else {
			found = found[from:]
		}
	} else if limit := cmp.Or(s.UserLimit, s.SizeLimit); limit > 0 && len(found) > limit {
		found, code = found[:limit], 4
	}
	_, rights := r.controls[rightsOID]
	for _, e := range found {
		if rights && s.TellsRights {
			e = e.withRights(!s.HidePasswords)
		}
		list = append(list, s.shown(r.id, e, q.attributes))
	}
	done = result(r.id, 5, code, "")
	if paged && (from == 0 || !s.Forgetful) {
		value := ber.NewSequence("")
		value.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
		value.AppendChild(text(cookie))
		done.AppendChild(controls(pagedOID, string(value.Bytes())))
	}
	return list, done
}

// walk finds entries in the order of their names. The pages behind the first one are of what was found for that, so that a hundred
// thousand users are not looked through for each.
func (s *Server) walk(q query, base string, page []byte) []*entry {
	name := q.base + " " + describe(q.filter)
	if _, from := readPage(page); from > 0 && s.walked.name == name {
		return s.walked.found
	}
	candidates := maps.Values(s.entries)
	if q.scope == 0 {
		candidates = slices.Values([]*entry{s.entries[base]})
	} else if uids := uidsOf(q.filter); len(uids) > 0 {
		candidates = slices.Values(s.byUID(uids))
	}
	var found []*entry
	for e := range candidates {
		if e != nil && strings.HasSuffix(strings.ToLower(e.dn), base) && s.matches(q.filter, e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *entry) int { return strings.Compare(a.dn, b.dn) })
	s.walked = walked{name, found}
	return found
}

// walked is what a search has found, for its next page.
type walked struct {
	name  string
	found []*entry
}

// uidsOf returns the values of entryUUID that a filter like (&(…)(|(entryUUID=…)…)) asks for.
func uidsOf(f *ber.Packet) (list []string) {
	if f.Tag == 3 && strings.EqualFold(f.Children[0].Data.String(), "entryUUID") {
		return []string{f.Children[1].Data.String()}
	}
	if f.Tag == 0 || f.Tag == 1 {
		for _, p := range f.Children {
			list = append(list, uidsOf(p)...)
		}
	}
	return list
}

// byUID is an index that is made when it is needed, and again when there are other entries.
func (s *Server) byUID(uids []string) (list []*entry) {
	if s.index == nil {
		s.index = map[string]*entry{}
		for _, e := range s.entries {
			s.index[e.get("entryUUID")] = e
		}
	}
	for _, uid := range uids {
		list = append(list, s.index[uid])
	}
	return list
}

func readPage(value []byte) (size, from int) {
	if len(value) == 0 {
		return 1, 0
	}
	p, err := ber.DecodePacketErr(value)
	if err != nil || len(p.Children) != 2 {
		return 1, 0
	}
	n, _ := p.Children[0].Value.(int64)
	from, _ = strconv.Atoi(p.Children[1].Data.String())
	return int(n), from
}

func (s *Server) root(bound bool) *entry {
	e := &entry{values: map[string][]string{}}
	e.set("vendorName", "ForgeRock AS.")
	e.set("vendorVersion", "ForgeRock Directory Services 7.3.0")
	if s.Is389 {
		e.set("vendorName", "389 Project")
		e.set("vendorVersion", "389-Directory/2.3.1")
	}
	known := []string{pagedOID}
	if s.Cookies {
		known = append(known, cookieOID)
	}
	if s.TellsRights {
		known = append(known, rightsOID)
	}
	e.set("supportedControl", known...)
	if !bound || !s.Numbers && !s.Cookies {
		return e
	}
	e.set("changelog", "cn=changelog")
	if s.Numbers {
		first := s.next // As OpenDJ says of an empty one.
		if len(s.changes) > 0 {
			first = s.changes[0].number
		}
		e.set("firstChangeNumber", strconv.Itoa(first))
		e.set("lastChangeNumber", strconv.Itoa(s.next))
	}
	if s.Cookies {
		if cookie := s.latest.cookie(); cookie != "" {
			e.set("lastExternalChangelogCookie", cookie)
		}
	}
	return e
}

func (s *Server) findChanges(q query, r request) (list []*ber.Packet, done *ber.Packet) {
	value, byCookie := r.controls[cookieOID]
	switch {
	case byCookie && !s.Cookies:
		return nil, result(r.id, 5, 12, "unavailable critical extension")
	case s.HideChanges:
		return nil, result(r.id, 5, 50, "You do not have sufficient privileges to search the changelog")
	case !s.Numbers && !s.Cookies:
		return nil, result(r.id, 5, 32, "no such entry")
	}
	var after state
	if byCookie {
		text := ""
		if p, err := ber.DecodePacketErr(value); err == nil {
			text = p.Data.String()
		}
		var ok bool
		if after, ok = readCookie(text); !ok {
			return nil, result(r.id, 5, 2, "Invalid syntax for the provided cookie '"+text+"'")
		}
		if after.outdated(s.gone) {
			return nil, result(r.id, 5, 53, "Full resync required. Reason: The provided cookie is older than the start of historical in the server for the replicated domain : dc=example,dc=com")
		}
	}
	if q.scope == 2 {
		base := &entry{dn: "cn=changelog", values: map[string][]string{}}
		base.set("objectClass", "top", "container")
		list = append(list, s.shown(r.id, base, q.attributes))
	}
	for _, c := range s.changes {
		if s.EmptyChanges {
			break
		}
		if byCookie && after.covers(c.csn) {
			continue
		}
		after = after.with(c.csn)
		cookie := after.cookie()
		if s.Cookieless {
			cookie = ""
		}
		e := c.entry(byCookie, cookie)
		if !s.matches(q.filter, e) {
			continue
		}
		if q.limit > 0 && int64(len(list)) == q.limit || s.SizeLimit > 0 && len(list) == s.SizeLimit {
			return list, result(r.id, 5, 4, "")
		}
		p := s.shown(r.id, e, q.attributes)
		if byCookie {
			v := ber.NewSequence("")
			v.AppendChild(text(after.cookie()))
			p.AppendChild(controls(cookieOID, string(v.Bytes())))
		}
		list = append(list, p)
	}
	return list, result(r.id, 5, 0, "")
}

func (c change) entry(byCookie bool, cookie string) *entry {
	e := &entry{dn: "changeNumber=" + strconv.Itoa(c.number) + ",cn=changelog", values: map[string][]string{}}
	if byCookie {
		e.dn = "replicationCSN=" + c.csn + ",dc=example,dc=com,cn=changelog"
	} else {
		e.set("changeNumber", strconv.Itoa(c.number))
	}
	e.set("objectClass", "top", "changeLogEntry")
	e.set("changeTime", stamp(c.at))
	e.set("changeType", c.kind)
	e.set("targetDN", c.dn)
	if c.csn != "" {
		e.set("replicationCSN", c.csn)
	}
	if c.uid != "" {
		e.set("targetEntryUUID", c.uid)
	}
	if cookie != "" {
		e.set("changeLogCookie", cookie)
	}
	for name, v := range map[string]string{"changes": c.changes, "newRDN": c.rdn, "newSuperior": c.superior} {
		if v != "" {
			e.set(name, v)
		}
	}
	return e
}

// shown is an entry as the account may see it.
func (s *Server) shown(id int64, e *entry, attributes []string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 4, nil, "")
	op.AppendChild(text(e.dn))
	all := ber.NewSequence("")
	for _, name := range e.names {
		key := strings.ToLower(name)
		if len(attributes) > 0 && !slices.Contains(attributes, strings.Split(key, ";")[0]) || key == "userpassword" && (s.HidePasswords || s.HideOf != "" && e.dn == DN(s.HideOf)) || len(e.values[key]) == 0 {
			continue
		}
		one := ber.NewSequence("")
		one.AppendChild(text(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range e.values[key] {
			set.AppendChild(text(v))
		}
		one.AppendChild(set)
		all.AppendChild(one)
	}
	op.AppendChild(all)
	return envelope(id, op)
}

// withRights adds what OpenDJ shows of them: AciEffectiveRights.
func (e *entry) withRights(read bool) *entry {
	with := &entry{dn: e.dn, names: slices.Clone(e.names), values: maps.Clone(e.values)}
	right := "0"
	if read {
		right = "1"
	}
	with.set("aclRights;attributeLevel;userPassword", "search:0,read:"+right+",compare:0,write:0,selfwrite_add:0,selfwrite_delete:0,proxy:0")
	with.set("aclRights;entryLevel", "add:0,delete:0,read:1,write:0,proxy:0")
	return with
}

func controls(oid, value string) *ber.Packet {
	all := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	one := ber.NewSequence("")
	one.AppendChild(text(oid))
	one.AppendChild(text(value))
	all.AppendChild(one)
	return all
}

// matches evaluates a filter.
func (s *Server) matches(f *ber.Packet, e *entry) bool {
	name := func(p *ber.Packet) string { return strings.ToLower(p.Data.String()) }
	switch f.Tag {
	case 0:
		return !slices.ContainsFunc(f.Children, func(p *ber.Packet) bool { return !s.matches(p, e) })
	case 1:
		return slices.ContainsFunc(f.Children, func(p *ber.Packet) bool { return s.matches(p, e) })
	case 2:
		return !s.matches(f.Children[0], e)
	case 7:
		return len(e.values[name(f)]) > 0
	case 3, 5, 6:
		want := f.Children[1].Data.String()
		return slices.ContainsFunc(e.values[name(f.Children[0])], func(v string) bool {
			switch order := compare(v, want); f.Tag {
			case 3:
				return strings.EqualFold(v, want)
			case 5:
				return order >= 0
			default:
				return order <= 0
			}
		})
	default:
		return false
	}
}

// compare knows numbers from times and other text.
func compare(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX == nil && errY == nil {
		return x - y
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// describe writes a filter as people do.
func describe(f *ber.Packet) string {
	join := func(op string) string {
		var b strings.Builder
		for _, p := range f.Children {
			b.WriteString(describe(p))
		}
		return "(" + op + b.String() + ")"
	}
	switch f.Tag {
	case 0:
		return join("&")
	case 1:
		return join("|")
	case 2:
		return join("!")
	case 7:
		return "(" + f.Data.String() + "=*)"
	case 3, 5, 6:
		sign := map[ber.Tag]string{3: "=", 5: ">=", 6: "<="}[f.Tag]
		return "(" + f.Children[0].Data.String() + sign + f.Children[1].Data.String() + ")"
	default:
		return "(?)"
	}
}
