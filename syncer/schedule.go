package syncer

import (
	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/internal/quartz"
)

// parseSchedule reads a Quartz expression as IDM's schedules have it.
func parseSchedule(text string) (cron.Schedule, error) { return quartz.Parse(text) }
