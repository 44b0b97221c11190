package invariants_test

import (
	"fmt"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// A story is a history that is told step by step, by a clock of its own. It starts valid; a test tells one thing otherwise.
type story struct {
	invariants.History
	now time.Time
}

const answer = 20 * time.Millisecond

func begin(users ...string) *story {
	s := &story{now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.AuditObservable, s.OutcomesObservable = true, true
	s.Retries = invariants.Promised()
	s.TokenLifetime = time.Hour
	s.Initial = map[string]secret.Value{}
	s.Secrets = []secret.Value{secret.New("client-secret-of-the-run")}
	s.Artifacts = []sut.Artifact{{Name: sut.ArtifactLog, Data: []byte(`{"msg":"started"}`)}}
	for _, name := range users {
		s.Initial[name] = secret.New("initial-password-of-" + name)
		u := control.User{ID: "id-" + name, UserName: name, GivenName: "Given " + name, FamilyName: "Family " + name, DisplayName: "Display " + name, Email: name + "@example.com", Active: true}
		s.UsersBefore = append(s.UsersBefore, u)
		s.UsersAfter = append(s.UsersAfter, u)
	}
	s.token(200)
	return s
}

func seconds(list ...int) (waits []time.Duration) {
	for _, n := range list {
		waits = append(waits, time.Duration(n)*time.Second)
	}
	return waits
}

func (s *story) wait(d time.Duration) *story { s.now = s.now.Add(d); return s }

func (s *story) entry(e control.Entry) *control.Entry {
	e.Sequence = uint64(len(s.Entries) + 1)
	e.Target = "idcs"
	if e.Client == "" && len(e.Faults) == 0 {
		e.Client = "seatrial"
	}
	if e.Received.IsZero() {
		e.Received = s.now
		s.now = s.now.Add(answer)
		e.Answered = s.now
	}
	s.Entries = append(s.Entries, e)
	return &s.Entries[len(s.Entries)-1]
}

func (s *story) token(status int) *control.Entry {
	return s.entry(control.Entry{Operation: "token", Method: "POST", Path: "/oauth2/v1/token", Status: status, ResponseBody: `{"token_type":"Bearer","expires_in":3600}`})
}

func (s *story) find(user string) *control.Entry {
	return s.entry(control.Entry{Operation: "find", Method: "GET", Path: "/admin/v1/Users", User: user, Status: 200, Token: "valid"})
}

// change is submitted and acknowledged.
func (s *story) change(user, password string) *invariants.Change {
	n := len(s.Changes)
	s.Changes = append(s.Changes, invariants.Change{
		Number: n, ID: fmt.Sprint("c", n), TransactionID: fmt.Sprint("tx-", n), User: user,
		Password: secret.New(password), Digest: "digest of " + password,
		Submitted: s.now, Acknowledged: s.now.Add(time.Millisecond), Acked: true, Acceptable: true,
	})
	s.now = s.now.Add(time.Millisecond)
	return &s.Changes[n]
}

func (s *story) write(user, password, outcome, reason string, status int) *control.Entry {
	return s.entry(control.Entry{
		Operation: "write_password", Method: "PUT", Path: "/admin/v1/UserPasswordChanger/id-" + user, User: user, Status: status,
		Outcome: outcome, Reason: reason, Digest: "digest of " + password, Token: "valid",
	})
}

func (s *story) accept(user, password string) *control.Entry {
	return s.write(user, password, "accepted", "", 200)
}

func (s *story) refuse(password, reason string) {
	s.write("ann", password, "refused", reason, 400)
}

// fault is an attempt to write that a fault rule ended before the target read it: only its path tells whose it was.
func (s *story) fault(user string, status int, headers any) {
	s.entry(control.Entry{Method: "PUT", Path: "/admin/v1/UserPasswordChanger/id-" + user, Status: status, Faults: []string{"f"}, ResponseHeaders: headers})
}

// crash is the death of the system, and a new start after a while.
func (s *story) crash(dead time.Duration) *story {
	s.Crashes = append(s.Crashes, invariants.Crash{Died: s.now, Started: s.now.Add(dead)})
	return s.wait(dead + time.Millisecond)
}

// orgWrite is an attempt to write ann's password at an Okta org, which was not read.
func (s *story) orgWrite(status int, headers any) *control.Entry {
	return s.entry(control.Entry{
		Operation: "update", Method: "POST", Path: "/api/v1/users/id-ann", User: "ann", Status: status, Reason: "throttled",
		ResponseHeaders: headers, Token: "valid",
	})
}

// orgAccept is one that was accepted, of p1.
func (s *story) orgAccept() *control.Entry {
	return s.entry(control.Entry{
		Operation: "write_password", Method: "POST", Path: "/api/v1/users/id-ann", User: "ann", Status: 200,
		Outcome: "accepted", Digest: "digest of " + p1, Token: "valid",
	})
}

// limits are the headers of an answer of Okta's; the window begins anew after a while.
func (s *story) limits(limit, remaining string, after time.Duration) map[string]string {
	return map[string]string{
		"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Remaining": remaining,
		"X-Rate-Limit-Reset": strconv.FormatInt(s.now.Add(after).Unix(), 10),
	}
}

// end is a final outcome, told and audited.
func (s *story) end(c int, state, reason string) *story {
	change := &s.Changes[c]
	change.State, change.Reason, change.Finished, change.Outcomes = state, reason, s.now, 1
	s.Audit = append(s.Audit, invariants.AuditLine{TransactionID: change.TransactionID, User: change.User, Outcome: state, Reason: reason, Time: s.now})
	return s
}

// logIn probes every password that the user ever had: only the change with the number valid (-1: the initial one) logs in.
func (s *story) logIn(user string, valid int) *story {
	probe := func(change int) {
		p := invariants.Probe{User: user, Change: change, OK: change == valid, Reason: "wrong_password"}
		if p.OK {
			p.Reason = ""
		}
		s.Probes = append(s.Probes, p)
	}
	probe(-1)
	for _, c := range s.Changes {
		if c.User == user {
			probe(c.Number)
		}
	}
	return s
}

// good is a short run in which all is well.
func good() *story {
	s := begin("ann", "bob", "carol")
	s.change("ann", "apples-and-1-Pear")
	s.find("ann")
	s.accept("ann", "apples-and-1-Pear")
	s.end(0, invariants.Applied, "")
	s.change("bob", "bananas-and-2-Figs")
	s.find("bob")
	s.accept("bob", "bananas-and-2-Figs")
	s.end(1, invariants.Applied, "")
	return s.logIn("ann", 0).logIn("bob", 1).logIn("carol", -1)
}

func verdicts(h invariants.History) map[string]reports.Check {
	m := map[string]reports.Check{}
	for _, c := range invariants.Check(h) {
		m[c.Name] = c
	}
	return m
}
