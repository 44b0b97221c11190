package scenarios

// exitInvalid is the exit code of a mistake in a scenario or on the command line: nothing was run. The others come from
// the report: 0 passed, 1 failed, 3 void.
const exitInvalid = 2
