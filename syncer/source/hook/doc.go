// Package hook is the engine's front door: an HTTP listener that takes password changes, for example from ForgeRock IDM's
// onUpdate script, and tells what became of them. A change is acknowledged with 202 only when it is durable.
//
//	POST /v1/changes            {"transactionId","userName","password","attributes"}  -> 202 {"id","state"}
//	GET  /v1/changes/{id}       what became of one change
//	GET  /v1/outcomes?after=N   final outcomes in order
//	GET  /metrics /healthz /readyz   without a token
package hook
