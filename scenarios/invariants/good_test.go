package invariants_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim/control"
)

const p1, p2, p3 = "apples-and-1-Pear", "bananas-and-2-Figs", "cherries-and-3-Nuts"

// A false alarm is as bad as a missed fault: nobody would believe the next one. Everything here is what a correct engine
// does on a bad day.
func TestNoFalseAlarm(t *testing.T) {
	cases := map[string]func() *story{
		"all applied": good,
		"what a directory had before the run is delivered, too": func() *story {
			s := good()
			s.DeliversFirst = true
			s.Audit = append(s.Audit, invariants.AuditLine{TransactionID: "ldap-1", User: "Ann", Outcome: invariants.Parked, Reason: "hashed"})
			return s
		},
		"superseded before it was written": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.change("ann", p2)
			s.end(0, invariants.Superseded, "")
			s.accept("ann", p2)
			return s.end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"superseded by one that the policy refused": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.change("ann", p2).Acceptable = false
			s.end(0, invariants.Superseded, "")
			s.refuse(p2, "policy")
			return s.end(1, invariants.Parked, "policy").logIn("ann", -1)
		},
		"policy refuses, the older password stays": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.end(0, invariants.Applied, "")
			s.change("ann", p2).Acceptable = false
			s.refuse(p2, "policy")
			return s.end(1, invariants.Parked, "policy").logIn("ann", 0)
		},
		"policy refused by our own check of the target's policy": func() *story {
			s := begin("ann")
			s.change("ann", p1).Acceptable = false
			return s.end(0, invariants.Parked, "policy").logIn("ann", -1)
		},
		"the same password twice, refused by history the second time": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.end(0, invariants.Applied, "")
			s.change("ann", p1)
			s.refuse(p1, "policy")
			return s.end(1, invariants.Parked, "policy").logIn("ann", 0)
		},
		"there and back again": func() *story {
			s := begin("ann")
			for i, p := range []string{p1, p2, p1} {
				s.change("ann", p)
				s.accept("ann", p)
				s.end(i, invariants.Applied, "")
			}
			s.logIn("ann", 2)
			s.Probes[1].OK = true // change 0 has the password of change 2
			return s
		},
		"answered, and dead before it was written down; superseded by the next life": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.crash(time.Second)
			s.token(200)
			s.change("ann", p2)
			s.accept("ann", p2)
			return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"an org's limit: another bucket is not closed, and this one is open again": func() *story {
			s := begin("ann", "bob")
			s.change("ann", p1)
			s.orgWrite(429, s.limits("300", "0", 30*time.Second))
			s.wait(5 * time.Second)
			s.entry(control.Entry{Operation: "read", Method: "GET", Path: "/api/v1/users/id-bob", User: "bob", Status: 200, Token: "valid"})
			s.wait(26 * time.Second)
			s.orgAccept()
			return s.end(0, invariants.Applied, "").logIn("ann", 0).logIn("bob", -1)
		},
		"an org's user whom an operator had converted, and one who was made anew": func() *story {
			s := begin("ann", "bob")
			s.Repaired = map[string]bool{"ann": true, "bob": true}
			s.entry(control.Entry{Operation: "reset_password", Method: "POST", Path: "/api/v1/users/id-ann/lifecycle/reset_password", User: "ann", Status: 200, Token: "valid"})
			s.entry(control.Entry{Operation: "delete", Method: "DELETE", Path: "/api/v1/users/id-bob", User: "bob", Status: 204, Token: "valid"})
			s.UsersAfter[1].ID = "id-new"
			s.change("ann", p1)
			s.orgAccept()
			s.Probes = append(s.Probes, invariants.Probe{User: "bob", Change: -1, Reason: "no_password"})
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"an org with too many requests at a time: its reset is nothing to wait for": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.orgWrite(429, s.limits("0", "0", 114*time.Second))
			s.wait(2 * time.Second)
			s.orgAccept()
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"an org's token: nobody asks for another": func() *story {
			s := begin("ann")
			s.Entries = nil
			s.change("ann", p1)
			s.orgAccept().Token = "valid"
			s.end(0, invariants.Applied, "")
			s.change("ann", p2)
			e := s.orgWrite(401, nil)
			e.Token, e.Reason = "revoked", "credential"
			s.wait(10 * time.Second)
			e = s.orgWrite(401, nil)
			e.Token, e.Reason = "revoked", "credential"
			s.wait(8 * time.Second)
			return s.end(1, invariants.Parked, "credential").logIn("ann", 0)
		},
		"under way at the death, and read by the target after it": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.Crashes = []invariants.Crash{{Died: s.now, Started: s.now.Add(time.Second)}}
			s.wait(time.Millisecond)
			s.accept("ann", p1)
			s.wait(2 * time.Second)
			s.token(200)
			s.change("ann", p2)
			s.accept("ann", p2)
			return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"under way at the death, and read by the target when the next life has begun": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.crash(time.Second)
			s.accept("ann", p1)
			s.token(200)
			s.change("ann", p2)
			s.accept("ann", p2)
			return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"refused in passing under way at the death, and tried at once by the next life": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.crash(time.Second)
			s.write("ann", p1, "", "unavailable", 503)
			s.token(200)
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"a token request under way at the death of a life that had none": func() *story {
			s := begin("ann")
			s.crash(time.Second).crash(time.Second)
			s.token(200)
			s.token(200)
			s.change("ann", p1)
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"the same password twice: one life applies it, another supersedes it": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.end(0, invariants.Applied, "")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.crash(time.Second)
			s.token(200)
			s.change("ann", p2)
			s.accept("ann", p2)
			s.end(1, invariants.Superseded, "").end(2, invariants.Applied, "").logIn("ann", 2)
			return s
		},
		"answer lost, looked up, applied": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			e := s.accept("ann", p1)
			e.Lost, e.Status, e.Faults = true, 0, []string{"lost"}
			s.wait(2 * time.Second).find("ann")
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"answer lost, never learnt, parked as unknown": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			e := s.accept("ann", p1)
			e.Lost, e.Status = true, 0
			s.wait(time.Hour)
			s.token(200) // near its end
			return s.end(0, invariants.Parked, "unknown_outcome").logIn("ann", 0)
		},
		"answer lost, superseded meanwhile": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			e := s.accept("ann", p1)
			e.Lost, e.Status = true, 0
			s.change("ann", p2)
			s.end(0, invariants.Superseded, "").wait(2 * time.Second)
			s.accept("ann", p2)
			return s.end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"three passing failures, 2 4 8 seconds": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			for _, wait := range seconds(2, 4, 8) {
				s.fault("ann", 503, nil)
				s.wait(wait - 100*time.Millisecond) // jitter
			}
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"an outage of all rounds, parked": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			for range 6 {
				for _, wait := range seconds(2, 4, 8, 900) {
					s.fault("ann", 0, nil)
					s.wait(wait)
				}
			}
			return s.end(0, invariants.Parked, "unavailable").logIn("ann", -1)
		},
		"a newer change starts right after an older one failed": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.fault("ann", 503, nil)
			s.change("ann", p2)
			s.end(0, invariants.Superseded, "")
			s.accept("ann", p2)
			return s.end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"429 with Retry-After, obeyed": func() *story {
			s := begin("ann", "bob")
			s.change("ann", p1)
			s.change("bob", p2)
			s.fault("ann", 429, map[string]any{"Retry-After": []any{"30"}})
			s.fault("bob", 429, map[string]any{"Retry-After": []any{"30"}}) // was on its way
			s.wait(30 * time.Second)
			s.accept("ann", p1)
			s.accept("bob", p2)
			return s.end(0, invariants.Applied, "").end(1, invariants.Applied, "").logIn("ann", 0).logIn("bob", 1)
		},
		"a token revoked under three requests, one refresh": func() *story {
			s := begin("ann", "bob", "carol")
			for _, user := range []string{"ann", "bob", "carol"} {
				s.change(user, p1+user)
			}
			at := s.now
			for _, user := range []string{"ann", "bob", "carol"} {
				e := s.write(user, p1+user, "refused", "credential", 401)
				e.Token, e.Digest, e.Received, e.Answered = "revoked", "", at, at.Add(answer)
			}
			s.token(200)
			for i, user := range []string{"ann", "bob", "carol"} {
				s.accept(user, p1+user)
				s.end(i, invariants.Applied, "").logIn(user, i)
			}
			return s
		},
		"a 401 that a fault made up": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.fault("ann", 401, nil)
			s.token(200)
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"token requests that fail are repeated": func() *story {
			s := begin("ann")
			s.Entries = nil
			s.token(503)
			s.wait(2 * time.Second).token(0)
			s.wait(4 * time.Second).token(200)
			s.change("ann", p1)
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"a token every 55 minutes": func() *story {
			s := begin("ann")
			for i, p := range []string{p1, p2, p3} {
				s.wait(55 * time.Minute).token(200)
				s.change("ann", p)
				s.accept("ann", p)
				s.end(i, invariants.Applied, "")
			}
			return s.logIn("ann", 2)
		},
		"the target's clock is ahead, the token dies early": func() *story {
			s := begin("ann")
			s.wait(53 * time.Minute)
			s.change("ann", p1)
			e := s.find("ann")
			e.Token, e.Status = "expired", 401
			s.token(200)
			s.find("ann")
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"provisioned": func() *story {
			s := begin("ann")
			s.Provisioning = map[string]bool{"Dora": true}
			s.change("dora", p1)
			s.find("dora")
			s.entry(control.Entry{Operation: "create", Method: "POST", Path: "/admin/v1/Users", User: "dora", Status: 201, Outcome: "accepted", Digest: "digest of " + p1, Token: "valid"})
			s.UsersAfter = append(s.UsersAfter, control.User{ID: "id-dora", UserName: "dora", Email: "dora@example.com"})
			s.end(0, invariants.Applied, "")
			s.Probes = []invariants.Probe{{User: "dora", Change: 0, OK: true}}
			return s
		},
		"provisioned without a password, which is then written": func() *story {
			s := begin("ann")
			s.Provisioning = map[string]bool{"dora": true}
			s.change("dora", p1)
			s.entry(control.Entry{Operation: "create", Method: "POST", Path: "/admin/v1/Users", User: "dora", Status: 201, Token: "valid"})
			s.accept("dora", p1)
			s.UsersAfter = append(s.UsersAfter, control.User{ID: "id-dora", UserName: "dora"})
			s.end(0, invariants.Applied, "")
			s.Probes = []invariants.Probe{{User: "dora", Change: 0, OK: true}}
			return s
		},
		"not there, not provisioned": func() *story {
			s := begin("ann")
			s.change("dora", p1).Acceptable = false
			s.find("dora")
			s.end(0, invariants.Parked, "not_found")
			s.Probes = []invariants.Probe{{User: "dora", Change: 0, Reason: "not_found"}, {User: "ann", Change: -1, OK: true}}
			return s
		},
		"gone since it was found: one look more": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.write("ann", p1, "refused", "not_found", 404)
			s.find("ann")
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"federated since": func() *story {
			s := begin("ann")
			s.change("ann", p1)
			s.accept("ann", p1)
			s.end(0, invariants.Applied, "")
			s.change("ann", p2).Acceptable = false
			s.refuse(p2, "federated")
			s.end(1, invariants.Parked, "federated")
			s.UsersAfter[0].Federated = true
			s.Probes = []invariants.Probe{{User: "ann", Change: -1, Reason: "federated"}, {User: "ann", Change: 0, Reason: "federated"}, {User: "ann", Change: 1, Reason: "federated"}}
			return s
		},
		"federated from the start": func() *story {
			s := begin("ann")
			s.UsersBefore[0].Federated, s.UsersAfter[0].Federated = true, true
			s.change("ann", p1).Acceptable = false
			s.refuse(p1, "federated")
			s.end(0, invariants.Parked, "federated")
			s.Probes = []invariants.Probe{{User: "ann", Change: -1, Reason: "federated"}, {User: "ann", Change: 0, Reason: "federated"}}
			return s
		},
		"deactivated by a step of the scenario": func() *story {
			s := good()
			s.UsersAfter[2].Active = false
			return s
		},
		"not acknowledged, and yet applied": func() *story {
			s := begin("ann")
			c := s.change("ann", p1)
			c.Acked, c.Acknowledged = false, time.Time{}
			s.accept("ann", p1)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"not acknowledged, nothing done": func() *story {
			s := good()
			c := s.change("carol", p3)
			c.Acked = false
			s.Probes = append(s.Probes, invariants.Probe{User: "carol", Change: 2, Reason: "wrong_password"})
			return s
		},
		"told to write through the door that makes users change": func() *story {
			s := good()
			s.MustChange = true
			s.Probes[1].MustChange = true
			return s
		},
		"names in another case": func() *story {
			s := begin("Ann")
			s.change("ANN", p1)
			s.accept("ann", p1).Path = "/admin/v1/UserPasswordChanger/id-Ann"
			s.end(0, invariants.Applied, "")
			s.Probes = []invariants.Probe{{User: "aNN", Change: 0, OK: true}, {User: "aNN", Change: -1, Reason: "wrong_password"}}
			return s
		},
	}
	for name, tell := range cases {
		t.Run(name, func(t *testing.T) {
			for _, c := range invariants.Check(tell().History) {
				assert.Equal(t, reports.Passed, c.Verdict, "%s: %s", c.Name, c.Detail)
				assert.NotEmpty(t, c.Detail, "%s passes without evidence", c.Name)
			}
		})
	}
}
