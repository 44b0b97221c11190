package directory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/ldif"
)

func ldifLine(b []byte, name string, value []byte) []byte { return ldif.Append(b, name, value) }

// Import replaces the suffix by the entries of an LDIF, as import-ldif does: encoded passwords are taken as they are, clear ones
// are encoded, and operational attributes come along. Nothing of it is in the changelog, which begins anew. The account of
// Config.Reader stays, with its rights. It returns how many entries there were before the first that was refused.
func (d *Directory) Import(ctx context.Context, file string, in io.Reader) (count int, err error) {
	return d.ImportWithout(ctx, file, in, func(err error) error { return err })
}

// ImportWithout is Import that tells of each entry that is refused, as import-ldif writes them to its --rejectFile. It goes on
// without the entry unless reject returns an error.
func (d *Directory) ImportWithout(ctx context.Context, file string, in io.Reader, reject func(error) error) (count int, err error) {
	r := ldif.NewReader(file, in)
	d.mu.Lock()
	d.uproot()
	d.mu.Unlock()
	account, instructions, reading := d.reader()
	defer func() {
		if reading && err == nil {
			err = d.readmit(ctx, account)
		}
		d.refreshSubentries()
		err = errors.Join(err, d.refreshACIs())
	}()
	for ctx.Err() == nil {
		record, err := r.Record()
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		attributes := make([]ldap.Attribute, len(record.Attributes))
		for i, a := range record.Attributes {
			attributes[i] = ldap.Attribute{Description: a.Description, Values: a.Values}
		}
		switch key := d.keyOf(record.DN); {
		case reading && key == d.suffix:
			attributes = withValues(attributes, "aci", instructions)
		case reading && key == d.keyOf(account.dn):
			continue // It comes last, with its own password.
		}
		if _, err := d.load(ctx, record.DN, attributes); err != nil {
			if err := reject(fmt.Errorf("%s:%d: %w", file, record.Number, err)); err != nil {
				return count, err
			}
			continue
		}
		count++
	}
	return count, ctx.Err()
}

// readmit puts the account of Config.Reader back, and the unit above it where the import brought none.
func (d *Directory) readmit(ctx context.Context, account plan) error {
	dn, err := names.Parse(account.dn)
	if err != nil {
		return fmt.Errorf("%w: reader: %w", ErrInvalid, err)
	}
	if above := dn.Parent(); d.entry(above.Key(d.schema)) == nil {
		if err := d.carryOut(ctx, unit(above[0].Value("ou"), d.config.Suffix)); err != nil {
			return err
		}
	}
	return d.carryOut(ctx, account)
}

// withValues adds the values that an attribute does not have.
func withValues(attributes []ldap.Attribute, name string, values []string) []ldap.Attribute {
	at := slices.IndexFunc(attributes, func(a ldap.Attribute) bool { return strings.EqualFold(a.Description, name) })
	if at < 0 {
		return append(attributes, ldap.Attribute{Description: name, Values: octets(values...)})
	}
	for _, v := range octets(values...) {
		if !slices.ContainsFunc(attributes[at].Values, func(have []byte) bool { return bytes.Equal(have, v) }) {
			attributes[at].Values = append(attributes[at].Values, v)
		}
	}
	return attributes
}

// load adds an entry past rights, policies and the changelog, but not past the schema.
func (d *Directory) load(ctx context.Context, dn string, attributes []ldap.Attribute) (*entry, error) {
	u := &update{asker: d.harness(), now: d.kernel.Clock.Now()}
	parsed, err := names.Parse(dn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	e := &entry{dn: parsed, name: dn, key: parsed.Key(d.schema), version: 1}
	if !below(e.key, d.suffix) && e.key != d.rootKey {
		return nil, fmt.Errorf("%w: %q is not below %s", ErrInvalid, dn, d.config.Suffix)
	}
	attributes = slices.DeleteFunc(slices.Clone(attributes), func(a ldap.Attribute) bool {
		kind := d.describe(a.Description).kind
		return kind != nil && d.virtual[kind] != nil // What is computed is not stored, though an export may have it.
	})
	if r := d.fill(u, e, attributes); r.Code != ldap.Success {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, r.Code, r.Message)
	}
	if _, r := d.passwordOfNew(ctx, u, e); r.Code != ldap.Success {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, r.Code, r.Message)
	}
	if violation := d.checkSchema(e); violation != "" {
		return nil, fmt.Errorf("%w: %s", ErrInvalid, violation)
	}
	if r := d.checkSubentry(u.asker, nil, e); r.Code != ldap.Success {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, r.Code, r.Message)
	}
	d.born(e, d.config.RootDN, u.now.Format(schema.Seconds))
	return e, d.plant(e)
}

// uproot removes all of the suffix. The tree must be locked.
func (d *Directory) uproot() {
	if base := d.tree.find(d.suffix); base != nil {
		d.tree.fell(base)
	}
	d.changes.restart()
}

// plant puts an entry into the tree.
func (d *Directory) plant(e *entry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, ok := d.tree.byKey[d.parentKey(e)]
	switch _, taken := d.tree.byKey[e.key]; {
	case taken:
		return fmt.Errorf("%w: %s is there already", ErrInvalid, e.name)
	case !ok:
		return fmt.Errorf("%w: %s has no parent", ErrInvalid, e.name)
	}
	e.parent = parent
	d.tree.insert(e)
	return nil
}

// Export writes the suffix as LDIF, parents before their children, with hashes and operational attributes: what Import reads.
func (d *Directory) Export(out io.Writer) error {
	w := bufio.NewWriter(out)
	var b []byte
	for _, i := range d.ancestry() {
		d.mu.RLock()
		e := d.tree.at(i)
		d.mu.RUnlock()
		if e == nil {
			continue // Deleted meanwhile.
		}
		b = ldif.Append(b[:0], "dn", []byte(e.name))
		for _, a := range e.wire().Attributes {
			b = appendLines(b, a)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// ancestry lists the ids of the suffix, each behind the one above it.
func (d *Directory) ancestry() []id {
	d.mu.RLock()
	defer d.mu.RUnlock()
	base, ok := d.tree.byKey[d.suffix]
	if !ok {
		return nil
	}
	all := []id{base}
	for i := 0; i < len(all); i++ {
		all = append(all, d.tree.slots[all[i]].children...)
	}
	return all
}
