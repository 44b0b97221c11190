// Package directory is the store of a simulated ForgeRock or Ping Directory Services: entries, schema, password policies, rights
// and the changelog, without sockets and without BER but for the values of controls. The server calls it with what it has decoded.
//
// # What is simulated
//
//   - Two profiles: DS 7 (the default) and OpenDJ with DS up to 6; they differ in administrators, schemes, validators, secure
//     binds, rights and what the root DSE says. Layouts as ds-evaluation and the samples of IDM have them.
//   - Searches of all scopes and filters, by indexes that forget a key past 4000 entries, as DS's do: what no index narrows needs
//     the privilege unindexed-search. Limits of size, time and look-through; pages, of which one as large as the size limit is none;
//     server side sort, virtual list view, persistent search; attributes by name, class, * and +, real or virtual ones only.
//   - Add, modify with increment, delete with trees, modify DN with subtrees, compare; pre- and post-read, assertion, no-op,
//     permissive modify, proxied authorization.
//   - Smart referrals: an operation at or below one ends with 10 and the URLs of where the target is, a search sends references,
//     manageDsaIT makes entries of them. Aliases, which DS does not follow, and a switch for other servers, which do.
//   - Subentries, which only a control, a filter for their class or a search of the one entry finds. Password policies in them: those
//     of the draft (pwdPolicy), which inherit from the default policy, and those of DS 7 with their validators and generator. In force
//     is the one that the account or a collective ds-pwp-password-policy-dn names, else that of the nearest subentry whose
//     subtreeSpecification has the account in it.
//   - The controls for matched values and for effective rights, with aclRights and aclRightsInfo of the entry and its attributes.
//   - Operational attributes: entryUUID, which a rename keeps, etag, times and names, numSubordinates, isMemberOf, pwd* and ds-pwp-*.
//   - Password policies with the order of checks, codes and sentences of OpenDJ: of a modify, of an add, of RFC 3062's operation,
//     of binds. Lock-out that only the right password is told of, grace logins, expiry, warnings, must change, history, minimum
//     age; values that are encoded already, by DS's textual test; a rehash at a bind, which is no change of the password.
//   - What tells of accounts and passwords, to who may ask: the control for account usability; the password quality advice control,
//     with no-op a dry run; and the extended operation for the password policy state, the one of manage-account, all 41 operations.
//   - Access control instructions in DS's syntax, global ones and those of entries, and the privileges that go with passwords and
//     the changelog. Who may not read a password does not see that there is one.
//   - cn=changelog by change number and by cookie, with the hashes in it; persistent searches of it and of entries, told of who
//     comes into their scope or leaves it; trimming, cookies that are too old, replicas with a lag and numbers of their own.
//   - cn=schema, which is what works here; cn=monitor as far as health; LDIF in and out.
//
// # What is left out
//
//   - Collective attributes but for that one, which no search shows; dynamic groups; the relax rules and transaction controls. Offers
//     says so. The attribute ds-pwp-state-json of DS 8.
//   - Of policies in subentries: several default storage schemes and password attributes other than userPassword, which are refused;
//     idle lock-out, change by a date, notification handlers and formats of the last login, which mean nothing.
//   - Changes of schema and configuration over LDAP; the passwords of administrators do not change their place.
//   - Bind rules by address, time, method and attribute; extop, since all extended operations are allowed; macros.
//   - Conflict resolution: of two changes of one attribute at two replicas, the one that arrives last stays. Replication's own
//     attributes and updates.
//   - Modify DN and tree deletes of more than a few thousand entries take the lock that long.
//   - The account uid=Monitor and its naming context; sessions of who is renamed or deleted stay, and are anonymous.
//   - The list of common passwords is its head only; SASL, TLS and connections are the server's.
//
// # Where it is harsher than DS
//
//   - A persistent search that is 16384 changes behind is ended with 51; at most a million changes are kept.
//   - A DN has at most 256 parts and 64 KiB; a bind rule or target that is not known makes the instruction invalid.
//   - A compare of a referral and below it brings its URLs; OpenDJ's compares a referral as any entry, and forgets the URLs below it.
//   - A request about the state of an account sets at most 256 states and times, and an account has at most so many times of a kind;
//     what is written as a warning is the time that was given, where OpenDJ writes the present one.
//   - The filter of a subtreeSpecification may not ask which policy is in force; an import refuses an invalid policy, which DS ignores.
//
// # What is unsure
//
// Each of these is a switch with a default, listed by Directory.Switches: the answer to a simple bind over a plain connection; whether
// the size limit counts all pages; whether aliases are followed; a search of cn=changelog without a cookie where numbers are not computed; whether a rehash
// writes pwdChangedTime; which variants of bcrypt are verified; a refused password together with no-op; quality advice for a password
// that is good; whether effective rights count the privilege bypass-acl; the text of vendorVersion.
//
// No switch is there for: how quality advice is written in BER, and how it names the history, of which only the form over HTTP is
// published; the texts of CSN and cookie, which are OpenDJ's, since DS 7 writes longer ones that nobody has
// described; the rights of users to their own entries in DS 7; sentences of DS 7 where only OpenDJ's are known; the sentence for
// who may not read cn=changelog; from how many entries on a scope needs an index (4000, as OpenDJ); whether referrals
// of the scheme ldaps are rewritten, which OpenDJ does not.
package directory
