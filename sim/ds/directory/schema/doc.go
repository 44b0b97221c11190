// Package schema holds the attribute types, matching rules, syntaxes and object classes of a simulated directory, and the text of
// its cn=schema, which is where they are defined: the definitions that clients read are the ones that work.
//
// The definitions of the standards are in the words of RFC 2079, 2256, 2798, 4512, 4517, 4519, 4523, 4524, 4530 and 5020 and of
// draft-behera-ldap-password-policy; those of DS are as its documentation and OpenDJ describe them.
//
// # What is left out
//
// Schema cannot be changed over LDAP. Approximate matching is equality. Values are compared without Unicode's NFKC. DIT content
// rules, structure rules and name forms are not there. DS has some 900 attribute types; these are those of persons, groups,
// passwords, the changelog and replication.
//
// # What is unsure
//
// The object identifiers of DS's own attributes, which nobody but a schema browser looks at: where none is published, it is the
// name with "-oid", a form that DS itself takes.
package schema
