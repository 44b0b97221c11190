package ds

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
)

// subjectType is an attribute type that a certificate's subject may have.
type subjectType struct {
	name string
	oid  asn1.ObjectIdentifier
	ia5  bool // an IA5String, by RFC 4519, 2.4 and RFC 2985, 5.2.1
}

// subjectTypes are those of RFC 4514, 3, and the address that many CAs put there.
var subjectTypes = []subjectType{
	{"cn", asn1.ObjectIdentifier{2, 5, 4, 3}, false},
	{"sn", asn1.ObjectIdentifier{2, 5, 4, 4}, false},
	{"c", asn1.ObjectIdentifier{2, 5, 4, 6}, false},
	{"l", asn1.ObjectIdentifier{2, 5, 4, 7}, false},
	{"st", asn1.ObjectIdentifier{2, 5, 4, 8}, false},
	{"street", asn1.ObjectIdentifier{2, 5, 4, 9}, false},
	{"o", asn1.ObjectIdentifier{2, 5, 4, 10}, false},
	{"ou", asn1.ObjectIdentifier{2, 5, 4, 11}, false},
	{"givenName", asn1.ObjectIdentifier{2, 5, 4, 42}, false},
	{"uid", asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, false},
	{"dc", asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, true},
	{"emailAddress", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, true},
}

// Subject is a DN as a certificate has it, in DER: the root comes first there.
func Subject(dn string) ([]byte, error) {
	parsed, err := names.Parse(dn)
	if err != nil {
		return nil, fmt.Errorf("ds: subject %q: %w", dn, err)
	}
	if len(parsed) == 0 {
		return nil, errors.New("ds: subject: the DN is empty")
	}
	var sequence pkix.RDNSequence
	for _, rdn := range slices.Backward(parsed) {
		var set pkix.RelativeDistinguishedNameSET
		for _, pair := range rdn {
			at := slices.IndexFunc(subjectTypes, func(t subjectType) bool {
				return strings.EqualFold(t.name, pair.Type) || t.oid.String() == pair.Type
			})
			if at < 0 {
				return nil, fmt.Errorf("ds: subject %q: the attribute %s is not of those that certificates have", dn, pair.Type)
			}
			one := pkix.AttributeTypeAndValue{Type: subjectTypes[at].oid, Value: pair.Value}
			if subjectTypes[at].ia5 {
				one.Value = asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagIA5String, Bytes: []byte(pair.Value)}
			}
			set = append(set, one)
		}
		sequence = append(sequence, set)
	}
	der, err := asn1.Marshal(sequence)
	if err != nil {
		return nil, fmt.Errorf("ds: subject %q: %w", dn, err)
	}
	return der, nil
}

// subjectDN is the DN of a subject. A type that is not known stands there by its OID; a value that is no text makes it none.
func subjectDN(der []byte) (dn string, ok bool) {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 || len(sequence) == 0 {
		return "", false
	}
	var parsed names.DN
	for _, set := range slices.Backward(sequence) {
		var rdn names.RDN
		for _, one := range set {
			value, ok := one.Value.(string)
			if !ok {
				return "", false
			}
			name := one.Type.String()
			if at := slices.IndexFunc(subjectTypes, func(t subjectType) bool { return t.oid.Equal(one.Type) }); at >= 0 {
				name = subjectTypes[at].name
			}
			rdn = append(rdn, names.Pair{Type: name, Value: value})
		}
		parsed = append(parsed, rdn)
	}
	return parsed.String(), true
}
