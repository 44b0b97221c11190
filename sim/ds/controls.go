package ds

import (
	"maps"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// The operations that a control applies to, as bits.
const (
	onBind = 1 << iota
	onSearch
	onCompare
	onAdd
	onModify
	onDelete
	onModifyDN

	onUpdates = onAdd | onModify | onDelete | onModifyDN
	onEntries = onUpdates | onSearch | onCompare
	onAll     = onEntries | onBind
)

// applicable is every control that the server knows, with the operations that it applies to; those of extended operations are in
// ofExtended. The directory gives the controls their meaning.
var applicable = map[string]int{
	ldap.OIDPagedResults:          onSearch,
	ldap.OIDServerSort:            onSearch,
	ldap.OIDVirtualListView:       onSearch,
	ldap.OIDPersistentSearch:      onSearch,
	ldap.OIDChangelogCookie:       onSearch,
	ldap.OIDAccountUsability:      onSearch,
	ldap.OIDRealAttributesOnly:    onSearch,
	ldap.OIDVirtualAttributesOnly: onSearch,
	ldap.OIDSubentries:            onSearch,
	ldap.OIDSubentriesDraft:       onSearch,
	ldap.OIDMatchedValues:         onSearch,
	ldap.OIDEffectiveRights:       onSearch,
	ldap.OIDTreeDelete:            onDelete,
	ldap.OIDPermissiveModify:      onModify,
	ldap.OIDAssertion:             onEntries,
	ldap.OIDPreRead:               onModify | onDelete | onModifyDN,
	ldap.OIDPostRead:              onAdd | onModify | onModifyDN,
	ldap.OIDNoOp:                  onUpdates,
	ldap.OIDManageDsaIT:           onEntries,
	ldap.OIDProxiedAuthV1:         onEntries,
	ldap.OIDProxiedAuthV2:         onEntries,
	ldap.OIDAuthzIDRequest:        onBind,
	ldap.OIDPasswordPolicy:        onAll,
	ldap.OIDPasswordQualityAdvice: onAdd | onModify,
	ldap.OIDTransactionID:         onAll, // it is for the access log, which is not simulated
}

// responses are controls that only answers have, which the root DSE of DS lists too.
var responses = []string{ldap.OIDPasswordExpired, ldap.OIDPasswordExpiring}

// controlOIDs is supportedControl.
func controlOIDs() []string {
	return slices.Sorted(slices.Values(slices.AppendSeq(slices.Clone(responses), maps.Keys(applicable))))
}

func bit(r ldap.Request) int {
	switch r.Op() {
	case ldap.OpBind:
		return onBind
	case ldap.OpSearch:
		return onSearch
	case ldap.OpCompare:
		return onCompare
	case ldap.OpAdd:
		return onAdd
	case ldap.OpModify:
		return onModify
	case ldap.OpDelete:
		return onDelete
	case ldap.OpModifyDN:
		return onModifyDN
	case ldap.OpExtended, ldap.OpUnbind, ldap.OpAbandon:
	}
	return 0
}

// ofExtended is the controls of the extended operations that have any (OpenDJ, ExtendedOperationHandler.supportsControl). Nobody
// changes passwords in the name of somebody else.
var ofExtended = map[string][]string{
	ldap.OIDPasswordModify: {ldap.OIDNoOp, ldap.OIDPasswordPolicy, ldap.OIDPasswordQualityAdvice},
	ldap.OIDWhoAmI:         {ldap.OIDProxiedAuthV1, ldap.OIDProxiedAuthV2},
}

// applies tells whether a control is one for an operation.
func applies(c ldap.Control, r ldap.Request) bool {
	if e, ok := r.(ldap.ExtendedRequest); ok {
		return c.OID == ldap.OIDTransactionID || slices.Contains(ofExtended[e.Name], c.OID)
	}
	return applicable[c.OID]&bit(r) != 0
}

// accepted returns the controls that apply to an operation. One that does not is refused when it is critical, and otherwise
// ignored (RFC 4511, 4.1.11).
func accepted(m ldap.Message) ([]ldap.Control, ldap.Result) {
	unfit := func(c ldap.Control) bool { return !applies(c, m.Request) }
	at := slices.IndexFunc(m.Controls, unfit)
	if at < 0 {
		return m.Controls, ldap.Result{}
	}
	for _, c := range m.Controls[at:] {
		if c.Critical && unfit(c) {
			return nil, ldap.Result{Code: ldap.UnavailableCriticalExtension, Message: unsupported(c, m.Request)}
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Controls), unfit), ldap.Result{}
}

func unsupported(c ldap.Control, r ldap.Request) string {
	if e, ok := r.(ldap.ExtendedRequest); ok {
		return "Unable to process the request for extended operation " + e.Name + " because it contained an unsupported critical control with OID " + c.OID
	}
	return "The request contained a critical control with OID " + c.OID + " that is not supported by the Directory Server for this type of operation"
}
