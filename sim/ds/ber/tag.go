package ber

import "fmt"

// Tag is an identifier octet: class, whether constructed, and a number up to 30.
type Tag byte

// The universal tags that LDAP uses.
const (
	Boolean     Tag = 0x01
	Integer     Tag = 0x02
	OctetString Tag = 0x04
	Null        Tag = 0x05
	Enumerated  Tag = 0x0a
	Sequence    Tag = 0x30
	Set         Tag = 0x31
)

const (
	constructed Tag = 0x20
	application Tag = 0x40
	context     Tag = 0x80
	numberBits  Tag = 0x1f
)

// Application is [APPLICATION n].
func Application(n int) Tag { return application | Tag(n)&numberBits } //nolint:gosec // G115: masked

// Context is [n].
func Context(n int) Tag { return context | Tag(n)&numberBits } //nolint:gosec // G115: masked

// Constructed is the tag for contents that are elements themselves.
func (t Tag) Constructed() Tag { return t | constructed }

// IsConstructed tells whether the contents are elements themselves.
func (t Tag) IsConstructed() bool { return t&constructed != 0 }

// Number is the tag's number within its class.
func (t Tag) Number() int { return int(t & numberBits) }

// String is the octet in hexadecimal, "0x30".
func (t Tag) String() string { return fmt.Sprintf("0x%02x", byte(t)) }
