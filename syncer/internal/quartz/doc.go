// Package quartz reads schedules as IDM's configuration has them.
package quartz
