package directory

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
)

// place says which backend a name belongs to.
type place int

const (
	inTree place = iota
	inSchema
	inMonitor
	inChangelog
)

func (d *Directory) special(key string) place {
	switch {
	case below(key, schema.DN):
		return inSchema
	case below(key, "cn=monitor"):
		return inMonitor
	case below(key, changelogKey):
		return inChangelog
	}
	return inTree
}

// readOnly is the answer to a write where there is nothing to write.
func (d *Directory) readOnly(_, name string) ldap.Result {
	return ldap.Result{Code: ldap.UnwillingToPerform, Message: fmt.Sprintf("The entry %s cannot be changed because its backend does not take write operations", name)}
}

// pseudoEntry makes an entry that is in no tree.
func (d *Directory) pseudoEntry(name string, classes ...string) *entry {
	dn, err := names.Parse(name)
	if err != nil {
		dn = names.DN{}
	}
	e := &entry{id: pseudo, dn: dn, name: name, key: dn.Key(d.schema)}
	e.set(d.known.objectClass, classes...)
	return e
}

// put adds an attribute by its name; without values it is not there.
func (d *Directory) put(e *entry, attribute string, values ...string) {
	if kind, ok := d.schema.Attribute(attribute); ok && len(values) > 0 {
		e.set(kind, values...)
	}
}

// vendor has the texts of the profile ds7: those of a public dump of a DS 7.3.0, and others of their form.
func (d *Directory) vendor() (name, version, full string) {
	if d.config.Profile == OpenDJ {
		return "Open Identity Platform Community", "OpenDJ Server 4.5.0", "OpenDJ Server 4.5.0.20230101000000"
	}
	switch number := d.switches.Value(connectorVersion); number {
	case "7.3":
		return "ForgeRock AS.", "ForgeRock Directory Services 7.3.0-20230323223207-47dd3dc1b26e0d8a982cad26d51b3a91ed1e9309", "7.3.0.47dd3dc1b26e0d8a982cad26d51b3a91ed1e9309"
	case "8.0":
		return "Ping Identity Corporation", "PingDS 8.0.0-20240925110246-2cfdfb3a1d0d7a8d7cb7a9b3b7b0f6b1c6b0f0a5", "8.0.0.2cfdfb3a1d0d7a8d7cb7a9b3b7b0f6b1c6b0f0a5"
	default:
		return "ForgeRock AS.", "ForgeRock Directory Services " + number + ".0-20230403124539-4f7aa3cd4bb0b5f3c2a1bb7b3c0b1f2d6f5d3c47", number + ".0.4f7aa3cd4bb0b5f3c2a1bb7b3c0b1f2d6f5d3c47"
	}
}

// rootDSE is what the server says of itself. All but its object classes is operational.
func (d *Directory) rootDSE() *entry {
	e := d.pseudoEntry("", "top", "ds-root-dse")
	offers := d.config.Offers
	d.put(e, "namingContexts", d.config.Suffix)
	d.put(e, "ds-private-naming-contexts", "cn=monitor", schema.DN, d.config.RootDN)
	d.put(e, "supportedControl", offers.Controls...)
	d.put(e, "supportedExtension", offers.Extensions...)
	d.put(e, "supportedFeatures", offers.Features...)
	d.put(e, "supportedSASLMechanisms", offers.SASLMechanisms...)
	d.put(e, "supportedLDAPVersion", "2", "3")
	d.put(e, "supportedAuthPasswordSchemes", d.authPasswordSchemes()...)
	d.put(e, "supportedTLSProtocols", offers.TLSProtocols...)
	d.put(e, "supportedTLSCiphers", offers.TLSCiphers...)
	d.put(e, "subschemaSubentry", schema.DN)
	d.put(e, "entryDN", "")
	d.put(e, "entryUUID", "d41d8cd9-8f00-3204-a980-0998ecf8427e") // the one of the empty name
	d.put(e, "structuralObjectClass", "ds-root-dse")
	d.put(e, "hasSubordinates", "false")
	d.put(e, "numSubordinates", "0")
	name, version, full := d.vendor()
	d.put(e, "vendorName", name)
	d.put(e, "vendorVersion", version)
	d.put(e, "fullVendorVersion", full)
	if d.config.Profile == DS7 {
		d.put(e, "alive", "true")
		d.put(e, "healthy", "true")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes.mode == ChangelogOff {
		return e
	}
	d.changes.trim(d.kernel.Clock.Now())
	d.put(e, "changelog", changelogDN)
	d.put(e, "lastExternalChangelogCookie", d.changes.newest.cookieText(d.config.Suffix))
	if d.changes.mode == ChangelogNumbers {
		first, last := d.changes.first(), d.changes.next-1
		if d.changes.next == d.changes.begin {
			first = last // Both are 0 in a new server (OpenDJ, getECLChangeNumberLimits).
		}
		d.put(e, "firstChangeNumber", strconv.Itoa(first))
		d.put(e, "lastChangeNumber", strconv.Itoa(last))
	}
	return e
}

// authPasswordSchemes are the enabled schemes that can write RFC 3112's syntax; DS 7 counts no salted digest among them.
func (d *Directory) authPasswordSchemes() []string {
	var names []string
	for name := range d.schemes {
		known, _ := schemes.Lookup(name)
		if known.AuthPassword != "" && (d.config.Profile == OpenDJ || known.AuthPassword == known.Name) {
			names = append(names, known.AuthPassword)
		}
	}
	slices.Sort(names)
	return names
}

// schemaEntry is cn=schema, the text of what works here.
func (d *Directory) schemaEntry() *entry {
	e := d.pseudoEntry(schema.DN, "top", "ldapSubEntry", "subschema")
	d.put(e, "cn", "schema")
	for _, kind := range []string{"ldapSyntaxes", "matchingRules", "attributeTypes", "objectClasses"} {
		d.put(e, kind, d.schema.Text(kind)...)
	}
	d.put(e, "entryDN", schema.DN)
	d.put(e, "subschemaSubentry", schema.DN)
	d.put(e, "hasSubordinates", "false")
	return e
}

// readOne answers a search of one entry that is in no tree.
func (d *Directory) readOne(a *asker, e *entry, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	if r.Filter != nil && (d.matches(view{d, a, e}, r.Filter) != yes || !a.mayFilter(maySearch, e, r.Filter)) {
		return ldap.Result{}
	}
	out := d.project(a, e, d.selection(r.Attributes, controls))
	if len(out.Attributes) == 0 && !a.bypass && !a.may(mayRead, e, d.known.objectClass) {
		return ldap.Result{}
	}
	if err := to.Entry(out, nil); err != nil {
		return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}
	}
	return ldap.Result{}
}

// searchVirtual answers a search among entries that are in no tree, the first of which is their base.
func (d *Directory) searchVirtual(a *asker, entries []*entry, key string, scope scope, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	var base *entry
	for _, e := range entries {
		if e.key == key {
			base = e
		}
	}
	if base == nil {
		return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: entries[0].name, Message: "The search base entry '" + r.BaseDN + "' does not exist"}
	}
	for _, e := range entries {
		if !encloses(scope, base, e) {
			continue
		}
		if result := d.readOne(a, e, r, controls, to); result.Code != ldap.Success {
			return result
		}
	}
	return ldap.Result{}
}

// searchMonitor answers from cn=monitor, which a privilege opens.
func (d *Directory) searchMonitor(a *asker, key string, scope scope, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	if !a.has(MonitorRead) {
		return ldap.Result{Code: ldap.InsufficientAccessRights, Message: "You do not have sufficient privileges to read monitoring information"}
	}
	base := d.pseudoEntry("cn=monitor", "top", "ds-monitor-entry")
	d.put(base, "cn", "monitor")
	health := d.pseudoEntry("cn=health status,cn=monitor", "top", "ds-monitor-entry", "ds-monitor-health-status")
	d.put(health, "cn", "health status")
	d.put(health, "ds-mon-alive", "true")
	d.put(health, "ds-mon-healthy", "true")
	all := &asker{d: d, dn: a.dn, key: a.key, entry: a.entry, bypass: true} // The privilege is enough.
	return d.searchVirtual(all, []*entry{base, health}, key, scope, r, controls, to)
}

// DefaultOffers is what a DS says that it can do, as far as this one can (a public dump of a DS 7.3.0, and OpenDJ's list).
func DefaultOffers(p Profile) Offers {
	o := Offers{
		Controls: []string{
			ldap.OIDPagedResults, ldap.OIDServerSort, ldap.OIDTreeDelete, ldap.OIDPermissiveModify, ldap.OIDAssertion, ldap.OIDPreRead,
			ldap.OIDPostRead, ldap.OIDChangelogCookie, ldap.OIDPasswordPolicy, ldap.OIDAccountUsability, ldap.OIDNoOp, ldap.OIDManageDsaIT,
			ldap.OIDPersistentSearch, ldap.OIDVirtualListView, ldap.OIDProxiedAuthV1, ldap.OIDAuthzIDRequest, ldap.OIDRealAttributesOnly,
			ldap.OIDProxiedAuthV2, ldap.OIDVirtualAttributesOnly, ldap.OIDSubentries, ldap.OIDSubentriesDraft, ldap.OIDMatchedValues,
			ldap.OIDEffectiveRights, ldap.OIDPasswordQualityAdvice,
		},
		Extensions:     []string{ldap.OIDCancel, ldap.OIDPasswordModify, ldap.OIDPasswordPolicyState, ldap.OIDWhoAmI, ldap.OIDStartTLS},
		Features:       []string{"1.3.6.1.1.14", "1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.2", "1.3.6.1.4.1.4203.1.5.3"},
		SASLMechanisms: []string{"EXTERNAL", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"},
		TLSProtocols:   []string{"TLSv1.2", "TLSv1.3"},
	}
	if p == OpenDJ {
		o.SASLMechanisms = []string{"EXTERNAL", "PLAIN"}
	}
	return o
}

// DefaultACIs are the global instructions. DS 7 lets nobody read data but what a server says of itself; the layout's entries
// have their own. OpenDJ lets anybody read, but for passwords and the changelog.
func DefaultACIs(p Profile) []string {
	all := []string{
		`(target="ldap:///")(targetscope="base")(targetattr="objectClass||namingContexts||subSchemaSubEntry||supportedAuthPasswordSchemes||supportedControl||supportedExtension||supportedFeatures||supportedLDAPVersion||supportedSASLMechanisms||supportedTLSCiphers||supportedTLSProtocols||vendorName||vendorVersion||fullVendorVersion||alive||healthy||entryDN||entryUUID||etag||ds-private-naming-contexts")(version 3.0; acl "User-Visible Root DSE Operational Attributes"; allow (read,search,compare) userdn="ldap:///anyone";)`,
		`(target="ldap:///cn=schema")(targetscope="base")(targetattr="objectClass||attributeTypes||dITContentRules||dITStructureRules||ldapSyntaxes||matchingRules||matchingRuleUse||nameForms||objectClasses||cn||entryDN||subschemaSubentry||etag")(version 3.0; acl "User-Visible Schema Operational Attributes"; allow (read,search,compare) userdn="ldap:///anyone";)`,
		`(targetattr="*")(version 3.0; acl "Self entry read"; allow (read,search,compare) userdn="ldap:///self";)`,
	}
	if p == OpenDJ {
		return append(all,
			`(targetattr!="userPassword||authPassword||changes||changeNumber||changeType||changeTime||targetDN||newRDN||newSuperior||deleteOldRDN")(version 3.0; acl "Anonymous read access"; allow (read,search,compare) userdn="ldap:///anyone";)`,
			`(targetattr="createTimestamp||creatorsName||modifiersName||modifyTimestamp||entryDN||entryUUID||subschemaSubentry||etag||structuralObjectClass||hasSubordinates||numSubordinates||isMemberOf")(version 3.0; acl "User-Visible Operational Attributes"; allow (read,search,compare) userdn="ldap:///anyone";)`,
			`(targetattr="*")(version 3.0; acl "Self entry modification"; allow (write) userdn="ldap:///self";)`,
		)
	}
	return append(all,
		`(targetattr="userPassword")(version 3.0; acl "Self password change"; allow (write) userdn="ldap:///self";)`,
		`(targetattr="createTimestamp||creatorsName||modifiersName||modifyTimestamp||entryDN||entryUUID||subschemaSubentry||etag||structuralObjectClass||hasSubordinates||numSubordinates")(version 3.0; acl "User-Visible Operational Attributes"; allow (read,search,compare) userdn="ldap:///all";)`,
	)
}

// layoutACIs is what a layout adds for its suffix.
func layoutACIs(l Layout) []string {
	if l != Evaluation {
		return nil
	}
	return []string{
		`(targetattr!="userPassword||authPassword||changes||changeNumber||changeType||changeTime||targetDN||newRDN||newSuperior||deleteOldRDN")(version 3.0; acl "Anonymous read-search access"; allow (read,search,compare) userdn="ldap:///anyone";)`,
		`(targetattr="createTimestamp||creatorsName||modifiersName||modifyTimestamp||entryDN||entryUUID||subschemaSubentry||etag||structuralObjectClass||hasSubordinates||numSubordinates||isMemberOf||pwdPolicySubentry")(version 3.0; acl "Anonymous operational attributes"; allow (read,search,compare) userdn="ldap:///anyone";)`,
		`(targetattr="*")(version 3.0; acl "Self entry modification"; allow (write) userdn="ldap:///self";)`,
		`(targetattr="*||+")(version 3.0; acl "Directory administrators"; allow (all) groupdn="ldap:///cn=Directory Administrators,ou=Groups,` + "%s" + `";)`,
	}
}
