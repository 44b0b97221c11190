package population

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// field is what a column or an attribute means to us.
type field int

const (
	fieldNone field = iota
	fieldUserName
	fieldAccountName // Active Directory's: taken when there is no user name
	fieldExternalID
	fieldGivenName
	fieldFamilyName
	fieldDisplayName
	fieldCommonName // taken when there is no display name
	fieldEmail
	fieldOtherEmail
	fieldObjectClass
	fieldPassword
	fieldDisabled  // true or false
	fieldEnabled   // true or false
	fieldStatus    // active, or something else
	fieldControl   // userAccountControl: bit 2 is "disabled"
	fieldFederated // true or false
	fieldCount
)

// attributes maps the lower-case names of attributes and columns.
var attributes = map[string]field{
	"uid": fieldUserName, "userid": fieldUserName, "username": fieldUserName,
	"samaccountname": fieldAccountName,
	"givenname":      fieldGivenName, "gn": fieldGivenName,
	"sn": fieldFamilyName, "surname": fieldFamilyName,
	"displayname": fieldDisplayName,
	"cn":          fieldCommonName, "commonname": fieldCommonName,
	"mail": fieldEmail, "rfc822mailbox": fieldEmail,
	"objectclass":             fieldObjectClass,
	"userpassword":            fieldPassword,
	"ds-pwp-account-disabled": fieldDisabled,
	"nsaccountlock":           fieldDisabled,
	"inetuserstatus":          fieldStatus, "accountstatus": fieldStatus,
	"useraccountcontrol": fieldControl,
}

// record is one entry of a file, as far as it matters.
type record struct {
	line   int
	name   string // the distinguished name, for messages
	fault  string // what is wrong with the entry as a whole
	person bool   // whether it is a person: the rest of a directory is not our business
	values [fieldCount][]string
}

func (r *record) first(f field) string {
	if len(r.values[f]) == 0 {
		return ""
	}
	return strings.TrimSpace(r.values[f][0])
}

// accept turns a record into a person, or books why not.
func accept(r record, file string, seen map[string]int, report *Report) (people.Person, bool) {
	if !r.person {
		report.Others++
		return people.Person{}, false
	}
	for _, password := range r.values[fieldPassword] {
		if password != "" {
			report.Schemes[scheme(password)]++
		}
	}
	p := r.toPerson()
	if problem := r.check(p, seen); problem != "" {
		entry := p.UserName
		if entry == "" || !utf8.ValidString(entry) {
			entry = r.name
		}
		report.skip(Problem{File: file, Line: r.line, Entry: shorten(entry), Text: problem})
		return people.Person{}, false
	}
	seen[fold(p.UserName)] = r.line
	report.Used++
	if !p.Active {
		report.Inactive++
	}
	return p, true
}

func (r *record) toPerson() people.Person {
	p := people.Person{
		UserName:    r.first(fieldUserName),
		ExternalID:  r.first(fieldExternalID),
		GivenName:   r.first(fieldGivenName),
		FamilyName:  r.first(fieldFamilyName),
		DisplayName: r.first(fieldDisplayName),
		Active:      r.active(),
		Federated:   truth(r.first(fieldFederated)),
	}
	if p.UserName == "" {
		p.UserName = r.first(fieldAccountName)
	}
	if p.DisplayName == "" {
		p.DisplayName = r.first(fieldCommonName)
	}
	kind := "work"
	for _, f := range []field{fieldEmail, fieldOtherEmail} {
		for _, address := range r.values[f] {
			if address = strings.TrimSpace(address); address != "" {
				p.Emails = append(p.Emails, people.Email{Value: address, Type: kind, Primary: len(p.Emails) == 0})
				kind = "other"
			}
		}
	}
	return p
}

// check says what is wrong with the person and what to do, or nothing.
func (r *record) check(p people.Person, seen map[string]int) string {
	switch {
	case r.fault != "":
		return r.fault
	case p.UserName == "":
		return "the entry has no user name: give it a uid or userName, or leave it out of the file"
	case strings.ContainsFunc(p.UserName, unicode.IsControl):
		return "the user name holds a control character: is the entry damaged?"
	}
	for _, value := range []string{p.UserName, p.GivenName, p.FamilyName, p.DisplayName, p.PrimaryEmail()} {
		if !utf8.ValidString(value) {
			return fmt.Sprintf("%.60q is not UTF-8: convert the file (iconv -f ISO-8859-1 -t UTF-8, or what it was written in)", value)
		}
	}
	if p.PrimaryEmail() == "" {
		return "the entry has no mail: IDCS refuses a user without a primary e-mail, so give it one"
	}
	for _, e := range p.Emails {
		if !plausible(e.Value) {
			return fmt.Sprintf("%.60q is not an e-mail address: correct the mail", e.Value)
		}
	}
	if line, taken := seen[fold(p.UserName)]; taken {
		return fmt.Sprintf("the user name is taken by line %d (case does not count): remove one of them", line)
	}
	return ""
}

func plausible(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	return ok && local != "" && domain != "" && utf8.ValidString(address) &&
		!strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) &&
		!strings.Contains(domain, "@")
}

// active is false when any of the markers says so; each vendor has its own.
func (r *record) active() bool {
	if truth(r.first(fieldDisabled)) {
		return false
	}
	if enabled := r.first(fieldEnabled); enabled != "" && !truth(enabled) {
		return false
	}
	if status := r.first(fieldStatus); status != "" && !strings.EqualFold(status, "active") {
		return false
	}
	const accountDisable = 0x2 // ADS_UF_ACCOUNTDISABLE of Active Directory's userAccountControl
	flags, err := strconv.ParseInt(r.first(fieldControl), 10, 64)
	return err != nil || flags&accountDisable == 0
}

func truth(text string) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "y", "1", "active":
		return true
	}
	return false
}

// scheme is the storage scheme of a password in a directory: "{SSHA}…" has SSHA, anything else is in the clear.
func scheme(password string) string {
	if rest, ok := strings.CutPrefix(password, "{"); ok {
		if name, _, ok := strings.Cut(rest, "}"); ok && name != "" && len(name) <= 24 &&
			!strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) }) {
			return strings.ToUpper(name)
		}
	}
	return "cleartext"
}

// fold makes user names equal that differ in case only, also beyond ASCII (the detour joins σ and ς, k and the Kelvin sign).
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// shorten keeps a message readable when the entry's name is a whole paragraph.
func shorten(name string) string {
	const most = 120
	name = strings.ToValidUTF8(name, "�")
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}
