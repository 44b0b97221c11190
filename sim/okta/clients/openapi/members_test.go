package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What the recorded answers of two real orgs always have, also where the value is null; dots lead into objects.
var (
	userMembers = fields(`id status created activated statusChanged lastLogin lastUpdated passwordChanged realmId type.id
		profile.firstName profile.lastName profile.mobilePhone profile.secondEmail profile.login profile.email
		credentials.provider.type credentials.provider.name _links.self.href`)
	policyMembers = fields(`id status name description priority system conditions.people.groups.include conditions.authProvider.provider
		created lastUpdated type _links.self.href settings.recovery.factors settings.delegation.options.skipUnlock
		settings.password.complexity.minLength settings.password.complexity.minLowerCase settings.password.complexity.minUpperCase
		settings.password.complexity.minNumber settings.password.complexity.minSymbol settings.password.complexity.excludeUsername
		settings.password.complexity.excludeAttributes settings.password.complexity.dictionary.common.exclude
		settings.password.age.maxAgeDays settings.password.age.expireWarnDays settings.password.age.minAgeMinutes settings.password.age.historyCount
		settings.password.lockout.maxAttempts settings.password.lockout.autoUnlockMinutes settings.password.lockout.showLockoutFailures
		settings.password.lockout.userLockoutNotificationChannels`)
	ruleMembers  = fields(`id status name priority system created lastUpdated conditions actions.passwordChange.access type`)
	groupMembers = fields(`id created lastUpdated lastMembershipUpdated objectClass type profile.name profile.description _links`)
	// Those of Okta's example of a LogEvent; web: is for events that come of a request.
	eventMembers = fields(`actor.id actor.type actor.alternateId actor.displayName actor.detailEntry client.userAgent.rawUserAgent client.userAgent.os
		client.userAgent.browser client.zone client.device client.id client.ipAddress client.geographicalContext device
		authenticationContext.authenticationProvider authenticationContext.credentialProvider authenticationContext.credentialType
		authenticationContext.issuer authenticationContext.interface authenticationContext.authenticationStep authenticationContext.externalSessionId
		displayMessage eventType outcome.result outcome.reason published securityContext severity web:debugContext.debugData.requestId
		web:debugContext.debugData.requestUri web:debugContext.debugData.url legacyEventType transaction.type transaction.id transaction.detail uuid version
		request.ipChain target`)
	// Those of Okta's examples of applications and identity providers.
	appMembers = fields(`id name label status created lastUpdated accessibility.selfService visibility.hide features signOnMode
		credentials.userNameTemplate.template settings.app _links`)
	appUserMembers = fields(`id created lastUpdated statusChanged passwordChanged scope status syncState credentials.userName profile _links`)
	featureMembers = fields(`name status description capabilities.create.lifecycleCreate.status capabilities.update.profile.status
		capabilities.update.lifecycleDeactivate.status capabilities.update.password.status`)
	idpMembers = fields(`id type name status created lastUpdated protocol.type policy.provisioning.action policy.provisioning.profileMaster
		policy.accountLink.action policy.subject.matchType _links`)
	linkMembers        = fields(`id externalId created lastUpdated _links`)
	credentialsMembers = fields(`provider.type provider.name`)
	errorMembers       = fields(`errorCode errorSummary errorLink errorId errorCauses`)
)

func fields(text string) []string { return strings.Fields(text) }

// always is what a good answer of an operation has; that of a list is asked of each of its elements.
var always = map[string][]string{
	"getUser": userMembers, "createUser": userMembers, "updateUser": userMembers, "replaceUser": userMembers, "expirePassword": userMembers,
	"listUsers": userMembers, "listGroupUsers": userMembers,
	"changePassword": credentialsMembers, "forgotPasswordSetNewPassword": credentialsMembers, "changeRecoveryQuestion": credentialsMembers,
	"expirePasswordWithTempPassword": fields("tempPassword"),
	"listPolicies":                   policyMembers, "createPolicy": policyMembers, "getPolicy": policyMembers, "replacePolicy": policyMembers,
	"listPolicyRules": ruleMembers,
	"listGroups":      groupMembers, "addGroup": groupMembers, "getGroup": groupMembers, "listUserGroups": groupMembers,
	"listLogEvents":    eventMembers,
	"listApplications": appMembers, "createApplication": appMembers, "getApplication": appMembers, "replaceApplication": appMembers,
	"listApplicationUsers": appUserMembers, "assignUserToApplication": appUserMembers, "getApplicationUser": appUserMembers, "updateApplicationUser": appUserMembers,
	"getFeatureForApplication": featureMembers, "updateFeatureForApplication": featureMembers,
	"listIdentityProviders": idpMembers, "createIdentityProvider": idpMembers, "getIdentityProvider": idpMembers, "replaceIdentityProvider": idpMembers,
	"listUserIdentityProviders": idpMembers, "listIdentityProviderApplicationUsers": linkMembers, "getIdentityProviderApplicationUser": linkMembers,
	"linkUserToIdentityProvider": linkMembers,
}

// lacks names the first member that is not there.
func lacks(body []byte, members []string) error {
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	documents, list := document.([]any)
	if !list {
		documents = []any{document}
	}
	for _, one := range documents {
		for _, path := range members {
			if !has(one, path) {
				return fmt.Errorf("there is no %s", path)
			}
		}
	}
	return nil
}

const ofRequests = "web:"

func has(document any, path string) bool {
	if rest, ok := strings.CutPrefix(path, ofRequests); ok {
		event, _ := document.(map[string]any)
		transaction, _ := event["transaction"].(map[string]any)
		return transaction["type"] != "WEB" || has(document, rest)
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := document.(map[string]any)
		if !ok {
			return false
		}
		if document, ok = object[name]; !ok {
			return false
		}
	}
	return true
}

// without is a body that lacks one member, in all elements of a list.
func without(body []byte, path string) ([]byte, error) {
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return nil, err
	}
	documents, list := document.([]any)
	if !list {
		documents = []any{document}
	}
	names := strings.Split(strings.TrimPrefix(path, ofRequests), ".")
	for _, one := range documents {
		for _, name := range names[:len(names)-1] {
			object, _ := one.(map[string]any)
			one = object[name]
		}
		object, _ := one.(map[string]any)
		delete(object, names[len(names)-1])
	}
	return json.Marshal(document)
}

// operations are those that must have been met with success: the API that the simulator claims to have.
func operations() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(always)), fields(`
		deleteUser activateUser reactivateUser deactivateUser suspendUser unsuspendUser unlockUser resetPassword forgotPassword revokeUserSessions
		deletePolicy activatePolicy deactivatePolicy deleteGroup assignUserToGroup unassignUserFromGroup
		deleteApplication activateApplication deactivateApplication unassignUserFromApplication listFeaturesForApplication
		getDefaultProvisioningConnectionForApplication updateDefaultProvisioningConnectionForApplication
		activateDefaultProvisioningConnectionForApplication deactivateDefaultProvisioningConnectionForApplication
		getUserProvisioningConnectionJWKS listAppLinks listUserBlocks
		listInlineHooks createInlineHook getInlineHook deleteInlineHook activateInlineHook deactivateInlineHook
		deleteIdentityProvider activateIdentityProvider deactivateIdentityProvider unlinkUserFromIdentityProvider`)...)))
}
