// Package names reads and writes distinguished names: RFC 4514, and what directories take besides, the quoted values,
// semicolons and spaces of RFC 2253 and 1779.
//
// A DN is kept as it was written; which of two names are one entry's depends on the matching rules of their attributes, so
// Key asks for those.
package names
