package okta

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// omissions is what a client asked to leave out, by a parameter of Content-Type on a GET (Okta, OpenAPI, getUser).
type omissions struct{ credentials, credentialLinks, transition bool }

func (c *call) omits() omissions {
	var o omissions
	_, list, ok := strings.Cut(c.r.Header.Get("Content-Type"), "okta-response=")
	if !ok {
		return o
	}
	for one := range strings.SplitSeq(strings.Trim(list, `" `), ",") {
		switch strings.TrimSpace(one) {
		case "omitCredentials":
			o.credentials = true
		case "omitCredentialsLinks":
			o.credentialLinks = true
		case "omitTransitioningToStatus":
			o.transition = true
		}
	}
	return o
}

// document is a user on the wire, in the recorded order.
func (c *call) document(p *people.Person, list bool, o omissions) object {
	a, m := c.s.view(p)
	d := make(object, 0, 14)
	d = append(d, member{"id", p.ID}, member{"status", a.Status})
	if a.Transitioning != "" && !o.transition {
		d = append(d, member{"transitioningToStatus", a.Transitioning})
	}
	d = append(
		d, member{"created", stamp(p.Created)}, member{"activated", stamp(a.Activated)}, member{"statusChanged", stamp(a.StatusChanged)},
		member{"lastLogin", stamp(a.LastLogin)}, member{"lastUpdated", stamp(a.LastUpdated)},
		member{"passwordChanged", stamp(a.PasswordChanged)}, member{"realmId", c.s.ids.realm}, member{"type", object{{"id", c.s.ids.userType}}}, member{"profile", m},
	)
	if !o.credentials {
		d = append(d, member{"credentials", credentialsOf(p, &a)})
	}
	return append(d, member{"_links", c.links(p, &a, list, o.credentialLinks)})
}

// credentialsOf shows that there is a password and a question, and where the password is; never what they are.
func credentialsOf(p *people.Person, a *Account) object {
	var o object
	if hasPassword(p, a) && !a.federated() {
		o = append(o, member{"password", object{}})
	}
	if a.Question != "" {
		o = append(o, member{"recovery_question", object{{"question", a.Question}}})
	}
	return append(o, member{"provider", a.Provider})
}

// link is where an action or resource is.
type link struct {
	name, path string
	method     string // "" for what is only read
	credential bool
}

var (
	linkSuspend     = link{name: "suspend", path: "/lifecycle/suspend", method: http.MethodPost}
	linkUnsuspend   = link{name: "unsuspend", path: "/lifecycle/unsuspend", method: http.MethodPost}
	linkSchema      = link{name: "schema"}
	linkReset       = link{name: "resetPassword", path: "/lifecycle/reset_password", method: http.MethodPost, credential: true}
	linkForgot      = link{name: "forgotPassword", path: "/credentials/forgot_password", method: http.MethodPost, credential: true}
	linkExpire      = link{name: "expirePassword", path: "/lifecycle/expire_password", method: http.MethodPost, credential: true}
	linkQuestion    = link{name: "changeRecoveryQuestion", path: "/credentials/change_recovery_question", method: http.MethodPost, credential: true}
	linkSelf        = link{name: "self"}
	linkFactors     = link{name: "resetFactors", path: "/lifecycle/reset_factors", method: http.MethodPost}
	linkType        = link{name: "type"}
	linkChange      = link{name: "changePassword", path: "/credentials/change_password", method: http.MethodPost, credential: true}
	linkDeactivate  = link{name: "deactivate", path: "/lifecycle/deactivate", method: http.MethodPost}
	linkActivate    = link{name: "activate", path: "/lifecycle/activate", method: http.MethodPost}
	linkReactivate  = link{name: "reactivate", path: "/lifecycle/reactivate", method: http.MethodPost}
	linkUnlock      = link{name: "unlock", path: "/lifecycle/unlock", method: http.MethodPost}
	linkDelete      = link{name: "delete", method: http.MethodDelete}
	linksStaged     = []link{linkSchema, linkActivate, linkSelf, linkType}
	linksGone       = []link{linkSchema, linkActivate, linkSelf, linkType, linkDelete}
	linksProvision  = []link{linkSuspend, linkSchema, linkReactivate, linkReset, linkSelf, linkType, linkDeactivate}
	linksFederated  = []link{linkSchema, linkReset, linkQuestion, linkSelf, linkType, linkDeactivate}
	linksLocked     = []link{linkSchema, linkUnlock, linkReset, linkSelf, linkType, linkDeactivate}
	linksSuspended  = []link{linkUnsuspend, linkSchema, linkReset, linkSelf, linkType, linkDeactivate}
	linksRecovery   = []link{linkSchema, linkReactivate, linkReset, linkSelf, linkType, linkChange, linkDeactivate}
	linksNoPassword = []link{linkSuspend, linkSchema, linkReset, linkSelf, linkFactors, linkType, linkDeactivate}
	linksActive     = []link{
		linkSuspend, linkSchema, linkReset, linkForgot, linkExpire, linkQuestion, linkSelf, linkFactors, linkType, linkChange, linkDeactivate,
	}
)

// linksFor is what can be done to a user. ACTIVE, PROVISIONED, STAGED and DEPROVISIONED are recorded; a federated user's are
// those of an old example, with schema and type, which came later; the rest is unverified.
func linksFor(p *people.Person, a *Account) []link {
	switch a.Status {
	case Staged:
		return linksStaged
	case Deprovisioned:
		return linksGone
	case Provisioned:
		return linksProvision
	case LockedOut:
		return linksLocked
	case Suspended:
		return linksSuspended
	case Recovery:
		return linksRecovery
	case Active, PasswordExpired:
	}
	switch {
	case a.federated(), a.delegated():
		return linksFederated
	case !hasPassword(p, a):
		return linksNoPassword
	}
	return linksActive
}

func (c *call) links(p *people.Person, a *Account, list, omitCredential bool) object {
	user := c.base + usersPath + "/" + p.ID
	if list {
		return object{{"self", object{{"href", user}}}}
	}
	var o object
	for _, l := range linksFor(p, a) {
		if l.credential && omitCredential || l.name == "forgotPassword" && a.Question == "" ||
			l.name == "expirePassword" && a.Status != Active {
			continue
		}
		href := user + l.path
		switch l.name {
		case "schema":
			href = c.base + "/api/v1/meta/schemas/user/" + c.s.ids.schema
		case "type":
			href = c.base + "/api/v1/meta/types/user/" + c.s.ids.userType
		}
		target := object{{"href", href}}
		if l.method != "" {
			target = append(target, member{"method", l.method})
		}
		o = append(o, member{l.name, target})
	}
	return o
}

// tag is the ETag of a user. It changes with the profile, not with credentials, and is equal for equal profiles, as in
// recorded answers.
func (s *Server) tag(m profile) string {
	body, err := m.MarshalJSON()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(body, s.ids.userType...))
	return `W/"` + hex.EncodeToString(sum[:]) + `"`
}
