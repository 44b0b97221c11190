package invariants_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Each case starts from the good run and does one thing wrong, or tells a short bad one. also are other checks that the
// same fault rightly fails.
func TestWhatMustBeCaught(t *testing.T) {
	cases := map[string]struct {
		tell func() *story
		name string
		says []string
		also []string
	}{
		"superseded, although it was accepted and the crash came later": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.accept("ann", p1)
				s.change("ann", p2)
				s.accept("ann", p2)
				s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
				s.crash(time.Minute)
				return s
			},
			invariants.OneWrite,
			[]string{"said to be superseded, but accepted"},
			nil,
		},
		"an org's limit is used up, and asked again before it begins anew": {
			func() *story {
				s := begin("ann", "bob")
				s.change("ann", p1)
				s.orgWrite(429, s.limits("300", "0", 30*time.Second))
				s.wait(8 * time.Second)
				s.orgAccept()
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.RetryDiscipline,
			[]string{"entry #3", "told in entry #2", "that the limit is used up until"},
			nil,
		},
		"an org's user is made a local one to get the password in": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.entry(control.Entry{Operation: "reset_password", Method: "POST", Path: "/api/v1/users/id-ann/lifecycle/reset_password", User: "ann", Status: 200, Token: "valid"})
				s.orgAccept()
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.NoSurprise,
			[]string{"entry #2", "reset_password for ann: the user's life is an administrator's affair"},
			nil,
		},
		"an org refuses for the status, and is asked again": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				for range 2 {
					e := s.orgWrite(403, nil)
					e.Operation, e.Outcome, e.Reason, e.Digest = "write_password", "refused", "status", "digest of "+p1
					s.wait(3 * time.Second)
				}
				return s.end(0, invariants.Parked, "inactive").logIn("ann", -1)
			},
			invariants.RetryDiscipline,
			[]string{"refused for good (status)"},
			nil,
		},
		"superseded by the life that had the answer, and written down before it died": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.accept("ann", p1)
				s.change("ann", p2)
				s.end(0, invariants.Superseded, "")
				s.crash(time.Second)
				s.token(200)
				s.accept("ann", p2)
				return s.end(1, invariants.Applied, "").logIn("ann", 1)
			},
			invariants.OneWrite,
			[]string{"ann, change 0 (tx-0): said to be superseded, but accepted"},
			nil,
		},
		"superseded by a life after a crash, although that very life had written it": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.crash(time.Second)
				s.token(200)
				s.accept("ann", p1)
				s.change("ann", p2)
				s.accept("ann", p2)
				return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
			},
			invariants.OneWrite,
			[]string{"ann, change 0 (tx-0): said to be superseded, but accepted"},
			nil,
		},
		"the same password twice, and superseded twice; a crash accounts for one": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.accept("ann", p1)
				s.end(0, invariants.Superseded, "")
				s.change("ann", p1)
				s.accept("ann", p1)
				s.crash(time.Second)
				s.token(200)
				s.change("ann", p2)
				s.accept("ann", p2)
				return s.end(1, invariants.Superseded, "").end(2, invariants.Applied, "").logIn("ann", 2)
			},
			invariants.OneWrite,
			[]string{"said to be superseded, but accepted"},
			nil,
		},
		"two tokens after a crash, of which none can be left over": {
			func() *story {
				s := begin("ann")
				s.crash(time.Second)
				s.token(200)
				s.token(200)
				s.change("ann", p1)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"a token request that nothing called for"},
			nil,
		},
		"three tokens after a life that had none: only one can be left over": {
			func() *story {
				s := begin("ann")
				s.crash(time.Second).crash(time.Second)
				s.token(200)
				s.token(200)
				s.token(200)
				s.change("ann", p1)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"a token request that nothing called for"},
			nil,
		},
		"tried again at once after a crash, by the life that was refused": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.crash(time.Second)
				s.token(200)
				s.write("ann", p1, "", "unavailable", 503)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.RetryDiscipline,
			[]string{"tried again"},
			nil,
		},
		"no outcome": {
			func() *story {
				s := good()
				s.change("carol", p3)
				s.Probes = append(s.Probes, invariants.Probe{User: "carol", Change: 2, Reason: "wrong_password"})
				return s
			},
			invariants.NothingLost,
			[]string{"carol, change 2 (tx-2)", "no final outcome"},
			[]string{invariants.NewestWins},
		},
		"still queued": {
			func() *story {
				s := good()
				s.change("carol", p3).State = "retrying"
				s.Probes = append(s.Probes, invariants.Probe{User: "carol", Change: 2, Reason: "wrong_password"})
				return s
			},
			invariants.NothingLost,
			[]string{"still retrying"},
			[]string{invariants.NewestWins},
		},
		"two outcomes":    {func() *story { s := good(); s.Changes[0].Outcomes = 2; return s }, invariants.NothingLost, []string{"2 final outcomes"}, nil},
		"not a final one": {func() *story { s := good(); s.Changes[0].State = "done"; return s }, invariants.NothingLost, []string{`"done" is not a final state`}, []string{invariants.OneAudit}},

		"the older password is valid": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.change("ann", p2)
				s.accept("ann", p2)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").end(1, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.NewestWins,
			[]string{"ann, change 1 (tx-1), applied: does not log in (wrong_password)", "change 0 does, written in entry #3"},
			[]string{invariants.NoStaleWrite},
		},
		"the initial password is valid besides": {
			func() *story { s := good(); s.Probes[0].OK = true; return s },
			invariants.NewestWins,
			[]string{"ann: the password from before the run still logs in"},
			nil,
		},
		"the user must change": {
			func() *story { s := good(); s.Probes[1].MustChange = true; return s },
			invariants.NewestWins,
			[]string{"ann, change 0", "sent to change the password", "UserPasswordChanger"},
			nil,
		},
		"a bystander lost the password": {
			func() *story {
				s := good()
				s.Probes[len(s.Probes)-1] = invariants.Probe{User: "carol", Change: -1, Reason: "wrong_password"}
				return s
			},
			invariants.NewestWins,
			[]string{"carol, the password from before the run: does not log in"},
			nil,
		},
		"locked out by repeats": {
			func() *story {
				s := good()
				s.Probes[1] = invariants.Probe{User: "ann", Change: 0, Reason: "locked"}
				return s
			},
			invariants.NewestWins,
			[]string{"(locked)"},
			nil,
		},
		"given up as policy though nobody asked the target": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				return s.end(0, invariants.Parked, "policy").logIn("ann", -1)
			},
			invariants.NewestWins,
			[]string{"ann, change 0 (tx-0), parked: does not log in", "the password from before the run still does"},
			nil,
		},
		"an untold change never written": {
			func() *story {
				s := begin("ann")
				s.OutcomesObservable = false
				s.change("ann", p1)
				s.Audit = []invariants.AuditLine{{TransactionID: "tx-0", User: "ann", Outcome: "parked"}}
				return s.logIn("ann", -1)
			},
			invariants.NewestWins,
			[]string{"ann, change 0 (tx-0): does not log in"},
			nil,
		},

		"the older one lands last, though the newer was written again": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.change("ann", p2)
				s.accept("ann", p2)
				s.accept("ann", p1)
				s.accept("ann", p2)
				return s.end(0, invariants.Applied, "").end(1, invariants.Applied, "").logIn("ann", 1)
			},
			invariants.NoStaleWrite,
			[]string{"ann, change 0 (tx-0): written in entry #3", "after change 1 in entry #2"},
			[]string{invariants.OneWrite},
		},

		"written three times": {
			func() *story {
				s := good()
				s.accept("ann", p1)
				s.accept("ann", p1)
				return s
			},
			invariants.OneWrite,
			[]string{"ann, change 0 (tx-0): accepted in entry #3 and sent again in #6, #7"},
			nil,
		},
		"written blindly after a lost answer": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				e := s.accept("ann", p1)
				e.Lost, e.Status = true, 0
				s.wait(2*time.Second).refuse(p1, "policy")
				return s.end(0, invariants.Parked, "policy").logIn("ann", 0)
			},
			invariants.OneWrite,
			[]string{"accepted in entry #2 and sent again in #3"},
			nil,
		},
		"said to be parked after a lost answer, without another write": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				e := s.accept("ann", p1)
				e.Lost, e.Status = true, 0
				return s.end(0, invariants.Parked, "policy").logIn("ann", 0)
			},
			invariants.OneWrite,
			[]string{"said to be parked (policy), but accepted in entry #2"},
			nil,
		},
		"said to be applied though refused": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.refuse(p1, "policy")
				return s.end(0, invariants.Applied, "").logIn("ann", -1)
			},
			invariants.OneWrite,
			[]string{"said to be applied, but refused for policy in entry #2"},
			[]string{invariants.NewestWins},
		},
		"said to be superseded though accepted": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.accept("ann", p1)
				return s.end(0, invariants.Superseded, "").logIn("ann", 0)
			},
			invariants.OneWrite,
			[]string{"said to be superseded, but accepted in entry #2"},
			nil,
		},

		"a policy refusal is sent again": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.refuse(p1, "policy")
				s.wait(2*time.Second).refuse(p1, "policy")
				return s.end(0, invariants.Parked, "policy").logIn("ann", -1)
			},
			invariants.RetryDiscipline,
			[]string{"ann, change 0 (tx-0): refused for good (policy) in entry #2 and sent again in #3"},
			nil,
		},
		"a federated refusal is sent again by the schedule": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.refuse(p1, "federated")
				s.wait(15*time.Minute).refuse(p1, "federated")
				return s.end(0, invariants.Parked, "federated").logIn("ann", -1)
			},
			invariants.RetryDiscipline,
			[]string{"(federated)"},
			nil,
		},
		"too soon": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.fault("ann", 503, nil)
				s.wait(time.Second).accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.RetryDiscipline,
			[]string{"ann: tried again 1s after entry #2 had failed, in entry #3; 2s are promised"},
			nil,
		},
		"the third wait is missing": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				for _, wait := range seconds(2, 4, 4) {
					s.fault("ann", 503, nil)
					s.wait(wait)
				}
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.RetryDiscipline,
			[]string{"8s are promised"},
			nil,
		},
		"two changes, three hurried attempts": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.change("ann", p2)
				for range 3 {
					s.fault("ann", 503, nil)
				}
				s.accept("ann", p2)
				return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
			},
			invariants.RetryDiscipline,
			[]string{"ann: tried again"},
			nil,
		},
		"no end of attempts": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				for range 25 {
					s.fault("ann", 503, nil)
					s.wait(time.Minute)
				}
				return s.end(0, invariants.Parked, "unavailable").logIn("ann", -1)
			},
			invariants.RetryDiscipline,
			[]string{"25 attempts for 1 changes; 24 are promised"},
			nil,
		},
		"given up at once": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.fault("ann", 503, nil)
				return s.end(0, invariants.Parked, "unavailable").logIn("ann", -1)
			},
			invariants.RetryDiscipline,
			[]string{"given up (unavailable) after 20ms"},
			nil,
		},
		"Retry-After not heard": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.fault("ann", 429, map[string][]string{"Retry-After": {"30"}})
				s.wait(2*time.Second).accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.RetryDiscipline,
			[]string{"told in entry #2", "to stay away until"},
			nil,
		},
		"Retry-After not heard by the other workers": {
			func() *story {
				s := begin("ann", "bob")
				s.change("ann", p1)
				s.change("bob", p2)
				s.fault("ann", 429, map[string]any{"retry-after": "30"})
				s.wait(5 * time.Second).find("bob")
				s.accept("bob", p2)
				s.wait(30*time.Second).accept("ann", p1)
				return s.end(0, invariants.Applied, "").end(1, invariants.Applied, "").logIn("ann", 0).logIn("bob", 1)
			},
			invariants.RetryDiscipline,
			[]string{"entry #3", "GET /admin/v1/Users for bob"},
			nil,
		},

		"the dead token is used again": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				for range 2 {
					e := s.find("ann")
					e.Status, e.Token = 401, "revoked"
					s.wait(2 * time.Second)
				}
				s.token(200)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"entry #3", "with the token that was refused in entry #2"},
			nil,
		},
		"a token past its own end": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				s.wait(2 * time.Hour)
				e := s.find("ann")
				e.Status, e.Token = 401, "expired"
				s.token(200)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"known to end at 01:00:00"},
			nil,
		},
		"a stampede": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				e := s.find("ann")
				e.Status, e.Token = 401, "revoked"
				at := s.now
				for range 3 {
					g := s.token(200)
					g.Received, g.Answered = at, at.Add(answer)
				}
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"a second token request while entry #3 was under way"},
			nil,
		},
		"a stampede in single file": {
			func() *story {
				s := begin("ann")
				s.change("ann", p1)
				e := s.find("ann")
				e.Status, e.Token = 401, "revoked"
				s.token(200)
				s.token(200)
				s.accept("ann", p1)
				return s.end(0, invariants.Applied, "").logIn("ann", 0)
			},
			invariants.TokenDiscipline,
			[]string{"entry #4", "nothing called for; the token of entry #3"},
			nil,
		},
		"a token for each change": {
			func() *story {
				s := good()
				s.token(200)
				return s
			},
			invariants.TokenDiscipline,
			[]string{"nothing called for"},
			nil,
		},

		"audited twice": {
			func() *story { s := good(); s.Audit = append(s.Audit, s.Audit[0]); return s },
			invariants.OneAudit,
			[]string{"ann, change 0 (tx-0): audited 2 times (applied, applied)"},
			nil,
		},
		"not audited": {
			func() *story { s := good(); s.Audit = s.Audit[1:]; return s },
			invariants.OneAudit,
			[]string{"ann, change 0 (tx-0): applied, and not audited"},
			nil,
		},
		"audited as something else": {
			func() *story { s := good(); s.Audit[0].Outcome = invariants.Parked; return s },
			invariants.OneAudit,
			[]string{"applied, but audited as parked"},
			nil,
		},
		"audited for somebody else": {
			func() *story { s := good(); s.Audit[0].User = "bob"; return s },
			invariants.OneAudit,
			[]string{`audited for the user "bob"`},
			nil,
		},
		"audited under a strange id": {
			func() *story {
				s := good()
				s.Audit = append(s.Audit, invariants.AuditLine{TransactionID: "x", User: "ann", Outcome: "applied"})
				return s
			},
			invariants.OneAudit,
			[]string{`the transaction id "x", which no change has`},
			nil,
		},

		"what a directory had before the run, twice": {
			func() *story {
				s := good()
				s.DeliversFirst = true
				for _, id := range []string{"ldap-1", "ldap-2"} {
					s.Audit = append(s.Audit, invariants.AuditLine{TransactionID: id, User: "ann", Outcome: invariants.Parked})
				}
				return s
			},
			invariants.OneAudit,
			[]string{`the transaction id "ldap-2", which no change has`},
			nil,
		},
		"a first password of somebody who had none": {
			func() *story {
				s := good()
				s.DeliversFirst = true
				s.Audit = append(s.Audit, invariants.AuditLine{TransactionID: "ldap-1", User: "nobody", Outcome: invariants.Parked})
				return s
			},
			invariants.OneAudit,
			[]string{`the transaction id "ldap-1", which no change has`},
			nil,
		},

		"an unknown route": {
			func() *story {
				s := good()
				s.entry(control.Entry{Method: "GET", Path: "/admin/v1/Nothing", Status: 404, Surprise: "there is nothing at /admin/v1/Nothing", Token: "valid"})
				return s
			},
			invariants.NoSurprise,
			[]string{"entry #6", "there is nothing at"},
			nil,
		},
		"a user nobody asked for": {
			func() *story {
				s := good()
				s.UsersAfter = append(s.UsersAfter, control.User{ID: "x", UserName: "ANN "})
				return s
			},
			invariants.NoSurprise,
			[]string{"created, which nobody asked for"},
			nil,
		},
		"the same person under two names": {
			func() *story {
				s := good()
				s.Provisioning = map[string]bool{"ann2": true}
				s.UsersAfter = append(s.UsersAfter, control.User{ID: "x", UserName: "ann2", Email: "ann@example.com"})
				return s
			},
			invariants.NoSurprise,
			[]string{"ann2: created with the e-mail address of ann"},
			nil,
		},
		"created twice": {
			func() *story {
				s := good()
				s.Provisioning = map[string]bool{"dora": true}
				for range 2 {
					s.entry(control.Entry{Operation: "create", Method: "POST", Path: "/admin/v1/Users", User: "dora", Status: 201, Token: "valid"})
				}
				return s
			},
			invariants.NoSurprise,
			[]string{"dora: created 2 times, in entries #6, #7"},
			nil,
		},
		"another attribute touched": {
			func() *story { s := good(); s.UsersAfter[0].DisplayName = "Ann!"; return s },
			invariants.NoSurprise,
			[]string{`ann: displayName was "Display ann" and is "Ann!"`},
			nil,
		},
		"activated over the API": {
			func() *story {
				s := good()
				s.UsersBefore[2].Active = false
				s.entry(control.Entry{Operation: "update", Method: "PATCH", Path: "/admin/v1/Users/id-carol", Status: 200, Token: "valid"})
				return s
			},
			invariants.NoSurprise,
			[]string{`carol: active was "false" and is "true", see entry #6`},
			nil,
		},
		"a password that nobody chose": {
			func() *story {
				s := good()
				s.accept("carol", "trimmed")
				return s
			},
			invariants.NoSurprise,
			[]string{"entry #6: a password was written for carol that no change of that user has"},
			nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rightly := map[string]bool{c.name: true}
			for _, other := range c.also {
				rightly[other] = true
			}
			for _, check := range invariants.Check(c.tell().History) {
				if rightly[check.Name] {
					assert.Equal(t, reports.Failed, check.Verdict, "%s: %s", check.Name, check.Detail)
				} else {
					assert.NotEqual(t, reports.Failed, check.Verdict, "%s: %s", check.Name, check.Detail)
				}
				if check.Name == c.name {
					for _, text := range c.says {
						assert.Contains(t, check.Detail, text)
					}
				}
			}
		})
	}
}

func TestLeaks(t *testing.T) {
	const password = "Käse-5<br>&\"Q\\uark 7/?="
	spelled := map[string]string{
		"plain":               password,
		"at the end":          "x" + password,
		"JSON":                `K\u00e4se-5<br>&\"Q\\uark 7/?=`,
		"JSON with HTML":      `Käse-5\u003cbr\u003e\u0026\"Q\\uark 7/?=`,
		"JSON in JSON":        `Käse-5<br>&\\\"Q\\\\uark 7/?=`,
		"HTML":                `Käse-5&lt;br&gt;&amp;&#34;Q\uark 7/?=`,
		"query":               url.QueryEscape(password),
		"path":                url.PathEscape(password),
		"percent, lower case": "%4b%c3%a4se%2d5", // not ours: see below
		"hex":                 hex.EncodeToString([]byte(password)),
		"base64":              base64.StdEncoding.EncodeToString([]byte(password)),
		"base64 url":          base64.URLEncoding.EncodeToString([]byte(password)),
		"base64 after 1":      base64.StdEncoding.EncodeToString([]byte(":" + password + ":rest")),
		"base64 after 2":      base64.RawStdEncoding.EncodeToString([]byte("u:" + password)),
		"base64 after 3":      base64.RawURLEncoding.EncodeToString([]byte("us:" + password + "}")),
	}
	delete(spelled, "percent, lower case")
	for name, text := range spelled {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.Changes[0].Password = secret.New(password)
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: "queue/1.blk", Data: []byte("noise " + text + " noise")}, sut.Artifact{Name: "end", Data: []byte(text)})
			c := verdicts(s.History)[invariants.NoLeak]
			assert.Equal(t, reports.Failed, c.Verdict, c.Detail)
			assert.Contains(t, c.Detail, "the password of ann, change 0 (tx-0) shows in queue/1.blk at byte")
			assert.Contains(t, c.Detail, "shows in end at byte")
			assert.NotContains(t, c.Detail, password)
		})
	}
	places := map[string]func(*story){
		"initial password": func(s *story) { s.Artifacts[0].Data = []byte("initial-password-of-carol") },
		"client secret": func(s *story) {
			s.Artifacts[0].Data = []byte("Basic " + base64.StdEncoding.EncodeToString([]byte("seatrial:client-secret-of-the-run")))
		},
		"path":                           func(s *story) { s.Entries[2].Path = "/admin/v1/Users/" + p1 },
		"query":                          func(s *story) { s.Entries[2].Query = "password=" + url.QueryEscape(p1) },
		"query, as the journal shows it": func(s *story) { s.Entries[2].Query = "strict=true&p=" + secret.New(p1).String() },
		"path, as the journal shows it":  func(s *story) { s.Entries[2].Path = "/api/v1/users/" + secret.New(p1).String() },
		"header":                         func(s *story) { s.Entries[2].RequestHeaders = map[string]any{"X-Debug": []any{p1}} },
		"body":                           func(s *story) { s.Entries[2].ResponseBody = `{"detail":"` + p1 + `"}` },
	}
	for name, leak := range places {
		t.Run(name, func(t *testing.T) {
			s := good()
			leak(s)
			assert.Equal(t, reports.Failed, verdicts(s.History)[invariants.NoLeak].Verdict)
		})
	}
	t.Run("a piece of it is not it", func(t *testing.T) {
		s := good()
		s.Artifacts[0].Data = []byte(p1[:len(p1)-1] + " " + p2[1:])
		assert.Equal(t, reports.Passed, verdicts(s.History)[invariants.NoLeak].Verdict)
	})
	t.Run("a short one is not looked for, and that is said", func(t *testing.T) {
		s := good()
		s.Changes[0].Password = secret.New("abc")
		s.Artifacts[0].Data = []byte("abc")
		c := verdicts(s.History)[invariants.NoLeak]
		assert.Equal(t, reports.Passed, c.Verdict)
		assert.Contains(t, c.Detail, "1 secrets of less than 6 bytes were not")
	})
}

func TestWithoutEvidenceNothingPasses(t *testing.T) {
	all := []string{
		invariants.NothingLost, invariants.NewestWins, invariants.NoStaleWrite, invariants.OneWrite, invariants.NoLeak,
		invariants.RetryDiscipline, invariants.TokenDiscipline, invariants.OneAudit, invariants.NoSurprise,
	}
	cases := map[string]struct {
		hide func(*story)
		void []string
		says string
	}{
		"nothing at all":    {func(s *story) { s.History = invariants.History{} }, all, ""},
		"dropped entries":   {func(s *story) { s.Dropped = 7 }, []string{invariants.NoStaleWrite, invariants.OneWrite, invariants.RetryDiscipline, invariants.TokenDiscipline, invariants.NoSurprise}, "7 entries of the journal are gone"},
		"no audit":          {func(s *story) { s.AuditObservable = false }, []string{invariants.OneAudit}, "could not be read"},
		"no outcomes":       {func(s *story) { s.OutcomesObservable = false }, []string{invariants.NothingLost}, "does not tell"},
		"no artifacts":      {func(s *story) { s.Artifacts = nil }, []string{invariants.NoLeak}, "hands over nothing"},
		"no log-ins":        {func(s *story) { s.Probes = nil }, []string{invariants.NewestWins}, "no log-in was tried"},
		"not the right one": {func(s *story) { s.Probes = s.Probes[:1] }, []string{invariants.NewestWins}, "for 2 users: ann, bob"},
		"no digests":        {func(s *story) { s.Changes[0].Digest = "" }, []string{invariants.NoStaleWrite, invariants.OneWrite, invariants.RetryDiscipline}, "carries no digest"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := good()
			c.hide(s)
			expected := map[string]bool{}
			for _, check := range c.void {
				expected[check] = true
			}
			checks := invariants.Check(s.History)
			names := make([]string, 0, len(checks))
			for _, check := range checks {
				names = append(names, check.Name)
				if expected[check.Name] {
					assert.Equal(t, reports.Void, check.Verdict, "%s: %s", check.Name, check.Detail)
					assert.Contains(t, check.Detail, c.says)
				} else {
					assert.Equal(t, reports.Passed, check.Verdict, "%s: %s", check.Name, check.Detail)
				}
			}
			assert.Equal(t, all, names, "always nine, always in this order")
		})
	}
}

func TestReadAudit(t *testing.T) {
	lines, err := invariants.ReadAudit([]byte(`{"time":"2000-01-01T00:00:01.5Z","transactionId":"t","userName":"ann","outcome":"parked","reason":"policy","hash":"00"}` + "\n\n"))
	assert.NoError(t, err)
	assert.Equal(t, []invariants.AuditLine{{TransactionID: "t", User: "ann", Outcome: "parked", Reason: "policy", Time: time.Date(2000, 1, 1, 0, 0, 1, 5e8, time.UTC)}}, lines)
	_, err = invariants.ReadAudit([]byte("{}\nnot JSON\n"))
	assert.ErrorContains(t, err, "audit line 2")
}
