// Package population makes the people that live in a simulated directory: generated ones, with names as varied as a real
// company's, or those of an LDIF or CSV file, each read as a stream. It hands out no passwords: a file's hashes are of no
// use to a rehearsal and are not kept, and an initial password is the caller's choice.
//
// # LDIF
//
// Entries in the sense of RFC 2849 (comments, folded lines, base64, options, CR LF) whose object class is person,
// organizationalPerson, inetOrgPerson or Active Directory's user. Other entries are counted and left out, as is the tail
// that ldapsearch prints. Change records other than "changetype: add" and values by URL are refused.
//
//	uid, userid, userName, else sAMAccountName     the user name
//	givenName, sn, displayName (else cn), mail     the person; the first mail is the primary one
//	ds-pwp-account-disabled, nsAccountLock,
//	inetUserStatus, accountStatus,
//	userAccountControl (bit 2)                     whether the account is active
//
// # CSV
//
// A header row names the columns, in any order and case, with the names above or those of Oracle's export of users (User
// ID, First Name, Last Name, Display Name, Work Email, Home Email, Other Email, Active, Federated). Fields are separated
// by commas, semicolons or tabs, whichever the header has. A mail field holds several addresses when they are separated
// by "|" or ";".
package population
