package ldap

// Control asks for, or tells, something besides the operation.
type Control struct {
	OID      string
	Critical bool
	Value    []byte
	HasValue bool
}

// The controls that DS lists in its root DSE (a capture of DS 7.3, OpenDJ, and the documentation of PingDS).
const (
	OIDMatchedValues         = "1.2.826.0.1.3344810.2.3"
	OIDPagedResults          = "1.2.840.113556.1.4.319"
	OIDServerSort            = "1.2.840.113556.1.4.473"
	OIDServerSortResponse    = "1.2.840.113556.1.4.474"
	OIDTreeDelete            = "1.2.840.113556.1.4.805"
	OIDPermissiveModify      = "1.2.840.113556.1.4.1413"
	OIDAssertion             = "1.3.6.1.1.12"
	OIDPreRead               = "1.3.6.1.1.13.1"
	OIDPostRead              = "1.3.6.1.1.13.2"
	OIDReplicationRepair     = "1.3.6.1.4.1.26027.1.5.2"
	OIDChangelogCookie       = "1.3.6.1.4.1.26027.1.5.4" // "Ecl"
	OIDTransactionID         = "1.3.6.1.4.1.36733.2.1.5.1"
	OIDPasswordQualityAdvice = "1.3.6.1.4.1.36733.2.1.5.5"
	OIDPasswordPolicy        = "1.3.6.1.4.1.42.2.27.8.5.1"
	OIDEffectiveRights       = "1.3.6.1.4.1.42.2.27.9.5.2"
	OIDAccountUsability      = "1.3.6.1.4.1.42.2.27.9.5.8"
	OIDSubentries            = "1.3.6.1.4.1.4203.1.10.1"
	OIDNoOp                  = "1.3.6.1.4.1.4203.1.10.2"
	OIDRelaxRules            = "1.3.6.1.4.1.4203.666.5.12"
	OIDSubentriesDraft       = "1.3.6.1.4.1.7628.5.101.1"
	OIDManageDsaIT           = "2.16.840.1.113730.3.4.2"
	OIDPersistentSearch      = "2.16.840.1.113730.3.4.3"
	OIDPasswordExpired       = "2.16.840.1.113730.3.4.4"
	OIDPasswordExpiring      = "2.16.840.1.113730.3.4.5"
	OIDEntryChange           = "2.16.840.1.113730.3.4.7"
	OIDVirtualListView       = "2.16.840.1.113730.3.4.9"
	OIDVirtualListResponse   = "2.16.840.1.113730.3.4.10"
	OIDProxiedAuthV1         = "2.16.840.1.113730.3.4.12"
	OIDAuthzIDResponse       = "2.16.840.1.113730.3.4.15"
	OIDAuthzIDRequest        = "2.16.840.1.113730.3.4.16"
	OIDRealAttributesOnly    = "2.16.840.1.113730.3.4.17"
	OIDProxiedAuthV2         = "2.16.840.1.113730.3.4.18"
	OIDVirtualAttributesOnly = "2.16.840.1.113730.3.4.19"
)

// The extended operations (PingDS, "Supported LDAP extended operations").
const (
	OIDCancel              = "1.3.6.1.1.8"
	OIDPasswordPolicyState = "1.3.6.1.4.1.26027.1.6.1"
	OIDGetConnectionID     = "1.3.6.1.4.1.26027.1.6.2"
	OIDPasswordModify      = "1.3.6.1.4.1.4203.1.11.1"
	OIDWhoAmI              = "1.3.6.1.4.1.4203.1.11.3"
	OIDStartTLS            = "1.3.6.1.4.1.1466.20037"
	OIDNoticeDisconnection = "1.3.6.1.4.1.1466.20036"
)

// Find returns the first control of that OID.
func Find(controls []Control, oid string) (Control, bool) {
	for _, c := range controls {
		if c.OID == oid {
			return c, true
		}
	}
	return Control{}, false
}
