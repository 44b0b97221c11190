package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// plan is an entry that a layout has.
type plan struct {
	dn         string
	attributes [][2]string
	password   secret.Value
}

// layOut adds the entries of the layout and the accounts of the administrators.
func (d *Directory) layOut() error {
	suffix := d.config.Suffix
	plans := []plan{d.administrator(), d.suffixEntry()}
	for _, text := range layoutACIs(d.config.Layout) {
		plans[1].attributes = append(plans[1].attributes, [2]string{"aci", strings.ReplaceAll(text, "%s", suffix)})
	}
	switch d.config.Layout {
	case Evaluation:
		plans = append(plans, unit("People", suffix), unit("Groups", suffix), unit("Apps", suffix))
		for _, p := range samplePeople() {
			plans = append(plans, p.plan(suffix, d.config.AccountPassword))
		}
		plans = append(plans, plan{dn: "cn=Directory Administrators,ou=Groups," + suffix, attributes: [][2]string{
			{"objectClass", "top"},
			{"objectClass", "groupOfUniqueNames"},
			{"cn", "Directory Administrators"},
			{"uniqueMember", "uid=kvaughan,ou=People," + suffix},
			{"uniqueMember", "uid=rdaugherty,ou=People," + suffix},
			{"uniqueMember", "uid=hmiller,ou=People," + suffix},
		}})
	case IDM:
		// The account that IDM binds with reads all, hashes included, and the changelog (ForgeRock, IDM samples).
		plans = append(plans, unit("People", suffix), unit("Groups", suffix), unit("Administrators", suffix), plan{
			dn: "uid=idm,ou=Administrators," + suffix, password: d.config.AccountPassword,
			attributes: append(person("idm", "IDM", "Administrator", suffix), privileges(BypassACL, ChangelogRead, PasswordReset, UnindexedSearch)...),
		})
	case Empty:
	}
	if account, acis, ok := d.reader(); ok {
		plans = append(plans, account)
		for _, text := range acis {
			plans[1].attributes = append(plans[1].attributes, [2]string{"aci", text})
		}
	}
	for _, p := range plans {
		if err := d.carryOut(context.Background(), p); err != nil {
			return err
		}
	}
	d.refreshSubentries()
	return d.refreshACIs()
}

func (d *Directory) carryOut(ctx context.Context, p plan) error {
	var attributes []ldap.Attribute
	add := func(name, value string) {
		at := slices.IndexFunc(attributes, func(a ldap.Attribute) bool { return a.Description == name })
		if at < 0 {
			at = len(attributes)
			attributes = append(attributes, ldap.Attribute{Description: name})
		}
		attributes[at].Values = append(attributes[at].Values, []byte(value))
	}
	for _, a := range p.attributes {
		add(a[0], a[1])
	}
	if !p.password.Empty() {
		add("userPassword", p.password.Reveal())
	}
	if _, err := d.load(ctx, p.dn, attributes); err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	return nil
}

// administrator is the root user; its privileges are those of its place.
func (d *Directory) administrator() plan {
	dn, err := names.Parse(d.config.RootDN)
	if err != nil || len(dn) == 0 {
		return plan{} // Config.Validate has refused it.
	}
	return plan{dn: d.config.RootDN, password: d.config.RootPassword, attributes: [][2]string{
		{"objectClass", "top"},
		{"objectClass", "person"},
		{"objectClass", "organizationalPerson"},
		{"objectClass", "inetOrgPerson"},
		{"objectClass", "ds-cfg-root-dn-user"},
		{"cn", "Directory Manager"},
		{"sn", "Manager"},
		{"ds-rlim-size-limit", "0"},
		{"ds-rlim-time-limit", "0"},
		{"ds-rlim-lookthrough-limit", "0"},
	}}
}

// suffixEntry is the entry of the suffix; its class follows from the attribute that names it.
func (d *Directory) suffixEntry() plan {
	class := "extensibleObject"
	dn, err := names.Parse(d.config.Suffix)
	if err == nil && len(dn) > 0 {
		switch strings.ToLower(dn[0][0].Type) {
		case "dc":
			class = "domain"
		case "o":
			class = "organization"
		case "ou":
			class = "organizationalUnit"
		}
	}
	p := plan{dn: d.config.Suffix, attributes: [][2]string{{"objectClass", "top"}, {"objectClass", class}}}
	if class == "extensibleObject" {
		p.attributes = append(p.attributes, [2]string{"objectClass", "namedObject"})
	}
	return p
}

func unit(name, suffix string) plan {
	return plan{dn: "ou=" + name + "," + suffix, attributes: [][2]string{{"objectClass", "top"}, {"objectClass", "organizationalUnit"}, {"ou", name}}}
}

func person(uid, given, family, suffix string) [][2]string {
	return [][2]string{
		{"objectClass", "top"},
		{"objectClass", "person"},
		{"objectClass", "organizationalPerson"},
		{"objectClass", "inetOrgPerson"},
		{"uid", uid},
		{"cn", given + " " + family},
		{"sn", family},
		{"givenName", given},
		{"mail", uid + "@" + domain(suffix)},
	}
}

func privileges(list ...Privilege) (attributes [][2]string) {
	for _, p := range list {
		attributes = append(attributes, [2]string{"ds-privilege-name", string(p)})
	}
	return attributes
}

// domain makes example.com of dc=example,dc=com.
func domain(suffix string) string {
	dn, err := names.Parse(suffix)
	if err != nil {
		return "example.com"
	}
	var parts []string
	for _, rdn := range dn {
		if dc := rdn.Value("dc"); dc != "" {
			parts = append(parts, dc)
		}
	}
	if len(parts) == 0 {
		return "example.com"
	}
	return strings.Join(parts, ".")
}

// sample is one of the people that DS's documentation works with, with the password that it has there.
type sample struct {
	uid, given, family, password string
	admin                        bool
}

func samplePeople() []sample {
	return []sample{
		{uid: "bjensen", given: "Barbara", family: "Jensen", password: "hifalutin"},
		{uid: "kvaughan", given: "Kirsten", family: "Vaughan", password: "bribery", admin: true},
		{uid: "scarter", given: "Sam", family: "Carter", password: "sprain"},
		{uid: "tmorris", given: "Ted", family: "Morris", password: "irrefutable"},
		{uid: "ajensen", given: "Allison", family: "Jensen", password: "coltish"},
		{uid: "rdaugherty", given: "Robert", family: "Daugherty", password: "apples", admin: true},
		{uid: "hmiller", given: "Harry", family: "Miller", password: "hillock", admin: true},
	}
}

func (s sample) plan(suffix string, password secret.Value) plan {
	p := plan{dn: "uid=" + s.uid + ",ou=People," + suffix, attributes: person(s.uid, s.given, s.family, suffix), password: password}
	if password.Empty() {
		p.password = secret.New(s.password)
	}
	if s.admin {
		p.attributes = append(p.attributes, privileges(PasswordReset, ModifyACL, ProxiedAuth)...)
	}
	return p
}
