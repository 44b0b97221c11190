// Package reports holds the result model of a rehearsal and its renderings: the terminal, JSON, JUnit and one HTML file.
//
// A Report says what was run, what was observed and what follows from it. Whoever runs something fills in the parts;
// Judge (a certificate) or JudgeRun (a single run) draws the conclusion; the writers only show it. They are pure: the
// same Report gives the same bytes, so a report can be compared, signed and kept under version control.
//
// Everything shown may come from a stranger: user names, bodies of answers, file names. Each writer escapes for its own
// medium, control characters included, so that an answer can neither run a script in the HTML report nor move the
// cursor of the terminal.
package reports
