package idmconf_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/idmconf"
)

const (
	provisioner = "conf/provisioner.openicf-idcs.json"
	policy      = "conf/policy.json"
	schedule    = "conf/schedule-passwordSyncRetry.json"
)

// sample is a project folder without faults.
func sample(t *testing.T) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	for _, name := range []string{provisioner, policy, schedule} {
		data, err := os.ReadFile("testdata/project/" + name)
		require.NoError(t, err)
		folder[name] = &fstest.MapFile{Data: data}
	}
	return folder
}

func TestReadTakesAll(t *testing.T) {
	project, err := idmconf.Read(sample(t))
	require.NoError(t, err)

	assert.Equal(t, "https://idcs-acme.identity.oraclecloud.com", project.BaseAddress)
	assert.Equal(t, "https://idcs-acme.identity.oraclecloud.com/oauth2/v1/token", project.TokenURL)
	assert.Equal(t, "0a1b2c3d4e5f", project.ClientID)
	assert.Equal(t, "urn:opc:idm:__myscopes__", project.Scope)
	assert.Equal(t, "application/scim+json", project.ContentType)
	assert.Equal(t, "0 0/5 * * * ?", project.Schedule)
	assert.Equal(t, idmconf.Policy{MinLength: 14, Capitals: 2, Numbers: 1, Fields: []string{"userName", "sn"}}, project.Policy)
	var lines []string
	for _, f := range project.Findings {
		assert.Empty(t, f.Problem, f.What)
		lines = append(lines, f.String())
	}
	assert.Equal(t, []string{
		provisioner + ":4: endpoint https://idcs-acme.identity.oraclecloud.com",
		provisioner + ":8: token endpoint https://idcs-acme.identity.oraclecloud.com/oauth2/v1/token",
		provisioner + ":6: client 0a1b2c3d4e5f",
		provisioner + ":9: scope urn:opc:idm:__myscopes__",
		provisioner + ":7: client secret &{idcs.client.secret}; used instead: a secret made for this rehearsal",
		provisioner + ":11: content type application/scim+json",
		policy + ":10: source policy at least 14 characters, 2 capital, 1 number, without userName, sn",
		schedule + ":4: retry schedule 0 0/5 * * * ?",
	}, lines)
}

// TestReadFaults breaks one thing of a good folder per case and names what must be said about it.
func TestReadFaults(t *testing.T) {
	replace := func(file, from, to string) func(fstest.MapFS) {
		return func(folder fstest.MapFS) {
			text := string(folder[file].Data)
			if !strings.Contains(text, from) {
				panic(fmt.Sprintf("%s has no %s", file, from))
			}
			folder[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, from, to, 1))}
		}
	}
	without := func(file string) func(fstest.MapFS) {
		return func(folder fstest.MapFS) { delete(folder, file) }
	}
	cases := map[string]struct {
		fault func(fstest.MapFS)
		want  string // in the findings
		check func(*testing.T, idmconf.Project)
	}{
		"comment in the policy": {
			fault: replace(policy, `"minLength": 14`, "\"minLength\": 14 // as in IDCS\n"),
			want: policy + ":11: source policy: not JSON (line 11, column 73): a comment, which JSON does not have; " +
				"used instead: IDM's default: at least 8 characters, 1 capital, 1 number, without userName, givenName, sn",
			check: func(t *testing.T, p idmconf.Project) {
				t.Helper()
				assert.Equal(t, idmconf.DefaultPolicy(), p.Policy)
			},
		},
		"policy cut short": {
			fault: func(folder fstest.MapFS) { folder[policy].Data = folder[policy].Data[:40] },
			want:  "unexpected end of JSON input",
		},
		"policy is empty": {
			fault: func(folder fstest.MapFS) { folder[policy] = &fstest.MapFile{} },
			want:  policy + ":1: source policy: not JSON",
		},
		"policy for another property": {
			fault: replace(policy, `"name": "password"`, `"name": "mail"`),
			want:  policy + ": source policy: has no policies for the property password of managed/user",
		},
		"policy at the top": {
			fault: func(folder fstest.MapFS) {
				folder[policy] = &fstest.MapFile{Data: []byte(`{"policies":[{"policyId":"minimum-length","params":{"minLength":12}}]}`)}
			},
			want: "IDM reads policies at resources[].properties[].policies and ignores them at the top of the file",
			check: func(t *testing.T, p idmconf.Project) {
				t.Helper()
				assert.Equal(t, idmconf.DefaultPolicy(), p.Policy, "what IDM enforces, not what the file means")
			},
		},
		"policy with a text for a number": {
			fault: replace(policy, `"minLength": 14`, `"minLength": "14"`),
			want:  policy + ":11: source policy: the parameters of minimum-length cannot be read",
		},
		"unknown policy": {
			fault: replace(policy, "at-least-X-numbers", "at-least-X-digits"),
			want:  policy + `:13: source policy: policy "at-least-X-digits" is not known; used instead: nothing`,
		},
		"character sets": {
			fault: replace(policy, `{ "policyId": "not-empty" }`,
				`{ "policyId": "required-character-sets", "params": { "characterSets": ["upper:A-Z", "lower:a-z"], "minSets": 2 } }`),
			want: "required-character-sets is none of IDM's own policies",
			check: func(t *testing.T, p idmconf.Project) {
				t.Helper()
				assert.Equal(t, []string{"upper:A-Z", "lower:a-z"}, p.Policy.CharacterSets)
				assert.Equal(t, 2, p.Policy.MinSets)
			},
		},
		"more character sets than listed": {
			fault: replace(policy, `{ "policyId": "not-empty" }`,
				`{ "policyId": "required-character-sets", "params": { "characterSets": ["upper:A-Z"], "minSets": 2 } }`),
			want: "needs minSets, a number from 0 to the 1 sets it lists; used instead: nothing",
		},
		"no provisioner, but another": {
			fault: func(folder fstest.MapFS) {
				folder["conf/provisioner.openicf-oracle.json"] = folder[provisioner]
				delete(folder, provisioner)
			},
			want: provisioner + ": connection: is not there; the folder has conf/provisioner.openicf-oracle.json; " +
				"used instead: the embedded defaults for endpoint, client and scope",
		},
		"plain http": {
			fault: replace(provisioner, "https://idcs-acme.identity.oraclecloud.com/\"", "http://idcs-acme.identity.oraclecloud.com/\""),
			want:  provisioner + ":4: endpoint: http://idcs-acme.identity.oraclecloud.com/ is not an https:// address; used instead: the embedded default",
		},
		"token endpoint elsewhere": {
			fault: replace(provisioner, "https://idcs-acme.identity.oraclecloud.com/oauth2", "https://login.example.com/oauth2"),
			want:  "is on host login.example.com, the endpoint on idcs-acme.identity.oraclecloud.com",
		},
		"client is a number": {
			fault: replace(provisioner, `"0a1b2c3d4e5f"`, `17`),
			want:  provisioner + ":6: client: clientId is not a text; used instead: the embedded default",
		},
		"endpoint is a property": {
			fault: replace(provisioner, "https://idcs-acme.identity.oraclecloud.com/", "&{idcs.url}"),
			want:  "property &{idcs.url} is not resolved here",
		},
		"scope missing": {
			fault: replace(provisioner, `,
      "scope": "urn:opc:idm:__myscopes__"`, ""),
			want: provisioner + ":5: scope: scope is missing; used instead: the embedded default",
		},
		"no schedule": {
			fault: without(schedule),
			want:  "conf: retry schedule: has no schedule-*.json; used instead: every 15 minutes (0 0/15 * * * ?)",
		},
		"schedule disabled": {
			fault: replace(schedule, "true", "false"),
			want:  schedule + ":2: retry schedule: the schedule is disabled; used instead: every 15 minutes",
		},
		"schedule is no cron expression": {
			fault: replace(schedule, "0 0/5 * * * ?", "every 5 minutes"),
			want:  schedule + ":4: retry schedule: expected exactly 6 fields",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			folder := sample(t)
			c.fault(folder)
			project, err := idmconf.Read(folder)
			require.NoError(t, err)
			var text strings.Builder
			for _, f := range project.Findings {
				text.WriteString(f.String() + "\n")
			}
			assert.Contains(t, text.String(), c.want)
			if c.check != nil {
				c.check(t, project)
			}
		})
	}
}

func TestReadNeedsAProjectFolder(t *testing.T) {
	for name, folder := range map[string]fstest.MapFS{
		"no conf":        {"readme.txt": {}},
		"conf is a file": {"conf": {Data: []byte("x")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := idmconf.Read(folder)
			assert.ErrorContains(t, err, "not an IDM project folder")
		})
	}
}

func TestSecretIsNeverTaken(t *testing.T) {
	const canary = "Canary-4711-in-clear"
	folder := sample(t)
	text := strings.Replace(string(folder[provisioner].Data), "&{idcs.client.secret}", canary, 1)
	folder[provisioner] = &fstest.MapFile{Data: []byte(text)}
	project, err := idmconf.Read(folder)
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%+v", project), canary)
	assert.Contains(t, fmt.Sprintf("%+v", project.Findings), "stands in the file in clear")
}

func TestByteOrderMarkAndCarriageReturns(t *testing.T) {
	plain := sample(t)
	windows := maps.Clone(plain)
	for name, file := range plain {
		text := "\ufeff" + strings.ReplaceAll(string(file.Data), "\n", "\r\n")
		windows[name] = &fstest.MapFile{Data: []byte(text)}
	}
	want, err := idmconf.Read(plain)
	require.NoError(t, err)
	got, err := idmconf.Read(windows)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"policies":[{"policyId":"minimum-length","params":{"minLength":12 // x`))
	f.Add([]byte(`{"resources":[{"resource":"managed/user","properties":[{"name":"password","policies":[1,null,{}]}]}]}`))
	f.Add([]byte(`[[[[{"a":[]}]]]]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := fstest.MapFS{}
		for _, name := range []string{provisioner, policy, schedule} {
			folder[name] = &fstest.MapFile{Data: data}
		}
		project, err := idmconf.Read(folder)
		require.NoError(t, err)
		assert.NotEmpty(t, project.Findings)
	})
}
