package command

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/forecast"
)

// sourceFlags say a policy of IDM's on the command line.
type sourceFlags struct {
	minLength, maxLength, capitals, numbers int
	notContaining                           []string
	forbidden                               []string
	pattern                                 string

	set func(name string) bool
}

var sourceNames = []string{
	"source-min-length", "source-max-length", "source-capitals", "source-numbers", "source-not-containing",
	"source-forbidden", "source-regexp",
}

func (s *sourceFlags) register(c *cobra.Command) {
	c.Flags().IntVar(&s.minLength, sourceNames[0], 0, "IDM's minimum-length; this and the next are laid over --idm-conf")
	c.Flags().IntVar(&s.maxLength, sourceNames[1], 0, "IDM's maximum-length")
	c.Flags().IntVar(&s.capitals, sourceNames[2], 0, "IDM's at-least-X-capitals")
	c.Flags().IntVar(&s.numbers, sourceNames[3], 0, "IDM's at-least-X-numbers")
	c.Flags().StringSliceVar(&s.notContaining, sourceNames[4], nil, "IDM's cannot-contain-others: userName,givenName,sn")
	c.Flags().StringArrayVar(&s.forbidden, sourceNames[5], nil, "IDM's cannot-contain-characters: characters or words, one for each flag")
	c.Flags().StringVar(&s.pattern, sourceNames[6], "", "IDM's regexpMatches")
	s.set = func(name string) bool { return c.Flags().Changed(name) }
}

// changed tells whether any of them was given.
func (s *sourceFlags) changed(c *cobra.Command) bool {
	for _, name := range sourceNames {
		if c.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// readSource reads the folder and lays the flags over it.
func (f *flags) readSource() (forecast.IDM, error) {
	var m forecast.IDM
	if f.idmConf != "" {
		if _, err := os.Stat(f.idmConf); err != nil {
			return m, usage("--idm-conf: %w", err)
		}
		var err error
		if m, err = forecast.ReadIDM(os.DirFS(f.idmConf)); err != nil {
			return m, usage("--idm-conf: %s: %w", f.idmConf, err)
		}
	}
	s := f.source
	for i, rule := range []struct {
		id     string
		params any
	}{
		{"minimum-length", map[string]int{"minLength": s.minLength}},
		{"maximum-length", map[string]int{"maxLength": s.maxLength}},
		{"at-least-X-capitals", map[string]int{"numCaps": s.capitals}},
		{"at-least-X-numbers", map[string]int{"numNums": s.numbers}},
		{"cannot-contain-others", map[string][]string{"disallowedFields": s.notContaining}},
		{"cannot-contain-characters", map[string][]string{"forbiddenChars": s.forbidden}},
		{"regexpMatches", map[string]string{"regexp": s.pattern}},
	} {
		if name := sourceNames[i]; s.set(name) {
			m.Set(forecast.NewIDMRule(rule.id, rule.params, "--"+name))
		}
	}
	for _, limit := range []struct {
		name  string
		value int
	}{{sourceNames[0], s.minLength}, {sourceNames[1], s.maxLength}, {sourceNames[2], s.capitals}, {sourceNames[3], s.numbers}} {
		if limit.value < 0 {
			return m, usage("--%s: %d is below 0", limit.name, limit.value)
		}
	}
	return m, nil
}
