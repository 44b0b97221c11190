package idcs

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	schemasPath       = "/admin/v1/Schemas"
	resourceTypesPath = "/admin/v1/ResourceTypes"
	providerPath      = "/admin/v1/ServiceProviderConfig"
	coreSchemas       = "urn:ietf:params:scim:schemas:core:2.0:"
	schemaURN         = coreSchemas + "Schema"
	resourceTypeURN   = coreSchemas + "ResourceType"
	providerURN       = coreSchemas + "ServiceProviderConfig"
)

// mountDiscovery is Schemas, ResourceTypes, ServiceProviderConfig and the well-known documents.
func mountDiscovery(t table) {
	schemaCollection.mountRead(t, everyClient, everyClient)
	resourceTypeCollection.mountRead(t, everyClient, everyClient)
	t.add(http.MethodGet, providerPath, "discover", everyClient, (*call).serviceProviderConfig)
	t.put(http.MethodGet, openIDPath, endpoint{operation: "discover", open: true, serve: (*call).openIDConfiguration})
	t.put(http.MethodGet, idcsConfigurationPath, endpoint{operation: "discover", open: true, serve: (*call).idcsConfiguration})
}

// resourceTypes are the types that the simulator has. Their schemas are the tables by which it judges requests, and there
// are no others: what Schemas tells is what a client meets.
var resourceTypes = []resourceType{
	{userSchema, "User", usersPath, "user"},
	groupType, appType, appRoleType, grantType,
	{policySettings, "PasswordPolicy", policiesPath, ""},
}

var schemaSchema = newSchema(schemaURN, append(common(),
	one(text, "name"), one(text, "description"), attribute{name: "attributes", kind: anything, many: true}), nil, nil)

var schemaCollection = &collection{
	resourceType: resourceType{schemaSchema, "Schema", schemasPath, ""}, operation: "discover",
	all: func(c *call, _ scim.Filter) iter.Seq[map[string]any] {
		return func(yield func(map[string]any) bool) {
			seen := map[string]bool{}
			for _, kind := range resourceTypes {
				for _, urn := range kind.schema.urns() {
					if seen[urn] {
						continue
					}
					if seen[urn] = true; !yield(c.schemaResource(kind.schema, urn)) {
						return
					}
				}
			}
		}
	},
	get: func(c *call, id string) (map[string]any, bool) {
		for _, kind := range resourceTypes {
			for _, urn := range kind.schema.urns() {
				if strings.EqualFold(urn, id) {
					return c.schemaResource(kind.schema, urn), true
				}
			}
		}
		return nil, false
	},
}

// urns are the schemas of a resource: its own, then its extensions. Of an open one nothing is known but its name.
func (s *schema) urns() []string {
	extensions := slices.Sorted(maps.Values(s.extensions))
	return append([]string{s.core}, extensions...)
}

func (c *call) schemaResource(s *schema, urn string) map[string]any {
	rows := s.parts[urn]
	if urn == s.core {
		rows = s.rows
	}
	return map[string]any{
		"schemas": []any{schemaURN}, "id": urn, "name": urn[strings.LastIndexByte(urn, ':')+1:], "attributes": describe(rows),
		"meta": map[string]any{"resourceType": "Schema", "location": c.base + schemasPath + "/" + urn},
	}
}

// describe is a table of attributes in the wire form (RFC 7643, 7).
func describe(rows []attribute) []any {
	list := make([]any, 0, len(rows))
	for _, a := range rows {
		uniqueness := a.uniqueness
		if uniqueness == "" {
			uniqueness = "none"
		}
		m := map[string]any{
			"name": a.name, "type": a.kind.wire(), "multiValued": a.many, "required": a.needed, "caseExact": a.exact,
			"mutability": a.mutability.wire(), "returned": wireReturned(a.returned), "uniqueness": uniqueness,
		}
		if len(a.sub) > 0 {
			m["subAttributes"] = describe(a.sub)
		}
		list = append(list, m)
	}
	return list
}

func (k valueKind) wire() string {
	return [...]string{"string", "boolean", "integer", "complex", "complex", "dateTime", "reference"}[k]
}

func (m mutability) wire() string {
	return [...]string{"readWrite", "readOnly", "immutable", "writeOnly"}[m]
}

func wireReturned(r scim.Returned) string {
	return [...]string{"default", "always", "request", "never"}[r]
}

var resourceTypeSchema = newSchema(resourceTypeURN, append(common(),
	one(text, "name").always(), one(reference, "endpoint"), one(text, "description"), one(reference, "schema"),
	listOf("schemaExtensions", one(reference, "schema"), one(flag, "required"))), nil, nil)

var resourceTypeCollection = &collection{
	resourceType: resourceType{resourceTypeSchema, "ResourceType", resourceTypesPath, ""}, operation: "discover",
	all: func(c *call, _ scim.Filter) iter.Seq[map[string]any] {
		return func(yield func(map[string]any) bool) {
			for _, kind := range resourceTypes {
				if !yield(c.resourceTypeResource(kind)) {
					return
				}
			}
		}
	},
	get: func(c *call, id string) (map[string]any, bool) {
		for _, kind := range resourceTypes {
			if kind.name == id {
				return c.resourceTypeResource(kind), true
			}
		}
		return nil, false
	},
}

func (c *call) resourceTypeResource(kind resourceType) map[string]any {
	m := map[string]any{
		"schemas": []any{resourceTypeURN}, "id": kind.name, "name": kind.name, "schema": kind.schema.core,
		"endpoint": strings.TrimPrefix(kind.path, "/admin/v1"),
		"meta":     map[string]any{"resourceType": "ResourceType", "location": c.base + resourceTypesPath + "/" + kind.name},
	}
	var extensions []any
	for _, urn := range kind.schema.urns()[1:] {
		extensions = append(extensions, map[string]any{"schema": urn, "required": false})
	}
	if extensions != nil {
		m["schemaExtensions"] = extensions
	}
	return m
}

// serviceProviderConfig tells what the API can do. That there is such a document is Oracle's; what is in it is worked out from
// Oracle's pages on status codes and query parameters.
func (c *call) serviceProviderConfig() error {
	c.x.ShowBodies()
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	return c.sendJSON(http.StatusOK, map[string]any{
		"schemas": []any{providerURN}, "id": "ServiceProviderConfig",
		"patch": supported(true), "changePassword": supported(false), "sort": supported(true), "etag": supported(true),
		"bulk":   map[string]any{"supported": true, "maxOperations": c.s.bulkLimit(), "maxPayloadSize": bodyLimit},
		"filter": map[string]any{"supported": true, "maxResults": maximumCount},
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "An access token of the domain", "primary": true,
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": c.base + providerPath},
	})
}
