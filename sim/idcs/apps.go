package idcs

// mountApps is Apps, AppRoles and Grants.
func mountApps(table) {}
