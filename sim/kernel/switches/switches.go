package switches

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
)

// Switch decides one thing. The first option is the default.
type Switch struct {
	Name    string
	Value   string
	Default string
	Options []string
	Note    string
}

// Values are the values by name; an absent one has its default.
type Values map[string]string

// Board is every switch of one vendor, each with its name, options and note.
type Board struct {
	// Path begins the errors: "idcs.switches".
	Path     string
	Switches []Switch
}

// Check tells what is wrong with one setting.
func (b Board) Check(name, value string) error {
	names := make([]string, 0, len(b.Switches))
	for _, w := range b.Switches {
		if w.Name == name {
			if slices.Contains(w.Options, value) {
				return nil
			}
			return fmt.Errorf("%s.%s: %q is not one of %s", b.Path, name, value, strings.Join(w.Options, ", "))
		}
		names = append(names, w.Name)
	}
	return fmt.Errorf("%s.%s: there is no such switch; there are %s", b.Path, name, strings.Join(names, ", "))
}

// CheckAll is every mistake in the values, in the order of their names.
func (b Board) CheckAll(v Values) (mistakes []error) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if err := b.Check(name, v[name]); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	return mistakes
}

// Panel is a board with its present values. It is safe for concurrent use: a read takes no lock, because requests ask often
// and hardly anybody turns a switch.
type Panel struct {
	board  Board
	values atomic.Pointer[Values]
}

// NewPanel has every switch at its default.
func NewPanel(b Board) *Panel {
	p := &Panel{board: b}
	p.values.Store(p.defaults())
	return p
}

func (p *Panel) defaults() *Values {
	values := make(Values, len(p.board.Switches))
	for _, w := range p.board.Switches {
		values[w.Name] = w.Options[0]
	}
	return &values
}

// Restore turns every switch to the value given, which Check has accepted, or to its default.
func (p *Panel) Restore(v Values) {
	values := p.defaults()
	maps.Copy(*values, v)
	p.values.Store(values)
}

// Set turns one switch.
func (p *Panel) Set(name, value string) error {
	if err := p.board.Check(name, value); err != nil {
		return err
	}
	for {
		old := p.values.Load()
		next := maps.Clone(*old)
		next[name] = value
		if p.values.CompareAndSwap(old, &next) {
			return nil
		}
	}
}

// Value is where a switch stands; "" for a name that the board does not have.
func (p *Panel) Value(name string) string { return (*p.values.Load())[name] }

// List is every switch with its present value, in the board's order.
func (p *Panel) List() []Switch {
	values := *p.values.Load()
	list := slices.Clone(p.board.Switches)
	for i := range list {
		list[i].Options = slices.Clone(list[i].Options)
		list[i].Value, list[i].Default = values[list[i].Name], list[i].Options[0]
	}
	return list
}
