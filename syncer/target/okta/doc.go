// Package okta brings passwords to an Okta org over its Management API: the hub of an Org2Org pair, or any other org.
//
// How an attempt is made, and what it promises, is the law of package rest. The date that the law speaks of is passwordChanged,
// which has whole seconds. A change is POST /api/v1/users/{id} with credentials.password.value, an administrator's set; a missing
// user is made with the password of the change, or with one that nobody knows.
//
// # Federated users
//
// A user whose credentials are an identity provider's or a directory's has no password of the org's. One look shows that, and
// nothing is sent to him. Who becomes one while he is remembered is found out by a look after the refusal, because some orgs refuse
// him in the words of the password policy. Repairer makes such users the org's own again, in one of the two ways that Okta
// documents for Org2Org.
//
// # What is not known about the vendor, and what this package does about it
//
//   - The cause of a refusal for a federated user, on the hub. "password: Password" alone is taken for one; anything else is
//     policy, until a look says otherwise.
//   - What a password does to a user who is PROVISIONED, in RECOVERY, expired, locked or suspended. It is sent; the org decides.
//   - Whether a violation of the minimum age is told in the sentence of all rules. No sentence is read for a reason, but those that
//     speak of old passwords and nothing else.
//   - Whether passwordChanged is rounded or cut off. Both fit within the slack that the law allows for the clocks of one target.
//   - Whether unlinking from an identity provider changes the provider of the credentials. A repair resets in any case.
package okta
