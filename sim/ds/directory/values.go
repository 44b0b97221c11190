package directory

import (
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// valueSet are the values of one attribute while they are changed. A value is there once, by the attribute's equality rule; where they
// are many, it is looked up.
type valueSet struct {
	d      *Directory
	kind   *schema.Attribute
	values [][]byte
	has    map[valueKey]bool // nil while they are few; false is one that was removed
}

// valueKey is the same for values that are equal. What is not of the attribute's syntax is equal to itself.
type valueKey struct {
	text  string
	valid bool
}

// fewValues is how many are looked through.
const fewValues = 16

// valueSet begins with values, to which so many may come.
func (d *Directory) valueSet(kind *schema.Attribute, values [][]byte, more int) *valueSet {
	s := &valueSet{d: d, kind: kind, values: slices.Clone(values)}
	if len(values)+more > fewValues {
		s.has = make(map[valueKey]bool, len(values)+more)
		for _, v := range values {
			s.has[s.key(v)] = true
		}
	}
	return s
}

func (s *valueSet) key(value []byte) valueKey {
	if normal, ok := s.d.schema.Equal(s.kind, value); ok {
		return valueKey{normal, true}
	}
	return valueKey{string(value), false}
}

// add returns false when the value is there already.
func (s *valueSet) add(value []byte) bool {
	if s.has == nil {
		if s.d.indexOf(s.kind, s.values, value) >= 0 {
			return false
		}
	} else {
		k := s.key(value)
		if s.has[k] {
			return false
		}
		s.has[k] = true
	}
	s.values = append(s.values, slices.Clone(value))
	return true
}

// remove returns false when the value is not there. Nothing is added behind it.
func (s *valueSet) remove(value []byte) bool {
	if s.has != nil {
		k := s.key(value)
		was := s.has[k]
		s.has[k] = false
		return was
	}
	at := s.d.indexOf(s.kind, s.values, value)
	if at >= 0 {
		s.values = slices.Delete(s.values, at, at+1)
	}
	return at >= 0
}

// left are the values in their order.
func (s *valueSet) left() [][]byte {
	if s.has == nil {
		return s.values
	}
	return slices.DeleteFunc(s.values, func(v []byte) bool { return !s.has[s.key(v)] })
}
