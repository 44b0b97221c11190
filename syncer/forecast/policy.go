package forecast

import (
	"strings"
	"unicode"
)

// Policy is what one side demands of a new password.
type Policy struct {
	Name  string
	Rules []Rule
	// History is how many former passwords are refused; 0 is none.
	History int
	// Beyond are rules that cannot be judged by a password alone.
	Beyond []Unknown
	// Opaque are rules that refuse more than is known here: a policy by a script, a regular expression that cannot be read.
	Opaque []string
	// Remarks are what was found while reading.
	Remarks []string
}

// Rule is one demand of a policy.
type Rule struct {
	ID     string // the vendor's name: "minLength", "at-least-X-capitals"
	Place  string // "conf/policy.json:11"; empty when no file is behind it
	Text   string // "at least 12 characters"
	demand demand
}

// Unknown is something that cannot be told, and why.
type Unknown struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
	Why  string `json:"why"`
}

// Person is somebody for whom a password is made. The forecast makes up its own: nobody's real name goes into a witness.
type Person struct {
	UserName   string `json:"userName"`
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
}

// nobody is the person of the witnesses. The three names have no letters in a row in common.
var nobody = Person{UserName: "jdx4471", GivenName: "Quentin", FamilyName: "Marlowe"}

// value is an attribute by the name of either vendor. Other attributes than the names have a value made of their own.
func (p Person) value(attribute string) string {
	switch strings.ToLower(attribute) {
	case "username":
		return p.UserName
	case "givenname", "name.givenname":
		return p.GivenName
	case "sn", "familyname", "name.familyname":
		return p.FamilyName
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, attribute)
	return "my" + plain
}

// broken are the rules that the password breaks.
func (p Policy) broken(password string, who Person) []Rule {
	var list []Rule
	for _, r := range p.Rules {
		if !r.demand.met(password, who) {
			list = append(list, r)
		}
	}
	return list
}

// Refuses lists the ids of the rules that a password of this person breaks.
func (p Policy) Refuses(password string, who Person) []string {
	var ids []string
	for _, r := range p.broken(password, who) {
		ids = append(ids, r.ID)
	}
	return ids
}
