package ldap

import (
	"maps"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
)

func entry(dn string, attributes map[string][]string) *goldap.Entry {
	return goldap.NewEntry(dn, attributes)
}

func TestUserNames(t *testing.T) {
	tests := map[string]struct {
		dn    string
		names []string
		want  string
		is    trouble
	}{
		"one":                        {"uid=x,ou=p", []string{"ann"}, "ann", ""},
		"none":                       {"uid=x,ou=p", nil, "", noUserName},
		"several, the DN chooses":    {"uid=b,ou=p", []string{"a", "b"}, "b", ""},
		"several, in other case":     {"UID=b+cn=x,ou=p", []string{"a", "b"}, "b", ""},
		"several, the DN has others": {"cn=b,ou=p", []string{"a", "b"}, "", manyUserNames},
		"several, and no DN":         {"b", []string{"a", "b"}, "", manyUserNames},
		"blank":                      {"uid=x,ou=p", []string{" \u00a0"}, "", badUserName},
		"the longest":                {"uid=x,ou=p", []string{strings.Repeat("a", 256)}, strings.Repeat("a", 256), ""},
		"too long":                   {"uid=x,ou=p", []string{strings.Repeat("a", 257)}, "", badUserName},
		"a line end":                 {"uid=x,ou=p", []string{"a\nb"}, "", badUserName},
		"no UTF-8":                   {"uid=x,ou=p", []string{"m\xfcller"}, "", badUserName},
		"UTF-8":                      {"uid=x,ou=p", []string{"müller"}, "müller", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, is := valid().userName(entry(tt.dn, map[string][]string{"uid": tt.names}))
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.is, is)
		})
	}
}

func TestWhatTravelsWithAUser(t *testing.T) {
	u := valid().user(entry("uid=ann,ou=p", map[string][]string{
		"uid": {"ann"}, "entryUUID": {"1"}, "MAIL": {"ann@example.com", "second"}, "givenName": {"An\x07n"}, "sn": {strings.Repeat("x", 4097)},
		"telephoneNumber": {"1"}, "userPassword": {"{SSHA}a\x00", "\x00"},
	}))
	assert.Equal(t, map[string]string{"mail": "ann@example.com"}, u.attributes)
	assert.Equal(t, []string{"{SSHA}a"}, u.passwords)
	c, is := valid().change(u, u.passwords[0], "t")
	assert.Empty(t, is)
	assert.Equal(t, u.attributes, c.Attributes)
}

func TestWhichPasswordIsDelivered(t *testing.T) {
	for name, tt := range map[string]struct {
		has, brought []string
		want         string
		is           trouble
	}{
		"the only one":            {[]string{"a"}, nil, "a", ""},
		"the one that came":       {[]string{"a", "b"}, []string{"b"}, "b", ""},
		"two came":                {[]string{"a", "b"}, []string{"a", "b"}, "", manyPasswords},
		"none came":               {[]string{"a", "b"}, nil, "", manyPasswords},
		"one that has gone again": {[]string{"a", "b"}, []string{"c"}, "", manyPasswords},
	} {
		t.Run(name, func(t *testing.T) {
			got, is := user{passwords: tt.has}.password(tt.brought)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.is, is)
		})
	}
}

func TestReadRecord(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	base := map[string][]string{
		"targetDN": {"uid=ann"}, "changeType": {"Modify"}, "changeTime": {"20260101000000Z"}, "replicationCSN": {"1"},
		"targetEntryUUID": {"e"}, "targetUniqueID": {"n"},
	}
	tests := map[string]struct {
		with map[string][]string
		uid  string // uidAttribute
		want *record
	}{
		"no entry":          {map[string][]string{"targetDN": nil}, "entryUUID", nil},
		"another attribute": {map[string][]string{"changes": {"replace: cn\ncn: a\n-\n"}}, "entryUUID", &record{uid: "e", idle: true}},
		"on an old 389-DS":  {map[string][]string{"changes": {"replace: cn\ncn: a\n-\n"}}, "nsUniqueId", &record{uid: "n", idle: true}},
		"an id of our own":  {map[string][]string{"changes": {"replace: cn\ncn: a\n-\n"}}, "employeeNumber", &record{idle: true}},
		"set":               {map[string][]string{"changes": {"replace: userPassword\nuserPassword: b\n-\n"}}, "entryUUID", &record{uid: "e", brought: []string{"b"}, cleared: true}},
		"added":             {map[string][]string{"changes": {"add: userPassword\nuserPassword: b\n-\n"}}, "entryUUID", &record{uid: "e", brought: []string{"b"}}},
		"exchanged":         {map[string][]string{"changes": {"delete: userPassword\nuserPassword: a\n-\nadd: userPassword\nuserPassword: b\n-\n"}}, "entryUUID", &record{uid: "e", brought: []string{"b"}}},
		"removed":           {map[string][]string{"changes": {"add: userPassword\nuserPassword: b\n-\ndelete: userPassword\n-\n"}}, "entryUUID", &record{uid: "e", cleared: true}},
		"dated":             {map[string][]string{"changes": {"replace: pwdChangedTime\npwdChangedTime: x\n-\n"}}, "entryUUID", &record{uid: "e", dated: true}},
		"its date removed":  {map[string][]string{"changes": {"delete: pwdChangedTime\n-\n"}}, "entryUUID", &record{uid: "e"}},
		"by whom":           {map[string][]string{"changeInitiatorsName": {"cn=a"}, "changes": {"delete: userPassword\n-\nreplace: modifiersName\nmodifiersName: cn=b\n-\n"}}, "entryUUID", &record{uid: "e", cleared: true, initiators: []string{"cn=a", "cn=b"}}},
		"deleted":           {map[string][]string{"changeType": {"DELETE"}}, "entryUUID", &record{uid: "e", deleted: true}},
		"garbled":           {map[string][]string{"changes": {"x"}}, "entryUUID", &record{uid: "e", garbled: true}},
		"renamed":           {map[string][]string{"changeType": {"modRDN"}, "newRDN": {"uid=b"}, "newSuperior": {"ou=p"}}, "entryUUID", &record{uid: "e", idle: true, was: "uid=ann", dn: "uid=b,ou=p"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := map[string][]string{}
			for _, from := range []map[string][]string{base, tt.with} {
				maps.Copy(e, from)
			}
			if tt.want != nil {
				tt.want.place, tt.want.time = "csn 1", at
				if tt.want.dn == "" {
					tt.want.dn = "uid=ann"
				}
			}
			c := valid()
			c.UIDAttribute = tt.uid
			got := c.readRecord(entry("", e), rootDSE{})
			if got != nil && len(got.initiators) == 0 {
				got.initiators = nil
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestOnlyAmongThemselves: a change counts as made by those who are not listened to only when nobody else had a part in it.
func TestOnlyAmongThemselves(t *testing.T) {
	ignored := []*goldap.DN{}
	for _, text := range []string{"cn=a", "cn=b"} {
		dn, err := parseDN(text)
		assert.NoError(t, err)
		ignored = append(ignored, dn)
	}
	for text, want := range map[string]bool{"": false, "cn=a": true, "CN=B|cn=a": true, "cn=a|cn=c": false, "cn=c|cn=a": false, "cn=a|no dn": false} {
		r := &record{}
		if text != "" {
			r.initiators = strings.Split(text, "|")
		}
		assert.Equal(t, want, r.madeBy(ignored), text)
		assert.False(t, r.madeBy(nil), text)
	}
}
