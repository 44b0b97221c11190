package rest

import (
	"context"
	"net/http"

	"github.com/seatrial/seatrial/syncer/target"
)

// hashing is an API that takes a hash when it creates a user, in forms of its own.
type hashing interface {
	// CreateHashed is the request that creates the user of a job with the job's hash; not ok means that the target does not take a
	// hash like this one. Its body is wiped afterwards.
	CreateHashed(j target.Job, userName string) (Request, bool)
}

// bring is the way of a hash: a missing user is created with it. The doors for users who exist take passwords in the clear only,
// and would store the text of a hash as one.
func (a *Attempt) bring(ctx context.Context) target.Answer {
	api, can := a.target.api.(hashing)
	if !can {
		return a.hashed("the target takes no hash")
	}
	w, can := api.CreateHashed(a.job, a.userName)
	defer clear(w.Body)
	if !can {
		return a.hashed("the target does not take a hash of this form")
	}
	u, answer, ok := a.look(ctx)
	switch {
	case !ok:
		return answer
	case u == nil && (!a.job.Provision || a.job.LookOnly) && !a.job.DryRun:
		return target.Answer{Class: target.Missing, Reason: target.NotFound, Detail: "find: no such user"}
	case u == nil && a.job.DryRun:
		if a.job.Provision {
			return target.Answer{Class: target.Planned, Plan: "create"}
		}
		return target.Answer{Class: target.Planned, Plan: "park: " + string(target.NotFound)}
	case u != nil:
		return a.present(*u)
	}
	// The mark has no id and no date: whoever of this name shows up afterwards with a date was created by this request.
	r, answer := a.Set(ctx, CallCreate|CallWrite, target.Mark{}, w)
	if !answer.Wrote || r.Status != http.StatusConflict {
		return answer
	}
	// Somebody else was quicker, or the answer to our own earlier request was lost.
	if u, answer, ok = a.look(ctx); !ok {
		answer.Wrote = true
		return answer
	}
	if u == nil {
		return target.Answer{Class: target.Transient, Reason: target.Unavailable, Wrote: true, Detail: "create: 409, but the user is not found yet"}
	}
	answer = a.present(*u)
	answer.Wrote = true
	return answer
}

// present is the answer for a user who is there: he was created by an earlier write, or takes no hash.
func (a *Attempt) present(u User) target.Answer {
	if a.job.DryRun {
		return a.hashed("")
	}
	if done, ok := a.settle(u); ok {
		return done
	}
	return a.hashed("the user exists")
}

// remedyHashed is the only way on: a replay would send nothing, either.
const remedyHashed = "let the user change the password where the engine is told of it in clear, by the hook: of a hash only a user " +
	"who is created can be made, and only of a form that the target takes"

// hashed refuses without a write.
func (a *Attempt) hashed(why string) target.Answer {
	if a.job.DryRun {
		return target.Answer{Class: target.Planned, Plan: "park: " + string(target.Hashed)}
	}
	return target.Answer{Class: target.Permanent, Reason: target.Hashed, Detail: "nothing sent: the change holds a hash, and " + why, Remedy: remedyHashed}
}
