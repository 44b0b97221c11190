package ldap

import (
	"github.com/seatrial/seatrial/sim/ds/ber"
)

// PasswordAdvice answers the password quality advice control: which criteria a new password meets and which it does not. What it
// holds is as DS 8 shows it over HTTP (PingDS, "Check password quality"). Nobody has published how DS writes it over LDAP; this is
//
//	PasswordQualityAdvice ::= SEQUENCE {
//	     attributeType     LDAPString,
//	     failingCriteria   [0] SEQUENCE OF Criterion,
//	     passingCriteria   [1] SEQUENCE OF Criterion }
//
//	Criterion ::= SEQUENCE {
//	     type              LDAPString,
//	     parameters        SEQUENCE OF SEQUENCE {
//	          name              LDAPString,
//	          value             LDAPString } }
type PasswordAdvice struct {
	Attribute        string
	Failing, Passing []Criterion
}

// Criterion is what one validator of a password policy asks for: the type of the validator, and its properties with the names of
// dsconfig.
type Criterion struct {
	Type       string
	Parameters []Parameter
}

// Parameter is one property of a validator.
type Parameter struct{ Name, Value string }

// Control is the response. It has the OID of the request.
func (p PasswordAdvice) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, p.Attribute)
	for i, criteria := range [...][]Criterion{p.Failing, p.Passing} {
		var list int
		b, list = ber.Open(b, ber.Context(i).Constructed())
		for _, c := range criteria {
			b = c.append(b)
		}
		b = ber.Close(b, list)
	}
	return Control{OID: OIDPasswordQualityAdvice, Value: ber.Close(b, at), HasValue: true}
}

func (c Criterion) append(b []byte) []byte {
	b, at := ber.Open(b, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, c.Type)
	b, list := ber.Open(b, ber.Sequence)
	for _, p := range c.Parameters {
		var pair int
		b, pair = ber.Open(b, ber.Sequence)
		b = ber.AppendString(b, ber.OctetString, p.Name)
		b = ber.AppendString(b, ber.OctetString, p.Value)
		b = ber.Close(b, pair)
	}
	b = ber.Close(b, list)
	return ber.Close(b, at)
}
