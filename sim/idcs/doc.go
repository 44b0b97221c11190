// Package idcs simulates an Oracle identity domain (OCI IAM, formerly Oracle IDCS).
package idcs
