package scim

// The URNs that RFC 7643 and RFC 7644 define.
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	PatchOpURN        = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	ListResponseURN   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchRequestURN  = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	BulkRequestURN    = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponseURN   = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	ErrorURN          = "urn:ietf:params:scim:api:messages:2.0:Error"
)
