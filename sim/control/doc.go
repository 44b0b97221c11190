// Package control is the control plane: what a scenario, a load test or a person does to the simulators (set a policy,
// inject a fault, expire tokens, turn a clock, federate a user, read the journal, probe a log-in) goes through its one
// GraphQL schema, so that in process, in a container and on another host it is the same call. It wants a bearer token, and
// it leaves no trace in the journal, which shows only what the engine under trial did.
//
// [Handler] serves the schema over [Simulator]s; [Client] is its typed caller. The executable schema is generated into
// the graph folder.
package control
