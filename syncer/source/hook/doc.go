// Package hook is the engine's front door: an HTTP listener that takes password changes, for example from ForgeRock IDM's
// onUpdate script, and tells what became of them. A change is acknowledged with 202 only when it is durable; a caller who
// waits (strict mode) gets 200 or 422 with the outcome, or 202 when his time is over first.
//
//	POST   /v1/changes?wait=10s       {"transactionId","userName","password","attributes"}  -> 202 {"id","state"}
//	GET    /v1/changes/{id}           what became of one change
//	GET    /v1/outcomes?after=N       final outcomes in order
//	GET    /v1/parked                 what was parked for good, by reason= and user=
//	GET    /v1/parked/{id}            one of them
//	POST   /v1/parked/{id}/replay     send it again
//	DELETE /v1/parked/{id}            forget it
//	GET    /metrics /healthz /readyz  without a token
package hook
