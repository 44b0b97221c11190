package directory

import (
	"context"
	"errors"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// persist is a persistent search of the changelog: what there is, unless only changes are asked for, and then each record as it
// comes. Of the control, the kinds of changes and the wish for a response control are not looked at: each record is an entry that
// is new, and a cookie is all that is told of it (OpenDJ, ChangelogBackend). Where there are no numbers, a search by number waits
// in vain.
func (c *changelogReading) persist(ctx context.Context, changesOnly bool) ldap.Result {
	w := c.d.watch(true)
	defer c.d.unwatch(w)
	if !changesOnly {
		if end := c.run(ctx); !goesOn(end.Code) {
			return end
		}
	}
	if changesOnly || !c.cookies {
		c.seen = w.from
	}
	c.unlimited()
	return w.follow(ctx, func(r *record) error {
		if c.unnumbered {
			return nil
		}
		if end, over := c.show(ctx, r); over && ctx.Err() == nil {
			return errors.New(end.Message)
		}
		return nil
	})
}
