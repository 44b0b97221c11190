package scim

// ListResponse is the envelope of a query's results.
type ListResponse struct {
	Schemas      []string `json:"schemas"`
	TotalResults int      `json:"totalResults"`
	Resources    []any    `json:"Resources"`
	StartIndex   int      `json:"startIndex"`
	ItemsPerPage int      `json:"itemsPerPage"`
}

// NewListResponse fills in the schema, and writes no resources as an empty list: clients choke on null.
func NewListResponse(resources []any, total, startIndex, itemsPerPage int) ListResponse {
	if resources == nil {
		resources = []any{}
	}
	return ListResponse{
		Schemas:      []string{ListResponseURN},
		TotalResults: total,
		Resources:    resources,
		StartIndex:   startIndex,
		ItemsPerPage: itemsPerPage,
	}
}
