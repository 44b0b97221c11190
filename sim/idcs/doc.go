// Package idcs simulates an Oracle identity domain (OCI IAM, formerly Oracle Identity Cloud Service): the token service and
// the part of the SCIM API through which passwords are set.
//
// # What is simulated
//
//   - /oauth2/v1/token for client_credentials, by Basic or by parameters of the body; __myscopes__, named scopes, role
//     scopes, the expiry scope; RS256 tokens with the claims of real ones; introspect, revoke, and /admin/v1/SigningCert/jwk.
//   - App roles and what they open: Help Desk changes passwords and reads a user by id, but neither searches nor patches; the
//     role named Change Password opens neither.
//   - Users: create, read, search (GET and .search), PUT, PATCH, DELETE; filters, attributes, attributeSets, sorting and
//     paging; id or OCID; versions with If-Match; headers and error bodies of captured answers.
//   - The two doors of an administrator. PATCH, PUT and POST of Users leave a password that the user must change at the next
//     log-in; PUT UserPasswordChanger/{id} leaves one that can be used at once. Both check policy and history, and change
//     passwordState:User:lastSuccessfulSetDate, to the millisecond, with every set.
//   - grant_type=password and refresh_token, for clients that have them; with the token of a user Me and MePasswordChanger.
//     Passwords that are overdue (MePasswordMustChanger) or forgotten (a mail, in an outbox that the control plane reads).
//   - UserPasswordResetter, Generator and Validator, the bulk forms of resetter and changer, the states and locks of accounts.
//   - Password policies, the default one and those for groups by priority: created, written, searched; forcePasswordReset;
//     expiry, minimum age, and the lock-out with its reasons. PasswordAuthenticator and the password grant count failures.
//   - Federated, delegated and deactivated users.
//   - The rate limits of the domain types, maintenance, and searches that find a new user late, each when it is asked for.
//   - Groups, by whose members the policies for groups are chosen: members on request, in pages beyond 10000, PATCH by value
//     path. Applications, which get tokens if they are clients; app roles of the domain; grants, by which an application's next
//     token has a role. The clients of the configuration are applications too.
//   - Bulk, each of whose operations is a request of its own: to roles, to faults, and to the journal.
//   - Schemas and ResourceTypes, told from the tables by which requests are judged; ServiceProviderConfig; the well-known
//     documents.
//
// # What is left out
//
//   - Everything else: a request to another endpoint of Oracle's is answered 501, an unknown one 404, and both are surprises
//     in the journal. Among them AuditEvents, Settings, imports and exports, sign-on by browser.
//   - Writing AppRoles, dynamic groups, groups in groups; what a role that is granted to a user opens: his tokens do not have it.
//   - Grants of browsers and assertions, client assertions, OCI request signatures; MFA.
//   - The two built-in policies beyond their being there, and as strength of another; warnings before expiry. PUT and POST of
//     Me; recovery by text message or security question; UserTokens as a resource.
//   - Hashed passwords but for the creation of a user: whether Oracle takes them elsewhere is not known. They are refused rather
//     than judged as if they were plain.
//   - Of an e-mail, verified and secondary; the validation dates of passwordState; opc-retry-token; compression.
//   - Limits of imports and exports, and of jobs that exclude one another.
//
// # Where it is harsher than Oracle
//
//   - An unknown attribute, schema or type is refused (400) and is a surprise; Oracle may pass over some of them.
//   - A single-element array for a single value is refused.
//   - A member that stands twice in a JSON object is refused.
//   - Two ways of client authentication in one request, and a form parameter given twice, are refused, as RFC 6749 has it.
//   - One password is tried against the whole policy, also by administrators.
//   - A password for a deactivated user is refused; Oracle documents that of UserPasswordResetter only.
//   - A lock outlives an administrator's password write; an administrator's lock has no end of its own.
//   - A limit by the second or minute holds for any second or minute, not for those of the clock; a switch has the other way.
//   - PATCH of Me takes little more than names and addresses, and addresses with the current password only.
//   - A user or group that is referred to is deleted with forceDelete only, an application when it is deactivated.
//   - A Bulk is refused as a whole (400) when one of its operations has no method, path or data.
//
// # What is unsure
//
// Each of these is a switch with a default, listed by Server.Switches: the body of a 401 and of a 429 and their headers,
// the status for a missing role, scopes that a client does not hold, whether revocation is noticed at once, writes of readOnly
// attributes, passwords for federated, delegated, deactivated and locked users, removal of a password, history on PATCH, minimum age and its unit, what a wrong old password counts, tokens for users who must change it, reuse of
// refresh tokens, Me without a user, headers and windows of rate limits, the body of a maintenance, a new user by id,
// how texts of broken rules are joined, UserPasswordChanger of an unknown id, 412 or 409, page sizes over 1000, what a PUT
// without members does to a group, removal of who is not a member, deletion of what is referred to, whether an application is
// active at first and shows its secret, the limit of a Bulk.
//
// No switch is there for what a client should not decide by: the texts of most errors, the scopes that a role brings, who
// may use PasswordAuthenticator, the attributes of UserStateChanger, the body of ApplicablePasswordPolicyRetriever, the
// members of an introspection, the name of the default policy. Message ids that nobody has seen at Oracle begin with "error.seatrial."; Answers lists all of them, with the source of each.
package idcs
