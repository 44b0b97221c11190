package syncer

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// pullRig is a domain of a few users and a puller for it.
func pullRig(t *testing.T, out string) (*idcstest.Domain, *puller) {
	t.Helper()
	d := idcstest.Start()
	t.Cleanup(d.Stop)
	d.Add("anna", "Bert", "carl", "fed")
	d.Edit("anna", func(u *idcstest.User) {
		u.GivenName, u.FamilyName, u.Mail = "Anna", "Ångström, Jr.", "anna@example.com"
	})
	d.Edit("carl", func(u *idcstest.User) { u.Inactive = true })
	d.Edit("fed", func(u *idcstest.User) { u.Federated = true })
	dir := t.TempDir()
	config := "hook: {tokenEnv: NOT_THERE}\nidcs: {url: " + d.URL() + ", clientId: " + d.ClientID + ", clientSecretEnv: IDCS_SECRET}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sync.yaml"), []byte(config), 0o600))
	return d, &puller{
		config: filepath.Join(dir, "sync.yaml"), out: filepath.Join(dir, out), base: "ou=people,dc=example,dc=com",
		environment: rest.Environment{DialContext: d.DialContext},
		getenv: func(name string) (string, bool) {
			return map[string]string{"IDCS_SECRET": d.ClientSecret}[name], name == "IDCS_SECRET"
		},
	}
}

func TestPull(t *testing.T) {
	const (
		wantLDIF = `version: 1

dn: uid=Bert,ou=people,dc=example,dc=com
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: inetOrgPerson
uid: Bert
cn: Bert
sn: Bert

dn: uid=carl,ou=people,dc=example,dc=com
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: inetOrgPerson
uid: carl
cn: carl
sn: carl
ds-pwp-account-disabled: true
`
		wantCSV = `userName,givenName,sn,mail,displayName,accountStatus,telephoneNumber,preferredLanguage,title,employeeNumber,departmentNumber
anna,Anna,"Ångström, Jr.",anna@example.com,,active,,,,,
Bert,,,,,active,,,,,
carl,,,,,inactive,,,,,
`
		wantJSON = `[
{"accountStatus":"active","givenName":"Anna","mail":"anna@example.com","sn":"Ångström, Jr.","userName":"anna"},
{"accountStatus":"active","userName":"Bert"},
{"accountStatus":"inactive","userName":"carl"},
{"accountStatus":"active","userName":"fed"}
]
`
	)
	for name, tt := range map[string]struct {
		out, known string
		federated  bool
		want, said string
	}{
		"LDIF, without those who are known": {"users.ldif", "ANNA\nzoe\n", false, wantLDIF, "2 of 4 users, 1 of them deactivated; left out: 1 known, 1 federated"},
		"CSV":                               {"users.csv", "", false, wantCSV, "3 of 4 users, 1 of them deactivated; left out: 0 known, 1 federated"},
		"JSON, with federated users":        {"users.JSON", "", true, wantJSON, "4 of 4 users, 1 of them deactivated; left out: 0 known, 0 federated"},
		"nobody, LDIF":                      {"users.ldif", "anna\nbert\ncarl\n", false, "version: 1\n", "0 of 4 users, 0 of them deactivated; left out: 3 known, 1 federated"},
		"nobody, JSON":                      {"users.json", "anna\nbert\ncarl\n", false, "[]\n", "0 of 4 users"},
		"nobody, CSV":                       {"users.csv", "anna\nbert\ncarl\n", false, strings.SplitAfter(wantCSV, "\n")[0], "0 of 4 users"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, p := pullRig(t, tt.out)
				p.federated = tt.federated
				if tt.known != "" {
					p.known = filepath.Join(filepath.Dir(p.out), "known")
					require.NoError(t, os.WriteFile(p.known, []byte(tt.known), 0o600))
				}
				var said bytes.Buffer
				require.NoError(t, p.run(t.Context(), &said, io.Discard))
				got, err := os.ReadFile(p.out)
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(got))
				assert.Contains(t, said.String(), tt.said)
				assert.Empty(t, d.Log("find", "read", "create", "write"), "only lists")
				assert.NotContains(t, string(got), "initial", "no password")
			})
		})
	}
}

func TestPullFromAnOrg(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := pullRig(t, "users.csv")
		o := oktatest.Start()
		t.Cleanup(o.Stop)
		o.Add("anna@example.com", "fed@example.com", "gone@example.com")
		o.Federate("fed@example.com")
		o.Edit("gone@example.com", func(u *oktatest.User) { u.Status = "DEPROVISIONED" })
		config := "target: okta\nidcs: {clientSecretEnv: NOT_THERE}\nokta: {url: " + o.URL() + ", tokenEnv: OKTA_TOKEN}\n"
		require.NoError(t, os.WriteFile(p.config, []byte(config), 0o600))
		p.environment.DialContext = o.DialContext
		require.ErrorContains(t, p.run(t.Context(), io.Discard, io.Discard), ":3:40: okta.tokenEnv: the environment has no variable OKTA_TOKEN")
		p.getenv = func(name string) (string, bool) { return o.Token, name == "OKTA_TOKEN" }
		var said bytes.Buffer
		require.NoError(t, p.run(t.Context(), &said, io.Discard))
		assert.Contains(t, said.String(), "2 of 3 users, 1 of them deactivated; left out: 0 known, 1 federated")
		got, err := os.ReadFile(p.out)
		require.NoError(t, err)
		assert.Contains(t, string(got), "anna@example.com,Given,Family,anna@example.com,,active")
		assert.Contains(t, string(got), "gone@example.com,Given,Family,gone@example.com,,inactive")
		require.NoError(t, os.WriteFile(p.config, []byte("target: ldap\n"), 0o600))
		p.force = true
		require.ErrorContains(t, p.run(t.Context(), io.Discard, io.Discard), `target: "ldap" is neither`)
	})
}

func TestPullLeavesWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := pullRig(t, "users.csv")
		require.NoError(t, os.WriteFile(p.out, []byte("mine"), 0o600))
		require.ErrorContains(t, p.run(t.Context(), io.Discard, io.Discard), "is there already; --force replaces it")
		assert.Empty(t, d.Log(), "told before anything is asked")

		p.force = true
		d.Script = func(call string, _ int, _ string) *step {
			if call == "list" {
				return &step{Status: 403}
			}
			return nil
		}
		require.ErrorContains(t, p.run(t.Context(), io.Discard, io.Discard), "grant it the role User Administrator; "+p.out+" was not written")
		text, err := os.ReadFile(p.out)
		require.NoError(t, err)
		assert.Equal(t, "mine", string(text), "nothing is replaced by half a list")

		d.Script = nil
		require.NoError(t, p.run(t.Context(), io.Discard, io.Discard))
		text, err = os.ReadFile(p.out)
		require.NoError(t, err)
		assert.Contains(t, string(text), "anna")

		p.out, p.force = filepath.Join(filepath.Dir(p.out), "new.csv"), false
		d.Script = func(string, int, string) *step {
			_ = os.WriteFile(p.out, []byte("theirs"), 0o600) // Somebody makes it meanwhile.
			return nil
		}
		require.ErrorIs(t, p.run(t.Context(), io.Discard, io.Discard), os.ErrExist)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.out = filepath.Join(filepath.Dir(p.out), "late.csv")
		require.ErrorIs(t, p.run(ctx, io.Discard, io.Discard), context.Canceled)
		left, err := filepath.Glob(filepath.Join(filepath.Dir(p.out), ".*"))
		require.NoError(t, err)
		assert.Empty(t, left, "no pieces")
	})
}

func TestPullTellsHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := pullRig(t, "users.csv")
		d.Page = 2
		d.Script = func(call string, _ int, _ string) *step {
			if call == "list" {
				return &step{Delay: 6 * time.Second}
			}
			return nil
		}
		var notes bytes.Buffer
		require.NoError(t, p.run(t.Context(), io.Discard, &notes))
		assert.Equal(t, "1 users read, 1 written\n3 users read, 3 written\n4 users read, 3 written\n", notes.String())
	})
}

func TestPullMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(p *puller)
		want   string
	}{
		"no config":    {func(p *puller) { p.config = "" }, "--config is missing"},
		"no file":      {func(p *puller) { p.out = "" }, "--out is missing"},
		"no form":      {func(p *puller) { p.out = "users.txt" }, `"users.txt" ends in none of .ldif, .csv and .json`},
		"no base":      {func(p *puller) { p.out, p.base = "users.ldif", "people" }, `--base: "people" is not a DN`},
		"no names":     {func(p *puller) { p.known = p.config + ".empty" }, "no such file"},
		"no secret":    {func(p *puller) { p.getenv = func(string) (string, bool) { return "", false } }, "sync.yaml:2:66: idcs.clientSecretEnv: the environment has no variable IDCS_SECRET"},
		"a bad config": {func(p *puller) { rewrite(p.config, "clientId", "clientID") }, "unknown field"},
		"a bad domain": {func(p *puller) { rewrite(p.config, "http://", "") }, "idcs.url"},
		"no folder":    {func(p *puller) { p.out = filepath.Join(filepath.Dir(p.out), "none", "users.csv") }, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, p := pullRig(t, "users.csv")
				tt.change(p)
				err := p.run(t.Context(), io.Discard, io.Discard)
				require.ErrorContains(t, err, tt.want)
				var usage UsageError
				assert.Equal(t, name != "no folder", errors.As(err, &usage), "exit status 2")
			})
		})
	}
}

func TestKnownNames(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
		bad  string
	}{
		"a list":            {text: "anna\n\n# a note\n bert \r\nDORA@example.com\n", want: []string{"anna", "bert", "dora@example.com"}},
		"CSV":               {text: "givenName,userName\nAnna,anna\nB,\"be,rt\"\nshort\n", want: []string{"anna", "be,rt"}},
		"semicolons":        {text: "\xef\xbb\xbf\"UID\";\"mail\"\nanna;x\n", want: []string{"anna"}},
		"one column":        {text: "uid\nanna\n", want: []string{"anna"}},
		"LDIF":              {text: "# people\nversion: 1\n\ndn: uid=x,o=y\nuid: an\n na\ncn: uid\nuid;lang-de: bert\njpegPhoto:: AAAA\n AAAA\n\ndn: o=y\nuid:: ZG9yYQ==\nsAMAccountName: emil", want: []string{"anna", "bert", "dora", "emil"}},
		"LDIF without uids": {text: "dn: o=y\ncn: x\n", bad: "LDIF needs uid"},
		"broken base 64":    {text: "dn: o=y\nuid:: !\n", bad: "not base 64"},
		"a broken quote":    {text: "uid,mail\n\"anna,x\n", bad: "quote"},
		"empty":             {text: "", bad: "no user name in it"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "known")
			require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			got, err := readNames(path)
			if tt.bad != "" {
				require.ErrorContains(t, err, tt.bad)
				return
			}
			require.NoError(t, err)
			want := map[string]bool{}
			for _, name := range tt.want {
				want[name] = true
			}
			assert.Equal(t, want, got)
		})
	}
}

// FuzzPulled writes a user of strange names in each form and reads him again.
func FuzzPulled(f *testing.F) {
	f.Add("anna", "Ann", "Ang,strom")
	f.Add(` #+"\;<>= `, "\x00\r\n", "名前")
	f.Fuzz(func(t *testing.T, userName, given, family string) {
		if strings.TrimSpace(userName) == "" || !utf8.ValidString(userName) || !utf8.ValidString(given) || !utf8.ValidString(family) {
			t.Skip()
		}
		p := target.Person{UserName: userName, GivenName: given, FamilyName: family}
		written := func(name string) string {
			form, err := formOf(name, "o=x")
			require.NoError(t, err)
			var b strings.Builder
			w := form(&b)
			require.NoError(t, w.write(p))
			require.NoError(t, w.end())
			return b.String()
		}
		var users []map[string]string
		require.NoError(t, json.Unmarshal([]byte(written("x.json")), &users))
		assert.Equal(t, userName, users[0]["userName"])
		rows, err := csv.NewReader(strings.NewReader(written("x.csv"))).ReadAll()
		require.NoError(t, err)
		assert.Len(t, rows, 2)
		var names []string
		require.NoError(t, eachLDIF(strings.NewReader(written("x.ldif")), func(name string) { names = append(names, strings.TrimSpace(name)) }))
		assert.Equal(t, []string{strings.TrimSpace(userName)}, names)
	})
}

func TestEscapedNames(t *testing.T) {
	for value, want := range map[string]string{
		"anna": "anna", "a,b+c": `a\,b\+c`, " a ": `\ a\ `, "#a#": `\#a#`, `a"b\c`: `a\"b\\c`, "a\x00\x1f": `a\00\1f`, "Ångström": "Ångström", "a=b": `a\=b`,
	} {
		assert.Equal(t, want, escapeDN(value))
	}
}

func rewrite(path, from, to string) {
	text, _ := os.ReadFile(path)
	_ = os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600)
}
