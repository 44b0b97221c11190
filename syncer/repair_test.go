package syncer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target/okta"
)

// repairRig is an org with a spoke's identity provider, federated users, and the command.
type repairRig struct {
	t      *testing.T
	org    *oktatest.Org
	spoke  string // the identity provider's id
	dir    string
	stored []hook.ParkedChange
	out    bytes.Buffer
}

func newRepairRig(t *testing.T) *repairRig {
	t.Helper()
	r := &repairRig{t: t, org: oktatest.Start(), dir: t.TempDir()}
	t.Cleanup(r.org.Stop)
	r.spoke = r.org.AddIDP("Spoke", false, false)
	r.org.AddIDP("Partner", false, false)
	r.org.Add("anna@x.test", "bert@x.test", "carl@x.test")
	r.org.Federate("anna@x.test", r.spoke)
	r.org.Federate("bert@x.test")
	everyone := r.org.AddGroup("Everyone", "BUILT_IN", "anna@x.test", "bert@x.test")
	require.NotEmpty(t, everyone)
	r.org.AddGroup("Sales", "OKTA_GROUP", "anna@x.test")
	r.org.AddGroup("Directory", "APP_GROUP", "anna@x.test")
	return r
}

func (r *repairRig) config() Config {
	c := DefaultConfig()
	c.Target, c.Okta.URL, c.Okta.Token = TargetOkta, r.org.URL(), seal.Secret(r.org.Token)
	return c
}

// run runs the command with the store that the rig has; "" is success.
func (r *repairRig) run(change func(*repair)) error {
	r.t.Helper()
	r.out.Reset()
	p := &repair{fix: string(okta.FixConvert), journal: filepath.Join(r.dir, "journal.jsonl"), in: strings.NewReader(""), out: &r.out, config: "sync.yaml"}
	p.environment.DialContext = r.org.DialContext
	change(p)
	require.NoError(r.t, p.mistake())
	if p.parked {
		return p.with(r.t.Context(), r.config(), repairStore{r})
	}
	return p.with(r.t.Context(), r.config(), nil)
}

func code(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var coded interface{ ExitCode() int }
	require.ErrorAs(t, err, &coded, "%v", err)
	return coded.ExitCode()
}

// repairStore is what a running engine would answer; a replay sets the password as its worker would.
type repairStore struct{ r *repairRig }

func (s repairStore) List(context.Context, hook.Selection) ([]hook.ParkedChange, error) {
	return s.r.stored, nil
}

func (s repairStore) Show(context.Context, string) (hook.ParkedChange, error) {
	return hook.ParkedChange{}, nil
}

func (s repairStore) Replay(_ context.Context, id string) error {
	if id == "stuck" {
		return errors.New("the engine answers 409")
	}
	for i, c := range s.r.stored {
		if c.ID == id {
			s.r.org.Reset(c.UserName, "Password-"+id)
			s.r.stored = append(s.r.stored[:i:i], s.r.stored[i+1:]...)
			return nil
		}
	}
	return hook.ErrNotParked
}

func (s repairStore) Purge(context.Context, string) error { return nil }

func (s repairStore) Close() error { return nil }

func parkedAs(id, user string, state hook.KeptState) hook.ParkedChange {
	return hook.ParkedChange{ID: id, UserName: user, Reason: "federated", State: state}
}

// writes are the requests that change something at the hub.
func (r *repairRig) changes() (list []string) {
	for _, e := range r.org.Log() {
		if !strings.HasPrefix(e.Path, "GET ") {
			list = append(list, e.Path)
		}
	}
	return list
}

const planText = `http://hub.test: 4 users to convert
Old spoke (0oa00000000000000009): makes users at their sign-in (JIT) and becomes the source of profiles at a sign-in, which undoes a repair; switch that off before the repair

anna@x.test: FEDERATION, ACTIVE, 00u00000000000000003
  DELETE  /api/v1/idps/0oa00000000000000001/users/00u00000000000000003                 unlink him from Spoke
  POST    /api/v1/users/00u00000000000000003/lifecycle/reset_password?sendEmail=false  without a provider he becomes OKTA, and has no password yet
  replay  c1                                                                           sets the password of the parked change
  costs: signs in with his password, not through Spoke; a link must be made anew

carl@x.test: not federated: his password is the hub's already
  replay  c2  sets the password of the parked change

bert@x.test: FEDERATION, ACTIVE, 00u00000000000000004
  POST  /api/v1/users/00u00000000000000004/lifecycle/reset_password?sendEmail=false  without a provider he becomes OKTA, and has no password yet
  1 parked change without a password, which was kept for parked.keep only: he must change his once more

gone@x.test: cannot be repaired like this: the hub has no such user

2 users to repair, 3 requests, 2 replays
`

func TestRepairPlans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepairRig(t)
		r.org.AddIDP("Old spoke", true, true)
		r.stored = []hook.ParkedChange{
			parkedAs("c1", "anna@x.test", hook.Kept), parkedAs("c2", "carl@x.test", hook.Kept), parkedAs("c3", "bert@x.test", hook.Wiped),
			parkedAs("c4", "gone@x.test", hook.Kept),
		}
		err := r.run(func(p *repair) { p.plan, p.parked, p.store.engine = true, true, "http://engine" })
		assert.Equal(t, 1, code(t, err), "there is something to repair")
		assert.Equal(t, planText, r.out.String())
		assert.Empty(t, r.changes(), "nothing was changed")
		_, err = os.Stat(filepath.Join(r.dir, "journal.jsonl"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestConverting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepairRig(t)
		r.stored = []hook.ParkedChange{parkedAs("c1", "anna@x.test", hook.Kept), parkedAs("c2", "bert@x.test", hook.Kept)}
		anna := r.org.User("anna@x.test")
		apply := func(p *repair) { p.apply, p.parked, p.yes, p.store.engine = true, true, true, "http://engine" }
		require.NoError(t, r.run(apply))
		now := r.org.User("anna@x.test")
		assert.Equal(t, anna.ID, now.ID, "he is the same")
		assert.Equal(t, "OKTA", now.Provider)
		assert.Empty(t, now.IDPs)
		assert.Equal(t, "Password-c1", now.Password)
		assert.Equal(t, "Password-c2", r.org.User("bert@x.test").Password)
		assert.Contains(t, r.out.String(), "anna@x.test: repaired; 1 parked change sent again")
		assert.Contains(t, r.out.String(), "2 repaired, 0 left")

		n := len(r.changes())
		r.stored = []hook.ParkedChange{parkedAs("c3", "anna@x.test", hook.Kept)}
		require.NoError(t, r.run(apply), "once more does no harm, and sends what is parked")
		assert.Len(t, r.changes(), n)
		assert.Contains(t, r.out.String(), "anna@x.test: 1 parked change sent again")
		assert.Contains(t, r.out.String(), "0 repaired, 0 left")
		assert.Equal(t, "Password-c3", r.org.User("anna@x.test").Password)
	})
}

func TestRecreating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepairRig(t)
		for i := range 25 {
			r.org.AddGroup(fmt.Sprint("Group ", i), "OKTA_GROUP", "anna@x.test")
		}
		r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Profile["costCenter"] = `7"` })
		before := r.org.User("anna@x.test")
		one := func(p *repair) {
			p.users, p.fix, p.yes = []string{"anna@x.test"}, string(okta.FixRecreate), true
		}
		err := r.run(func(p *repair) { one(p); p.plan = true })
		assert.Equal(t, 1, code(t, err))
		assert.Contains(t, r.out.String(), "costs: membership in groups of applications and directories: Directory")
		assert.Contains(t, r.out.String(), "costs: assignments to applications, but for those that come with groups: Mail")
		assert.Contains(t, r.out.String(), "1 user to repair, 10 requests, 0 replays")

		require.NoError(t, r.run(func(p *repair) { one(p); p.apply = true }))
		now := r.org.User("anna@x.test")
		assert.NotEqual(t, before.ID, now.ID)
		assert.Equal(t, "OKTA", now.Provider)
		assert.Equal(t, "ACTIVE", now.Status)
		assert.Equal(t, before.Profile, now.Profile)
		assert.Len(t, now.Groups, 26)
		assert.GreaterOrEqual(t, len(now.Password), 24)
		text, err := os.ReadFile(filepath.Join(r.dir, "journal.jsonl"))
		require.NoError(t, err)
		assert.NotContains(t, string(text), now.Password)
		assert.NotContains(t, string(text), r.org.Token)
		assert.Equal(t, 12, bytes.Count(text, []byte("\n")), "begun, ten steps, done")
	})
}

// TestARepairThatBreaksOffIsTakenUp: after each request of a recreation the process dies; the next run ends it, wherever it was,
// also when the request was carried out and nobody heard of it.
func TestARepairThatBreaksOffIsTakenUp(t *testing.T) {
	for dies := range 8 {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("before request %d, lost: %v", dies, lost), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRepairRig(t)
					for i := range 22 {
						r.org.AddGroup(fmt.Sprint("Group ", i), "OKTA_GROUP", "anna@x.test")
					}
					before := r.org.User("anna@x.test")
					ctx, cancel := context.WithCancel(t.Context())
					changing, died := 0, false
					r.org.Script = func(call string, _ int, _ string) *oktatest.Step {
						if strings.HasPrefix(call, "get") || strings.Contains("find groups appLinks idps policies", call) || died {
							return nil
						}
						if changing++; changing <= dies {
							return nil
						}
						died = true
						if lost {
							return &oktatest.Step{Lose: true}
						}
						return &oktatest.Step{Cut: true}
					}
					run := func(ctx context.Context) error {
						p := &repair{
							fix: string(okta.FixRecreate), journal: filepath.Join(r.dir, "journal.jsonl"), in: strings.NewReader(""), out: &r.out,
							users: []string{"anna@x.test"}, apply: true, yes: true, json: true,
						}
						p.environment.DialContext = r.org.DialContext
						return p.with(ctx, r.config(), nil)
					}
					// The retry comes a second after the loss; by then we are dead.
					time.AfterFunc(500*time.Millisecond, cancel)
					err := run(ctx)
					require.Equal(t, dies < 7, err != nil, "%v", err)
					r.out.Reset()
					require.NoError(t, run(t.Context()))
					now := r.org.User("anna@x.test")
					assert.NotEqual(t, before.ID, now.ID)
					assert.Equal(t, "OKTA", now.Provider)
					assert.Equal(t, "ACTIVE", now.Status)
					assert.Equal(t, before.Profile, now.Profile)
					assert.Len(t, now.Groups, 23)
				})
			})
		}
	}
}

func TestJITStopsARepair(t *testing.T) {
	for name, tt := range map[string]struct {
		jit, master, stays bool
		code               int
	}{
		"off":            {code: 0},
		"JIT":            {jit: true, code: 1},
		"mastering":      {master: true, code: 1},
		"JIT, overruled": {jit: true, stays: true, code: 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRepairRig(t)
				r.org.AddIDP("Old spoke", tt.jit, tt.master)
				err := r.run(func(p *repair) {
					p.apply, p.yes, p.users, p.jitStays = true, true, []string{"anna@x.test"}, tt.stays
				})
				assert.Equal(t, tt.code, code(t, err))
				assert.Equal(t, tt.code == 1, len(r.changes()) == 0)
				assert.Equal(t, tt.code == 1, err != nil && strings.Contains(err.Error(), "Old spoke would undo it"))
			})
		})
	}
}

func TestRepairsThatEndOtherwise(t *testing.T) {
	for name, tt := range map[string]struct {
		org   func(r *repairRig)
		run   func(*repair)
		code  int
		want  string // in the output or the error
		calls int    // that change something
	}{
		"not confirmed":     {run: func(p *repair) { p.yes = false }, code: 1, want: "was not confirmed"},
		"refused":           {run: func(p *repair) { p.yes, p.in = false, strings.NewReader("n\n") }, code: 1, want: "[y/N]"},
		"confirmed":         {run: func(p *repair) { p.yes, p.in = false, strings.NewReader("y\n") }, want: "Repair 1 user at http://hub.test?", calls: 2},
		"nobody":            {run: func(p *repair) { p.users = []string{"nobody@x.test"} }, code: 1, want: "cannot be repaired like this: the hub has no such user"},
		"not federated":     {run: func(p *repair) { p.users = []string{"carl@x.test"} }, want: "carl@x.test: not federated"},
		"a directory's":     {org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Provider = "LDAP" }) }, code: 1, want: "that of a directory"},
		"staged":            {org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Status = "STAGED" }) }, code: 1, want: "activate him first, or recreate him"},
		"deactivated":       {org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Status = "DEPROVISIONED" }) }, code: 1, want: "activate him first, or recreate him"},
		"only linked":       {org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Provider = "OKTA" }) }, want: "1 repaired, 0 left", calls: 1},
		"linked, recreated": {org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Provider = "OKTA" }) }, run: func(p *repair) { p.fix = "recreate" }, code: 1, want: "converting him is enough"},
		"deactivated, recreated": {
			org: func(r *repairRig) { r.org.Edit("anna@x.test", func(u *oktatest.User) { u.Status = "DEPROVISIONED" }) },
			run: func(p *repair) { p.fix = "recreate" }, want: "1 repaired, 0 left", calls: 3,
		},
		"the hub converts nobody": {
			org: func(r *repairRig) {
				r.org.Script = func(call string, _ int, _ string) *oktatest.Step {
					if call == "reset_password" {
						return &oktatest.Step{Status: 403, Message: "E0000017"}
					}
					return nil
				}
			}, code: 1, want: "lifecycle/reset_password?sendEmail=false: 403 E0000017 (inactive)", calls: 2,
		},
		"he signs in meanwhile": {
			org: func(r *repairRig) {
				r.org.Script = func(call string, n int, _ string) *oktatest.Step {
					if call == "find" && n == 2 {
						r.org.Federate("anna@x.test", r.spoke)
					}
					return nil
				}
			}, code: 1, want: "after the repair his provider is FEDERATION", calls: 2,
		},
		"no right to identity providers": {
			org: func(r *repairRig) {
				r.org.Script = func(call string, _ int, _ string) *oktatest.Step {
					if call == "get idps" {
						return &oktatest.Step{Status: 403, Message: "E0000006"}
					}
					return nil
				}
			}, code: 3, want: "a repair needs an administrator's token, or the scopes okta.users.manage, okta.idps.manage",
		},
		"passing trouble": {
			org: func(r *repairRig) {
				r.org.Script = func(_ string, n int, _ string) *oktatest.Step {
					if n == 1 {
						return &oktatest.Step{Status: 503}
					}
					return nil
				}
			}, want: "1 repaired, 0 left", calls: 4,
		},
		"a refused token": {
			org: func(r *repairRig) {
				r.org.Script = func(string, int, string) *oktatest.Step { return &oktatest.Step{Status: 401, Message: "E0000011"} }
			}, code: 3, want: "GET /api/v1/idps?limit=200: 401 E0000011 (credential)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRepairRig(t)
				if tt.org != nil {
					tt.org(r)
				}
				err := r.run(func(p *repair) {
					p.apply, p.yes, p.users = true, true, []string{"anna@x.test"}
					if tt.run != nil {
						tt.run(p)
					}
				})
				assert.Equal(t, tt.code, code(t, err), "%v", err)
				said := r.out.String()
				if err != nil {
					said += err.Error()
				}
				assert.Contains(t, said, tt.want)
				assert.Len(t, r.changes(), tt.calls)
			})
		})
	}
}

func TestAReplayThatIsRefusedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepairRig(t)
		r.stored = []hook.ParkedChange{parkedAs("stuck", "anna@x.test", hook.Kept)}
		err := r.run(func(p *repair) {
			p.apply, p.parked, p.yes, p.json, p.store.engine = true, true, true, true, "http://engine"
		})
		assert.Equal(t, 1, code(t, err))
		var told repairPlan
		require.NoError(t, json.Unmarshal(r.out.Bytes(), &told))
		assert.True(t, told.Users[0].Repaired)
		assert.Equal(t, "replay stuck: the engine answers 409", told.Users[0].Trouble)
	})
}

func TestAJournalThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepairRig(t)
		path := filepath.Join(r.dir, "journal.jsonl")
		plan := func(p *repair) { p.plan, p.users = true, []string{"anna@x.test"} }
		for name, text := range map[string]string{"another file": "{\"time\":\"x\"}\n", "no JSON": "hello\n"} {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			err := r.run(plan)
			assert.Equal(t, 2, code(t, err), name)
			require.ErrorContains(t, err, "line 1 is not one of a journal of repairs")
		}
		require.NoError(t, os.WriteFile(path, []byte(`{"hub":"http://hub.test","lo`), 0o600))
		require.NoError(t, r.run(func(p *repair) { plan(p); p.plan, p.apply, p.yes = false, true, true }), "a torn line is what a crash leaves")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			assert.True(t, json.Valid([]byte(line)), line)
		}
	})
}

func TestRepairMistakes(t *testing.T) {
	dir := t.TempDir()
	idcs := filepath.Join(dir, "idcs.yaml")
	require.NoError(t, os.WriteFile(idcs, []byte("idcs: {url: http://x, clientId: a, clientSecretEnv: REPAIR_SECRET}\n"), 0o600))
	t.Setenv("REPAIR_SECRET", "x")
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no configuration":    {[]string{"--plan", "--user", "a"}, "--config"},
		"neither":             {[]string{"--config", "x", "--user", "a"}, "either --plan or --apply"},
		"both":                {[]string{"--config", "x", "--plan", "--apply", "--user", "a"}, "either --plan or --apply"},
		"nobody":              {[]string{"--config", "x", "--plan"}, "either --user or --parked"},
		"everybody":           {[]string{"--config", "x", "--plan", "--user", "a", "--parked"}, "either --user or --parked"},
		"parked where":        {[]string{"--config", "x", "--plan", "--parked"}, "--engine"},
		"a third fix":         {[]string{"--config", "x", "--plan", "--user", "a", "--fix", "pray"}, "--fix"},
		"a question in JSON":  {[]string{"--config", "x", "--apply", "--user", "a", "--json"}, "say --yes"},
		"another target":      {[]string{"--config", idcs, "--plan", "--user", "a"}, "the target is idcs"},
		"a file that is none": {[]string{"--config", filepath.Join(dir, "none"), "--plan", "--user", "a"}, "configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := say(t, append([]string{"okta", "repair"}, tt.args...)...)
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, 2, code(t, err))
		})
	}
}

// TestARepairEndsWithThePassword runs over real sockets, in real time: a change is parked, its user is repaired, and the engine is
// asked to send the change again.
func TestARepairEndsWithThePassword(t *testing.T) {
	r := newRepairRig(t)
	e := newRig(t)
	e.config.Target, e.config.Okta = TargetOkta, r.config().Okta
	e.config.Hook.Listen = "127.0.0.1:0"
	e.dial = r.org.DialContext
	e.start()
	id := e.submit("anna@x.test", "Password-1")
	require.Eventually(t, func() bool { return len(e.outcomes()) == 1 }, 10*time.Second, 5*time.Millisecond)
	e.stop()
	e.startOnTCP()
	config := filepath.Join(r.dir, "sync.yaml")
	require.NoError(t, os.WriteFile(config, []byte("target: okta\nokta: {url: "+r.org.URL()+", tokenEnv: HUB_TOKEN}\n"), 0o600))
	t.Setenv("THE_HOOK_TOKEN", hookToken)
	p := &repair{
		config: config, fix: "convert", apply: true, parked: true, yes: true, journal: filepath.Join(r.dir, "journal.jsonl"), out: &r.out,
		store:  parkedFlags{engine: e.engine.URL(), tokenEnv: "THE_HOOK_TOKEN"},
		getenv: func(name string) (string, bool) { return r.org.Token, name == "HUB_TOKEN" },
	}
	p.environment.DialContext = r.org.DialContext
	require.NoError(t, p.run(t.Context()), r.out.String())
	assert.Contains(t, r.out.String(), "anna@x.test: repaired; 1 parked change sent again")
	require.Eventually(t, func() bool { return r.org.User("anna@x.test").Password == "Password-1" }, 10*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return e.engine.ledger.isFinal(id, 1) }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, e.engine.Stop(t.Context()))
	e.domain.Stop()
}
