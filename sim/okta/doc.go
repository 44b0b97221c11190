// Package okta simulates an Okta org: the part of the Management API through which users live and passwords are set. Two of
// them make the hub and the spoke of an Org2Org pair.
//
// # What is simulated
//
//   - API tokens (SSWS) with the role of their maker; /oauth2/v1/token for service applications with private_key_jwt, its
//     parameters in body or query; access tokens and their scopes, whose lack is answered with an empty body and a header; proofs
//     of possession (DPoP) for applications that need them.
//   - Error bodies, codes and causes; X-Okta-Request-Id, Date and the rate limit headers on every answer, errors included.
//   - Users: create with activate, provider, nextLogin and groupIds; read by id, login, short login and me; list with q, filter,
//     search, sortBy and cursors in Link headers; POST, which keeps what is not sent, and PUT, which replaces the profile; DELETE,
//     which deactivates first. ETag and If-Match; expand=blocks; deactivation in the background (Prefer: respond-async). Times,
//     links and credentials as recorded answers show them. Searches that find changes late (SetSearchLag).
//   - The life of a user, with its statuses, and who may go where; federation and back (reset_password with and without provider).
//   - The doors of a password: an administrator's POST and PUT, with strict=true and without; change_password; forgot_password and
//     its answer; links and tokens of recovery and activation; a temporary password; expiry. The Authentication API signs in.
//   - Imported hashes, with all algorithms that Okta documents; the first sign-in makes them Okta's. The password import inline
//     hook, which the first sign-in calls over Kernel.HTTP.
//   - Password policies: complexity, dictionary, age, history, lock-out, for groups by priority. The sentence of a refused password
//     is composed from the policy's settings.
//   - Rate limits by bucket and plan, the share of a token within that of the org, the limit of requests under way, four sign-ins
//     a second for one user name, bursts; warnings and violations in the log. Read-only mode (SetReadOnly).
//   - The System Log of all this: filter, q, since, until, after.
//   - Groups and their members, as far as policies need them.
//   - Identity providers with their policies and links, and sign-ins through them (SignInThroughIdP): users who are created just in
//     time, linked, mastered, and the Disconnect of the console.
//   - Applications okta_org2org and bookmark, their users, the feature USER_PROVISIONING, connections by token and by OAuth 2.0 with
//     published keys. An okta_org2org provisions another org with real requests: it finds or creates, links, pushes profile and
//     password, deactivates and reactivates; Tasks and RetryTask are the console's list with its sentences.
//
// The tests of the folder clients, a module of its own, hold all this to Okta's SDKs and to its OpenAPI document.
//
// # What is left out
//
//   - Everything else: a request to another endpoint of Okta's is answered 501 (E0000060), an unknown one 404 (E0000008), and both
//     are surprises in the journal. Among them schemas and types of users, factors, sessions, inline hooks of other types.
//   - Administrator roles of applications, of which only the scopes count; tokens that expire unused; nonces of DPoP that change.
//   - Rules of policies but for passwordChange; breach protection; policies of other types.
//   - The limits of users of the consoles; the multipliers of licences; limits of mails.
//   - The name of a group may not change; realms but for the one that all users are in; profile attributes that are not strings.
//   - Other applications than the two; assignments by groups, pushed groups, imports from an application, and profiles that an
//     application masters; mappings other than name to name, of the base profile. DPoP of an Org2Org connection, rotation of its
//     keys, and the check of its credentials when they are set.
//   - The messages between an identity provider and the org, expressions other than an attribute's name, groups of just-in-time
//     users other than assigned ones.
//   - What an operator changes through Change and Populate is not provisioned; what comes in by the API, and what SetStatus,
//     SetActive and their like do, is.
//
// # Where it is harsher than Okta
//
//   - A body with something behind its object, a form parameter given twice, and a Content-Type that is not JSON are refused.
//   - An administrator's password for a user of Active Directory or LDAP is refused.
//   - Policies remember 24 passwords at most. Logins differ by more than case and the diacritics of Latin letters only.
//   - Deactivation takes the password away.
//   - Bursts are off: Okta allows them while it has room, and does not say when it has.
//   - A push that fails waits for an administrator; only a 429 comes again by itself. Who is assigned while deactivated at the hub
//     stays deactivated.
//   - An application is deleted when it is inactive; addresses of applications begin with https.
//
// # What is unsure
//
// Each of these is a switch with a default, listed by Server.Switches: the body of a 401 for an access token, challenges, the body
// of invalid_client, scopes of which some are granted; what the limit header shows, in which bucket credential calls count, the
// reset of too many requests at once; pages over 200; what a password does to a user who is PROVISIONED, in RECOVERY, expired,
// locked, suspended or deactivated, or of a directory; the cause for a federated user; the status after a conversion; whether an
// administrator may set the present password again; status and counting of a wrong old password; the provider after an import;
// whether a refused password is logged; where the codes E0000012, E0000024, E0000064, E0000207 and E0000239 are sent, which are in
// Okta's catalogue only; what a sign-in through an identity provider, and the end of a link, do to the provider of a
// user's credentials; what Org2Org does with a user whom it finds at the hub, active or not; which sign-ins push a password, whether
// pushes are strict, and which failures come again; who may read the keys of a connection.
//
// No switch is there for what a client should not decide by: 412 and its code, what E0000002, E0000018 to E0000021, E0000028 and
// E0000037 are used for, the links of locked, suspended, expired and recovering users, the answer to a password that is too young,
// the life of recovery tokens, the words of the dictionary, sizes of fields, the time of a deactivation in the background, texts of
// a bad DPoP proof, the headers of too many sign-ins, what is a block; which requests Org2Org sends and in which order, how it
// signs in by OAuth, the words of its sentences about passwords, deactivation and hubs that do not answer, the messages of most of
// its events; E0000056 and the errors of settings of applications and identity providers. Answers lists all refusals, with the source of each.
package okta
