package directory_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

func FuzzInstruction(f *testing.F) {
	f.Add(`(targetattr="*")(version 3.0; acl "a"; allow (read,search) userdn="ldap:///all" and ssf>="128";)`)
	f.Add(`(target="ldap:///o=x")(targetscope="base")(targetfilter="(cn=*)")(version 3.0;acl "a";deny(all) groupdn!="ldap:///cn=g";)`)
	x := start(f)
	f.Fuzz(func(t *testing.T, text string) {
		x.t = t
		if x.modify(x.admin, suffix, mod(ldap.Replace, "aci", text)).Code != ldap.Success {
			return
		}
		x.read(x.anonymous, bjensen)
	})
}

func FuzzCookie(f *testing.F) {
	f.Add("dc=example,dc=com:00000190000000000001000000ff 00000190000000000002000000ff;")
	f.Add("o=other:;")
	x := start(f, numbered)
	f.Fuzz(func(t *testing.T, text string) {
		x.t = t
		_, r := x.changes(x.admin, "(&)", cookie(text))
		require.Contains(t, []ldap.ResultCode{ldap.Success, ldap.ProtocolError, ldap.UnwillingToPerform}, r.Code)
	})
}

// FuzzImport has whatever is imported exported, imported and exported again, which must not change it.
func FuzzImport(f *testing.F) {
	f.Add("dn: dc=example,dc=com\nobjectClass: domain\ndc: example\n\ndn: uid=a+cn=b\\2c,dc=example,dc=com\nobjectClass: inetOrgPerson\nsn:: w6k=\nuserPassword: x\n")
	x := start(f, func(c *directory.Config) { c.Layout = directory.Empty })
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := x.Import(t.Context(), "x.ldif", strings.NewReader(text)); err != nil {
			require.ErrorIs(t, err, directory.ErrInvalid)
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, x.Export(&first))
		_, err := x.Import(t.Context(), "y.ldif", bytes.NewReader(first.Bytes()))
		require.NoError(t, err, first.String())
		require.NoError(t, x.Export(&second))
		require.Equal(t, first.String(), second.String())
	})
}
