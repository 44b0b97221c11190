// Package sim is the world of a rehearsal: the simulators, the network and the certificates through which they are
// reached, the journal they share, and the control plane that moves them. The same world runs over sockets, for engines
// in other processes, and in memory, where time can be virtual.
package sim
