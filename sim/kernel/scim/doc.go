// Package scim is SCIM 2.0 (RFC 7643, RFC 7644) as far as a server needs it: filters, PATCH, attribute selection and the
// list envelope, over resources held as map[string]any, the shape encoding/json gives. Data of a schema extension sit in a
// map under the extension's URN.
//
// Filters and paths are read by one small recursive-descent parser that reports the byte offset of a mistake, bounds its
// depth and its input, and knows Oracle's URNs (urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User),
// whose "2.0" and ":User" defeat parsers that split at the first dot or the last colon. The package knows no schema: what
// an attribute may be (readOnly, returned never, caseExact) is asked of the caller.
//
// Resources keep the case of their keys; every look-up by name ignores case, as RFC 7643 section 2.1 wants it.
package scim
