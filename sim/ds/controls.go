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
	onExtended

	onUpdates = onAdd | onModify | onDelete | onModifyDN
	onEntries = onUpdates | onSearch | onCompare
	onAll     = onEntries | onBind | onExtended
)

// applicable is every control that the server knows, with the operations that it applies to. The directory gives the controls
// their meaning.
var applicable = map[string]int{
	ldap.OIDPagedResults:          onSearch,
	ldap.OIDServerSort:            onSearch,
	ldap.OIDVirtualListView:       onSearch,
	ldap.OIDPersistentSearch:      onSearch,
	ldap.OIDChangelogCookie:       onSearch,
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
	ldap.OIDNoOp:                  onUpdates | onExtended,
	ldap.OIDManageDsaIT:           onEntries,
	ldap.OIDProxiedAuthV1:         onEntries | onExtended,
	ldap.OIDProxiedAuthV2:         onEntries | onExtended,
	ldap.OIDAuthzIDRequest:        onBind,
	ldap.OIDPasswordPolicy:        onAll,
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
	case ldap.OpExtended:
		return onExtended
	case ldap.OpUnbind, ldap.OpAbandon:
	}
	return 0
}

// accepted returns the controls that apply to an operation. One that does not is refused when it is critical, and otherwise
// ignored (RFC 4511, 4.1.11).
func accepted(m ldap.Message) ([]ldap.Control, ldap.Result) {
	unfit := func(c ldap.Control) bool { return applicable[c.OID]&bit(m.Request) == 0 }
	at := slices.IndexFunc(m.Controls, unfit)
	if at < 0 {
		return m.Controls, ldap.Result{}
	}
	for _, c := range m.Controls[at:] {
		if c.Critical && unfit(c) {
			return nil, ldap.Result{
				Code:    ldap.UnavailableCriticalExtension,
				Message: "The request contained a critical control with OID " + c.OID + " that is not supported by the Directory Server for this type of operation",
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Controls), unfit), ldap.Result{}
}
