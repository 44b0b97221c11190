package idcs

// mountResets is UserPasswordResetter, UserPasswordGenerator and UserPasswordValidator.
func mountResets(table) {}
