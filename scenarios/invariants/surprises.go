package invariants

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// noSurprise: no request that the target's API does not have; no password that nobody chose; no user created twice or
// unasked; nothing but passwords changed.
func noSurprise(v *view) reports.Check {
	if v.Dropped > 0 {
		return void(NoSurprise, v.unobservable())
	}
	if len(v.Entries) == 0 && len(v.UsersBefore) == 0 && len(v.UsersAfter) == 0 {
		return void(NoSurprise, "neither the target's requests nor its users were observed")
	}
	var f findings
	created := map[string][]control.Entry{}
	for _, e := range v.Entries {
		if e.Surprise != "" {
			f.add("entry %s, %s: %s", numbers(e), request(e), e.Surprise)
		}
		user := v.userOf(e)
		if e.Operation == "create" && done(e, http.StatusCreated, http.StatusOK) { // 200 is Okta's
			created[user] = append(created[user], e)
		}
		if e.Operation == "delete" && done(e, http.StatusNoContent) && !v.Repaired[user] {
			f.add("entry %s: the user %s was deleted", numbers(e), user)
		}
		if slices.Contains(lifecycle, e.Operation) && done(e, http.StatusOK) && !v.Repaired[user] && !v.Generates {
			f.add("entry %s, %s: the user's life is an administrator's affair", numbers(e), request(e))
		}
		if e.Operation == "write_password" && isAccepted(e) && e.Digest != "" && !v.Generates && !v.chosen(user, e.Digest) {
			f.add("entry %s: a password was written for %s that no change of that user has", numbers(e), user)
		}
	}
	for _, e := range v.Entries { // in the order of the journal
		if user := v.userOf(e); len(created[user]) > 1 && created[user][0].Sequence == e.Sequence {
			f.add("%s: created %d times, in entries %s", user, len(created[user]), numbers(created[user]...))
		}
	}
	v.compareUsers(&f)
	return f.check(NoSurprise, "%d requests, all of them known to the target's API; %d users, none touched but for the password", len(v.Entries), len(v.UsersAfter))
}

// lifecycle are the operations of an org that change where a user stands, or whose his password is.
var lifecycle = []string{
	"activate", "reactivate", "deactivate", "suspend", "unsuspend", "unlock", "reset_password", "expire_password",
}

// chosen tells whether a change of the user has the password. Without digests nothing can be said against it.
func (v *view) chosen(user, digest string) bool {
	for _, c := range v.of[user] {
		if c.Digest == digest || c.Digest == "" {
			return true
		}
	}
	return false
}

func (v *view) compareUsers(f *findings) {
	if v.UsersBefore == nil && v.UsersAfter == nil {
		return
	}
	before := map[string]control.User{}
	for _, u := range v.UsersBefore {
		before[u.ID] = u
	}
	allowed := map[string]bool{}
	for name, may := range v.Provisioning {
		allowed[fold(name)] = may
	}
	mails := map[string]string{}
	for _, u := range v.UsersAfter {
		old, existed := before[u.ID]
		switch {
		case existed:
			v.compareUser(f, old, u)
		case v.Repaired[fold(u.UserName)]: // made anew
		case !allowed[fold(u.UserName)]:
			f.add("%s: created, which nobody asked for", u.UserName)
		case u.Email != "" && mails[fold(u.Email)] != "":
			f.add("%s: created with the e-mail address of %s", u.UserName, mails[fold(u.Email)])
		}
		mails[fold(u.Email)] = u.UserName
	}
}

// compareUser blames the system for a changed attribute. Steps of a scenario (de)activate and federate users too; those two
// count only when the journal shows that the user was updated over the target's API.
func (v *view) compareUser(f *findings, old, now control.User) {
	differ := func(attribute, was, is string) {
		if was != is {
			f.add("%s: %s was %q and is %q%s", old.UserName, attribute, was, is, v.updates(now))
		}
	}
	differ("userName", old.UserName, now.UserName)
	differ("givenName", old.GivenName, now.GivenName)
	differ("familyName", old.FamilyName, now.FamilyName)
	differ("displayName", old.DisplayName, now.DisplayName)
	differ("email", old.Email, now.Email)
	if v.updates(now) != "" {
		differ("active", fmt.Sprint(old.Active), fmt.Sprint(now.Active))
		differ("federated", fmt.Sprint(old.Federated), fmt.Sprint(now.Federated))
	}
}

// updates names the entries in which a user was updated, or is empty.
func (v *view) updates(u control.User) string {
	list := v.update[fold(u.UserName)]
	if len(list) == 0 {
		return ""
	}
	return ", see entry " + numbers(list...)
}
