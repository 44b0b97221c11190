package ldap

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// ParseReadEntry reads which attributes a pre-read or post-read control (RFC 4527) asks for.
func ParseReadEntry(c Control) (attributes []string, err error) {
	if !c.HasValue {
		return nil, fmt.Errorf("%w: %s has none", ErrControl, c.OID)
	}
	in := ber.NewReader(c.Value)
	if attributes, err = readStrings(in, ber.Sequence); err == nil {
		err = in.End()
	}
	if err != nil {
		return nil, malformed(c, err)
	}
	return attributes, nil
}

// ReadEntry is the response to the pre-read or post-read control of that OID.
func ReadEntry(oid string, e Entry) Control {
	return Control{OID: oid, Value: SearchEntry{Entry: e}.append(nil), HasValue: true}
}

// ParseAssertion reads the filter of the assertion control (RFC 4528).
func ParseAssertion(c Control) (Filter, error) {
	if !c.HasValue {
		return nil, fmt.Errorf("%w: %s has none", ErrControl, c.OID)
	}
	in := ber.NewReader(c.Value)
	f, err := readFilter(in)
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return nil, malformed(c, err)
	}
	return f, nil
}

// ParseProxiedAuth reads for whom an operation shall be done, as an authorization id, "dn:uid=…", "u:name" or "" for
// nobody. Version 2 (RFC 4370) has it bare in the value; some clients wrap it into an OCTET STRING all the same, and OpenDJ
// takes that too. Version 1 has a DN in a SEQUENCE.
func ParseProxiedAuth(c Control) (authzID string, err error) {
	if c.OID == OIDProxiedAuthV1 {
		in, err := value(c)
		if err != nil {
			return "", err
		}
		dn, err := in.String(ber.OctetString)
		if err != nil {
			return "", malformed(c, err)
		}
		return "dn:" + dn, nil
	}
	if !c.HasValue {
		return "", fmt.Errorf("%w: %s has none", ErrControl, c.OID)
	}
	in := ber.NewReader(c.Value)
	if text, err := in.String(ber.OctetString); err == nil && !in.More() {
		return text, nil
	}
	return string(c.Value), nil
}
