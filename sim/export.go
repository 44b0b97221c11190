package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/kernel/ldif"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
)

// SetSuffix moves the directory, which is not built yet, to another naming context, with its replica and the account of a
// synchronisation.
func (c *Config) SetSuffix(suffix string) {
	for _, d := range []*directory.Config{&c.DS.Directory, &c.DS2.Directory} {
		d.Suffix, d.Reader.DN = suffix, "uid=sync,ou=Administrators,"+suffix
	}
}

// ExportedSuffix is the DN of the first entry of an LDIF file, which is the naming context where export-ldif has written it.
func ExportedSuffix(path string) (string, error) {
	in, err := os.Open(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	first, err := ldif.NewReader(path, in).Record()
	if errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: there is no entry in it", path)
	}
	if err != nil {
		return "", err
	}
	if dn, err := names.Parse(first.DN); err != nil || len(dn) == 0 {
		return "", fmt.Errorf("%s:%d: %q is not a DN, and an export begins with that of its suffix", path, first.Number, first.DN)
	}
	return first.DN, nil
}

// ReadSchema takes further definitions for a directory out of an LDIF file.
func ReadSchema(path string) ([]string, error) {
	in, err := os.Open(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return schema.Read(path, in)
}

// ImportFile replaces what is in the directory, and in its replica, by the entries of an LDIF file, with their hashes and
// operational attributes. What is refused is left out and reported; an error means that the file cannot be trusted as a whole.
func (w *World) ImportFile(ctx context.Context, path string) (entries int, refusals Refusals, err error) {
	if w.ds == nil {
		return 0, refusals, fmt.Errorf("world: there is no %q in it", DS)
	}
	in, err := os.Open(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return 0, refusals, err
	}
	defer func() { _ = in.Close() }()
	entries, err = w.ds.Import(ctx, path, in, func(err error) error {
		refusals.add(err)
		return nil
	})
	return entries, refusals, err
}

func (o *options) checkDirectory() (mistakes []error) {
	for _, one := range []struct {
		flag  string
		given bool
	}{{"--ds-ldif", o.export != ""}, {"--ds-schema", o.schema != ""}, {"--ds-schemes", len(o.schemes) > 0}} {
		if one.given && !slices.Contains(o.run, DS) {
			mistakes = append(mistakes, fmt.Errorf("%s: needs --run ds", one.flag))
		}
	}
	if o.people != "" && o.export == "" {
		mistakes = append(mistakes, errors.New("--ds-people: needs --ds-ldif: without an export the users are in ou=People"))
	}
	for _, name := range o.schemes {
		if s, ok := schemes.Lookup(name); !ok || !s.Verifiable {
			mistakes = append(mistakes, fmt.Errorf("--ds-schemes: no password can be verified with a scheme %q; there are %s", name, strings.Join(verifiable(), ", ")))
		}
	}
	return mistakes
}

func verifiable() (names []string) {
	for _, s := range schemes.Known() {
		if s.Verifiable {
			names = append(names, s.Name)
		}
	}
	return names
}

// adapt makes the directory such that the export fits into it.
func (o *options) adapt(config *Config) error {
	if o.export != "" {
		suffix, err := ExportedSuffix(o.export)
		if err != nil {
			return fmt.Errorf("--ds-ldif: %w", err)
		}
		config.SetSuffix(suffix)
	}
	var definitions []string
	if o.schema != "" {
		var err error
		if definitions, err = ReadSchema(o.schema); err != nil {
			return fmt.Errorf("--ds-schema: %w", err)
		}
	}
	for _, d := range []*directory.Config{&config.DS.Directory, &config.DS2.Directory} {
		d.Schema, d.People = definitions, o.people
		for _, name := range o.schemes {
			d.Schemes[name] = schemes.Settings{}
		}
	}
	if err := config.DS.Directory.CheckPeople(); err != nil {
		return fmt.Errorf("--ds-people: %w", err)
	}
	return nil
}

// fill imports the export, and tells on notes what was left out.
func fill(ctx context.Context, world *World, path string, notes io.Writer) error {
	entries, refusals, err := world.ImportFile(ctx, path)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(notes, "%s: %d entries in the directory, %d left out\n", path, entries, refusals.Count)
	refusals.tell(notes, DS)
	if refusals.Count > 0 {
		_, _ = fmt.Fprintln(notes, "  what the schema lacks is added with --ds-schema")
	}
	tellSchemes(notes, world.ds.Directory().Unverifiable())
	if entries == 0 {
		return fmt.Errorf("%s has no entry that can be used", path)
	}
	if world.ds.Roster().Len() == 0 {
		_, _ = fmt.Fprintf(notes, "  nobody is below %s: LDAP has all entries, but no user is known to the control plane; --ds-people says where they are\n", world.ds.Directory().PeopleDN())
	}
	return nil
}

// tellSchemes says whose password verifies nothing, by scheme, and which flag would change that.
func tellSchemes(notes io.Writer, users map[string]int) {
	var enable, counts, lost []string
	could, never := 0, 0
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if s, ok := schemes.Lookup(name); ok && s.Verifiable {
			enable, counts = append(enable, name), append(counts, fmt.Sprintf("%s %d", name, users[name]))
			could += users[name]
		} else if ok {
			lost = append(lost, fmt.Sprintf("%s %d", name, users[name]))
			never += users[name]
		}
	}
	if n := users[directory.UnknownScheme]; n > 0 {
		lost = append(lost, fmt.Sprintf("unknown or malformed %d", n))
		never += n
	}
	if could > 0 {
		_, _ = fmt.Fprintf(notes, "  %d users have a password in a storage scheme that is not enabled, and cannot bind (49): %s; --ds-schemes %s enables it\n",
			could, strings.Join(counts, ", "), strings.Join(enable, ","))
	}
	if never > 0 {
		_, _ = fmt.Fprintf(notes, "  %d users have a password that cannot be verified here, and cannot bind (49): %s\n", never, strings.Join(lost, ", "))
	}
}
