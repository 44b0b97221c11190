package faults

// protocol is what differs between simulators of HTTP APIs and of directories.
type protocol struct {
	name  string
	route func(text string) (route, error)
	// status tells whether there is such a status for an error, and statuses names all.
	status   func(int) bool
	statuses string
	// retryAfter tells whether an answer can ask for a wait, lost what Body may be for an answer that is lost.
	retryAfter bool
	lost       []string
}

// Half is the Rule.Body of a lost answer over LDAP whose first half is sent.
const Half = "half"

var overHTTP = protocol{
	name: "HTTP", route: parseRoute,
	status: func(s int) bool { return s >= 200 && s <= 599 }, statuses: "200…599",
	retryAfter: true,
}

// The result codes of LDAP that an error can have: those of RFC 4511 and its extensions, and the no-op of OpenDJ.
var overLDAP = protocol{
	name: "LDAP", route: parseLDAPRoute,
	status: func(s int) bool { return s >= 1 && s <= 123 || s == 16654 }, statuses: "1…123",
	lost: []string{Half},
}
