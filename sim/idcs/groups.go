package idcs

// mountGroups is Groups with its search.
func mountGroups(table) {}
