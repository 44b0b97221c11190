package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// storehouse is where the commands find parked changes: behind a running engine, or in a queue's own store.
type storehouse interface {
	// List returns all of a selection.
	List(ctx context.Context, s hook.Selection) ([]hook.ParkedChange, error)
	Show(ctx context.Context, id string) (hook.ParkedChange, error)
	Replay(ctx context.Context, id string) error
	Purge(ctx context.Context, id string) error
	Close() error
}

type parkedFlags struct {
	engine, tokenFile, tokenEnv, caFile, queue string

	reason, user string
	all          bool
	json         bool
	yes          bool
}

const parkedExample = `  seatrial sync parked list --engine http://127.0.0.1:8470 --token-env HOOK_TOKEN --reason policy
  seatrial sync parked replay --engine http://127.0.0.1:8470 --token-env HOOK_TOKEN --reason seal_mismatch
  seatrial sync parked purge --queue /var/lib/seatrial/queue --user xiaolong.li --yes`

func parkedCommand() *cobra.Command {
	var f parkedFlags
	c := &cobra.Command{
		Use:   "parked",
		Short: "List, show, replay and purge the changes that were parked for good",
		Long: `List, show, replay and purge the changes that were parked for good. --engine asks a running engine; --queue opens the
queue itself, a directory only while no engine uses it. A replay needs the engine: it alone writes to the target.`,
		Example: parkedExample,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	flags := c.PersistentFlags()
	flags.StringVar(&f.engine, "engine", "", "URL of the hook of a running engine")
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the hook's token")
	flags.StringVar(&f.tokenEnv, "token-env", "", "environment variable with the hook's token")
	flags.StringVar(&f.caFile, "ca-file", "", "certificates (PEM) to trust besides the system's")
	flags.StringVar(&f.queue, "queue", "", "directory or nats:// URL of the queue, instead of --engine")

	show := &cobra.Command{
		Use: "show ID…", Short: "Show parked changes as JSON", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, ids []string) error { return f.with(c.Context(), f.show(c.OutOrStdout(), ids)) },
	}
	list := &cobra.Command{
		Use: "list", Short: "List parked changes, the oldest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.with(c.Context(), f.list(c.OutOrStdout())) },
	}
	list.Flags().BoolVar(&f.json, "json", false, "print JSON")
	replay := &cobra.Command{
		Use: "replay [ID…]", Short: "Send parked changes again",
		Long: `Send parked changes again, sealed anew with the first key. What is older than a change of the same user that was applied or
is on its way is refused. Each replayed change has one more outcome.`,
		RunE: func(c *cobra.Command, ids []string) error {
			return f.with(c.Context(), f.each(c.OutOrStdout(), "replayed", ids))
		},
	}
	purge := &cobra.Command{
		Use: "purge [ID…] --yes", Short: "Remove parked changes for good",
		RunE: func(c *cobra.Command, ids []string) error {
			return f.with(c.Context(), f.each(c.OutOrStdout(), "purged", ids))
		},
	}
	purge.Flags().BoolVar(&f.yes, "yes", false, "really remove; without it the command only tells what it would remove")
	for _, sub := range []*cobra.Command{list, replay, purge} {
		sub.Flags().StringVar(&f.reason, "reason", "", "only those of this reason")
		sub.Flags().StringVar(&f.user, "user", "", "only those of this user")
	}
	for _, sub := range []*cobra.Command{replay, purge} {
		sub.Flags().BoolVar(&f.all, "all", false, "all that are parked")
	}
	c.AddCommand(list, show, replay, purge)
	return c
}

// with opens what the flags name.
func (f *parkedFlags) with(ctx context.Context, do func(context.Context, storehouse) error) (err error) {
	var s storehouse
	switch {
	case (f.engine == "") == (f.queue == ""):
		return UsageError{errors.New("name either --engine (a running engine) or --queue (the queue itself)")}
	case f.queue != "":
		s, err = openQueue(ctx, f.queue)
	default:
		s, err = f.dial()
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(ctx, s)
}

func (f *parkedFlags) list(out io.Writer) func(context.Context, storehouse) error {
	return func(ctx context.Context, s storehouse) error {
		changes, err := s.List(ctx, hook.Selection{Reason: f.reason, UserName: f.user})
		if err != nil {
			return err
		}
		if f.json {
			if changes == nil {
				changes = []hook.ParkedChange{}
			}
			return printJSON(out, changes)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ID\tTRANSACTION\tUSER\tREASON\tATTEMPTS\tREPLAYS\tPARKED\tKEPT")
		for _, c := range changes {
			kept := string(c.State)
			if c.MissingKey {
				kept += ", key " + plain(c.Key) + " is missing"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", plain(c.ID), plain(c.TransactionID), plain(c.UserName), plain(c.Reason),
				c.Attempts, c.Replay, c.Parked.UTC().Format(time.RFC3339), kept)
		}
		_, _ = fmt.Fprintf(w, "%d parked\n", len(changes))
		printRemedies(w, changes)
		return w.Flush()
	}
}

// printRemedies says once for each reason what can be done.
func printRemedies(w io.Writer, changes []hook.ParkedChange) {
	said := map[string]bool{}
	for _, c := range changes {
		if c.Remedy != "" && !said[c.Remedy] {
			said[c.Remedy] = true
			_, _ = fmt.Fprintf(w, "%s: %s\n", plain(c.Reason), plain(c.Remedy))
		}
	}
}

// plain keeps a stranger's text from moving the cursor.
func plain(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

func (f *parkedFlags) show(out io.Writer, ids []string) func(context.Context, storehouse) error {
	return func(ctx context.Context, s storehouse) error {
		for _, id := range ids {
			c, err := s.Show(ctx, id)
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			if err := printJSON(out, c); err != nil {
				return err
			}
		}
		return nil
	}
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// each replays or purges the ids, or what the flags select. Who is refused does not keep the others; the exit code tells.
func (f *parkedFlags) each(out io.Writer, done string, ids []string) func(context.Context, storehouse) error {
	return func(ctx context.Context, s storehouse) error {
		ids, err := f.selected(ctx, s, ids)
		if err != nil {
			return err
		}
		if done == "purged" && !f.yes {
			return UsageError{fmt.Errorf("%d parked changes would be removed, and cannot be brought back; say --yes to do it", len(ids))}
		}
		act := s.Replay
		if done == "purged" {
			act = s.Purge
		}
		refused := 0
		for _, id := range ids {
			if err := act(ctx, id); err != nil {
				refused++
				_, _ = fmt.Fprintf(out, "%s: %v\n", plain(id), err)
			}
		}
		_, _ = fmt.Fprintf(out, "%d %s, %d refused\n", len(ids)-refused, done, refused)
		if refused > 0 {
			return fmt.Errorf("%d of %d could not be %s", refused, len(ids), done)
		}
		return nil
	}
}

func (f *parkedFlags) selected(ctx context.Context, s storehouse, ids []string) ([]string, error) {
	chosen := f.reason != "" || f.user != "" || f.all
	if (len(ids) > 0) == chosen {
		return nil, UsageError{errors.New("name either ids, or which are meant: --reason, --user or --all")}
	}
	if len(ids) > 0 {
		return ids, nil
	}
	changes, err := s.List(ctx, hook.Selection{Reason: f.reason, UserName: f.user})
	for _, c := range changes {
		ids = append(ids, c.ID)
	}
	return ids, err
}

// localStore is the queue itself.
type localStore struct{ queue *queue.Queue }

func openQueue(ctx context.Context, name string) (storehouse, error) {
	c := queue.DefaultConfig()
	if strings.Contains(name, "://") {
		c.Dir, c.URL = "", name
	} else {
		c.Dir = name
		if _, err := os.Stat(name); err != nil {
			return nil, UsageError{fmt.Errorf("--queue: %w", err)}
		}
	}
	q, err := queue.OpenForAdministration(ctx, c)
	if errors.Is(err, queue.ErrInUse) {
		return nil, fmt.Errorf("--queue: %w; ask it with --engine", err)
	}
	if err != nil {
		return nil, err
	}
	return localStore{q}, nil
}

func (s localStore) List(ctx context.Context, want hook.Selection) ([]hook.ParkedChange, error) {
	return list(ctx, s.queue, want, func(p parking) hook.ParkedChange { return p.show("") })
}

func (s localStore) Show(ctx context.Context, id string) (hook.ParkedChange, error) {
	p, err := newLot(s.queue).get(ctx, id)
	return p.show(""), err
}

func (s localStore) Replay(context.Context, string) error {
	return errors.New("a replay needs the engine, which alone writes to the target; use --engine")
}

func (s localStore) Purge(ctx context.Context, id string) error {
	return newLot(s.queue).remove(ctx, id, purgeable)
}

func (s localStore) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	return s.queue.Close(ctx)
}
