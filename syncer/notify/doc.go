// Package notify sends mail: to a user whose password could not be synchronised several times in a row, so that he sets it
// anew, and to the operators who asked for the daily report.
//
// Whoever counts failures does not wait for a mail server: Failed and Applied only change memory. Two goroutines do the rest,
// one writes what has changed into the state file, the other sends what is due.
//
// What holds:
//
//   - A user gets at most one mail within Config.Quiet, however many failures he has and however often the process restarts.
//     The one exception is a crash, or a connection that is cut, between the server's acceptance of a mail and our knowing
//     of it: the mail then goes out once more, with the same Message-ID, by which mailboxes recognise it.
//   - A mail is sent, or withdrawn because the password was applied meanwhile, or given up with an error in the log and a
//     count in the metrics. Trouble of the server's (not reachable, no STARTTLS, log-in refused, sender refused) is never held
//     against a mail; it waits, for Config.Keep at most.
//   - Neither mail nor credentials travel in clear, except over loopback when Config.TLS is "none".
//   - What a stranger chose, such as a user name, reaches the text of a mail without control characters, and its header never.
package notify
