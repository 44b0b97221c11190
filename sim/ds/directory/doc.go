// Package directory is the store of a simulated directory: entries, schema, password policies, rights and the changelog,
// without sockets and without BER but for the values of controls.
package directory
