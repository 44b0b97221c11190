package ds

import (
	"bufio"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// said is a message of the server, as far as the tests look at it.
type said struct {
	id   int64
	tag  ber.Tag
	code ldap.ResultCode
	text string
}

// hear reads one message.
func hear(in *bufio.Reader) (said, error) {
	element, err := ber.ReadElement(in, 1<<20)
	if err != nil {
		return said{}, err
	}
	message, err := ber.NewReader(element).Enter(ber.Sequence)
	if err != nil {
		return said{}, err
	}
	var s said
	if s.id, err = message.Integer(ber.Integer); err != nil {
		return s, err
	}
	s.tag = message.Next()
	body, err := message.Enter(s.tag)
	if err != nil || body.Next() != ber.Enumerated {
		return s, err
	}
	number, err := body.Integer(ber.Enumerated)
	s.code = ldap.ResultCode(number)
	if err == nil {
		_, err = body.String(ber.OctetString)
	}
	if err == nil {
		s.text, err = body.String(ber.OctetString)
	}
	return s, err
}

// receive reads one message and then the end of the connection.
func receive(t *testing.T, c net.Conn) said {
	t.Helper()
	in := bufio.NewReader(c)
	s, err := hear(in)
	require.NoError(t, err)
	_, err = in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	return s
}

// notice is a notice of disconnection.
func notice(code ldap.ResultCode, text string) said {
	return said{0, ber.Application(24).Constructed(), code, text}
}

// Requests in BER.

func request(id int64, body func([]byte) []byte) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendInteger(b, ber.Integer, id)
	return ber.Close(body(b), at)
}

// bindRequest is bjensen's.
func bindRequest(id int64, password string) []byte {
	return request(id, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(0).Constructed())
		b = ber.AppendInteger(b, ber.Integer, 3)
		b = ber.AppendString(b, ber.OctetString, babs)
		return ber.Close(ber.AppendString(b, ber.Context(0), password), at)
	})
}

func searchRequest(id int64) []byte {
	return request(id, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(3).Constructed())
		b = ber.AppendString(b, ber.OctetString, peopleDN)
		b = ber.AppendInteger(b, ber.Enumerated, 2)
		b = ber.AppendInteger(b, ber.Enumerated, 0)
		b = ber.AppendInteger(b, ber.Integer, 0)
		b = ber.AppendInteger(b, ber.Integer, 0)
		b = ber.AppendBoolean(b, ber.Boolean, false)
		b = ber.AppendString(b, ber.Context(7), "objectClass")
		return ber.Close(ber.AppendString(b, ber.Sequence, ""), at)
	})
}

// modifyRequest replaces the description of bjensen.
func modifyRequest(id int64, value string) []byte {
	return request(id, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(6).Constructed())
		b = ber.AppendString(b, ber.OctetString, babs)
		b, changes := ber.Open(b, ber.Sequence)
		b, change := ber.Open(b, ber.Sequence)
		b = ber.AppendInteger(b, ber.Enumerated, 2)
		b, one := ber.Open(b, ber.Sequence)
		b = ber.AppendString(b, ber.OctetString, "description")
		b, values := ber.Open(b, ber.Set)
		b = ber.AppendString(b, ber.OctetString, value)
		for _, end := range []int{values, one, change, changes, at} {
			b = ber.Close(b, end)
		}
		return b
	})
}

func abandonRequest(id, other int64) []byte {
	return request(id, func(b []byte) []byte { return ber.AppendInteger(b, ber.Application(16), other) })
}

func extendedRequest(id int64, oid string, value []byte) []byte {
	return request(id, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(23).Constructed())
		b = ber.AppendString(b, ber.Context(0), oid)
		if value != nil {
			b = ber.AppendString(b, ber.Context(1), value)
		}
		return ber.Close(b, at)
	})
}

func cancelRequest(id, other int64) []byte {
	value, at := ber.Open(nil, ber.Sequence)
	value = ber.Close(ber.AppendInteger(value, ber.Integer, other), at)
	return extendedRequest(id, ldap.OIDCancel, value)
}
