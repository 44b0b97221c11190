// Package okta brings passwords to an Okta org over its Management API: the hub of an Org2Org pair, or any other org.
package okta
