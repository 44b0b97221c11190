package faults

import "slices"

// protocol is what differs between simulators of HTTP APIs and of directories.
type protocol struct {
	name  string
	route func(text string) (route, error)
	// operations are the methods that there are; none when they are any.
	operations []string
	// status tells whether there is such a status for an error, and statuses names all.
	status   func(int) bool
	statuses string
	// without are the kinds that the protocol does not have, each with what to use instead.
	without map[Kind]string
	// after are the kinds that act on a part of the answer, which part counts by, and the method that has such parts; "" is any.
	after     []Kind
	counts    string
	partsOnly string
	// handshakes are the routes of a handshake; none when nothing tells them apart.
	handshakes []string
	// retryAfter tells whether an answer can ask for a wait, lost what Body may be for an answer that is lost.
	retryAfter bool
	lost       []string
}

// Half is the Rule.Body of a lost answer over LDAP whose first half is sent.
const Half = "half"

var overHTTP = protocol{
	name: "HTTP", route: parseRoute,
	status: func(s int) bool { return s >= 200 && s <= 599 }, statuses: "200…599",
	without: map[Kind]string{
		KindDisconnect: "a server of HTTP says no goodbye: use reset",
		KindHalfOpen:   "a connection has one request at a time there: use hang",
	},
	after: []Kind{KindStall, KindCut}, counts: "bytes of the body",
	retryAfter: true,
}

// The routes of handshakes over LDAP.
const (
	RouteLDAPS    = "LDAPS"
	RouteStartTLS = "START_TLS"
)

// ldapOperations are what a simulator of LDAP calls operations; extended ones that it does not know are EXTENDED.
var ldapOperations = []string{
	"BIND", "SEARCH", "COMPARE", "ADD", "MODIFY", "MODIFY_DN", "DELETE",
	"PASSWORD_MODIFY", "PASSWORD_STATE", "WHO_AM_I", "CANCEL", RouteStartTLS, "EXTENDED",
}

// LDAPOperations lists the operations that the route of a rule over LDAP may name.
func LDAPOperations() []string { return slices.Clone(ldapOperations) }

// The result codes of LDAP that an error can have: those of RFC 4511 and its extensions, and the no-op of OpenDJ.
var overLDAP = protocol{
	name: "LDAP", route: parseLDAPRoute, operations: ldapOperations,
	status: func(s int) bool { return s >= 1 && s <= 123 || s == 16654 }, statuses: "1…123",
	after: []Kind{KindStatus, KindStall, KindCut}, counts: "entries of a search", partsOnly: "SEARCH",
	handshakes: []string{RouteLDAPS, RouteStartTLS},
	lost:       []string{Half},
}
