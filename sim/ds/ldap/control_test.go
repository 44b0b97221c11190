package ldap

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	asn1 "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// TestControlsOnTheWire has the bytes of draft-behera-ldap-password-policy-10 as slapd sends them, and of other specifications
// worked out by hand.
func TestControlsOnTheWire(t *testing.T) {
	for name, tt := range map[string]struct {
		control Control
		want    string
	}{
		"nothing to say":           {PasswordPolicyResponse{}.Control(), "3000"},
		"too short":                {PasswordPolicyResponse{Error: PasswordTooShort}.Control(), "3003810106"},
		"expired":                  {PasswordPolicyResponse{Error: PasswordExpired}.Control(), "3003810100"},
		"expires in 1000 s":        {PasswordPolicyResponse{Expires: true, Expiration: 1000 * time.Second}.Control(), "3006a004800203e8"},
		"two logins left, expired": {PasswordPolicyResponse{Grace: true, GraceLogins: 2, Error: PasswordExpired}.Control(), "3008a003810102810100"},
		"must change":              {PasswordExpiredControl(), "040130"},
		"expires soon":             {PasswordExpiringControl(time.Hour), "040433363030"},
		"usable for ever":          {AccountUsability{Usable: true, Expires: -1}.Control(), "8001ff"},
		"usable for a minute":      {AccountUsability{Usable: true, Expires: time.Minute}.Control(), "80013c"},
		"inactive and locked":      {AccountUsability{Inactive: true, Locked: true, Unlock: time.Minute}.Control(), "a1068001ff84013c"},
		"locked for good":          {AccountUsability{Locked: true, Unlock: -1}.Control(), "a1038401ff"},
		"reset, three logins left": {AccountUsability{Reset: true, Expired: true, Grace: 3}.Control(), "a1098101ff8201ff830103"},
		"expired, no grace":        {AccountUsability{Expired: true, Grace: -1}.Control(), "a1038201ff"},
		"advice": {
			PasswordAdvice{"pw", []Criterion{{"length-based", []Parameter{{"min-password-length", "8"}}}}, []Criterion{{Type: "x"}}}.Control(),
			"303b04027077a02c302a040c6c656e6774682d6261736564301a30180413" + hex.EncodeToString([]byte("min-password-length")) + "040138a10730050401783000",
		},
		"a page":              {Paged{Size: 0, Cookie: []byte("c")}.Control(), "3006020100040163"},
		"sorted":              {SortResult{}.Control(), "30030a0100"},
		"not sorted":          {SortResult{Code: NoSuchAttribute, Attr: "x"}.Control(), "30060a0110800178"},
		"a view":              {ListViewResult{Position: 1, Count: 2}.Control(), "30090201010201020a0100"},
		"a view with context": {ListViewResult{Position: 1, Count: 2, Context: []byte{}}.Control(), "300b0201010201020a01000400"},
		"renamed":             {EntryChange{Type: ChangedByModifyDN, PreviousDN: "x"}.Control(), "30060a0108040178"},
		"deleted":             {EntryChange{Type: ChangedByDelete}.Control(), "30030a0102"},
		"a cookie":            {ChangelogCookie("a:b;"), "30060404613a623b"},
		"who":                 {AuthorizationID("u:x"), "753a78"},
		"before":              {ReadEntry(OIDPreRead, Entry{"x", []Attribute{{"a", [][]byte{[]byte("1")}}}}), "640f040178300a30080401613103040131"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, hex.EncodeToString(tt.control.Value))
			assert.True(t, tt.control.HasValue)
		})
	}
}

// TestControlsAgainstAnotherDecoder has go-ldap read what it knows.
func TestControlsAgainstAnotherDecoder(t *testing.T) {
	decode := func(t *testing.T, c Control) goldap.Control {
		t.Helper()
		packet, err := asn1.DecodePacketErr(appendControl(nil, c))
		require.NoError(t, err)
		decoded, err := goldap.DecodeControl(packet)
		require.NoError(t, err)
		return decoded
	}
	policy, ok := decode(t, PasswordPolicyResponse{Expires: true, Expiration: time.Hour, Error: ChangeAfterReset}.Control()).(*goldap.ControlBeheraPasswordPolicy)
	require.True(t, ok)
	assert.Equal(t, int64(3600), policy.Expire)
	assert.Equal(t, int8(2), policy.Error)
	assert.Equal(t, "Password must be changed", policy.ErrorString)
	page, ok := decode(t, Paged{Size: 300, Cookie: []byte("next")}.Control()).(*goldap.ControlPaging)
	require.True(t, ok)
	assert.Equal(t, uint32(300), page.PagingSize)
	assert.Equal(t, []byte("next"), page.Cookie)
}

func control(oid string, value []byte) Control {
	return Control{OID: oid, HasValue: true, Value: value}
}

// fromGo is a request control as go-ldap encodes it.
func fromGo(t *testing.T, c goldap.Control) Control {
	t.Helper()
	in, err := ber.NewReader(c.Encode().Bytes()).Enter(ber.Sequence)
	require.NoError(t, err)
	list := group(ber.Context(0).Constructed(), group(ber.Sequence, rest(t, in)))
	controls, err := readControls(ber.NewReader(list))
	require.NoError(t, err)
	return controls[0]
}

func rest(t *testing.T, r *ber.Reader) (all []byte) {
	t.Helper()
	for r.More() {
		tag, contents, err := r.Element()
		require.NoError(t, err)
		all = ber.AppendString(all, tag, contents)
	}
	return all
}

func TestParsePagedAndSort(t *testing.T) {
	paging := goldap.NewControlPaging(100)
	paging.SetCookie([]byte("here"))
	p, err := ParsePaged(fromGo(t, paging))
	require.NoError(t, err)
	assert.Equal(t, Paged{100, []byte("here")}, p)

	keys, err := ParseSort(fromGo(t, goldap.NewControlServerSideSortingWithSortKeys([]*goldap.SortKey{
		{AttributeType: "sn"}, {AttributeType: "uid", MatchingRule: "2.5.13.3", Reverse: true},
	})))
	require.NoError(t, err)
	require.Len(t, keys, 2)
	assert.Equal(t, "sn", keys[0].Attr)
	assert.Equal(t, SortKey{"uid", "2.5.13.3", true}, keys[1])
}

func TestParseListView(t *testing.T) {
	byOffset := group(ber.Sequence, number(ber.Integer, 1), number(ber.Integer, 9), group(ber.Context(0).Constructed(), number(ber.Integer, 5), number(ber.Integer, 40)), text("ctx"))
	v, err := ParseListView(control(OIDVirtualListView, byOffset))
	require.NoError(t, err)
	assert.Equal(t, ListView{Before: 1, After: 9, Offset: 5, Count: 40, Context: []byte("ctx")}, v)
	byValue := group(ber.Sequence, number(ber.Integer, 1), number(ber.Integer, 9), tagged(1, "m"))
	v, err = ParseListView(control(OIDVirtualListView, byValue))
	require.NoError(t, err)
	assert.Equal(t, ListView{Before: 1, After: 9, ByValue: true, Value: []byte("m")}, v)
}

func TestParsePersistentSearch(t *testing.T) {
	value, err := base64.StdEncoding.DecodeString("MAkCAQ8BAf8BAf8=") // as given to ldapsearch -E
	require.NoError(t, err)
	p, err := ParsePersistentSearch(control(OIDPersistentSearch, value))
	require.NoError(t, err)
	assert.Equal(t, PersistentSearch{15, true, true}, p)
}

func TestParseOtherControls(t *testing.T) {
	f, err := ParseAssertion(control(OIDAssertion, group(0xa3, text("a"), text("1"))))
	require.NoError(t, err)
	assert.Equal(t, "(a=1)", f.String())
	attributes, err := ParseReadEntry(control(OIDPreRead, group(ber.Sequence, text("cn"), text("*"))))
	require.NoError(t, err)
	assert.Equal(t, []string{"cn", "*"}, attributes)
	visible, err := ParseSubentries(control(OIDSubentries, boolean(ber.Boolean, true)))
	require.NoError(t, err)
	assert.True(t, visible)
	visible, err = ParseSubentries(Control{OID: OIDSubentriesDraft})
	require.NoError(t, err)
	assert.True(t, visible)
	for value, want := range map[string]string{"dn:uid=x": "dn:uid=x", string(text("u:x")): "u:x", "": ""} {
		got, err := ParseProxiedAuth(control(OIDProxiedAuthV2, []byte(value)))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	got, err := ParseProxiedAuth(control(OIDProxiedAuthV1, group(ber.Sequence, text("uid=x"))))
	require.NoError(t, err)
	assert.Equal(t, "dn:uid=x", got)
	assert.Equal(t, "a:b;", ParseChangelogCookie(control(OIDChangelogCookie, text("a:b;"))))
	assert.Equal(t, "a:b;", ParseChangelogCookie(control(OIDChangelogCookie, []byte("a:b;"))))
	assert.Empty(t, ParseChangelogCookie(Control{OID: OIDChangelogCookie}))
}

func TestMalformedControls(t *testing.T) {
	parse := map[string]func(Control) error{
		OIDPagedResults:     func(c Control) error { _, err := ParsePaged(c); return err },
		OIDServerSort:       func(c Control) error { _, err := ParseSort(c); return err },
		OIDVirtualListView:  func(c Control) error { _, err := ParseListView(c); return err },
		OIDSubentries:       func(c Control) error { _, err := ParseSubentries(c); return err },
		OIDPersistentSearch: func(c Control) error { _, err := ParsePersistentSearch(c); return err },
		OIDAssertion:        func(c Control) error { _, err := ParseAssertion(c); return err },
		OIDPreRead:          func(c Control) error { _, err := ParseReadEntry(c); return err },
		OIDProxiedAuthV1:    func(c Control) error { _, err := ParseProxiedAuth(c); return err },
	}
	for oid, parse := range parse {
		for name, c := range map[string]Control{
			"no value":      {OID: oid},
			"empty":         control(oid, nil),
			"not BER":       control(oid, []byte("x")),
			"wrong inside":  control(oid, group(ber.Sequence, []byte{0x13, 0})),
			"cut off":       control(oid, []byte{0x30, 5, 2, 1}),
			"and then some": control(oid, append(group(ber.Sequence, text("x")), 0, 0)),
		} {
			assert.ErrorIs(t, parse(c), ErrControl, "%s %s", oid, name)
		}
	}
	for name, c := range map[string]Control{
		"a negative page": control(OIDPagedResults, group(ber.Sequence, number(ber.Integer, -1), text(""))),
		"a page and more": control(OIDPagedResults, group(ber.Sequence, number(ber.Integer, 1), text(""), text(""))),
		"a view and more": control(OIDVirtualListView, group(ber.Sequence, number(ber.Integer, 1), number(ber.Integer, 0), tagged(1, "m"), text(""), text(""))),
		"a long offset": control(OIDVirtualListView, group(ber.Sequence, number(ber.Integer, 1), number(ber.Integer, 0),
			group(ber.Context(0).Constructed(), number(ber.Integer, 1), number(ber.Integer, 1), number(ber.Integer, 1)))),
		"a watch and more": control(OIDPersistentSearch, group(ber.Sequence, number(ber.Integer, 1), boolean(ber.Boolean, true), boolean(ber.Boolean, true), text(""))),
		"no sort key":      control(OIDServerSort, group(ber.Sequence)),
		"a negative view":  control(OIDVirtualListView, group(ber.Sequence, number(ber.Integer, -1), number(ber.Integer, 0), tagged(1, "m"))),
		"no change types":  control(OIDPersistentSearch, group(ber.Sequence, number(ber.Integer, 0), boolean(ber.Boolean, true), boolean(ber.Boolean, true))),
		"17 change types":  control(OIDPersistentSearch, group(ber.Sequence, number(ber.Integer, 16), boolean(ber.Boolean, true), boolean(ber.Boolean, true))),
	} {
		assert.ErrorIs(t, parse[c.OID](c), ErrControl, name)
	}
}

func TestPasswordModifyValues(t *testing.T) {
	extended := func(value []byte) ExtendedRequest { return ExtendedRequest{OIDPasswordModify, value, true} }
	for name, tt := range map[string]struct {
		request ExtendedRequest
		want    PasswordModify
		err     bool
	}{
		"no value":   {ExtendedRequest{Name: OIDPasswordModify}, PasswordModify{}, false},
		"empty":      {extended(group(ber.Sequence)), PasswordModify{}, false},
		"all":        {extended(group(ber.Sequence, tagged(0, "u:x"), tagged(1, "a"), tagged(2, "b"))), PasswordModify{"u:x", true, secret.New("a"), secret.New("b"), true, true}, false},
		"new alone":  {extended(group(ber.Sequence, tagged(2, "b"))), PasswordModify{New: secret.New("b"), HasNew: true}, false},
		"empty new":  {extended(group(ber.Sequence, tagged(2, ""))), PasswordModify{HasNew: true}, false},
		"disordered": {extended(group(ber.Sequence, tagged(2, "b"), tagged(1, "a"))), PasswordModify{}, true},
		"a fourth":   {extended(group(ber.Sequence, tagged(3, "b"))), PasswordModify{}, true},
		"no BER":     {extended([]byte("x")), PasswordModify{}, true},
		"trailing":   {extended(append(group(ber.Sequence), 4, 0)), PasswordModify{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePasswordModify(tt.request)
			require.Equal(t, tt.err, err != nil, "%v", err)
			if err == nil {
				assert.Equal(t, tt.want, got)
			}
		})
	}
	assert.Equal(t, group(ber.Sequence, tagged(0, "made up")), GeneratedPassword(secret.New("made up")))
}
