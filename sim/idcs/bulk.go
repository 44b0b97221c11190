package idcs

// mountBulk is Bulk and the bulk password operations.
func mountBulk(table) {}
