// Package idcs brings passwords to an Oracle IDCS / OCI IAM identity domain over its SCIM API.
//
// One attempt is: token, look the user up, perhaps create it, write. The look-up comes each time because it is what keeps
// a write from going to a federated or deactivated user, and because it carries passwordState.lastSuccessfulSetDate: when
// the answer to a write was lost, a date that has moved since says that the write was applied, and nothing is written
// again (history would refuse the repeat, or count it).
//
// What is not known about the vendor, and what this package does about it:
//
//   - Whether lastSuccessfulSetDate moves with every door is not documented. When the target shows no date at all, a repeat
//     that is refused for history and nothing else counts as evidence that the first write was applied. When it shows a
//     date that did not move, the refusal is taken for what it says: a false alarm is better than a false success.
//   - How a domain answers a write to a federated user is not documented. Such users are parked by the look-up; when a
//     write is refused with an unknown id, the user is looked at once more before the request is called malformed.
//   - Somebody else who changes the same user's password between a lost write and the look makes the date move too.
package idcs
