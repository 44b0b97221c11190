// Package idcs writes passwords to an Oracle IDCS / OCI IAM identity domain over its SCIM API.
package idcs
