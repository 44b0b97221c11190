// Package idmconf reads the parts of a ForgeRock IDM project folder that a password synchronisation stands on: the
// connection to the target (conf/provisioner.openicf-idcs.json), the password policy of the source (conf/policy.json) and
// the schedule of retries (conf/schedule-*.json).
//
// A customer's folder is rarely clean, so nothing in it stops the reading: whatever was taken, and whatever could not be
// read, is a Finding with file and line, and says what is used instead. Client secrets are never read out of the folder:
// a rehearsal brings its own.
package idmconf
