// Package policy judges passwords: a candidate and its user go in, the broken rules come out. It is pure: no clock, no
// store, no global chance. Attributes bear the names of Oracle's PasswordPolicy ("Oracle, REST API for identity domains,
// PasswordPolicy"), plus two that ForgeRock IDM has and Oracle lacks (characterSets, minCharacterSets).
//
// Oracle publishes the attributes but not how its server counts. Where its own browser-side validator sample (oracle/
// idm-samples, KMSI) shows a reading, that reading is used: a run is consecutive equal characters, the name checks are
// "contains" without regard to case and skip values of three characters or fewer, special means neither letter nor
// digit. Elsewhere the stricter reading is taken, and the field says so.
//
// The same rules run backwards too: Generate makes a password that a policy accepts, Break one that a named rule refuses.
package policy
