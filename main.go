// Command seatrial rehearses a password synchronisation before it goes live: simulated identity systems, a real sync
// engine between them, scenarios, load, and a certificate or the exact reasons why not.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/loadtest/crash"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/certify"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/syncer"
	forecast "github.com/seatrial/seatrial/syncer/forecast/command"
	"github.com/seatrial/seatrial/syncer/preflight"
)

// version is set by the linker.
var version = "unversioned"

// Exit codes that no command chose: 1 for a command that broke, 2 for a command line that was not understood.
const (
	exitBroken = 1
	exitUsage  = 2
)

func main() {
	if os.Getenv("GOGC") == "" {
		// A large population is live memory that the collector would mark again and again for little garbage. Four times
		// what is live is still small: 100 000 users are about 110 MB.
		debug.SetGCPercent(400)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, args, stdout, stderr)
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	parsed := false // the command line was understood and a command has begun
	root := &cobra.Command{
		Use:   "seatrial",
		Short: "Rehearse a password synchronisation before it goes live",
		Long: `seatrial starts simulated identity systems that behave like the real ones, puts a real sync engine between
them, drives it through scenarios and load, and hands out a certificate, or the exact reasons why not.`,
		Example: `  seatrial certify                        rehearse IDM to IDCS with the embedded defaults
  seatrial certify --idm-conf ./openidm --users people.ldif --population 0
  seatrial preflight --idm-conf ./openidm read what will fail in an IDM project, file and line
  seatrial forecast --idm-conf ./openidm --config sync.yaml
                                          which passwords the domain will refuse that IDM accepts
  seatrial pilot                          two weeks of a pilot, before and after alignment
  seatrial scenarios run 'idcs/token-*'   run a part of the suite
  seatrial loadtest crash                 kill the engine, and look what is lost
  seatrial sim                            start the simulators for an engine of your own`,
		Version:           version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRun:  func(*cobra.Command, []string) { parsed = true },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	load := loadtest.Command()
	load.AddCommand(crash.Command())
	root.AddCommand(certify.Command(version), certify.PilotCommand(), scenarios.Command(), load, sim.Command(), syncer.Command(), forecast.Command(),
		preflight.Command())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)

	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		_, _ = fmt.Fprintln(stderr, "seatrial: "+text)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	if !parsed {
		_, _ = fmt.Fprintln(stderr, "Run 'seatrial --help' for the commands, or 'seatrial COMMAND --help' for one.")
		return exitUsage
	}
	return exitBroken
}
