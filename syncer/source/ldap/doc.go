// Package ldap reads password changes from a directory: ForgeRock and Ping Directory Services, OpenDJ, and what is like them.
//
// # What is delivered
//
// A directory has no passwords to give, only what it keeps of them: values of userPassword like
// {PBKDF2-HMAC-SHA256}10:…. Such a value travels as hook.Change.Hash beside the place where a password would be; the queue and
// the parked store hold it sealed like a password, under a binding of its own, so that a hash never comes out as a password; the
// target gets it as target.Job.Hash. A target that takes no hash for a user (Oracle IDCS never does for one who exists, Okta
// only while he is staged) answers Permanent with the reason hashed, and the change is parked. Values in clear, which a
// directory may hold too, are passwords, and delivered as such when Config.Cleartext says so.
//
// # Exactly once
//
// The position is stored when the engine has acknowledged everything before it, and what was seen of the users before the
// position. A process that is killed in between reads the same changes once more; the id of their transaction is made of the
// entry's id, the value and its date, so the queue recognises them (for queue.duplicates, 24h), and after that the file of
// seen users does. One entry that cannot be delivered is put aside, told of, and blocks nobody; it is tried again whenever it changes.
//
// Of several changes of one user only the last is delivered: whatever leads to a user, he is read as he is now. A password that
// is older than the one delivered is recognised by modifyTimestamp and pwdChangedTime, and left alone; so a replica that lags
// brings nothing old back.
//
// # Modes
//
// Reconciliation reads all users page by page and compares each userPassword with a keyed digest of the last one. LiveSync
// begins with that, too, and then follows what changes:
//
//   - by cookie (ForgeRock DS, OpenDJ; the default where it is offered). It survives a fail-over as it is.
//   - by change number (DS with changelog-enabled, OpenDJ, 389-DS). Numbers are each server's own: the CSN of the last change
//     that was read is looked for on another server, and where it is not found, all users are compared. So they are when the
//     changelog was trimmed beyond the position (the server gives no error for that, the changes are only missing), or when
//     numbers have stepped backwards.
//   - by timestamps (any server). It cannot see deletes, and no change that reaches the server later than Config.Overlap; what
//     it finds twice, as the boundary second always is, it recognises. No clock but the directory's counts, so a clock that
//     is wrong here does no harm.
//
// # A rehash is no change
//
// When a scheme or its cost has changed, a directory writes userPassword anew at the user's next bind. It leaves pwdChangedTime
// alone, so a new value with the old date is remembered and not delivered. 389-DS keeps no such date; there a change that
// names nobody who made it is a rehash. In doubt it is a change. What that cannot tell: two changes within one second, on a
// server that keeps no fractions of seconds, of which the first was read before the second; only a changelog shows the second.
//
// # What fails
//
// Each failure has a reason, the same in log, metric and report, and advice. What ends with a limit, a referral or a broken
// connection is not taken for complete; it starts over, ever more seldom. Each request has Config.Timeout up to the last byte of
// its answer, so a server that stalls and one that drips are left alike, and no goroutine stays behind. When the account is
// refused, attempts become rarer over all servers together, lest it be locked, until there is another password to try. Passwords
// and certificates are read again for each connection.
//
// An entry without userPassword has none, or hides it. Which it is, is told by pwdChangedTime, by the changelog, by the control
// "get effective rights", and by a compare; where none of them tells, that is said.
//
// # What is trusted
//
// Nothing is said on a connection that could not be secured, referrals are not followed, and no answer is longer than 32 MiB.
// Neither logs, metrics nor the files of Config.State hold a value of userPassword. One engine at a time has Config.State.
//
// # What it costs
//
// One page is in memory, and of each user what was seen: 56 bytes on disk, and about 85 in memory with 100 000 users. On disk that
// is in no order and appended to, and written anew when more than half of it is out of date. No look-up grows with the users.
//
//	go test -run '^$' -bench 'Reconciliation|LiveSync' -benchtime 300ms ./syncer/source/ldap
//
// with the directory of the tests in the same process, on two shared cores, showed
//
//	users              10         10 000       100 000
//	comparing all      10 ms      0.7 s        9 s      44 kB and 800 allocations a user, most of them BER on both sides
//	one change         6 ms       7 ms        13 ms      262 kB and 3400 allocations, whatever the users
package ldap
