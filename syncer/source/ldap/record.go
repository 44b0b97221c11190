package ldap

import (
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// record is an entry of the changelog that concerns a user's password, or his end.
type record struct {
	place   string // what tells it from others: its CSN, or number
	dn      string
	uid     string // targetEntryUUID or targetUniqueID; "" when the server gives none
	deleted bool
	brought []string // the values of userPassword that it has written
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
	"replicationCSN", "changeLogCookie",
}

// readRecord reads an entry of the changelog; nil means that it concerns no password.
func readRecord(e *goldap.Entry, server rootDSE) *record {
	r := &record{
		dn: value(e, "targetDN"), uid: value(e, "targetEntryUUID"), time: parseTime(value(e, "changeTime")), place: placeOf(e),
		initiators: values(e, "changeInitiatorsName"),
	}
	if r.uid == "" {
		r.uid = value(e, "targetUniqueID")
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
	default: // A user who is renamed keeps his password.
		return nil
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
			if m.kind != "delete" {
				for _, v := range m.values {
					r.brought = append(r.brought, unterminated(v))
				}
			}
		case strings.EqualFold(m.attribute, "pwdChangedTime"):
			touched, r.dated = true, r.dated || m.kind != "delete"
		case strings.EqualFold(m.attribute, "modifiersName"), strings.EqualFold(m.attribute, "creatorsName"):
			r.initiators = append(r.initiators, m.values...)
		}
	}
	if !touched {
		return nil
	}
	r.quiet = len(r.initiators) == 0 && server.rehashesSilently()
	return r
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
	if len(r.brought) == 0 {
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
