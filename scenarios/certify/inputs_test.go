package certify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/syncer"
)

// sampleProject is an IDM folder without faults.
const sampleProject = "../../syncer/idmconf/testdata/project"

// input finds one entry of the list.
func input(t *testing.T, in inputs, what string) reports.Input {
	t.Helper()
	for _, i := range in.list {
		if i.What == what {
			return i
		}
	}
	require.Failf(t, "no such input", "%s in %+v", what, in.list)
	return reports.Input{}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestGatherDefaults(t *testing.T) {
	o := DefaultOptions()
	o.Population = 10
	in, err := gather(o)
	require.NoError(t, err)
	assert.Equal(t, in.target, in.source, "without files, source and target agree")
	assert.Len(t, in.people, 10)
	for _, i := range in.list {
		assert.Equal(t, embedded, i.From, i.What)
		assert.Empty(t, i.Problem, i.What)
	}
}

func TestGatherIDMProject(t *testing.T) {
	o := DefaultOptions()
	o.IDMConf, o.Population = sampleProject, 1
	in, err := gather(o)
	require.NoError(t, err)
	assert.Equal(t, "idcs-acme.identity.oraclecloud.com", in.host)
	assert.Equal(t, "0a1b2c3d4e5f", in.clientID)
	assert.Equal(t, policy.Policy{
		MinLength: 14, MinUpperCase: 2, MinNumerals: 1, UserNameDisallowed: true, LastNameDisallowed: true,
	}, in.source)
	assert.NotEqual(t, in.source, in.target)
	where := input(t, in, "scope")
	assert.Equal(t, filepath.Join(sampleProject, "conf/provisioner.openicf-idcs.json"), where.From)
	assert.Equal(t, 9, where.Line)

	c := syncer.DefaultConfig()
	in.configure(&c)
	assert.Equal(t, "0 0/5 * * * ?", c.Schedule)
	assert.Equal(t, "application/scim+json", c.IDCS.ContentType)
	assert.Equal(t, "urn:opc:idm:__myscopes__", c.IDCS.Scope)
}

func TestGatherSaysWhatItUsedInstead(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(sampleProject)))
	path := filepath.Join(folder, "conf/policy.json")
	require.NoError(t, os.WriteFile(path, []byte("{\n\"policies\": [ // as in IDCS\n]}"), 0o600))
	o := DefaultOptions()
	o.IDMConf, o.Population = folder, 1
	in, err := gather(o)
	require.NoError(t, err)
	got := input(t, in, "source policy")
	assert.Equal(t, 2, got.Line)
	assert.Contains(t, got.Problem, "not JSON (line 2")
	assert.Contains(t, got.Value, "used instead: IDM's default: at least 8 characters")
	assert.Equal(t, 8, in.source.MinLength)
}

func TestGatherPeople(t *testing.T) {
	users := file(t, "people.csv", "uid,givenName,sn,mail\nbjensen,Barbara,Jensen,b@example.com\nnomail,No,Mail,\n")
	o := DefaultOptions()
	o.Users, o.Population = users, 0
	in, err := gather(o)
	require.NoError(t, err)
	require.Len(t, in.people, 1)
	assert.Equal(t, "bjensen", in.people[0].UserName)
	left := input(t, in, "user nomail")
	assert.Equal(t, 3, left.Line)
	assert.NotEmpty(t, left.Problem)

	o.Population = 50
	in, err = gather(o)
	require.NoError(t, err)
	assert.Greater(t, len(in.people), 49)
	names := map[string]bool{}
	for _, p := range in.people {
		assert.False(t, names[strings.ToLower(p.UserName)], p.UserName)
		names[strings.ToLower(p.UserName)] = true
	}
}

func TestGatherBoundsTheProblems(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("uid,mail\nbjensen,b@example.com\n")
	for i := range 25 {
		fmt.Fprintf(&rows, "nomail%d,\n", i)
	}
	o := DefaultOptions()
	o.Users, o.Population = file(t, "people.csv", rows.String()), 0
	in, err := gather(o)
	require.NoError(t, err)
	last := in.list[len(in.list)-1]
	assert.Equal(t, "15 more entries cannot be used", last.Problem)
}

func TestGatherRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(*testing.T, *Options)
		want   string
	}{
		"no such folder": {
			func(_ *testing.T, o *Options) { o.IDMConf = "no-such-folder" }, "--idm-conf: no-such-folder: there is no such folder",
		},
		"folder without conf": {
			func(t *testing.T, o *Options) { t.Helper(); o.IDMConf = t.TempDir() }, "it has no folder conf",
		},
		"no such users file": {
			func(_ *testing.T, o *Options) { o.Users = "no-such-file.ldif" }, "--users: open no-such-file.ldif",
		},
		"users file with nobody": {
			func(t *testing.T, o *Options) {
				t.Helper()
				o.Users, o.Population = file(t, "people.csv", "uid,mail\n"), 0
			}, "has nobody to rehearse with",
		},
		"target policy with an unknown name": {
			func(t *testing.T, o *Options) {
				t.Helper()
				o.TargetPolicy = file(t, "policy.json", `{"minLenght": 12}`)
			}, "minLength",
		},
		"target policy that contradicts itself": {
			func(t *testing.T, o *Options) {
				t.Helper()
				o.TargetPolicy = file(t, "policy.json", `{"minLength": 20, "maxLength": 10}`)
			}, "--target-policy",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := DefaultOptions()
			c.change(t, &o)
			_, err := gather(o)
			require.ErrorContains(t, err, c.want)
			var usage *UsageError
			require.ErrorAs(t, err, &usage)
			assert.Equal(t, 2, usage.ExitCode())
		})
	}
}
