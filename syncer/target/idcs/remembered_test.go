package idcs

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// calls are the kinds of the requests since the n-th, without those for tokens.
func calls(d *idcstest.Domain, n int) (list []string) {
	for _, e := range d.Log()[n:] {
		if e.Call != "token" {
			list = append(list, e.Call)
		}
	}
	return list
}

func job(password string) target.Job {
	return target.Job{UserName: "A.User", Password: seal.Secret(password)}
}

// TestARememberedUser writes to a user, lets something happen, and writes again.
func TestARememberedUser(t *testing.T) {
	const within = 2 * time.Minute
	for name, tt := range map[string]struct {
		config  []func(*Config)
		before  func(*idcstest.Domain)
		wait    time.Duration
		between func(*idcstest.Domain)
		job     func(*target.Job)
		calls   []string
		class   target.Class
		reason  target.Reason
	}{
		"is written to at once":                    {wait: within, calls: []string{"write"}, class: target.Applied},
		"also by another spelling":                 {wait: within, job: func(j *target.Job) { j.UserName = "a.uSER" }, calls: []string{"write"}, class: target.Applied},
		"soon after our own write is looked at":    {wait: time.Second, calls: []string{"find", "write"}, class: target.Applied},
		"is forgotten in time":                     {wait: 10 * time.Minute, calls: []string{"find", "write"}, class: target.Applied},
		"is not, when that is not wanted":          {config: []func(*Config){func(c *Config) { c.Remember = 0 }}, wait: within, calls: []string{"find", "write"}, class: target.Applied},
		"is looked at where answers have no date":  {before: func(d *idcstest.Domain) { d.Undated = true }, wait: within, calls: []string{"find", "write"}, class: target.Applied},
		"of a domain that shows no date of his":    {before: func(d *idcstest.Domain) { d.Dateless = true }, wait: within, calls: []string{"write"}, class: target.Applied},
		"of a domain whose clock is ahead":         {before: func(d *idcstest.Domain) { d.Ahead = 4 * time.Minute }, wait: within, calls: []string{"write"}, class: target.Applied},
		"of a domain whose clock is behind":        {before: func(d *idcstest.Domain) { d.Ahead = -4 * time.Minute }, wait: within, calls: []string{"write"}, class: target.Applied},
		"of a domain whose clock was set forward":  {wait: within, between: func(d *idcstest.Domain) { d.Ahead = time.Hour }, calls: []string{"write"}, class: target.Applied},
		"is looked at in a dry run":                {wait: within, job: func(j *target.Job) { j.DryRun = true }, calls: []string{"find"}, class: target.Planned},
		"is looked at for an earlier write":        {wait: within, job: func(j *target.Job) { j.Prior = &target.Mark{User: "other"} }, calls: []string{"find", "write"}, class: target.Applied},
		"is looked at by the schedule's last look": {wait: within, job: func(j *target.Job) { j.LookOnly = true }, calls: []string{"find"}, class: target.Transient, reason: target.UnknownOutcome},
		"turned federated":                         {wait: within, between: edit(func(u *idcstest.User) { u.Federated = true }), calls: []string{"write", "find"}, class: target.Permanent, reason: target.Federated},
		"was deactivated, and the domain refuses":  {wait: within, between: refuse(400, edit(func(u *idcstest.User) { u.Inactive = true })), calls: []string{"write", "find"}, class: target.Permanent, reason: target.Inactive},
		"is gone":                                      {wait: within, between: func(d *idcstest.Domain) { d.Remove("a.user") }, calls: []string{"write", "find"}, class: target.Missing, reason: target.NotFound},
		"is gone, and made again":                      {wait: within, between: anew, calls: []string{"write", "find", "write"}, class: target.Applied},
		"is gone, and is provisioned":                  {wait: within, between: func(d *idcstest.Domain) { d.Remove("a.user") }, job: provision, calls: []string{"write", "find", "create", "read", "write"}, class: target.Applied},
		"left his name to another, and was refused":    {wait: within, between: refuse(403, rename), calls: []string{"write", "find", "write"}, class: target.Applied},
		"is refused for what he is":                    {wait: within, between: refuse(403, nil), calls: []string{"write", "find"}, class: target.Permanent, reason: target.Forbidden},
		"is refused for policy":                        {wait: within, between: policy, calls: []string{"write"}, class: target.Permanent, reason: target.Policy},
		"is refused, and then there is no answer":      {wait: within, between: refuse(403, down), calls: []string{"write", "find"}, class: target.Transient, reason: target.Unavailable},
		"is throttled":                                 {wait: within, between: refuse(429, nil), calls: []string{"write"}, class: target.Transient, reason: target.Throttled},
		"whose write goes to a gateway and no further": {wait: within, between: refuse(504, nil), calls: []string{"write"}, class: target.Unknown, reason: target.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t, tt.config...)
				if tt.before != nil {
					tt.before(d)
				}
				d.Add("a.user")
				time.Sleep(time.Second)
				require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
				require.Equal(t, []string{"find", "write"}, calls(d, 0))
				n := len(d.Log())
				time.Sleep(tt.wait)
				if tt.between != nil {
					tt.between(d)
				}
				j := job("Password-2")
				if tt.job != nil {
					tt.job(&j)
				}
				answer := x.Apply(t.Context(), j)
				assert.Equal(t, tt.calls, calls(d, n))
				assert.Equal(t, tt.class, answer.Class, answer.Detail)
				assert.Equal(t, tt.reason, answer.Reason)
				if tt.class == target.Applied {
					assert.Equal(t, "Password-2", d.User("a.user").Password)
				}
			})
		})
	}
}

func edit(change func(*idcstest.User)) func(*idcstest.Domain) {
	return func(d *idcstest.Domain) { d.Edit("a.user", change) }
}

func anew(d *idcstest.Domain) {
	d.Remove("a.user")
	d.Add("a.user")
}

func rename(d *idcstest.Domain) {
	d.Rename("a.user", "b.user")
	d.Add("a.user")
}

func provision(j *target.Job) {
	j.Provision = true
	j.Attributes = map[string]string{"mail": "a@example.com"}
}

func policy(d *idcstest.Domain) {
	d.Policy = func(string, string) string { return "The password must be longer." }
}

func down(d *idcstest.Domain) {
	before := d.Script
	d.Script = func(call string, n int, user string) *idcstest.Step {
		if call == "find" {
			return &idcstest.Step{Status: 503}
		}
		return before(call, n, user)
	}
}

// refuse answers the next write with a status; then something else happens.
func refuse(status int, then func(*idcstest.Domain)) func(*idcstest.Domain) {
	return func(d *idcstest.Domain) {
		refused := false
		d.Script = func(call string, _ int, _ string) *idcstest.Step {
			if call != "write" || refused {
				return nil
			}
			refused = true
			return &idcstest.Step{Status: status}
		}
		if then != nil {
			then(d)
		}
	}
}

func TestAFederatedUserIsNeverRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user")
		d.Edit("a.user", func(u *idcstest.User) { u.Federated = true })
		assert.Equal(t, target.Federated, x.Apply(t.Context(), job("x")).Reason)
		d.Edit("a.user", func(u *idcstest.User) { u.Federated = false })
		assert.Equal(t, target.Applied, x.Apply(t.Context(), job("x")).Class, "what is remembered parks nobody")
	})
}

func TestAThrottledWriteStaysOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user")
		x.Apply(t.Context(), job("Password-1"))
		time.Sleep(time.Minute)
		refuse(429, nil)(d)
		require.Equal(t, target.Throttled, x.Apply(t.Context(), job("Password-2")).Reason)
		n := len(d.Log())
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-2")).Class)
		assert.Equal(t, []string{"write"}, calls(d, n))
	})
}

func TestANewUserWhomTheSearchDoesNotFindYet(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble *idcstest.Step
		calls   []string
	}{
		"written to by his id":      {nil, []string{"find", "create", "read", "write"}},
		"looked at after a failure": {&idcstest.Step{Lose: true}, []string{"find", "create", "read", "write", "find", "read"}},
		"written to once":           {&idcstest.Step{Cut: true}, []string{"find", "create", "read", "write", "find", "read", "write"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t)
				d.Visibility = time.Minute
				d.Script = func(call string, n int, _ string) *idcstest.Step {
					if call == "write" && n == 1 {
						return tt.trouble
					}
					return nil
				}
				j := job("Password-1")
				provision(&j)
				answer := x.Apply(t.Context(), j)
				if tt.trouble != nil {
					require.True(t, answer.Unsettled)
					time.Sleep(2 * time.Second)
					j.Prior = &answer.Mark
					answer = x.Apply(t.Context(), j)
				}
				assert.Equal(t, target.Applied, answer.Class, answer.Detail)
				assert.Equal(t, tt.calls, calls(d, 0))
				assert.Len(t, d.Applied(), 1)
			})
		})
	}
}

func TestDryRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		edit      func(*idcstest.Domain)
		provision bool
		plan      string
		class     target.Class
	}{
		"an active user":          {plan: "update"},
		"a federated user":        {edit: edit(func(u *idcstest.User) { u.Federated = true }), plan: "park: federated"},
		"a deactivated user":      {edit: edit(func(u *idcstest.User) { u.Inactive = true }), plan: "park: inactive"},
		"nobody":                  {edit: func(d *idcstest.Domain) { d.Remove("a.user") }, plan: "park: not_found"},
		"nobody, with provision":  {edit: func(d *idcstest.Domain) { d.Remove("a.user") }, provision: true, plan: "create"},
		"a client without a role": {edit: finds(403), plan: "park: forbidden"},
		"a domain that is down":   {edit: finds(503), class: target.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, x, _ := rig(t)
				d.Add("a.user")
				if tt.edit != nil {
					tt.edit(d)
				}
				j := job("Password-1")
				j.DryRun, j.Provision = true, tt.provision
				answer := x.Apply(t.Context(), j)
				if tt.class == "" {
					tt.class = target.Planned
				}
				assert.Equal(t, tt.class, answer.Class)
				assert.Equal(t, tt.plan, answer.Plan)
				assert.Equal(t, []string{"find"}, calls(d, 0), "nothing but a look")
			})
		})
	}
}

func finds(status int) func(*idcstest.Domain) {
	return func(d *idcstest.Domain) {
		d.Script = func(call string, _ int, _ string) *idcstest.Step {
			if call == "find" || call == "list" {
				return &idcstest.Step{Status: status}
			}
			return nil
		}
	}
}

func TestAnotherUserUnderTheIDOfAnEarlierWriteIsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user")
		refuse(504, nil)(d)
		j := job("Password-1")
		answer := x.Apply(t.Context(), j)
		require.True(t, answer.Unsettled)
		d.Rename("a.user", "b.user")
		j.Prior = &answer.Mark
		assert.Equal(t, target.NotFound, x.Apply(t.Context(), j).Reason)
		assert.Equal(t, []string{"find", "write", "find", "read"}, calls(d, 0))
	})
}

func TestAWriteAtATimeThatTheDomainDidNotTellIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user", "b.user")
		d.Undated, d.Ahead = true, -time.Minute
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
		d.Undated = false
		require.Equal(t, target.Applied, x.Apply(t.Context(), target.Job{UserName: "b.user", Password: seal.Secret("x")}).Class)
		time.Sleep(2 * time.Minute)
		n := len(d.Log())
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-2")).Class)
		assert.Equal(t, []string{"find", "write"}, calls(d, n))
	})
}
