// Package forecast compares the password policy of the source with that of the target before anybody changes a password:
// every gap, a rule by which the target refuses what the source accepts, is shown with a witness, a password that proves
// it.
//
// # How sure a gap is
//
// A policy is a list of demands (so many characters of a kind, no name, no word …). For each rule of the target the
// package looks for a password that meets all demands of the source and breaks the rule: first as a choice of how many
// characters of each kind, which is searched to its end, then as an order of these characters. The search has three ends:
// a password, checked against both policies, is a gap; a search that ran dry proves that there is none; and one that was
// given up is reported as undecided, never as "no gap". The other rules of the target are kept as far as possible, so that
// a witness shows one rule only. The person for whom it is made does not exist.
//
// Characters are printable ASCII, those that a policy names, and a few beyond (é, É, ж, 中, €, an Arabic digit) that stand
// for their kind. Lengths are counted in characters; IDM counts UTF-16 units, which differs for emoji.
//
// # What is not in a policy
//
// Which share of the next changes the target will refuse depends on what people choose. Estimate draws passwords from a
// stated model of people and says how far it can be trusted; Statistics.Share is exact as far as counts of characters go.
// Rules that no single new password breaks (history, age) and words that are not known (a dictionary) are listed as not
// comparable, with the reason.
package forecast
