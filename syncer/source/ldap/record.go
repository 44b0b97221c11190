package ldap

import (
	"cmp"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// record is an entry of the changelog.
type record struct {
	place   string // what tells it from others: its CSN, or number
	dn      string // after it
	was     string // before it, when it has given the entry another name
	uid     string // of Config.UIDAttribute; "" when the server does not give that
	idle    bool   // it concerns no password
	deleted bool
	brought []string // the values of userPassword that it has written
	cleared bool     // it has removed all that were there before
	// dated: it writes pwdChangedTime.
	dated bool
	// quiet: nobody is named who made it, by a server that names people and is silent about itself.
	quiet      bool
	initiators []string
	time       time.Time
	garbled    bool // what it does cannot be understood; the entry itself must tell
}

// recordAttributes are asked for by name. Different servers write some of them in different case.
var recordAttributes = []string{
	"changeNumber", "changeTime", "changeType", "targetDN", "changes", "targetEntryUUID", "targetUniqueID", "changeInitiatorsName",
	"replicationCSN", "changeLogCookie", "newRDN", "newSuperior",
}

// readRecord reads an entry of the changelog; nil means that it is about no entry.
func (c Config) readRecord(e *goldap.Entry, server rootDSE) *record {
	r := &record{
		dn: value(e, "targetDN"), uid: c.uidOf(e), time: parseTime(value(e, "changeTime")), place: placeOf(e),
		initiators: values(e, "changeInitiatorsName"),
	}
	if r.dn == "" {
		return nil
	}
	var list []modification
	var err error
	switch strings.ToLower(value(e, "changeType")) {
	case "delete":
		r.deleted = true
		return r
	case "add":
		list, err = parseChanges(value(e, "changes"), true)
	case "modify":
		list, err = parseChanges(value(e, "changes"), false)
	default: // modrdn: who is renamed keeps his password.
		r.idle, r.was, r.dn = true, r.dn, renamed(r.dn, value(e, "newRDN"), value(e, "newSuperior"))
		return r
	}
	if err != nil {
		r.garbled = true
		return r
	}
	touched := false
	for _, m := range list {
		switch {
		case strings.EqualFold(m.attribute, passwordAttribute):
			touched = true
			r.write(m)
		case strings.EqualFold(m.attribute, "pwdChangedTime"):
			touched, r.dated = true, r.dated || m.kind != "delete"
		case strings.EqualFold(m.attribute, "modifiersName"), strings.EqualFold(m.attribute, "creatorsName"):
			r.initiators = append(r.initiators, m.values...)
		}
	}
	r.idle = !touched
	r.quiet = len(r.initiators) == 0 && server.rehashesSilently()
	return r
}

// uidOf is what the changelog calls the entry for good, where that is what Config.UIDAttribute holds.
func (c Config) uidOf(e *goldap.Entry) string {
	switch strings.ToLower(c.UIDAttribute) {
	case "entryuuid":
		return value(e, "targetEntryUUID")
	case "nsuniqueid":
		return value(e, "targetUniqueID")
	}
	return ""
}

// renamed is the name that a modrdn has given to an entry.
func renamed(dn, rdn, superior string) string {
	if superior = cmp.Or(superior, parentOf(dn)); rdn == "" || superior == "" {
		return dn
	}
	return rdn + "," + superior
}

// parentOf is what follows the first comma that is none of a value's: RFC 4514, 2.4.
func parentOf(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return strings.TrimLeft(dn[i+1:], " ")
		}
	}
	return ""
}

// write follows what a modification leaves of userPassword.
func (r *record) write(m modification) {
	if m.kind == "replace" || m.kind == "delete" && len(m.values) == 0 {
		r.brought, r.cleared = nil, true
	}
	if m.kind == "delete" {
		return
	}
	for _, v := range m.values {
		r.brought = append(r.brought, unterminated(v))
	}
}

// placeOf tells a change from all others, on every server when there is a CSN.
func placeOf(e *goldap.Entry) string {
	if csn := value(e, "replicationCSN"); csn != "" {
		return "csn " + csn
	}
	return "change " + value(e, "changeNumber") + " of " + value(e, "changeTime") + " to " + value(e, "targetDN")
}

// csnOf returns the CSN of a place that has one.
func csnOf(place string) (string, bool) { return strings.CutPrefix(place, "csn ") }

// merge brings what several changes of one entry say into the last of them: the entry is read once, as it is now.
func (r *record) merge(earlier *record) {
	if earlier.idle {
		return
	}
	if len(r.brought) == 0 && !r.cleared {
		r.brought, r.place = earlier.brought, earlier.place
	}
	r.dated = r.dated || earlier.dated
	r.quiet = r.quiet && earlier.quiet
	r.initiators = append(r.initiators, earlier.initiators...)
	if earlier.time.Before(r.time) {
		r.time = earlier.time // Whoever changed the password since then has changed it within these changes.
	}
	r.garbled = r.garbled || earlier.garbled
}

// madeBy tells whether all who are named as initiators are among those who are not listened to.
func (r *record) madeBy(ignored []*goldap.DN) bool {
	if len(r.initiators) == 0 || len(ignored) == 0 {
		return false
	}
	for _, name := range r.initiators {
		dn, err := parseDN(name)
		if err != nil {
			return false
		}
		known := false
		for _, i := range ignored {
			known = known || i.EqualFold(dn)
		}
		if !known {
			return false
		}
	}
	return true
}
