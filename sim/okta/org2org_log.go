package okta

import "github.com/seatrial/seatrial/sim/kernel/people"

// The events of identity providers and of provisioning. The messages of push and of push_new_user_success are known from
// documentation of others; the rest is worded after them.
var (
	eventThroughIdP    = eventKind{"user.authentication.auth_via_IDP", "core.user_auth.idp.login", "Authenticate user via IDP"}
	eventJITReadOnly   = eventKind{"user.lifecycle.jit.error.read_only", "", "JIT is not possible in read only mode"}
	eventIdPCreate     = eventKind{"system.idp.lifecycle.create", "", "Create Identity Provider"}
	eventIdPUpdate     = eventKind{"system.idp.lifecycle.update", "", "Update Identity Provider"}
	eventIdPDelete     = eventKind{"system.idp.lifecycle.delete", "", "Delete Identity Provider"}
	eventIdPActivate   = eventKind{"system.idp.lifecycle.activate", "", "Activate Identity Provider"}
	eventIdPDeactivate = eventKind{"system.idp.lifecycle.deactivate", "", "Deactivate Identity Provider"}

	eventAppCreate     = eventKind{"application.lifecycle.create", "app.generic.config.app_created", "Create application"}
	eventAppUpdate     = eventKind{"application.lifecycle.update", "app.generic.config.app_updated", "Update application"}
	eventAppActivate   = eventKind{"application.lifecycle.activate", "app.generic.config.app_activated", "Activate application"}
	eventAppDeactivate = eventKind{"application.lifecycle.deactivate", "app.generic.config.app_deactivated", "Deactivate application"}
	eventAppDelete     = eventKind{"application.lifecycle.delete", "app.generic.config.app_deleted", "Delete application"}

	eventAssigned      = eventKind{"application.user_membership.add", "app.generic.config.app_assigned", "Add user to application membership"}
	eventUnassigned    = eventKind{"application.user_membership.remove", "app.generic.config.app_unassigned", "Remove user's application membership"}
	eventPush          = eventKind{"application.provision.user.push", "app.user_management.push_new_user", "Push new user to external application"}
	eventPushed        = eventKind{"app.user_management.push_new_user_success", "app.user_management.push_new_user_success", "Successfully pushed new user account to app"}
	eventPushFailed    = eventKind{"application.provision.user.push", "app.api.error.create_user", "Push new user to external application"}
	eventProfileFailed = eventKind{"application.provision.user.push_profile", "app.user_management.push_profile_failure", "Push user's profile to external application"}
	eventPushProfile   = eventKind{"application.provision.user.push_profile", "app.user_management.push_profile_success", "Push user's profile to external application"}
	eventPushOkta      = eventKind{"application.provision.user.push_okta_password", "app.user_management.push_okta_password_update", "Push user's Okta password to external application"}
	eventPushUnique    = eventKind{"application.provision.user.push_password", "app.user_management.push_unique_password_update", "Push user's password to external application"}
	eventPushTrouble   = eventKind{"application.provision.user.password", "app.api.error.push_password_update", "Problem pushing user's password to external application"}
	eventPushEnd       = eventKind{"application.provision.user.deactivate", "app.user_management.deactivate_user", "Deactivate user in external application"}
	eventPushAgain     = eventKind{"application.provision.user.reactivate", "app.user_management.reactivate_user", "Reactivate user in external application"}
	eventThrottledOut  = eventKind{"application.integration.rate_limit_exceeded", "", "Rate limit of external application exceeded"}
	eventTask          = eventKind{"task.lifecycle.create", "", "Create task"}
)

// eventTarget is what an event is about, beside a user.
type eventTarget struct{ id, kind, alternateID, displayName string }

func (p *IdentityProvider) target() eventTarget {
	return eventTarget{p.ID, "IdentityProvider", p.Name, p.Name}
}

// targets are the user, when there is one, and what else the event is about.
func (e *event) targets() []eventTarget {
	if e.userID == "" {
		return e.others
	}
	return append([]eventTarget{{e.userID, "User", e.login, e.displayName}}, e.others...)
}

func (e *event) ofTargets(f func(eventTarget) string) []string {
	var list []string
	for _, t := range e.targets() {
		list = append(list, f(t))
	}
	return list
}

// note writes an event of the org's own doing, for which nobody has asked over the API.
func (s *Server) note(kind eventKind, p *people.Person, outcome, reason string, others ...eventTarget) {
	severity := "INFO"
	if outcome != "SUCCESS" {
		severity = "WARN"
	}
	e := &event{
		uuid: s.ids.event(), published: s.kernel.Clock.Now(), kind: kind, severity: severity, outcome: outcome, reason: cut(reason),
		actor: "system@okta.com", actorType: "SystemPrincipal", requestID: s.ids.request(), others: others,
	}
	if p != nil {
		e.userID, e.login, e.displayName = p.ID, p.UserName, p.GivenName+" "+p.FamilyName
	}
	s.log.add(e)
}
