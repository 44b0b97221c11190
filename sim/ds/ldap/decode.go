package ldap

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// ErrProtocol is wrapped by what ends a connection: bytes that are no LDAP request at all (RFC 4511, 4.1.1).
var ErrProtocol = errors.New("not an LDAP request")

// RefusedError is a request whose structure was in order but whose values were not: it is answered with protocolError, and
// the connection lives on (RFC 4511, 4.1.1).
type RefusedError struct {
	ID     int32
	Op     Op
	Reason string
}

// Error tells the operation and the reason.
func (e *RefusedError) Error() string { return "ldap: " + e.Op.String() + ": " + e.Reason }

// ReadMessage decodes the message that follows in r. Values in it point into r's memory.
func ReadMessage(r *ber.Reader) (Message, error) {
	m, err := readMessage(r)
	var refused *RefusedError
	if err != nil && !errors.As(err, &refused) {
		return Message{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return m, err
}

func readMessage(r *ber.Reader) (m Message, err error) {
	in, err := r.Enter(ber.Sequence)
	if err != nil {
		return m, err
	}
	id, err := in.Integer(ber.Integer)
	if err != nil {
		return m, err
	}
	if id < 0 || id > math.MaxInt32 {
		return m, fmt.Errorf("message number %d: %w", id, ber.ErrValue)
	}
	m.ID = int32(id)
	op := Op(in.Next().Number())
	var refusal error
	if m.Request, err = readRequest(in); err != nil {
		var value *valueError
		if !errors.As(err, &value) {
			return m, err
		}
		// The controls are still read: when they make no sense either, the connection ends after all.
		refusal = &RefusedError{ID: m.ID, Op: op, Reason: value.reason}
	}
	if in.More() {
		if m.Controls, err = readControls(in); err != nil {
			return m, err
		}
	}
	// RFC 4511, 4.: fields that follow are extensions to be ignored.
	return m, refusal
}

// valueError is what RefusedError is made from, once the message's number is known.
type valueError struct{ reason string }

func (e *valueError) Error() string { return e.reason }

func invalid(format string, args ...any) error { return &valueError{fmt.Sprintf(format, args...)} }

func request(op Op) ber.Tag { return ber.Application(int(op)) }

func readRequest(in *ber.Reader) (Request, error) {
	switch tag := in.Next(); tag {
	case request(OpBind).Constructed():
		return readBind(in)
	case request(OpUnbind):
		// RFC 4511, 4.3: NULL; with contents the goodbye is understood all the same.
		_, err := in.Primitive(tag)
		return UnbindRequest{}, err
	case request(OpSearch).Constructed():
		return readSearch(in)
	case request(OpModify).Constructed():
		return readModify(in)
	case request(OpAdd).Constructed():
		return readAdd(in)
	case request(OpDelete):
		dn, err := in.String(tag)
		return DeleteRequest{DN: dn}, err
	case request(OpModifyDN).Constructed():
		return readModifyDN(in)
	case request(OpCompare).Constructed():
		return readCompare(in)
	case request(OpAbandon):
		id, err := in.Integer(tag)
		if err == nil && (id < 0 || id > math.MaxInt32) {
			err = fmt.Errorf("message number %d: %w", id, ber.ErrValue)
		}
		return AbandonRequest{ID: int32(id)}, err //nolint:gosec // G115: checked
	case request(OpExtended).Constructed():
		return readExtended(in)
	default:
		return nil, fmt.Errorf("%v is no request: %w", tag, ber.ErrTag)
	}
}

func readControls(in *ber.Reader) (controls []Control, err error) {
	if in.Next() != ber.Context(0).Constructed() {
		return nil, nil
	}
	all, err := in.Enter(ber.Context(0).Constructed())
	if err != nil {
		return nil, err
	}
	for all.More() {
		one, err := all.Enter(ber.Sequence)
		if err != nil {
			return nil, err
		}
		var c Control
		if c.OID, err = one.String(ber.OctetString); err != nil {
			return nil, err
		}
		if one.Next() == ber.Boolean {
			if c.Critical, err = one.Boolean(ber.Boolean); err != nil {
				return nil, err
			}
		}
		if one.More() {
			c.HasValue = true
			if c.Value, err = one.Primitive(ber.OctetString); err != nil {
				return nil, err
			}
		}
		controls = append(controls, c)
	}
	return controls, nil
}

func readBind(in *ber.Reader) (Request, error) {
	var b BindRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	version, err := in.Integer(ber.Integer)
	if err != nil {
		return nil, err
	}
	b.Version = int(version)
	if b.DN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	switch tag := in.Next(); tag {
	case ber.Context(0):
		password, err := in.String(tag)
		b.Password = secret.New(password)
		return b, err
	case ber.Context(3).Constructed():
		b.SASL, err = readSASL(in)
		return b, err
	default:
		// RFC 4511, 4.2 wants authMethodNotSupported; OpenDJ goes by RFC 2251, 4.2.3 and ends the connection (LDAPClientConnection).
		return nil, fmt.Errorf("the authentication choice %v is not known: %w", tag, ber.ErrTag)
	}
}

func readSASL(in *ber.Reader) (*SASL, error) {
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	s := &SASL{}
	if s.Mechanism, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	if in.More() {
		s.HasCredentials = true
		s.Credentials, err = in.Primitive(ber.OctetString)
	}
	return s, err
}

func readSearch(in *ber.Reader) (Request, error) {
	var s SearchRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if s.BaseDN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	var numbers [4]int64
	for i, tag := range [...]ber.Tag{ber.Enumerated, ber.Enumerated, ber.Integer, ber.Integer} {
		if numbers[i], err = in.Integer(tag); err != nil {
			return nil, err
		}
	}
	if s.TypesOnly, err = in.Boolean(ber.Boolean); err != nil {
		return nil, err
	}
	if s.Filter, err = readFilter(in); err != nil {
		return nil, err
	}
	if s.Attributes, err = readStrings(in, ber.Sequence); err != nil {
		return nil, err
	}
	for i, limit := range [...]int64{int64(ScopeSubordinates), int64(DerefAlways), math.MaxInt32, math.MaxInt32} {
		if numbers[i] < 0 || numbers[i] > limit {
			return nil, invalid("%s %d is out of range", [...]string{"scope", "derefAliases", "sizeLimit", "timeLimit"}[i], numbers[i])
		}
	}
	s.Scope, s.Deref, s.SizeLimit = Scope(numbers[0]), DerefAliases(numbers[1]), int(numbers[2])
	s.TimeLimit = time.Duration(numbers[3]) * time.Second
	return s, nil
}

// readStrings reads a SEQUENCE or SET OF OCTET STRING as texts.
func readStrings(in *ber.Reader, tag ber.Tag) (texts []string, err error) {
	in, err = in.Enter(tag)
	if err != nil {
		return nil, err
	}
	for in.More() {
		text, err := in.String(ber.OctetString)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func readAttribute(in *ber.Reader) (a Attribute, err error) {
	if in, err = in.Enter(ber.Sequence); err != nil {
		return a, err
	}
	if a.Description, err = in.String(ber.OctetString); err != nil {
		return a, err
	}
	if in, err = in.Enter(ber.Set); err != nil {
		return a, err
	}
	for in.More() {
		v, err := in.Primitive(ber.OctetString)
		if err != nil {
			return a, err
		}
		a.Values = append(a.Values, v)
	}
	return a, nil
}

func readModify(in *ber.Reader) (Request, error) {
	var m ModifyRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if m.DN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	list, err := in.Enter(ber.Sequence)
	if err != nil {
		return nil, err
	}
	var unknown error
	for list.More() {
		one, err := list.Enter(ber.Sequence)
		if err != nil {
			return nil, err
		}
		op, err := one.Integer(ber.Enumerated)
		if err != nil {
			return nil, err
		}
		if op < int64(Add) || op > int64(Increment) {
			unknown = invalid("the modification type %d is not known", op)
		}
		a, err := readAttribute(one)
		if err != nil {
			return nil, err
		}
		m.Changes = append(m.Changes, Change{ChangeOp(op), a})
	}
	if unknown != nil {
		return nil, unknown
	}
	return m, nil
}

func readAdd(in *ber.Reader) (Request, error) {
	var a AddRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if a.DN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	list, err := in.Enter(ber.Sequence)
	if err != nil {
		return nil, err
	}
	for list.More() {
		attribute, err := readAttribute(list)
		if err != nil {
			return nil, err
		}
		a.Attributes = append(a.Attributes, attribute)
	}
	return a, nil
}

func readModifyDN(in *ber.Reader) (Request, error) {
	var m ModifyDNRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if m.DN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	if m.NewRDN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	if m.DeleteOldRDN, err = in.Boolean(ber.Boolean); err != nil {
		return nil, err
	}
	if in.More() {
		m.HasNewSuperior = true
		if m.NewSuperior, err = in.String(ber.Context(0)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func readCompare(in *ber.Reader) (Request, error) {
	var c CompareRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if c.DN, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	c.Attribute, c.Value, err = readAssertion(in, ber.Sequence)
	return c, err
}

// readAssertion reads an AttributeValueAssertion.
func readAssertion(in *ber.Reader, tag ber.Tag) (attr string, value []byte, err error) {
	if in, err = in.Enter(tag); err != nil {
		return "", nil, err
	}
	if attr, err = in.String(ber.OctetString); err != nil {
		return "", nil, err
	}
	value, err = in.Primitive(ber.OctetString)
	return attr, value, err
}

func readExtended(in *ber.Reader) (Request, error) {
	var e ExtendedRequest
	in, err := in.Enter(in.Next())
	if err != nil {
		return nil, err
	}
	if e.Name, err = in.String(ber.Context(0)); err != nil {
		return nil, err
	}
	if in.More() {
		e.HasValue = true
		e.Value, err = in.Primitive(ber.Context(1))
	}
	return e, err
}
