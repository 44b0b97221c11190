package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// ErrACI is wrapped by everything that is wrong with an access control instruction.
var ErrACI = errors.New("wrong access control instruction")

// right is something that an access control instruction grants.
type right int

const (
	mayRead right = 1 << iota
	maySearch
	mayCompare
	mayWrite
	mayAdd
	mayDelete
	mayProxy
	mayImport
	mayExport
	maySelfWrite

	// mayAll leaves three out, which are younger than the word "all" (OpenDJ, EnumRight).
	mayAll = mayRead | maySearch | mayCompare | mayWrite | mayAdd | mayDelete | maySelfWrite
)

var rightNames = map[string]right{
	"read": mayRead, "search": maySearch, "compare": mayCompare, "write": mayWrite, "add": mayAdd, "delete": mayDelete,
	"proxy": mayProxy, "all": mayAll, "import": mayImport, "export": mayExport, "selfwrite": maySelfWrite,
}

// aci is one instruction: DS's syntax, "(targetattr="…")(version 3.0; acl "name"; allow (read) userdn="ldap:///self";)".
type aci struct {
	name       string
	target     string // the key of the entry that it is about, with those below it
	depth      int    // how many RDNs that has
	everywhere bool   // no target at all
	scope      scope
	attributes *attributeSet // nil: none
	controls   []string      // OIDs; "*" is all
	filter     ldap.Filter
	grants     []grant
}

// attributeSet is what targetattr lists. A name that the schema does not have is nil.
type attributeSet struct {
	but               bool // all that are not in the list
	user, operational attributeList
}

// attributeList are the user attributes of a set, or the operational ones; "*" and "+" are all of them.
type attributeList struct {
	all   bool
	kinds []*schema.Attribute
}

// has leaves attributes alone of which, user or operational, the set lists none (OpenDJ, TargetAttr.isApplicable).
func (s *attributeSet) has(kind *schema.Attribute) bool {
	if s == nil {
		return false
	}
	list := s.user
	if kind.Operational {
		list = s.operational
	}
	if !list.all && len(list.kinds) == 0 {
		return false
	}
	return (list.all || slices.Contains(list.kinds, kind)) != s.but
}

// grant is what an instruction allows or denies to whom.
type grant struct {
	deny   bool
	rights right
	who    *bindRule
}

// aliasesOfControls are the names that DS has for controls (PingDS, "ACI targets"), in lower case.
var aliasesOfControls = map[string]string{
	"accountusable": ldap.OIDAccountUsability, "accountusability": ldap.OIDAccountUsability,
	"assertion": ldap.OIDAssertion, "ldapassertion": ldap.OIDAssertion,
	"authorizationidentity": ldap.OIDAuthzIDRequest, "authzid": ldap.OIDAuthzIDRequest,
	"ecl": ldap.OIDChangelogCookie, "eclcookie": ldap.OIDChangelogCookie, "externalchangelogcookie": ldap.OIDChangelogCookie,
	"effectiverights": ldap.OIDEffectiveRights, "geteffectiverights": ldap.OIDEffectiveRights,
	"managedsait": ldap.OIDManageDsaIT, "matchedvalues": ldap.OIDMatchedValues, "noop": ldap.OIDNoOp,
	"passwordpolicy": ldap.OIDPasswordPolicy, "pwdpolicy": ldap.OIDPasswordPolicy, "pwppolicy": ldap.OIDPasswordPolicy,
	"passwordqualityadvice": ldap.OIDPasswordQualityAdvice, "permissivemodify": ldap.OIDPermissiveModify,
	"persistentsearch": ldap.OIDPersistentSearch, "psearch": ldap.OIDPersistentSearch,
	"postread": ldap.OIDPostRead, "preread": ldap.OIDPreRead,
	"proxiedauthv1": ldap.OIDProxiedAuthV1, "proxiedauthv2": ldap.OIDProxiedAuthV2, "proxiedauth": ldap.OIDProxiedAuthV2,
	"realattrsonly": ldap.OIDRealAttributesOnly, "realattributesonly": ldap.OIDRealAttributesOnly,
	"relaxrules": ldap.OIDRelaxRules, "replicationrepair": ldap.OIDReplicationRepair,
	"serversidesort": ldap.OIDServerSort, "sort": ldap.OIDServerSort,
	"simplepagedresults": ldap.OIDPagedResults, "pagedresults": ldap.OIDPagedResults,
	"subentries": ldap.OIDSubentries, "subtreedelete": ldap.OIDTreeDelete, "treedelete": ldap.OIDTreeDelete,
	"transactionid": ldap.OIDTransactionID, "txnid": ldap.OIDTransactionID,
	"virtualattrsonly": ldap.OIDVirtualAttributesOnly, "virtualattributesonly": ldap.OIDVirtualAttributesOnly,
	"vlv": ldap.OIDVirtualListView, "virtuallistview": ldap.OIDVirtualListView,
}

// parseACI reads an instruction; one in an entry is about that entry and those below it unless it says otherwise.
func parseACI(s *schema.Schema, text string, where *entry) (*aci, error) {
	fail := func(problem string) (*aci, error) {
		return nil, fmt.Errorf("%w: %s: %.80q", ErrACI, problem, text)
	}
	a := &aci{target: where.key, depth: len(where.dn), everywhere: len(where.dn) == 0, scope: scopeSubtree}
	rest := strings.TrimSpace(text)
	for strings.HasPrefix(rest, "(") && !strings.HasPrefix(strings.TrimSpace(rest[1:]), "version") {
		keyword, negated, value, after, ok := clause(rest[1:])
		after, closed := strings.CutPrefix(strings.TrimSpace(after), ")")
		if !ok || !closed {
			return fail("a target is not closed")
		}
		rest = strings.TrimSpace(after)
		if err := a.aim(s, keyword, negated, value); err != nil {
			return fail(err.Error())
		}
	}
	body, opened := strings.CutPrefix(rest, "(")
	body, closed := strings.CutSuffix(strings.TrimSpace(body), ")")
	if !opened || !closed {
		return fail("the rules are missing")
	}
	parts := outside(body, ';')
	if len(parts) < 4 || strings.Join(strings.Fields(parts[0]), " ") != "version 3.0" || !strings.HasPrefix(strings.TrimSpace(parts[1]), "acl") {
		return fail("version 3.0, a name and a rule are needed")
	}
	_, a.name, _ = strings.Cut(parts[1], `"`)
	a.name = strings.TrimSuffix(strings.TrimSpace(a.name), `"`)
	for _, part := range parts[2 : len(parts)-1] {
		g, err := parseGrant(s, strings.TrimSpace(part))
		if err != nil {
			return fail(err.Error())
		}
		a.grants = append(a.grants, g)
	}
	if strings.TrimSpace(parts[len(parts)-1]) != "" {
		return fail("a semicolon is missing")
	}
	return a, nil
}

// clause reads `keyword = "value"` from the front.
func clause(text string) (keyword string, negated bool, value, rest string, ok bool) {
	keyword, rest, ok = strings.Cut(text, "=")
	if !ok {
		return "", false, "", "", false
	}
	keyword = strings.ToLower(strings.TrimSpace(keyword))
	keyword, negated = strings.CutSuffix(keyword, "!")
	keyword = strings.TrimSpace(keyword)
	if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), `"`); !ok {
		return "", false, "", "", false
	}
	value, rest, ok = strings.Cut(rest, `"`)
	return keyword, negated, strings.TrimSpace(value), rest, ok
}

// outside splits at a character that stands in no quotation marks.
func outside(text string, at rune) []string {
	quoted := false
	return splitFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == at && !quoted
	})
}

func splitFunc(text string, at func(rune) bool) (parts []string) {
	start := 0
	for i, r := range text {
		if at(r) {
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

func list(value string) []string {
	parts := strings.Split(value, "||")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// aim reads what an instruction is about.
func (a *aci) aim(s *schema.Schema, keyword string, negated bool, value string) error {
	if negated && keyword != "targetattr" {
		return errors.New(keyword + " with != is not supported")
	}
	switch keyword {
	case "target":
		dn, ok := strings.CutPrefix(value, "ldap:///")
		d, err := names.Parse(dn)
		if !ok || err != nil {
			return errors.New("the target is no ldap:/// URL")
		}
		a.target, a.depth, a.everywhere = d.Key(s), len(d), false
	case "targetscope":
		scopes := map[string]scope{"base": scopeBase, "onelevel": scopeOne, "subtree": scopeSubtree, "subordinate": scopeBelow}
		found, ok := scopes[strings.ToLower(value)]
		if !ok {
			return errors.New("the scope is not known")
		}
		a.scope = found
	case "targetattr":
		a.attributes = &attributeSet{but: negated}
		user, operational := &a.attributes.user, &a.attributes.operational
		for _, name := range list(value) {
			switch kind, ok := s.Attribute(name); {
			case name == "*":
				user.all = true
			case name == "+":
				operational.all = true
			case ok && kind.Operational:
				operational.kinds = append(operational.kinds, kind)
			case name != "":
				user.kinds = append(user.kinds, kind)
			}
		}
	case "targetcontrol":
		for _, name := range list(value) {
			if oid, ok := aliasesOfControls[strings.ToLower(name)]; ok {
				name = oid
			}
			a.controls = append(a.controls, name)
		}
	case "targetfilter":
		f, err := ldap.ParseFilter(value)
		if err != nil {
			return errors.New("the filter is wrong")
		}
		a.filter = f
	case "extop": // All extended operations are allowed; see doc.go.
	default:
		return errors.New("the target is not known")
	}
	return nil
}

func parseGrant(s *schema.Schema, text string) (grant, error) {
	verb, rest, _ := strings.Cut(text, "(")
	rights, rules, ok := strings.Cut(rest, ")")
	g := grant{deny: strings.EqualFold(strings.TrimSpace(verb), "deny")}
	if !ok || !g.deny && !strings.EqualFold(strings.TrimSpace(verb), "allow") {
		return g, errors.New("a rule allows or denies")
	}
	for name := range strings.SplitSeq(rights, ",") {
		r, known := rightNames[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			return g, errors.New("a right is not known")
		}
		g.rights |= r
	}
	var err error
	g.who, err = parseBindRule(s, rules, maxBindRules)
	return g, err
}
