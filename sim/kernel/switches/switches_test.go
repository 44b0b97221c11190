package switches_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/switches"
)

func board() switches.Board {
	return switches.Board{Path: "vendor.switches", Switches: []switches.Switch{
		{Name: "color", Options: []string{"red", "green", "blue"}, Note: "Not documented."},
		{Name: "mood", Options: []string{"good", "bad"}},
	}}
}

func TestPanel(t *testing.T) {
	p := switches.NewPanel(board())
	assert.Equal(t, "red", p.Value("color"))
	assert.Empty(t, p.Value("taste"))

	require.NoError(t, p.Set("color", "blue"))
	require.ErrorContains(t, p.Set("color", "grey"), `vendor.switches.color: "grey" is not one of red, green, blue`)
	require.ErrorContains(t, p.Set("taste", "sour"), "vendor.switches.taste: there is no such switch; there are color, mood")
	assert.Equal(t, []switches.Switch{
		{Name: "color", Value: "blue", Default: "red", Options: []string{"red", "green", "blue"}, Note: "Not documented."},
		{Name: "mood", Value: "good", Default: "good", Options: []string{"good", "bad"}},
	}, p.List())

	p.List()[0].Options[0] = "what a caller writes stays with the caller"
	assert.NoError(t, p.Set("color", "red"))

	p.Restore(switches.Values{"mood": "bad"})
	assert.Equal(t, "red", p.Value("color"))
	assert.Equal(t, "bad", p.Value("mood"))
}

func TestCheckAllSaysEveryMistake(t *testing.T) {
	err := errors.Join(board().CheckAll(switches.Values{"taste": "sour", "color": "grey", "mood": "bad"})...)
	assert.EqualError(t, err, "vendor.switches.color: \"grey\" is not one of red, green, blue\n"+
		"vendor.switches.taste: there is no such switch; there are color, mood")
	assert.Empty(t, board().CheckAll(switches.Values{"mood": "bad"}))
}

func TestPanelKeepsWhatOthersTurn(t *testing.T) {
	b := switches.Board{Path: "s"}
	for i := range 50 {
		b.Switches = append(b.Switches, switches.Switch{Name: strconv.Itoa(i), Options: []string{"off", "on"}})
	}
	p := switches.NewPanel(b)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() { assert.NoError(t, p.Set(strconv.Itoa(i), "on")) })
		group.Go(func() { _ = p.List() })
	}
	group.Wait()
	for _, w := range p.List() {
		assert.Equal(t, "on", w.Value, w.Name)
	}
}
