package quartz

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var parser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// Parse reads a Quartz expression: six fields, seconds first. Quartz counts the days of the week from 1 = Sunday, cron from 0;
// a number there would silently mean another day, so only names are taken.
func Parse(text string) (cron.Schedule, error) {
	fields := strings.Fields(text)
	switch {
	case len(fields) == 7:
		return nil, fmt.Errorf("%q: the optional year of Quartz is not supported; leave it out", text)
	case len(fields) != 6:
		return nil, fmt.Errorf("%q has %d fields instead of six: second minute hour day month weekday", text, len(fields))
	case strings.ContainsAny(fields[5], "0123456789"):
		return nil, fmt.Errorf("%q: write the day of the week by name (SUN…SAT), its numbers differ between Quartz and cron", text)
	case strings.ContainsAny(text, "#") || strings.ContainsAny(fields[3], "LW"):
		return nil, fmt.Errorf("%q: L, W and # are not supported", text)
	}
	s, err := parser.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	if s.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("%q never comes", text)
	}
	return s, nil
}
