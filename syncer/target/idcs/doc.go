// Package idcs brings passwords to an Oracle IDCS / OCI IAM identity domain over its SCIM API.
//
// How an attempt is made, and what it promises, is the law of package rest. The date that the law speaks of is
// passwordState.lastSuccessfulSetDate.
//
// # What is not known about the vendor, and what this package does about it
//
//   - Whether lastSuccessfulSetDate moves with every door is not documented. When it shows a date that did not move, a refusal
//     for history is taken for what it says: a false alarm is better than a false success.
//   - How a domain answers a write to a federated user is not documented; hence the look after a refusal with an unknown id.
//   - Oracle documents limits and no headers for them. Those of the three common families are read when they come.
package idcs
