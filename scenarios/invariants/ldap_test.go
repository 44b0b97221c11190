package invariants_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Result codes, as they stand in the status of an entry.
const (
	success             = 0
	constraintViolation = 19
	busy                = 51
)

// modify is a password that is written at a directory: by a modify operation, or by whatever comes as near to it.
func (s *story) modify(user, password, outcome, reason string, code int) *control.Entry {
	return s.entry(control.Entry{
		Protocol: string(journal.LDAP), Operation: "write_password", Method: "MODIFY", Path: "uid=" + user + ",ou=People,dc=example,dc=com",
		User: user, Status: code, Outcome: outcome, Reason: reason, Digest: "digest of " + password,
	})
}

// other is any other operation there.
func (s *story) other(operation, user string, code int) {
	s.entry(control.Entry{
		Protocol: string(journal.LDAP), Operation: operation, Path: "uid=" + user + ",ou=People,dc=example,dc=com", User: user, Status: code,
	})
}

// atADirectory is a story without tokens.
func atADirectory(users ...string) *story {
	s := begin(users...)
	s.Entries = nil
	return s
}

// Over LDAP the status 0 is success, and what was never answered is -1.
func TestAStatusIsAResultCodeOverLDAP(t *testing.T) {
	caught := map[string]struct {
		tell        func() *story
		check, says string
	}{
		"accepted with an answer, and said to be superseded": {func() *story {
			s := atADirectory("ann")
			s.change("ann", p1)
			s.modify("ann", p1, "accepted", "", success)
			s.end(0, invariants.Superseded, "")
			s.change("ann", p2)
			s.modify("ann", p2, "accepted", "", success)
			return s.end(1, invariants.Applied, "").logIn("ann", 1)
		}, invariants.OneWrite, "said to be superseded, but accepted in entry #1"},
		"refused for policy, and asked again": {func() *story {
			s := atADirectory("ann")
			s.change("ann", p1).Acceptable = false
			for range 2 {
				s.modify("ann", p1, "refused", "policy", constraintViolation)
				s.wait(3 * time.Second)
			}
			return s.end(0, invariants.Parked, "policy").logIn("ann", -1)
		}, invariants.RetryDiscipline, "refused for good (policy) in entry #1"},
		"busy, and asked again at once": {func() *story {
			s := atADirectory("ann")
			s.change("ann", p1)
			s.modify("ann", p1, "refused", "unavailable", busy)
			s.modify("ann", p1, "accepted", "", success)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		}, invariants.RetryDiscipline, "tried again 0s after entry #1 had failed"},
		"created twice": {func() *story {
			s := atADirectory("ann")
			s.Provisioning = map[string]bool{"dora": true}
			s.change("dora", p1)
			s.other("create", "dora", success)
			s.other("create", "dora", success)
			s.modify("dora", p1, "accepted", "", success)
			return s.end(0, invariants.Applied, "").logIn("dora", 0)
		}, invariants.NoSurprise, "dora: created 2 times, in entries #1, #2"},
		"deleted": {func() *story {
			s := good()
			s.other("delete", "carol", success)
			return s
		}, invariants.NoSurprise, "the user carol was deleted"},
		"disabled by an update": {func() *story {
			s := good()
			s.other("update", "carol", success)
			s.UsersAfter[2].Active = false
			return s
		}, invariants.NoSurprise, `carol: active was "true" and is "false"`},
	}
	for name, c := range caught {
		t.Run(name, func(t *testing.T) {
			got := verdicts(c.tell().History)
			assert.Equal(t, reports.Failed, got[c.check].Verdict, "%v", got)
			assert.Contains(t, got[c.check].Detail, c.says)
			for name, other := range got {
				assert.True(t, name == c.check || other.Verdict == reports.Passed, "%s: %s", name, other.Detail)
			}
		})
	}

	excused := map[string]func() *story{
		"never answered, tried again when the client had waited long enough": func() *story {
			s := atADirectory("ann")
			s.change("ann", p1)
			e := s.modify("ann", p1, "", "", journal.Unanswered)
			e.Answered = e.Received.Add(30 * time.Second)
			s.wait(2 * time.Second)
			s.modify("ann", p1, "accepted", "", success)
			return s.end(0, invariants.Applied, "").logIn("ann", 0)
		},
		"accepted without an answer, and superseded": func() *story {
			s := atADirectory("ann")
			s.change("ann", p1)
			s.modify("ann", p1, "accepted", "", journal.Unanswered).Lost = true
			s.change("ann", p2)
			s.wait(2 * time.Second)
			s.modify("ann", p2, "accepted", "", success)
			return s.end(0, invariants.Superseded, "").end(1, invariants.Applied, "").logIn("ann", 1)
		},
		"created at the second attempt": func() *story {
			s := atADirectory("ann")
			s.Provisioning = map[string]bool{"dora": true}
			s.change("dora", p1)
			s.other("create", "dora", busy)
			s.other("create", "dora", success)
			s.modify("dora", p1, "accepted", "", success)
			return s.end(0, invariants.Applied, "").logIn("dora", 0)
		},
		"a delete that was refused": func() *story {
			s := good()
			s.other("delete", "carol", 50)
			return s
		},
	}
	for name, tell := range excused {
		t.Run(name, func(t *testing.T) {
			for _, c := range invariants.Check(tell().History) {
				assert.Equal(t, reports.Passed, c.Verdict, "%s: %s", c.Name, c.Detail)
			}
		})
	}
}

func TestAnExchangeOverLDAPSaysWhetherItWasAnswered(t *testing.T) {
	ldap := control.Entry{Protocol: string(journal.LDAP)}
	assert.Empty(t, invariants.Exchange(ldap).Note, "0 is success")
	ldap.Status = journal.Unanswered
	assert.Equal(t, "no answer", invariants.Exchange(ldap).Note)
	assert.Equal(t, "no answer", invariants.Exchange(control.Entry{}).Note, "over HTTP 0 is none")
}

// What a directory stores of a password is as secret as the password: whoever reads it can guess in peace.
func TestAHashMustNotShow(t *testing.T) {
	digest := []byte("sixty-four bytes of a digest, then the salt: not in any artifact!")
	text := base64.StdEncoding.EncodeToString(digest)
	const rounds = "10:"
	places := map[string]func(*story){
		"in a log": func(s *story) {
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: sut.ArtifactLog, Data: []byte(`{"msg":"read","userPassword":"{SSHA512}` + text + `"}`)})
		},
		"in metrics": func(s *story) {
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: sut.ArtifactMetrics, Data: []byte(`seen{hash="` + text + `"} 1`)})
		},
		"in the audit trail, in Oracle's form": func(s *story) {
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: sut.ArtifactAudit, Data: []byte("{PBKDF2-HMAC-SHA256}10$" + text)})
		},
		"in a file of the queue, in base64 once more, as LDIF has it": func(s *story) {
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: "queue/1", Data: []byte(base64.StdEncoding.EncodeToString([]byte("{SSHA512}" + text)))})
		},
		"in hexadecimal": func(s *story) {
			s.Artifacts = append(s.Artifacts, sut.Artifact{Name: sut.ArtifactLog, Data: []byte(hex.EncodeToString(digest))})
		},
		"in a name that the directory was asked for": func(s *story) {
			s.Source = append(s.Source, control.Entry{Protocol: string(journal.LDAP), Method: "SEARCH", Path: "cn=" + text})
		},
		"in a filter, where the journal shows none": func(s *story) {
			s.Source = append(s.Source, control.Entry{Protocol: string(journal.LDAP), Method: "SEARCH", Query: "sub?(a filter with a password in it)"})
		},
		"in the clear": func(s *story) {
			s.Source = append(s.Source, control.Entry{Protocol: string(journal.LDAP), Method: "SEARCH", Query: "sub?(description=" + p1 + ")"})
		},
	}
	for name, leak := range places {
		t.Run(name, func(t *testing.T) {
			for _, stored := range []string{"{SSHA512}" + text, "{PBKDF2-HMAC-SHA256}" + rounds + text} {
				s := good()
				s.Stored = []invariants.Stored{{User: "ann", Value: secret.New(stored)}}
				s.Source = []control.Entry{{Protocol: string(journal.LDAP), Method: "SEARCH", Path: "ou=People,dc=example,dc=com", Query: "sub?(uid=ann)"}}
				c := verdicts(s.History)[invariants.NoLeak]
				assert.Equal(t, reports.Passed, c.Verdict, c.Detail)
				leak(s)
				c = verdicts(s.History)[invariants.NoLeak]
				assert.Equal(t, reports.Failed, c.Verdict)
				assert.NotContains(t, c.Detail, text)
			}
		})
	}
}
