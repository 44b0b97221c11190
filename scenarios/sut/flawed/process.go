package flawed

import (
	"time"
)

// The discipline of the migration guide.
const (
	retries  = 3
	firstGap = 2 * time.Second
	rounds   = 5
	schedule = 15 * time.Minute
)

// verdict is what became of one attempt: a reason of "" is success.
type verdict struct {
	reason  string
	passing bool // worth another attempt
	unknown bool // the password may have been written
}

// process brings a change to its end: its state, and the reason when it is parked. An empty state is no outcome at all.
func (e *engine) process(j *job) (state, reason string) {
	if e.flaw == Recipe {
		return e.recipe(j)
	}
	var v verdict
	mark, looked := "", false // when the password was last set, before our first write
	for round := range 1 + rounds {
		for attempt := range 1 + retries {
			if e.superseded(j) {
				return "superseded", ""
			}
			j.attempts++
			v = e.attempt(j, &mark, &looked, v.unknown && e.flaw != BlindRewrite && e.flaw != OutOfOrder)
			switch {
			case e.ctx.Err() != nil:
				return "", ""
			case v.reason == "" || e.flaw == ReportsSuccessOnRefuse && !v.passing:
				return "applied", ""
			case v.reason == "connection" && e.flaw == LosesChanges:
				return "", ""
			case e.flaw == NoRetry:
				return "parked", v.reason
			case !v.passing && e.flaw != RetriesPermanent:
				return "parked", v.reason
			}
			if attempt < retries && !e.sleep(firstGap<<attempt) {
				return "", ""
			}
		}
		if !v.passing {
			return "parked", v.reason
		}
		if round < rounds && !e.sleep(schedule) {
			return "", ""
		}
	}
	return "parked", v.reason
}

func (e *engine) superseded(j *job) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return j.newer
}

// attempt looks the user up and writes, once. After an attempt whose end is unknown it looks whether the password has been
// set since, because a history would refuse it a second time.
func (e *engine) attempt(j *job, mark *string, looked *bool, look bool) verdict {
	select {
	case e.slots <- struct{}{}:
	case <-e.ctx.Done():
		return verdict{reason: "stopped"}
	}
	defer func() { <-e.slots }()

	u, v := e.target.find(j)
	if v.reason != "" {
		v.unknown = look // still
		return v
	}
	if !j.hash.Empty() {
		return e.createHashed(j, u, look)
	}
	if u.id == "" {
		if !e.place.Provision || e.flaw == NoProvision {
			return verdict{reason: "not_found"}
		}
		if u, v = e.target.create(j); v.reason != "" {
			return v
		}
	}
	if look && *looked && u.passwordSet != *mark {
		return verdict{}
	}
	if !*looked {
		*mark, *looked = u.passwordSet, true
	}
	switch {
	case u.federated && e.flaw == WritesFederated:
		if v := e.target.unfederate(u.id); v.reason != "" {
			return v
		}
	case u.federated:
		return verdict{reason: "federated"}
	case !u.active:
		return verdict{reason: "inactive"}
	}
	v = e.target.writePassword(u.id, j)
	if v.reason == "" && e.flaw == WritesTwice {
		e.target.writePassword(u.id, j)
		e.target.writePassword(u.id, j)
	}
	if v.reason == "" && e.flaw == TouchesAttributes {
		return e.target.tidy(u.id, j.UserName+" (synchronised)")
	}
	return v
}

// recipe does what the recipe that people copy does: its early return ends one turn of a closure, not the function, so
// success is sent three times and reported as failure; nothing refreshes the token; a refusal is repeated like an outage;
// the third wait does not exist.
func (e *engine) recipe(j *job) (state, reason string) {
	for attempt := range retries {
		j.attempts++
		if u, v := e.target.find(j); v.reason == "" && u.id != "" {
			if v = e.target.writePassword(u.id, j); v.reason == "" {
				continue // meant as: return success
			}
		}
		if attempt < retries-1 && !e.sleep(firstGap<<attempt) {
			return "", ""
		}
	}
	return "parked", "failed after 3 retries"
}
