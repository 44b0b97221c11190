// Package rest is what targets have in common that are reached by requests over HTTP: how an attempt is made, and what it stands
// on, which is a client with limits, tokens, the users who are remembered, and the target's clock. What a vendor's requests and
// answers look like is the vendor's package, an [API].
//
// # Look, then write; or write, and look when in doubt
//
// A look keeps a write from going to a federated or deactivated user, and shows the date of his password. When the answer to a
// write was lost, that date tells whether it was applied, and nothing is written again (history would refuse the repeat, or
// count it). A user who was looked at lately is remembered and written to at once: one request for a change.
//
// The law, for each write, where S is the date at the last look and D the date that is shown after a lost answer:
//
//  1. Before a write is sent its mark is on disk: the user's id, S, and, when no look came just before, Since: the earliest
//     date, by the target's clock, that this write can have. The target's clock is known from the Date of its answers.
//  2. After a look, D other than S means applied. Without one, D other than S and not before Since means applied: a date
//     before Since is somebody else's write, between the look and ours. Anything else means not applied, and no date at all
//     means not known: the write is repeated, and a refusal for history and nothing else says that the first was applied.
//  3. A write without a look needs a Since that is later than our own last write to that user; S has been unknown since
//     then, and only the time tells the two apart. It also needs to know the target's clock. Otherwise a look comes first.
//  4. A look comes first after any write that may have been applied although nobody said so, for the schedule's last look,
//     and for a dry run. What is remembered never parks a change: a refusal that may be about another user than the one we
//     remember (404, 403, 400 but for the password policy) is followed by a look, and when the name has another id by now,
//     by one write to that one.
//  5. Nobody is written to on the word of a look that is older than Config.Remember; our own writes do not make it younger.
//  6. Where dates are coarse (Config.Resolution), a write waits until the target's clock has left the step in which S lies, and
//     Since is rounded down to a step: two writes within one step could not be told apart.
//  7. A request that creates a user with the password is a write whose mark has neither an id nor a date: whatever date a user
//     of that name shows afterwards, he had none before.
//
// So no change is applied twice and none is taken for applied that was not, but for these cases:
//
//   - Somebody else changes the same user's password between a lost write and the look, or less than about three seconds
//     (and one step of coarse dates) before a lost write that no look preceded (the Date of answers has whole seconds, and clocks
//     of one target may differ by one): the write appears applied.
//   - The target carries out a write after a look has shown that it did not.
//   - The target's clock is set back between its last answer and the write, by more than a second.
//   - A user who was federated, deactivated or renamed within Config.Remember is written to under his old id, unless the
//     target refuses. Remember: 0 looks each time.
package rest
