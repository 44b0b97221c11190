package preflight

import "slices"

// Rule is one thing that preflight looks for. Ids with F are failures seen in the field; P are its own.
type Rule struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Finds    string   `json:"finds"`
}

// Rules are all rules, in the order of their ids.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{"F01", MayFail, "the source accepts passwords that the domain's default policy refuses"},
	{"F04", MayFail, "a call of the target without any timeout"},
	{"F05", WillFail, "a hook that reads `request.value`, which IDM's requests do not have"},
	{"F06", WillFail, "an audit entry without `transactionId` or `timestamp`: refused after the password was written"},
	{"F07", WillFail, "a retry job that has no password to send, or a reset call that IDM refuses"},
	{"F08", WillFail, "a failure record without the fields by which the retry job looks for it"},
	{"F09", WillFail, "a name that is not visible where a Groovy method uses it"},
	{"F10", WillFail, "a Basic header, or what goes into it, made from the wrong values"},
	{"F11", WillFail, "a user read by his name instead of his id, or unknown at the target and dropped"},
	{"F12", Advice, "nothing orders two quick changes of one user"},
	{"F13", MayFail, "a failure that is only logged, so that source and target part"},
	{"F33", WillFail, "retries that cannot happen: what they wait for is swallowed, or nobody retries"},
	{"P01", WillFail, "a file in conf that is not JSON"},
	{"P02", WillFail, "a policy file in a form that IDM ignores"},
	{"P03", WillFail, "a policy that IDM does not have"},
	{"P04", MayFail, "a policy with unusable parameters"},
	{"P05", WillFail, "a scope that Oracle does not have"},
	{"P06", WillFail, "an http:// address where passwords or tokens go"},
	{"P07", WillFail, "an address that is still the placeholder of an example"},
	{"P08", MayFail, "a secret in clear"},
	{"P09", MayFail, "TLS certificates that are not checked"},
	{"P10", WillFail, "a managed.json in a form that IDM ignores"},
	{"P11", WillFail, "a hook or schedule whose script does not exist"},
	{"P12", MayFail, "a hook on an event that cannot do its work"},
	{"P13", MayFail, "passwords set when a user is created are never sent"},
	{"P14", WillFail, "a schedule that never fires"},
	{"P15", MayFail, "a schedule that is switched off"},
	{"P16", WillFail, "a script called with an object where its text belongs"},
	{"P17", WillFail, "a property, `&{…}`, in a script, where IDM puts no value in"},
	{"P18", WillFail, "an update whose arguments are shifted: the id where the revision belongs"},
	{"P19", WillFail, "a `return` with a value inside a closure, which ends one turn and not the loop"},
	{"P20", MayFail, "a password or token in a log"},
	{"P21", MayFail, "a password or token in a URL"},
	{"P22", MayFail, "a user name put into a filter as it is"},
	{"P23", MayFail, "a token cache without a lock or without an expiry"},
	{"P24", WillFail, "a SCIM request with a content type that cannot be sent or is not taken"},
	{"P25", MayFail, "a failure that returns without leaving a record to retry from"},
	{"P26", MayFail, "a password set by PATCH: the user must change it at the next sign-in"},
	{"P27", MayFail, "waiting inside the user's own request"},
	{"P28", MayFail, "a handler that drops an error without a word"},
	{"P30", WillFail, "an alert rule that Prometheus does not load"},
	{"P31", WillFail, "a ratio whose two sides pair by equal labels, so that it is always 1"},
	{"P32", Advice, "a rate of each series, where the sum is meant"},
	{"P33", MayFail, "an alert on a metric that nothing exports"},
	{"P34", Advice, "a ratio that is 0/0 when nothing happens"},
	{"P40", MayFail, "a file that was not read"},
	{"P41", MayFail, "a script that was not understood"},
}

func ruleOf(id string) Rule {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{ID: id, Severity: WillFail}
	}
	return rules[i]
}
