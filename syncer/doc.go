// Package syncer is the sync engine.
package syncer
