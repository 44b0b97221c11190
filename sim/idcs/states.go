package idcs

// mountStates is UserStatusChanger, UserStateChanger and UserLockedStateChanger.
func mountStates(table) {}
