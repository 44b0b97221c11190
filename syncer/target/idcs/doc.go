// Package idcs brings passwords to an Oracle IDCS / OCI IAM identity domain over its SCIM API.
//
// # Look, then write; or write, and look when in doubt
//
// A look keeps a write from going to a federated or deactivated user, and shows passwordState.lastSuccessfulSetDate. When
// the answer to a write was lost, that date tells whether it was applied, and nothing is written again (history would refuse
// the repeat, or count it). A user who was looked at lately is remembered and written to at once: one request for a change.
//
// The law, for each write, where S is the date at the last look and D the date that is shown after a lost answer:
//
//  1. Before a write is sent its mark is on disk: the user's id, S, and, when no look came just before, Since: the earliest
//     date, by the domain's clock, that this write can have. The domain's clock is known from the Date of its answers.
//  2. After a look, D other than S means applied. Without one, D other than S and not before Since means applied: a date
//     before Since is somebody else's write, between the look and ours. Anything else means not applied, and no date at all
//     means not known: the write is repeated, and a refusal for history and nothing else says that the first was applied.
//  3. A write without a look needs a Since that is later than our own last write to that user; S has been unknown since
//     then, and only the time tells the two apart. It also needs to know the domain's clock. Otherwise a look comes first.
//  4. A look comes first after any write that may have been applied although nobody said so, for the schedule's last look,
//     and for a dry run. What is remembered never parks a change: a refusal that may be about another user than the one we
//     remember (404, 403, 400 but for the password policy) is followed by a look, and when the name has another id by now,
//     by one write to that one.
//  5. Nobody is written to on the word of a look that is older than Config.Remember; our own writes do not make it younger.
//
// So no change is applied twice and none is taken for applied that was not, but for these cases:
//
//   - Somebody else changes the same user's password between a lost write and the look, or less than about three seconds
//     before a lost write that no look preceded (the Date of answers has whole seconds, and clocks of one domain may differ by
//     one): the write appears applied.
//   - The domain carries out a write after a look has shown that it did not.
//   - The domain's clock is set back between its last answer and the write, by more than a second.
//   - A user who was federated, deactivated or renamed within Config.Remember is written to under his old id, unless the
//     domain refuses. Remember: 0 looks each time.
//
// # What is not known about the vendor, and what this package does about it
//
//   - Whether lastSuccessfulSetDate moves with every door is not documented. When it shows a date that did not move, a refusal
//     for history is taken for what it says: a false alarm is better than a false success.
//   - How a domain answers a write to a federated user is not documented; hence the look after a refusal with an unknown id.
//   - Oracle documents limits and no headers for them. Those of the three common families are read when they come.
package idcs
