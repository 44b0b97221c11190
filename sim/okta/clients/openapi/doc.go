// Package openapi holds every answer that the tests of sim/okta produce to Okta's description of its API, the OpenAPI document
// inside okta-sdk-golang v6.0.0.
//
// The document says what type a member has, and hardly that there must be one; so the test has a list of its own: what the
// recorded answers of real orgs always have. What the document leaves out (statuses, endpoints) is listed with the reason.
package openapi
