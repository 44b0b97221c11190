package idcs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

const (
	directoryHash = "{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P"
	domainHash    = "{PBKDF2-HMAC-SHA256}10$QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P"
)

func TestHashesInOraclesForms(t *testing.T) {
	for stored, want := range map[string]string{
		directoryHash:                    domainHash,
		"{SSHA512}QUJD":                  "{SSHA512}QUJD",
		"{ssha}QUJD":                     "{SSHA}QUJD",
		"{PBKDF2}10000:QUJD":             "{PBKDF2-HMAC-SHA1}10000$QUJD",
		"{PBKDF2-HMAC-SHA512}10000:QUJD": "{PBKDF2-HMAC-SHA512}10000$QUJD",
		"{PBKDF2}QUJD":                   "",
		"{BCRYPT}$2a$08$x":               "",
		"{CLEAR}secret":                  "",
		"{SSHA512":                       "",
		"secret":                         "",
	} {
		got, ok := oracleHash(seal.Secret(stored))
		assert.Equal(t, want, string(got), stored)
		assert.Equal(t, want != "", ok, stored)
	}
	_, body := newUserOf(t, map[string]string{"sn": `Jensen"`, "mail": "b@example.com"})
	assert.Equal(t, domainHash, body["password"])
	assert.Equal(t, map[string]any{"familyName": `Jensen"`}, body["name"])
}

func newUserOf(t *testing.T, attributes map[string]string) (string, map[string]any) {
	t.Helper()
	w, ok := api{DefaultConfig()}.CreateHashed(target.Job{Hash: seal.Secret(directoryHash), Attributes: attributes}, "b")
	require.True(t, ok)
	var body map[string]any
	require.NoError(t, json.Unmarshal(w.Body, &body))
	return w.Path, body
}

// A hash makes a user; it does not reach one who exists.
func TestAHashCreatesWhoIsMissing(t *testing.T) {
	hash := func(change func(*target.Job)) target.Job {
		j := target.Job{UserName: "A.User", Hash: seal.Secret(directoryHash), Provision: true, Attributes: map[string]string{"mail": "a@example.com"}}
		if change != nil {
			change(&j)
		}
		return j
	}
	for name, tt := range map[string]struct {
		present bool
		change  func(*target.Job)
		want    target.Answer
		writes  int
	}{
		"missing":                      {want: target.Answer{Class: target.Applied, Wrote: true}, writes: 1},
		"missing, not to be created":   {change: func(j *target.Job) { j.Provision = false }, want: target.Answer{Class: target.Missing, Reason: target.NotFound}},
		"missing, planned":             {change: func(j *target.Job) { j.DryRun = true }, want: target.Answer{Class: target.Planned, Plan: "create"}},
		"present":                      {present: true, want: target.Answer{Class: target.Permanent, Reason: target.Hashed}},
		"present, planned":             {present: true, change: func(j *target.Job) { j.DryRun = true }, want: target.Answer{Class: target.Planned, Plan: "park: hashed"}},
		"present since an earlier try": {present: true, change: func(j *target.Job) { j.Prior = &target.Mark{} }, want: target.Answer{Class: target.Applied, Evidence: target.ByDate}},
		"a form that nobody takes":     {change: func(j *target.Job) { j.Hash = seal.Secret("{BCRYPT}$2a$08$x") }, want: target.Answer{Class: target.Permanent, Reason: target.Hashed}},
	} {
		t.Run(name, func(t *testing.T) {
			domain, _, apply := rig(t)
			if tt.present {
				domain.Add("a.user")
			}
			got := apply(hash(tt.change))
			assert.Equal(t, tt.want, target.Answer{Class: got.Class, Reason: got.Reason, Plan: got.Plan, Wrote: got.Wrote, Evidence: got.Evidence}, got.Detail)
			assert.Equal(t, got.Reason == target.Hashed, strings.Contains(got.Remedy, "by the hook"), "who is parked for a hash is told what to do")
			creates := 0
			for _, e := range domain.Log() {
				if e.Call == "create" {
					creates++
					assert.Equal(t, domainHash, e.Password)
				}
				assert.NotEqual(t, "write", e.Call)
			}
			assert.Equal(t, tt.writes, creates)
		})
	}
}
