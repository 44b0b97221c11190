// Package command is `seatrial forecast`: flags in, a forecast out.
package command
