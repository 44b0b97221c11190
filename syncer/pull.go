package syncer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// puller writes the users of the target who are not known to the source into a file that the source can import.
type puller struct {
	config, out, known, base string
	federated, force         bool

	environment rest.Environment
	getenv      func(string) (string, bool)
}

const pullExample = `  # Users who were made in the cloud, as entries for the directory; those of people.ldif are there already
  seatrial sync pull --config sync.yaml --known people.ldif --out cloud-only.ldif --base ou=people,dc=example,dc=com

  # All users, for a CSV import into IDM
  seatrial sync pull --config sync.yaml --out users.csv`

func pullCommand() *cobra.Command {
	p := puller{getenv: os.LookupEnv}
	c := &cobra.Command{
		Use:   "pull --config FILE --out FILE",
		Short: "List the target's users into a file that the source can import; changes nothing",
		Long: `List the target's users into a file that the source can import. Only the target's section of the configuration counts,
nothing is changed there, and no password is in the file: neither an identity domain nor an org gives one out.

The ending of --out decides the form: .ldif for a directory (inetOrgPerson), .csv and .json for IDM (managed/user). Users
named in --known, which is LDIF, CSV with a column uid or userName, or a list of one name a line, are left out; so are
federated users, who have no password here. The file appears when it is complete.`,
		Example: pullExample,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&p.config, "config", "", "configuration file (YAML)")
	c.Flags().StringVar(&p.out, "out", "", "file to write: .ldif, .csv or .json")
	c.Flags().StringVar(&p.known, "known", "", "file with users whom the source has")
	c.Flags().StringVar(&p.base, "base", "ou=people,dc=example,dc=com", "where entries of an LDIF file go")
	c.Flags().BoolVar(&p.federated, "federated", false, "federated users, too")
	c.Flags().BoolVar(&p.force, "force", false, "replace a file that is there")
	return c
}

// pulled are the numbers of a run.
type pulled struct{ seen, known, federated, inactive, written int }

func (p pulled) String() string {
	return fmt.Sprintf("%d of %d users, %d of them deactivated; left out: %d known, %d federated", p.written, p.seen, p.inactive, p.known, p.federated)
}

func (p *puller) run(ctx context.Context, out, notes io.Writer) error {
	switch {
	case p.config == "":
		return UsageError{errors.New("--config is missing; `seatrial sync pull --help` shows an example")}
	case p.out == "":
		return UsageError{errors.New("--out is missing; it is the file to write: .ldif, .csv or .json")}
	}
	form, err := formOf(p.out, p.base)
	if err != nil {
		return UsageError{err}
	}
	if _, err := os.Lstat(p.out); err == nil && !p.force {
		return UsageError{fmt.Errorf("--out: %s is there already; --force replaces it", p.out)}
	}
	known := map[string]bool{}
	if p.known != "" {
		if known, err = readNames(p.known); err != nil {
			return UsageError{fmt.Errorf("--known: %w", err)}
		}
	}
	c, err := readTarget(p.config, p.getenv)
	if err != nil {
		return err
	}
	t, err := openTarget(c, p.environment, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Target, err)
	}
	defer t.Close()
	var counted pulled
	err = writeWhole(p.out, p.force, func(w io.Writer) (err error) {
		counted, err = p.write(ctx, t, known, form(w), notes)
		return err
	})
	if err != nil {
		return fmt.Errorf("pull: %w; %s was not written", err, p.out)
	}
	_, _ = fmt.Fprintf(out, "%s: %v\n", p.out, counted)
	return nil
}

// progressEvery is how often a long listing says how far it is.
const progressEvery = 5 * time.Second

func (p *puller) write(ctx context.Context, t target.Target, known map[string]bool, w format, notes io.Writer) (n pulled, err error) {
	said := time.Now()
	for person, err := range t.People(ctx) {
		if err != nil {
			return n, err
		}
		n.seen++
		switch {
		case known[userKey(person.UserName)]:
			n.known++
		case person.Federated && !p.federated:
			n.federated++
		default:
			if err := w.write(person); err != nil {
				return n, err
			}
			n.written++
			if !person.Active {
				n.inactive++
			}
		}
		if time.Since(said) >= progressEvery {
			said = time.Now()
			_, _ = fmt.Fprintf(notes, "%d users read, %d written\n", n.seen, n.written)
		}
	}
	return n, w.end()
}

// writeWhole makes a file appear under its name when all of it is there. Without replace a file that has come to be there
// meanwhile stays as it is.
func writeWhole(path string, replace bool, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // Readable by its owner only.
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	w := bufio.NewWriterSize(f, 1<<16)
	if err = errors.Join(write(w), w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if !replace {
		err = os.Link(f.Name(), path)
		if err == nil || errors.Is(err, os.ErrExist) {
			return err
		}
		// Not every file system has links.
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s: %w", path, os.ErrExist)
		}
	}
	return os.Rename(f.Name(), path)
}
