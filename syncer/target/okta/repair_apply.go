package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// Note is told of each request of a repair, when it is answered.
type Note func(s Step, status int) error

// Apply makes the requests of a fix and looks at what came of them. What has been done already, by an earlier run that broke
// off, does no harm.
func (r *Repairer) Apply(ctx context.Context, c Case, f Fix, note Note) error {
	if why := c.Blocked(f); why != "" {
		return errors.New(why)
	}
	return r.walk(ctx, c, r.Steps(c, f), note)
}

// Resume ends the recreation of a user who was found in the journal. He may be there under his old id, be gone, or be there anew.
func (r *Repairer) Resume(ctx context.Context, c Case, note Note) error {
	now, err := r.Look(ctx, c.Login)
	switch {
	case errors.Is(err, ErrNobody):
		return r.walk(ctx, c, r.creation(c), note)
	case err != nil && !errors.Is(err, ErrNotFederated):
		return err
	case now.ID == c.ID:
		c.Status = now.Status
		return r.walk(ctx, c, r.Steps(c, FixRecreate), note)
	case now.federated():
		return errors.New("he was made anew by a sign-in meanwhile: switch JIT off, and repair him again")
	}
	var joins []Step // He is there; his groups may not all be his again.
	for _, id := range c.groupIDs() {
		joins = append(joins, Step{Method: http.MethodPut, Path: groupPath(id, now.ID), Why: "a group of his"})
	}
	return r.walk(ctx, c, joins, note)
}

func (r *Repairer) walk(ctx context.Context, c Case, steps []Step, note Note) error {
	for _, s := range steps {
		if strings.HasSuffix(s.Path, newID) {
			u, err := r.now(ctx, c)
			if err != nil {
				return err
			}
			s.Path = strings.TrimSuffix(s.Path, newID) + url.PathEscape(u.ID)
		}
		status, err := r.step(ctx, s)
		if err == nil || status != 0 {
			err = errors.Join(err, note(s, status))
		}
		if err != nil {
			return err
		}
	}
	return r.confirm(ctx, c)
}

func (r *Repairer) step(ctx context.Context, s Step) (int, error) {
	q := rest.Request{Method: s.Method, Path: s.Path}
	if s.body != nil {
		var err error
		if q.Body, err = s.body(ctx); err != nil {
			return 0, err
		}
		defer clear(q.Body)
	}
	reply, answer, err := r.send(ctx, q)
	switch {
	case err != nil:
		return reply.Status, err
	case answer.Class == "":
		return reply.Status, nil
	case s.Gone && answer.Class == target.Missing:
		return reply.Status, nil
	case answer.Reason == target.Duplicate:
		// The answer to an earlier request was lost; confirm tells whether he is who he should be.
		return reply.Status, nil
	}
	return reply.Status, refused(s.Method, s.Path, answer)
}

// now is the user as he is.
func (r *Repairer) now(ctx context.Context, c Case) (resource, error) {
	reply, err := r.get(ctx, userPath(c.Login))
	if err != nil {
		return resource{}, err
	}
	return readUser(reply.Body)
}

// confirm looks at the user: his password must be the hub's now.
func (r *Repairer) confirm(ctx context.Context, c Case) error {
	u, err := r.now(ctx, c)
	switch {
	case err != nil:
		return err
	case u.federated():
		return fmt.Errorf("after the repair his provider is %s; has he signed in meanwhile?", u.provider())
	case u.Status == deprovisioned:
		return errors.New("after the repair he is deactivated")
	}
	return nil
}
