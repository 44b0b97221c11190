// Package rulebook holds the password policies of targets in their vendors' words: by what they come down to for a user,
// passwords are made that the target accepts, and others that break one rule of it.
package rulebook
