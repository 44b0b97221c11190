package idcs

// mountMe is what users do for themselves.
func mountMe(table) {}
