package idcs

import (
	"maps"
	"slices"
)

// The app roles that open something the simulator has.
const (
	DomainAdministrator      = "Identity Domain Administrator"
	UserAdministrator        = "User Administrator"
	UserManager              = "User Manager"
	HelpDeskAdministrator    = "Help Desk Administrator"
	SecurityAdministrator    = "Security Administrator"
	ApplicationAdministrator = "Application Administrator"
	AuditAdministrator       = "Audit Administrator"
	CloudGate                = "Cloud Gate"
	KerberosAdministrator    = "Kerberos Administrator"
	AuthenticatorClient      = "Authenticator Client"
	ChangePassword           = "Change Password"
	ResetPassword            = "Reset Password"
	ForgotPassword           = "Forgot Password"
	Me                       = "Me"
	Signin                   = "Signin"
)

// authenticatedClient is the role that every client has.
const authenticatedClient = "Authenticated Client"

// scopesOfRole: the scope names are those of real tokens; which role brings which is mostly our reading of the names.
var scopesOfRole = map[string][]string{
	DomainAdministrator: {
		"t.app", "t.audit_r", "t.bulk", "t.bulk.user", "t.grants", "t.groups", "t.groups_r", "t.mfa", "t.policy", "t.settings",
		"t.user.authenticate", "t.user.lockedstatechanger", "t.user.security", "t.users", "t.users_r", "g.all_r",
	},
	UserAdministrator: {
		"t.bulk.user", "t.groups", "t.groups_r", "t.user.lockedstatechanger", "t.user.security", "t.users", "t.users_r",
	},
	UserManager:              {"t.groups_r", "t.user.manager", "t.user.manager.security", "t.users_r"},
	HelpDeskAdministrator:    {"t.helpdesk.security", "t.helpdesk.user"},
	SecurityAdministrator:    {"t.mfa", "t.policy", "t.settings", "t.users_r"},
	ApplicationAdministrator: {"t.app", "t.grants", "t.users_r"},
	AuditAdministrator:       {"t.audit_r", "t.users_r"},
	CloudGate:                {"g.all_r", "t.users_r"},
	KerberosAdministrator:    {"t.users_r"},
	AuthenticatorClient:      {"t.user.authenticate"},
	ChangePassword:           {"t.user.changepassword"},
	ResetPassword:            {"t.user.resetpassword"},
	ForgotPassword:           {"t.user.forgotpassword"},
	Me:                       {"t.user.me"},
	Signin:                   {"t.user.signin"},
}

// Roles lists the app roles that a client can have.
func Roles() []string { return slices.Sorted(maps.Keys(scopesOfRole)) }

// Who may use what (Oracle, REST API for identity domains, Required Roles per Endpoint). A nil list stands for every client
// with a valid token.
var (
	mayWriteUsers  = []string{DomainAdministrator, UserAdministrator, UserManager}
	maySearchUsers = append(slices.Clone(mayWriteUsers),
		ApplicationAdministrator, AuditAdministrator, SecurityAdministrator, CloudGate, KerberosAdministrator)
	mayReadUsers       = append(slices.Clone(maySearchUsers), HelpDeskAdministrator)
	mayChangePasswords = append(slices.Clone(mayWriteUsers), HelpDeskAdministrator)
	mayWritePolicies   = []string{DomainAdministrator, SecurityAdministrator}
	mayAuthenticate    = []string{DomainAdministrator, AuthenticatorClient, Signin}
	everyClient        []string

	mayChangeStatus      = []string{DomainAdministrator, UserManager}
	mayValidatePasswords = append(slices.Clone(mayChangePasswords), ChangePassword, ResetPassword)
	mayValidateOwn       = append(slices.Clone(mayValidatePasswords), Me)
	mayUseMe             = []string{DomainAdministrator, Me}
	mayMustChange        = []string{DomainAdministrator, UserAdministrator, ChangePassword}
	mayForget            = []string{DomainAdministrator, UserAdministrator, ForgotPassword}
	mayReset             = []string{DomainAdministrator, UserAdministrator, ResetPassword}
)

func holdsOne(held, wanted []string) bool {
	if wanted == nil {
		return true
	}
	for _, role := range held {
		if slices.Contains(wanted, role) {
			return true
		}
	}
	return false
}

// The same table for groups, applications and what is granted. Its rows of Authenticated Client count by a switch, and only
// for reading; those that write can only be meant for the client's own application.
var (
	maySearchGroups = []string{
		DomainAdministrator, UserAdministrator, UserManager, ApplicationAdministrator, AuditAdministrator,
		SecurityAdministrator, KerberosAdministrator, authenticatedClient,
	}
	mayReadGroups        = append(slices.Clone(maySearchGroups), HelpDeskAdministrator)
	mayWriteGroups       = []string{DomainAdministrator, UserAdministrator}
	mayPatchGroups       = append(slices.Clone(mayWriteGroups), UserManager)
	mayWriteApps         = []string{DomainAdministrator, ApplicationAdministrator, SecurityAdministrator}
	maySearchApps        = append(slices.Clone(mayWriteApps), UserAdministrator, CloudGate, authenticatedClient)
	mayReadApps          = append(slices.Clone(maySearchApps), UserManager, HelpDeskAdministrator)
	mayActivateApps      = []string{DomainAdministrator, ApplicationAdministrator}
	mayRegenerateSecrets = []string{DomainAdministrator, ApplicationAdministrator, SecurityAdministrator}
	maySearchAppRoles    = []string{DomainAdministrator, ApplicationAdministrator, UserAdministrator, authenticatedClient}
	mayGrant             = []string{DomainAdministrator, ApplicationAdministrator, UserAdministrator}
)
