// Command program runs in virtual time without being a test. The test of virtualtime builds and runs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios/virtualtime"
)

func main() {
	own := flag.Bool("own", false, "a flag of the program")
	flag.Parse()
	start := time.Now()
	fmt.Println("own flag:", *own, virtualtime.Run(func() { time.Sleep(48 * time.Hour) }))
	fmt.Println("deadlock:", errors.Is(virtualtime.Run(func() { select {} }), virtualtime.ErrDeadlock))
	fmt.Println("panic:", errors.Is(virtualtime.Run(func() { panic("x") }), virtualtime.ErrPanic))
	fmt.Println("quick:", time.Since(start) < 10*time.Second)
}
