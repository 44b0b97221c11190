package idcs

import (
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	idcsSchemas    = "urn:ietf:params:scim:schemas:oracle:idcs:"
	extensionURN   = idcsSchemas + "extension:"
	extUser        = extensionURN + "user:User"
	extUserState   = extensionURN + "userState:User"
	extPassword    = extensionURN + "passwordState:User"
	extCapability  = extensionURN + "capabilities:User"
	extSelfChange  = extensionURN + "selfChange:User"
	extTags        = extensionURN + "OCITags"
	policySchema   = idcsSchemas + "PasswordPolicy"
	changerSchema  = idcsSchemas + "UserPasswordChanger"
	authenticators = idcsSchemas + "PasswordAuthenticator"
)

// valueKind is the JSON type that an attribute's value must have.
type valueKind int

const (
	text valueKind = iota
	flag
	number
	object
	anything
	instant
	reference
)

func (k valueKind) String() string {
	return [...]string{"a string", "a boolean", "a number", "an object", "anything", "a string", "a string"}[k]
}

type mutability int

const (
	readWrite mutability = iota
	readOnly
	immutable
	writeOnly
)

// attribute is one row of a schema.
type attribute struct {
	name       string
	kind       valueKind
	many       bool
	mutability mutability
	returned   scim.Returned
	exact      bool // compared with regard to case
	needed     bool // a resource cannot be created without it
	uniqueness string
	sub        []attribute
}

// schema is every attribute of a resource type by its full lower-case name: "username", "name.familyname",
// "urn:…:userstate:user:locked.on".
type schema struct {
	core       string
	rows       []attribute
	attributes map[string]*attribute
	// parts are the rows of the extensions, by URN.
	parts map[string][]attribute
	// extensions maps a lower-case URN to the URN; the attributes of an open one are not checked.
	extensions map[string]string
	open       map[string]bool
}

func newSchema(core string, rows []attribute, extensions map[string][]attribute, open []string) *schema {
	s := &schema{
		core: core, rows: rows, parts: extensions, attributes: map[string]*attribute{}, extensions: map[string]string{}, open: map[string]bool{},
	}
	s.add("", rows)
	for urn, rows := range extensions {
		s.extensions[strings.ToLower(urn)] = urn
		s.add(strings.ToLower(urn)+":", rows)
	}
	for _, urn := range open {
		s.extensions[strings.ToLower(urn)] = urn
		s.open[strings.ToLower(urn)] = true
	}
	return s
}

func (s *schema) add(prefix string, rows []attribute) {
	for i := range rows {
		key := prefix + strings.ToLower(rows[i].name)
		s.attributes[key] = &rows[i]
		s.add(key+".", rows[i].sub)
	}
}

// find returns the attribute with that full name, in any case, with or without the core URN; nil when there is none.
func (s *schema) find(name string) *attribute {
	key := strings.ToLower(name)
	key = strings.TrimPrefix(key, strings.ToLower(s.core)+":")
	if a := s.attributes[key]; a != nil {
		return a
	}
	for urn := range s.open {
		if strings.HasPrefix(key, urn+":") {
			return &opaque
		}
	}
	return nil
}

var opaque = attribute{name: "opaque", kind: anything}

// CaseExact answers a filter's question.
func (s *schema) CaseExact(name string) bool {
	a := s.find(name)
	return a != nil && a.exact
}

// returned answers a projection's question. An extension as a whole is there when one of its attributes is.
func (s *schema) returned(name string) scim.Returned {
	if a := s.find(name); a != nil {
		return a.returned
	}
	return scim.ReturnedDefault
}

func (a attribute) with(change func(*attribute)) attribute {
	change(&a)
	return a
}

func (a attribute) readOnly() attribute {
	return a.with(func(a *attribute) { a.mutability = readOnly })
}

func (a attribute) immutable() attribute {
	return a.with(func(a *attribute) { a.mutability = immutable })
}

func (a attribute) writeOnly() attribute {
	return a.with(func(a *attribute) { a.mutability, a.returned = writeOnly, scim.ReturnedNever })
}

func (a attribute) always() attribute {
	return a.with(func(a *attribute) { a.returned = scim.ReturnedAlways })
}

func (a attribute) onRequest() attribute {
	return a.with(func(a *attribute) { a.returned = scim.ReturnedRequest })
}

func (a attribute) never() attribute {
	return a.with(func(a *attribute) { a.returned = scim.ReturnedNever })
}

func (a attribute) caseExact() attribute { return a.with(func(a *attribute) { a.exact = true }) }

func (a attribute) required() attribute { return a.with(func(a *attribute) { a.needed = true }) }

// unique: by SCIM's "server" in this domain, by "global" in all of them.
func (a attribute) unique(where string) attribute {
	return a.with(func(a *attribute) { a.uniqueness = where })
}

func one(kind valueKind, name string) attribute { return attribute{name: name, kind: kind} }

func texts(names ...string) []attribute {
	rows := make([]attribute, 0, len(names))
	for _, n := range names {
		rows = append(rows, one(text, n))
	}
	return rows
}

func flags(names ...string) []attribute {
	rows := make([]attribute, 0, len(names))
	for _, n := range names {
		rows = append(rows, one(flag, n))
	}
	return rows
}

func complexOf(name string, sub ...attribute) attribute {
	return attribute{name: name, kind: object, sub: sub}
}

func listOf(name string, sub ...attribute) attribute {
	return attribute{name: name, kind: object, many: true, sub: sub}
}

// common are the attributes that every resource has.
func common() []attribute {
	actor := []attribute{one(text, "type"), one(text, "display"), one(text, "value").caseExact(), one(text, "ocid"), one(reference, "$ref")}
	return []attribute{
		one(text, "id").readOnly().always().caseExact().unique("global"),
		one(text, "ocid").immutable().caseExact().unique("global"),
		{name: "schemas", kind: text, many: true, needed: true},
		complexOf("meta", one(text, "resourceType"), one(instant, "created"), one(instant, "lastModified"),
			one(reference, "location"), one(text, "version").caseExact()).readOnly(),
		complexOf("idcsCreatedBy", actor...).readOnly(),
		complexOf("idcsLastModifiedBy", actor...).readOnly(),
		{name: "idcsPreventedOperations", kind: text, many: true, mutability: readOnly, returned: scim.ReturnedRequest},
		one(flag, "deleteInProgress").readOnly(),
		one(text, "idcsLastUpgradedInRelease").readOnly().onRequest(),
		one(text, "domainOcid").readOnly().caseExact(),
		one(text, "compartmentOcid").readOnly().caseExact(),
		one(text, "tenancyOcid").readOnly().caseExact(),
		listOf("tags", texts("key", "value")...).onRequest(),
	}
}

// userSchema follows Oracle's OCI SDK (package identitydomains), whose types are generated from the server's schema.
var userSchema = newSchema(scim.UserURN, append(common(),
	one(text, "userName").always().required().unique("global"),
	one(text, "externalId"),
	one(text, "password").writeOnly(),
	one(flag, "active"),
	one(text, "displayName"),
	complexOf("name", append(texts("familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"),
		one(text, "formatted").readOnly())...),
	listOf("emails", one(text, "value"), one(text, "type"), one(flag, "primary"), one(flag, "secondary"),
		one(flag, "verified"), one(text, "pendingVerificationData").readOnly()),
	listOf("phoneNumbers", append(texts("value", "display", "type"), flags("primary", "verified")...)...),
	listOf("addresses", append(texts("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"), flags("primary")...)...),
	listOf("ims", append(texts("value", "display", "type"), flags("primary")...)...),
	listOf("photos", append(texts("value", "display", "type"), flags("primary")...)...),
	listOf("entitlements", append(texts("value", "display", "type"), flags("primary")...)...),
	listOf("roles", append(texts("value", "display", "type"), flags("primary")...)...),
	listOf("x509Certificates", append(texts("value", "display", "type"), flags("primary", "verified")...)...),
	listOf("groups", one(text, "value").always().caseExact(), one(text, "display"), one(text, "type"), one(reference, "$ref"),
		one(text, "ocid"), one(text, "nonUniqueDisplay"), one(text, "externalId"), one(text, "membershipOcid"),
		one(instant, "dateAdded")).readOnly().onRequest(),
	one(text, "locale"), one(text, "preferredLanguage"), one(text, "timezone"), one(text, "title"), one(text, "userType"),
	one(text, "nickName"), one(text, "profileUrl"), one(text, "description"),
), map[string][]attribute{
	scim.EnterpriseUserURN: append(texts("employeeNumber", "costCenter", "organization", "division", "department"),
		complexOf("manager", one(text, "value").caseExact(), one(text, "displayName").readOnly(), one(reference, "$ref"))),
	extUser: {
		one(flag, "isFederatedUser"),
		one(flag, "isAuthenticationDelegated").immutable().never(),
		one(text, "status").readOnly().onRequest(),
		one(text, "provider").immutable(),
		one(text, "creationMechanism").immutable().onRequest(),
		one(flag, "bypassNotification").immutable().never(),
		one(flag, "userFlowControlledByExternalClient").immutable().never(),
		one(text, "notificationEmailTemplateId").writeOnly(),
		one(flag, "accountRecoveryRequired").onRequest(),
		one(flag, "isAccountRecoveryEnrolled").readOnly().onRequest(),
		one(text, "preferredUiLandingPage"),
		one(flag, "doNotShowGettingStarted"),
		one(instant, "groupMembershipLastModified").readOnly().onRequest(),
		one(flag, "serviceUser").immutable(),
		complexOf("userToken", texts("value", "$ref")...).readOnly().onRequest(),
		complexOf("syncedFromApp", texts("value", "display", "type", "$ref")...),
		complexOf("delegatedAuthenticationTargetApp", texts("value", "display", "type", "$ref")...).onRequest(),
		{name: "accounts", kind: anything, many: true, mutability: readOnly, returned: scim.ReturnedRequest},
		{name: "grants", kind: anything, many: true, mutability: readOnly, returned: scim.ReturnedRequest},
		{name: "appRoles", kind: anything, many: true, mutability: readOnly, returned: scim.ReturnedRequest},
	},
	extUserState: {
		complexOf("locked", one(flag, "on"), one(number, "reason"), one(instant, "lockDate"), one(flag, "expired").onRequest()).readOnly(),
		one(number, "loginAttempts").readOnly().onRequest(),
		one(number, "maxConcurrentSessions"),
	},
	extPassword: {
		one(instant, "lastSuccessfulSetDate").readOnly().onRequest(),
		one(instant, "lastSuccessfulValidationDate").readOnly().onRequest(),
		one(instant, "lastFailedValidationDate").readOnly().onRequest(),
		one(flag, "mustChange").readOnly().onRequest(),
		one(flag, "expired").readOnly().onRequest(),
		one(flag, "cantChange").readOnly().onRequest(),
		one(flag, "cantExpire").readOnly().onRequest(),
		complexOf("applicablePasswordPolicy", one(text, "value"), one(text, "display"), one(number, "priority"), one(reference, "$ref")).readOnly().onRequest(),
	},
	extCapability: flags(capabilities...),
	extMe:         {one(text, "currentPassword").writeOnly()},
	extSelfChange: {one(flag, "allowSelfChange").with(func(a *attribute) { a.mutability, a.returned = readWrite, scim.ReturnedNever })},
}, []string{
	// These exist at Oracle; the simulator keeps what is written to them and knows nothing of their attributes.
	extensionURN + "mfa:User", extensionURN + "adaptive:User", extensionURN + "sff:User", extensionURN + "securityQuestions:User",
	extensionURN + "selfRegistration:User", extensionURN + "socialAccount:User", extensionURN + "termsOfUse:User",
	extensionURN + "passwordless:User", extensionURN + "posix:User", extensionURN + "kerberosUser:User",
	extensionURN + "dbUser:User", extensionURN + "dbCredentials:User", extensionURN + "userCredentials:User", extTags,
})

// capabilities in the order of their rendering. Federated users have all but the console password.
var capabilities = []string{
	"canUseApiKeys", "canUseAuthTokens", "canUseConsole", "canUseConsolePassword", "canUseCustomerSecretKeys",
	"canUseDbCredentials", "canUseOAuth2ClientCredentials", "canUseSmtpCredentials",
}
