package ds_test

import (
	"context"
	"testing"

	asn1 "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// connect is go-ldap's client of a server in memory that has the entries of ds-evaluation.
func connect(t *testing.T, adjust ...func(*ds.Config)) *goldap.Conn {
	t.Helper()
	digester := secret.NewDigester([]byte("any key of enough bytes"))
	config := ds.DefaultConfig()
	administrators := config.Directory.Policy
	administrators.DN, administrators.RequireSecureBind = directory.RootPolicyDN, false // There is no TLS below.
	config.Directory.Policies = append(config.Directory.Policies, administrators)
	for _, f := range adjust {
		f(&config)
	}
	server, err := ds.New(config, ds.Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(1000, digester)})
	require.NoError(t, err)
	memory := network.Memory()
	listener, err := memory.Listen("ds.test:1389")
	require.NoError(t, err)
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	conn, err := memory.DialContext(t.Context(), "tcp", "ds.test:1389")
	require.NoError(t, err)
	client := goldap.NewConn(conn, false)
	client.Start()
	t.Cleanup(func() {
		assert.NoError(t, client.Close())
		assert.NoError(t, server.Stop(context.Background()))
		assert.ErrorIs(t, <-served, ds.ErrStopped)
	})
	return client
}

func octets(text string) *asn1.Packet {
	return asn1.NewString(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagOctetString, text, "")
}

// sequence is a control whose value is a SEQUENCE of these.
func sequence(oid string, parts ...*asn1.Packet) goldap.Control {
	value := asn1.NewSequence("")
	for _, part := range parts {
		value.AppendChild(part)
	}
	return goldap.NewControlString(oid, true, string(value.Bytes()))
}

// TestWhatASearchReturns asks a server, through a client, for subentries, for single values and for rights.
func TestWhatASearchReturns(t *testing.T) {
	const suffix, bjensen, policy = "dc=example,dc=com", "uid=bjensen,ou=People,dc=example,dc=com", "cn=Lock after three failures,dc=example,dc=com"
	c := connect(t)
	root, err := c.Search(goldap.NewSearchRequest("", goldap.ScopeBaseObject, 0, 0, 0, false, "(&)", []string{"supportedControl"}, nil))
	require.NoError(t, err)
	for _, oid := range []string{ldap.OIDSubentries, ldap.OIDSubentriesDraft, ldap.OIDMatchedValues, ldap.OIDEffectiveRights} {
		assert.Contains(t, root.Entries[0].GetAttributeValues("supportedControl"), oid)
	}

	require.NoError(t, c.Bind("uid=admin", "password"))
	add := goldap.NewAddRequest(policy, nil)
	add.Attribute("objectClass", []string{"top", "subentry", "ds-pwp-password-policy"})
	add.Attribute("cn", []string{"Lock after three failures"})
	add.Attribute("ds-pwp-password-attribute", []string{"userPassword"})
	add.Attribute("ds-pwp-default-password-storage-scheme", []string{"PBKDF2-HMAC-SHA256"})
	add.Attribute("ds-pwp-lockout-failure-expiration-interval", []string{"5 m"})
	add.Attribute("ds-pwp-lockout-duration", []string{"5 m"})
	add.Attribute("ds-pwp-lockout-failure-count", []string{"3"})
	add.Attribute("subtreeSpecification", []string{`{ base "ou=people" }`})
	require.NoError(t, c.Add(add))

	search := func(base string, scope int, attributes []string, controls ...goldap.Control) []*goldap.Entry {
		t.Helper()
		found, err := c.Search(goldap.NewSearchRequest(base, scope, 0, 0, 0, false, "(objectClass=*)", attributes, controls))
		require.NoError(t, err)
		return found.Entries
	}
	for _, e := range search(suffix, goldap.ScopeWholeSubtree, []string{"1.1"}) {
		assert.NotEqual(t, policy, e.DN)
	}
	visible := goldap.NewControlString(ldap.OIDSubentries, true, string(asn1.NewBoolean(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagBoolean, true, "").Bytes()))
	for _, control := range []goldap.Control{visible, goldap.NewControlString(ldap.OIDSubentriesDraft, true, "")} {
		found := search(suffix, goldap.ScopeWholeSubtree, []string{"ds-pwp-lockout-duration"}, control)
		require.Len(t, found, 1)
		assert.Equal(t, policy, found[0].DN)
		assert.Equal(t, "5 m", found[0].GetAttributeValue("ds-pwp-lockout-duration"))
	}
	assert.Equal(t, policy, search(bjensen, goldap.ScopeBaseObject, []string{"pwdPolicySubentry"})[0].GetAttributeValue("pwdPolicySubentry"))

	class, err := goldap.CompileFilter("(objectClass=person)")
	require.NoError(t, err)
	found := search(bjensen, goldap.ScopeBaseObject, []string{"objectClass", "uid"}, sequence(ldap.OIDMatchedValues, class))
	assert.Equal(t, []string{"person"}, found[0].GetAttributeValues("objectClass"))
	assert.Empty(t, found[0].GetAttributeValues("uid"))

	found = search(bjensen, goldap.ScopeBaseObject, []string{"aclRights", "userPassword"}, sequence(ldap.OIDEffectiveRights, octets("dn:"+bjensen)))
	assert.Equal(t, "search:1,read:1,compare:1,write:1,selfwrite_add:1,selfwrite_delete:1,proxy:0", found[0].GetAttributeValue("aclRights;attributeLevel;userpassword"))
	assert.Equal(t, "add:0,delete:0,read:1,write:1,proxy:0", found[0].GetAttributeValue("aclRights;entryLevel"))

	for range 3 {
		assert.True(t, goldap.IsErrorWithCode(c.Bind(bjensen, "wrong"), goldap.LDAPResultInvalidCredentials))
	}
	assert.True(t, goldap.IsErrorWithCode(c.Bind(bjensen, "hifalutin"), goldap.LDAPResultInvalidCredentials), "the policy of the subentry has locked her")
	require.NoError(t, c.Bind("uid=scarter,ou=People,dc=example,dc=com", "sprain"), "whose own default does not require a secure connection")

	// Who has bound to nothing may not ask for rights.
	require.NoError(t, c.UnauthenticatedBind(""))
	_, err = c.Search(goldap.NewSearchRequest(bjensen, goldap.ScopeBaseObject, 0, 0, 0, false, "(&)", []string{"aclRights"}, []goldap.Control{goldap.NewControlString(ldap.OIDEffectiveRights, true, "")}))
	assert.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultUnavailableCriticalExtension), err)
}
