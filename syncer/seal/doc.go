// Package seal keeps passwords out of sight: Secret prints as dots and can be wiped, and a Keyring seals secrets with
// AES-256-GCM before they touch a disk or a wire. The sealed form is bound to the change and the user that it belongs to,
// so that a box moved to another record does not open.
package seal
