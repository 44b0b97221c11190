package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// TestARememberedUser writes to a user, lets something happen, and writes again.
func TestARememberedUser(t *testing.T) {
	policy := func(o *oktatest.Org) { o.Policy = func(string, string) string { return sentence } }
	for name, tt := range map[string]struct {
		config  func(*Config)
		before  func(*oktatest.Org)
		wait    time.Duration
		between func(*oktatest.Org)
		job     func(*target.Job)
		calls   []string
		class   target.Class
		reason  target.Reason
	}{
		"is written to at once":                    {wait: aWhile, calls: []string{"write"}, class: target.Applied},
		"soon after our own write is looked at":    {wait: time.Second, calls: []string{"find", "write"}, class: target.Applied},
		"is forgotten in time":                     {wait: 10 * time.Minute, calls: []string{"find", "write"}, class: target.Applied},
		"is not, when that is not wanted":          {config: func(c *Config) { c.Remember = 0 }, wait: aWhile, calls: []string{"find", "write"}, class: target.Applied},
		"is looked at where answers have no date":  {before: func(o *oktatest.Org) { o.Undated = true }, wait: aWhile, calls: []string{"find", "write"}, class: target.Applied},
		"of an org whose clock is ahead":           {before: func(o *oktatest.Org) { o.Ahead = 4 * time.Minute }, wait: aWhile, calls: []string{"write"}, class: target.Applied},
		"of an org whose clock is behind":          {before: func(o *oktatest.Org) { o.Ahead = -4 * time.Minute }, wait: aWhile, calls: []string{"write"}, class: target.Applied},
		"is looked at in a dry run":                {wait: aWhile, job: func(j *target.Job) { j.DryRun = true }, calls: []string{"find"}, class: target.Planned},
		"is looked at for an earlier write":        {wait: aWhile, job: func(j *target.Job) { j.Prior = &target.Mark{User: "other"} }, calls: []string{"find", "write"}, class: target.Applied},
		"is looked at by the schedule's last look": {wait: aWhile, job: func(j *target.Job) { j.LookOnly = true }, calls: []string{"find"}, class: target.Transient, reason: target.UnknownOutcome},
		"turned federated":                         {wait: aWhile, between: federate, calls: []string{"write", "find"}, class: target.Permanent, reason: target.Federated},
		"turned federated, and the hub tells the whole policy": {
			wait: aWhile, before: func(o *oktatest.Org) { o.FederatedCause = sentence }, between: federate,
			calls: []string{"write", "find"}, class: target.Permanent, reason: target.Federated,
		},
		"was deactivated":                              {wait: aWhile, between: edit(func(u *oktatest.User) { u.Status = "DEPROVISIONED" }), calls: []string{"write", "find"}, class: target.Permanent, reason: target.Inactive},
		"is gone":                                      {wait: aWhile, between: func(o *oktatest.Org) { o.Remove(login) }, calls: []string{"write", "find"}, class: target.Missing, reason: target.NotFound},
		"is gone, and made again":                      {wait: aWhile, between: func(o *oktatest.Org) { o.Remove(login); o.Add(login) }, calls: []string{"write", "find", "write"}, class: target.Applied},
		"is gone, and provisioned":                     {wait: aWhile, between: func(o *oktatest.Org) { o.Remove(login) }, job: func(j *target.Job) { j.Provision = true }, calls: []string{"write", "find", "create"}, class: target.Applied},
		"is refused for policy":                        {wait: aWhile, between: policy, calls: []string{"write", "find"}, class: target.Permanent, reason: target.Policy},
		"is refused for a role":                        {wait: aWhile, between: scripted("write", oktatest.Step{Status: 403, Message: "E0000006"}), calls: []string{"write", "find"}, class: target.Permanent, reason: target.Forbidden},
		"meets an org that is read only":               {wait: aWhile, between: scripted("write", oktatest.Step{Status: 503, Message: "E0000010"}), calls: []string{"write"}, class: target.Transient, reason: target.Unavailable},
		"is throttled":                                 {wait: aWhile, between: scripted("write", oktatest.Step{Status: 429, Message: "E0000047"}), calls: []string{"write"}, class: target.Transient, reason: target.Throttled},
		"whose write goes to a gateway and no further": {wait: aWhile, between: scripted("write", oktatest.Step{Status: 504, HTML: true}), calls: []string{"write"}, class: target.Unknown, reason: target.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.config == nil {
					tt.config = func(*Config) {}
				}
				o, x := rig(t, tt.config)
				if tt.before != nil {
					tt.before(o)
				}
				o.Add(login)
				time.Sleep(aWhile)
				require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
				require.Equal(t, []string{"find", "write"}, calls(o, 0))
				n := len(o.Log())
				time.Sleep(tt.wait)
				if tt.between != nil {
					tt.between(o)
				}
				j := job("Password-2")
				if tt.job != nil {
					tt.job(&j)
				}
				answer := x.Apply(t.Context(), j)
				assert.Equal(t, tt.calls, calls(o, n))
				assert.Equal(t, tt.class, answer.Class, answer.Detail)
				assert.Equal(t, tt.reason, answer.Reason)
				if tt.class == target.Applied {
					assert.Equal(t, "Password-2", o.User(login).Password)
				}
			})
		})
	}
}

// TestWhoIsNotWrittenTo: a look is all that these users get.
func TestWhoIsNotWrittenTo(t *testing.T) {
	for name, tt := range map[string]struct {
		edit   func(*oktatest.User)
		reason target.Reason
		detail string
		remedy string
	}{
		"FEDERATION":    {func(u *oktatest.User) { u.Provider = "FEDERATION" }, target.Federated, "find: federated: provider FEDERATION", remedyFederated},
		"SOCIAL":        {func(u *oktatest.User) { u.Provider = "SOCIAL" }, target.Federated, "find: federated: provider SOCIAL", remedyFederated},
		"AD":            {func(u *oktatest.User) { u.Provider = "ACTIVE_DIRECTORY" }, target.Federated, "find: federated: provider ACTIVE_DIRECTORY", remedyDirectory},
		"LDAP":          {func(u *oktatest.User) { u.Provider = "LDAP" }, target.Federated, "find: federated: provider LDAP", remedyDirectory},
		"a new type":    {func(u *oktatest.User) { u.Provider = "Pa55word" }, target.Federated, "find: federated: provider unknown", remedyFederated},
		"DEPROVISIONED": {func(u *oktatest.User) { u.Status = "DEPROVISIONED" }, target.Inactive, "find: inactive: status DEPROVISIONED", remedyDeprovisioned},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Add(login)
				o.Edit(login, tt.edit)
				for range 2 { // He is not remembered either.
					answer := x.Apply(t.Context(), job("Password-1"))
					assert.Equal(t, target.Permanent, answer.Class)
					assert.Equal(t, tt.reason, answer.Reason)
					assert.Equal(t, tt.detail, answer.Detail)
					assert.Equal(t, tt.remedy, answer.Remedy)
				}
				assert.Equal(t, []string{"find", "find"}, calls(o, 0))
			})
		})
	}
	for _, status := range []string{"STAGED", "PROVISIONED", "RECOVERY", "LOCKED_OUT", "PASSWORD_EXPIRED", "SUSPENDED", "ACTIVATING"} {
		t.Run(status+" is the org's own business", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Add(login)
				o.Edit(login, func(u *oktatest.User) { u.Status, u.Provider = status, "IMPORT" })
				assert.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
			})
		})
	}
}

func TestLogins(t *testing.T) {
	for name, tt := range map[string]struct {
		config Config
		job    target.Job
		want   string
		bad    bool
	}{
		"as it comes":       {Config{}, target.Job{UserName: "Anna@Example.com"}, "Anna@Example.com", false},
		"no domain":         {Config{}, target.Job{UserName: "anna"}, "anna", false},
		"a domain is added": {Config{LoginSuffix: "@example.com"}, target.Job{UserName: "anna"}, "anna@example.com", false},
		"there is one":      {Config{LoginSuffix: "@example.com"}, target.Job{UserName: "anna@other.com"}, "anna@other.com", false},
		"mail":              {Config{Login: LoginMail}, target.Job{UserName: "anna", Attributes: map[string]string{"mail": "a@b.com"}}, "a@b.com", false},
		"no mail":           {Config{Login: LoginMail}, target.Job{UserName: "anna"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&api{config: tt.config}).UserName(tt.job)
			assert.Equal(t, tt.bad, err != nil)
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("no mail, applied", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o, x := rig(t, func(c *Config) { c.Login = LoginMail })
			answer := x.Apply(t.Context(), target.Job{UserName: "anna", Password: seal.Secret("x")})
			assert.Equal(t, target.Malformed, answer.Reason)
			answer = x.Apply(t.Context(), target.Job{UserName: "anna", Password: seal.Secret("x"), DryRun: true})
			assert.Equal(t, "park: malformed", answer.Plan)
			assert.Empty(t, o.Log())
		})
	})
}

// TestStrangeLogins: the path of a look names exactly one user, whatever his login holds; who only has a similar login is nobody.
func TestStrangeLogins(t *testing.T) {
	for _, name := range []string{
		"o'neil@example.com", "plus+sign@example.com", "per%cent@example.com", "a/b@example.com", "a?b#c@example.com", "Zoë@example.com",
		"a b@example.com", "q\"uote@example.com", "../groups@example.com",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Add("bystander@example.com", name)
				answer := x.Apply(t.Context(), target.Job{UserName: name, Password: seal.Secret("Password-1")})
				assert.Equal(t, target.Applied, answer.Class, answer.Detail)
				assert.Equal(t, "Password-1", o.User(name).Password)
				assert.Equal(t, "initial", o.User("bystander@example.com").Password)
			})
		})
	}
	t.Run("an id is nobody's login", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o, x := rig(t)
			o.Add(login)
			answer := x.Apply(t.Context(), target.Job{UserName: o.User(login).ID, Password: seal.Secret("Password-1")})
			assert.Equal(t, target.NotFound, answer.Reason)
		})
	})
}

func TestWrites(t *testing.T) {
	password := seal.Secret("p\"\\\x01/é")
	w := (&api{}).Write("a/b", password)
	assert.Equal(t, "POST", w.Method)
	assert.Equal(t, "/api/v1/users/a%2Fb", w.Path)
	assert.Equal(t, `{"credentials":{"password":{"value":"p\"\\\u0001/é"}}}`, string(w.Body))
	assert.Equal(t, 128+6*len(password), cap(w.Body), "it has not grown")
	assert.Equal(t, "/api/v1/users/a?strict=true", (&api{config: Config{Strict: true}}).Write("a", password).Path)
	text, err := newUser(login, map[string]string{"givenName": `A"`, "sn": "B", "mail": "m@x", "title": "", "groups": "pilot"}, password)
	require.NoError(t, err)
	var got any
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, map[string]any{
		"profile":     map[string]any{"login": login, "firstName": `A"`, "lastName": "B", "email": "m@x"},
		"credentials": map[string]any{"password": map[string]any{"value": "p\"\\\x01/é"}},
	}, got)
}

// TestCreation: the first attempt, and, where its answer is lost, the second one.
func TestCreation(t *testing.T) {
	temporary := func(c *Config) { c.Create = CreateWithTemporary }
	for name, tt := range map[string]struct {
		config   func(*Config)
		org      func(*oktatest.Org)
		job      func(*target.Job)
		calls    []string
		class    target.Class
		reason   target.Reason
		password string
		evidence target.Evidence
	}{
		"with the change":                      {calls: []string{"find", "create"}, class: target.Applied, password: "Password-1"},
		"with the change, the answer is lost":  {org: firstCreation(oktatest.Step{Lose: true}), calls: []string{"find", "create", "find"}, class: target.Applied, password: "Password-1", evidence: target.ByDate},
		"with the change, the request is lost": {org: firstCreation(oktatest.Step{Cut: true}), calls: []string{"find", "create", "find", "create"}, class: target.Applied, password: "Password-1"},
		"with the change, a gateway answers":   {org: firstCreation(oktatest.Step{Status: 504, HTML: true}), calls: []string{"find", "create", "find", "create"}, class: target.Applied, password: "Password-1"},
		"with the change, which policy refuses": {
			org:   func(o *oktatest.Org) { o.Policy = func(string, string) string { return sentence } },
			calls: []string{"find", "create"}, class: target.Permanent, reason: target.Policy,
		},
		"somebody else is quicker": {org: func(o *oktatest.Org) {
			o.Script = func(call string, n int, _ string) *oktatest.Step {
				if call == "create" && n == 1 {
					o.Add(login)
				}
				return nil
			}
		}, calls: []string{"find", "create", "find", "write"}, class: target.Applied, password: "Password-1"},
		"a federated user is quicker": {org: func(o *oktatest.Org) {
			o.Script = func(call string, n int, _ string) *oktatest.Step {
				if call == "create" && n == 1 {
					o.Add(login)
					o.Federate(login)
				}
				return nil
			}
		}, calls: []string{"find", "create", "find"}, class: target.Permanent, reason: target.Federated},
		"a login that is no address": {job: func(j *target.Job) { j.UserName = "anna" }, calls: []string{"find", "create", "find"}, class: target.Permanent, reason: target.Malformed},
		"no first name":              {job: func(j *target.Job) { delete(j.Attributes, "givenName") }, calls: []string{"find", "create"}, class: target.Permanent, reason: target.Malformed},
		"with a temporary one":       {config: temporary, calls: []string{"find", "policies", "create", "write"}, class: target.Applied, password: "Password-1"},
		"with a temporary one, the answer is lost": {
			config: temporary, org: firstCreation(oktatest.Step{Lose: true}),
			calls: []string{"find", "policies", "create", "find", "write"}, class: target.Applied, password: "Password-1",
		},
		"with a temporary one, policies may not be read": {
			config: temporary, org: scripted("policies", oktatest.Step{Status: 403, Message: "E0000006"}),
			calls: []string{"find", "policies", "create", "write"}, class: target.Applied, password: "Password-1",
		},
		"with a temporary one, policy refuses the real one": {config: temporary, org: func(o *oktatest.Org) {
			o.Policy = func(_, password string) string {
				if len(password) < 12 {
					return sentence
				}
				return ""
			}
		}, calls: []string{"find", "policies", "create", "write"}, class: target.Permanent, reason: target.Policy},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.config == nil {
					tt.config = func(*Config) {}
				}
				o, x := rig(t, tt.config)
				if tt.org != nil {
					tt.org(o)
				}
				j := provision(job("Password-1"))
				if tt.job != nil {
					tt.job(&j)
				}
				answer := x.Apply(t.Context(), j)
				if answer.Unsettled || answer.Class == target.Transient {
					time.Sleep(2 * time.Second)
					if answer.Unsettled {
						j.Prior = &answer.Mark
					}
					answer = x.Apply(t.Context(), j)
				}
				assert.Equal(t, tt.calls, calls(o, 0))
				assert.Equal(t, tt.class, answer.Class, answer.Detail)
				assert.Equal(t, tt.reason, answer.Reason)
				assert.Equal(t, tt.evidence, answer.Evidence)
				if tt.password != "" {
					assert.Equal(t, tt.password, o.User(login).Password)
					assert.Equal(t, "ACTIVE", o.User(login).Status)
				}
			})
		})
	}
}

func TestTemporaryPasswords(t *testing.T) {
	for _, length := range []int{temporaryLength, 40, longestPassword} {
		seen := map[string]bool{}
		for range 200 {
			s := string(generate(length))
			assert.Len(t, s, length)
			assert.Regexp(t, `[a-z]`, s)
			assert.Regexp(t, `[A-Z]`, s)
			assert.Regexp(t, `[0-9]`, s)
			assert.Regexp(t, `[^A-Za-z0-9]`, s)
			for i := 1; i < len(s); i++ {
				assert.NotEqual(t, s[i-1], s[i], "no character twice in a row")
			}
			assert.False(t, seen[s])
			seen[s] = true
		}
	}
	t.Run("as long as the longest policy wants", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o, x := rig(t, func(c *Config) { c.Create = CreateWithTemporary })
			o.MinLength = 31
			for i := range 3 {
				j := provision(job("Password-1"))
				j.UserName = fmt.Sprintf("user-%d@example.com", i)
				require.Equal(t, target.Applied, x.Apply(t.Context(), j).Class)
			}
			assert.Len(t, o.Log("policies"), 1, "they are remembered")
			for _, e := range o.Log("create") {
				assert.Len(t, e.Password, 31)
				assert.NotEqual(t, "Password-1", e.Password)
			}
		})
	})
}

func TestNothingIsSentThatWasNotNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		j := provision(job("Password-1"))
		j.BeforeWrite = func(context.Context, target.Mark) error { return errors.New("disk full") }
		answer := x.Apply(t.Context(), j)
		assert.Equal(t, target.Transient, answer.Class)
		o.Add(login)
		answer = x.Apply(t.Context(), j)
		assert.Equal(t, target.Transient, answer.Class)
		assert.Empty(t, o.Log("create", "write"))
	})
}

func TestStrictLetsHistorySpeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t, func(c *Config) { c.Strict = true })
		o.Remember = 4
		o.Add(login)
		time.Sleep(aWhile)
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
		answer := x.Apply(t.Context(), job("Password-1"))
		assert.Equal(t, target.Policy, answer.Reason)
		assert.Equal(t, "write: 400 E0000001 password", answer.Detail)
		j := job("Password-1")
		o.Edit(login, func(u *oktatest.User) { u.SetAt = time.Time{} })
		j.Prior = &target.Mark{User: o.User(login).ID} // A write of it went out, and no date tells.
		assert.Equal(t, target.ByHistory, x.Apply(t.Context(), j).Evidence)
	})
}

func TestDryRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		edit      func(*oktatest.Org)
		provision bool
		plan      string
		class     target.Class
	}{
		"an active user":          {plan: "update"},
		"a federated user":        {edit: federate, plan: "park: federated"},
		"a deactivated user":      {edit: edit(func(u *oktatest.User) { u.Status = "DEPROVISIONED" }), plan: "park: inactive"},
		"nobody":                  {edit: func(o *oktatest.Org) { o.Remove(login) }, plan: "park: not_found"},
		"nobody, with provision":  {edit: func(o *oktatest.Org) { o.Remove(login) }, provision: true, plan: "create"},
		"a token without a role":  {edit: scripted("find", oktatest.Step{Status: 403, Message: "E0000006"}), plan: "park: forbidden"},
		"a hash":                  {edit: nil, plan: "park: hashed"},
		"an org that is down":     {edit: scripted("find", oktatest.Step{Status: 503}), class: target.Transient},
		"an org that reads only":  {edit: scripted("write", oktatest.Step{Status: 503, Message: "E0000010"}), plan: "update"},
		"a token that is refused": {edit: scripted("find", oktatest.Step{Status: 401, Message: "E0000011"}), class: target.Credential},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x := rig(t)
				o.Add(login)
				if tt.edit != nil {
					tt.edit(o)
				}
				j := job("Password-1")
				j.DryRun, j.Provision = true, tt.provision
				if name == "a hash" {
					j.Hash = seal.Secret("{SSHA}x")
				}
				answer := x.Apply(t.Context(), j)
				if tt.class == "" {
					tt.class = target.Planned
				}
				assert.Equal(t, tt.class, answer.Class)
				assert.Equal(t, tt.plan, answer.Plan)
				assert.Empty(t, o.Log("create", "write"))
			})
		})
	}
}
