package scenarios

import "github.com/expr-lang/expr/vm"

// Scenario is one rehearsal: what is given, what happens, what is expected.
type Scenario struct {
	ID       string        `json:"id" jsonschema:"pattern=^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$" jsonschema_description:"Names the scenario: area/what-happens."`
	Title    string        `json:"title" jsonschema:"minLength=1" jsonschema_description:"What a correct engine does, as one sentence."`
	Because  string        `json:"because" jsonschema:"minLength=1" jsonschema_description:"Where the requirement comes from."`
	Severity Severity      `json:"severity" jsonschema_description:"critical and major decide the verdict; minor does not."`
	Given    Given         `json:"given,omitzero" jsonschema_description:"The world before the first step."`
	Steps    []Step        `json:"steps" jsonschema:"minItems=1" jsonschema_description:"What happens, in order."`
	Expect   []Expectation `json:"expect,omitempty" jsonschema_description:"What holds in the end, besides the universal invariants."`

	file     string
	embedded bool
	tree     *node
}

// File is the name of the file that the scenario was read from.
func (s Scenario) File() string { return s.file }

// Severity says what a failure means for the certificate.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	Major    Severity = "major"
	Minor    Severity = "minor"
)

// Given is the world before the first step.
type Given struct {
	IDCS   GivenDomain     `json:"idcs,omitzero" jsonschema_description:"The Oracle identity domain that passwords are synchronised to; there is one when no target is given."`
	Okta   *GivenOrg       `json:"okta,omitempty" jsonschema_description:"The Okta org that passwords are synchronised to, instead of an identity domain."`
	Spoke  *GivenSpoke     `json:"spoke,omitempty" jsonschema_description:"A second org that pushes its passwords to the first: Okta's own provisioning (Org2Org) is on trial, instead of an engine."`
	DS     *GivenDirectory `json:"ds,omitempty" jsonschema_description:"The directory in which people change their passwords: the engine finds their hashes there, by itself."`
	Source GivenSource     `json:"source,omitzero" jsonschema_description:"Where people change their passwords."`
	Engine GivenEngine     `json:"engine,omitzero" jsonschema_description:"How the system under test is set up, as far as it can be told."`
}

// GivenPlace is what is given of a target of any kind.
type GivenPlace struct {
	Users         int               `json:"users,omitempty" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"How many generated users live there; each has a known initial password."`
	People        []Person          `json:"people,omitempty" jsonschema_description:"Users with names of your choice, besides the generated ones."`
	TokenLifetime *Duration         `json:"token_lifetime,omitempty" jsonschema_description:"How long an access token lives; 1h when absent."`
	Switches      map[string]string `json:"switches,omitempty" jsonschema_description:"What is unknown or configurable about the vendor; the names are those of the control plane."`
	Latency       *Latency          `json:"latency,omitempty" jsonschema_description:"How long an answer usually takes; 20 to 60 ms when absent. It is the weather, not a fault."`
}

// GivenDomain is the identity domain before the first step.
type GivenDomain struct {
	GivenPlace
	Policy      *Policy   `json:"policy,omitempty" jsonschema_description:"The password policy; standard when absent."`
	Tier        string    `json:"tier,omitempty" jsonschema:"enum=free,enum=oracle-apps,enum=oracle-apps-premium,enum=premium,enum=external-user" jsonschema_description:"The domain's type, whose rate limits are in force; none when absent."`
	Visibility  *Duration `json:"visibility,omitempty" jsonschema_description:"How long a search does not find a user who was just created; not at all when absent."`
	ClientRoles []string  `json:"client_roles,omitempty" jsonschema_description:"The app roles of the engine's client; those that it needs when absent."`
}

// GivenOrg is the Okta org before the first step. The logins of its generated users are their e-mail addresses.
type GivenOrg struct {
	GivenPlace
	Policy          *Policy         `json:"policy,omitempty" jsonschema_description:"The password policy of everyone: complexity, age and lockout; default when absent."`
	Plan            string          `json:"plan,omitempty" jsonschema:"enum=free,enum=one-app,enum=enterprise,enum=workforce,enum=unlimited" jsonschema_description:"The org's plan, whose rate limits are in force; workforce when absent."`
	TokenShare      int             `json:"token_share,omitempty" jsonschema:"minimum=1,maximum=100" jsonschema_description:"How much of each rate limit the engine's token may use, in percent; 50 when absent."`
	ConcurrentLimit int             `json:"concurrent_limit,omitempty" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"How many requests the org takes at a time; as the plan says when absent."`
	Providers       map[string]Part `json:"providers,omitempty" jsonschema_description:"Who signs in elsewhere: users or a share of the generated ones, by provider: {FEDERATION: 5 %, LDAP: [3, 4]}."`
	Statuses        map[string]Part `json:"statuses,omitempty" jsonschema_description:"Who is not ACTIVE: users or a share of the generated ones, by status: {SUSPENDED: 5-6}."`
	Credential      string          `json:"credential,omitempty" jsonschema:"enum=token,enum=client" jsonschema_description:"How the engine proves who it is: an API token (SSWS), or a service application with private_key_jwt; token when absent."`
}

// GivenSpoke is the org whose users are pushed to the org that is the target. Its users have the same logins and passwords; all of
// them are assigned, and so are the newcomers, whom the target does not have.
type GivenSpoke struct {
	Policy     *Policy           `json:"policy,omitempty" jsonschema_description:"The spoke's password policy; default when absent."`
	Switches   map[string]string `json:"switches,omitempty" jsonschema_description:"Switches of the spoke."`
	Deactivate *bool             `json:"deactivate,omitempty" jsonschema_description:"Whether an end of an assignment deactivates the target's user; true when absent."`
}

// GivenSource is the source before the first step.
type GivenSource struct {
	Policy    *Policy `json:"policy,omitempty" jsonschema_description:"The policy that people's new passwords obey; the target's when absent."`
	Lengths   Lengths `json:"lengths,omitempty" jsonschema_description:"How long people choose their passwords: a weight for each length, such as {8: 6, 12: 24}; 10 to 16 in equal parts when absent."`
	Newcomers int     `json:"newcomers,omitempty" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"How many users the source has and the target has not."`
}

// GivenEngine is how the system under test is set up.
type GivenEngine struct {
	Door      string `json:"door,omitempty" jsonschema:"enum=changer,enum=patch" jsonschema_description:"How it writes: changer is PUT UserPasswordChanger, patch is PATCH Users. changer when absent."`
	Provision bool   `json:"provision,omitempty" jsonschema_description:"Whether it creates a user that the target does not have."`
	// Settings lie over the configuration of our own engine.
	Settings map[string]any `json:"settings,omitempty" jsonschema_description:"Settings of seatrial's own engine, under the names of its configuration file, such as {rollout: {percent: 10}}."`
	Mail     bool           `json:"mail,omitempty" jsonschema_description:"Whether there is a mail server that the engine may use."`
}

// Person is a user with a chosen name. The names are the control plane's.
type Person struct {
	UserName   string `json:"userName" jsonschema:"minLength=1"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
	Email      string `json:"email,omitempty"`
}

// Step is one thing that happens. Exactly one of its fields is set; only Do goes with After.
type Step struct {
	Change        *Change           `json:"change,omitempty" jsonschema_description:"People change their passwords at the source. The next step begins when the last of them was sent, not when it arrived."`
	After         *Moment           `json:"after,omitempty" jsonschema_description:"Waits for a moment in the middle of the run."`
	Do            []Step            `json:"do,omitempty" jsonschema:"minItems=1" jsonschema_description:"What happens at that moment."`
	Faults        []Fault           `json:"faults,omitempty" jsonschema:"minItems=1" jsonschema_description:"Rules by which the target misbehaves from now on. A rule that never fires makes the run void."`
	ClearFaults   *Selection        `json:"clear_faults,omitempty" jsonschema_description:"Removes fault rules: all, or a list of ids."`
	ExpireTokens  *Tokens           `json:"expire_tokens,omitempty" jsonschema_description:"Issued access tokens are expired as of now: all, or {client: …}."`
	RevokeTokens  *Tokens           `json:"revoke_tokens,omitempty" jsonschema_description:"Issued access tokens are revoked: all, or {client: …}."`
	TokenLifetime *Duration         `json:"token_lifetime,omitempty" jsonschema_description:"How long tokens live that are issued from now on."`
	TurnClock     *Duration         `json:"turn_clock,omitempty" jsonschema_description:"Moves the target's clock, and only its clock."`
	SetPolicy     *Policy           `json:"set_policy,omitempty" jsonschema_description:"The target gets another password policy."`
	SetSwitches   map[string]string `json:"set_switches,omitempty" jsonschema:"minProperties=1" jsonschema_description:"Turns switches of the target."`
	SetProvider   *SetProvider      `json:"set_provider,omitempty" jsonschema_description:"At an Okta org, the password of these users is elsewhere from now on, or here again."`
	SetStatus     *SetStatus        `json:"set_status,omitempty" jsonschema_description:"At an Okta org, these users have another status from now on."`
	Disconnect    *Users            `json:"disconnect,omitempty" jsonschema_description:"An administrator of the Okta org parts these users from their identity provider: they are the org's own, without a password."`
	JIT           *Users            `json:"jit,omitempty" jsonschema_description:"These users sign in to the Okta org through an identity provider that creates who is not there, just in time: they are federated."`
	Unassign      *Users            `json:"unassign,omitempty" jsonschema_description:"At the spoke, the application is taken from these users; what follows from it is waited for."`
	Assign        *Users            `json:"assign,omitempty" jsonschema_description:"At the spoke, the application is assigned to these users; what follows from it is waited for."`
	Repair        *Repair           `json:"repair,omitempty" jsonschema_description:"An operator makes federated users of the Okta org its own again; what was parked is not sent again by that."`
	ReadOnly      *bool             `json:"read_only,omitempty" jsonschema_description:"The Okta org takes no writes from now on (503, E0000010), or takes them again."`
	Directory     *DirectoryTurn    `json:"directory,omitempty" jsonschema_description:"Something happens at the directory."`
	Notice        *Notice           `json:"notice,omitempty" jsonschema_description:"The engine must say something about itself, by a metric."`
	Federate      *Users            `json:"federate,omitempty" jsonschema_description:"These users sign in through another identity provider from now on."`
	Unfederate    *Users            `json:"unfederate,omitempty" jsonschema_description:"These users have a local password again."`
	Deactivate    *Users            `json:"deactivate,omitempty" jsonschema_description:"These users are deactivated."`
	Activate      *Users            `json:"activate,omitempty" jsonschema_description:"These users are activated again."`
	Remove        *Users            `json:"remove,omitempty" jsonschema_description:"These users are deleted at the target."`
	Lock          *Users            `json:"lock,omitempty" jsonschema_description:"These users are locked."`
	Unlock        *Users            `json:"unlock,omitempty" jsonschema_description:"These users are unlocked."`
	Maintenance   *Maintenance      `json:"maintenance,omitempty" jsonschema_description:"The target is maintained: it answers 503 until that is over."`
	Replay        *Replay           `json:"replay,omitempty" jsonschema_description:"An operator has parked changes sent again."`
	Restart       *Restart          `json:"restart,omitempty" jsonschema_description:"The engine is stopped and started again on what it left behind. From the first step on, the source submits a change again until it is acknowledged."`
	Wait          *Duration         `json:"wait,omitempty" jsonschema_description:"Virtual time passes."`
	Settle        *Duration         `json:"settle,omitempty" jsonschema_description:"Waits until every acknowledged change is final, at most so long."`
}

// Change is people changing their passwords.
type Change struct {
	Users Users     `json:"users,omitzero" jsonschema_description:"Who: all, newcomers, a number (the first so many), a range such as 3-7, or a list of numbers and user names."`
	Count int       `json:"count,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"How often each of them; once when absent."`
	With  With      `json:"with,omitzero" jsonschema_description:"Which password: valid, reused (the one the user has), initial, or {violates: rule}."`
	Wait  *Duration `json:"wait,omitempty" jsonschema_description:"Strict mode: the source waits so long for the outcome, and keeps its old password when the change is refused."`
	Over  *Duration `json:"over,omitempty" jsonschema_description:"Spread evenly over so long; all at once when absent."`
}

// Restart is the end of the engine and its start on what it left behind.
type Restart struct {
	After Duration `json:"after,omitempty" jsonschema_description:"How long it is gone; a moment when absent."`
	Cut   bool     `json:"cut,omitempty" jsonschema_description:"It does not drain: attempts are cut off in the middle."`
	Keys  string   `json:"keys,omitempty" jsonschema:"enum=rotated,enum=lost,enum=back" jsonschema_description:"Meanwhile its sealing keys are rotated (a new one before the old), lost (a new one instead), or the lost ones are put back."`
	// Settings lie over those that are given.
	Settings map[string]any `json:"settings,omitempty" jsonschema_description:"Settings with which it starts again, over those that were given."`
}

// SetProvider says where the passwords of users are.
type SetProvider struct {
	Users    Users  `json:"users" jsonschema_description:"Who."`
	Provider string `json:"provider" jsonschema:"enum=OKTA,enum=FEDERATION,enum=SOCIAL,enum=ACTIVE_DIRECTORY,enum=LDAP" jsonschema_description:"Okta's name of where the password is; OKTA is here."`
}

// Repair is a fix for federated users.
type Repair struct {
	Users Users  `json:"users" jsonschema_description:"Who."`
	Fix   string `json:"fix,omitempty" jsonschema:"enum=convert,enum=recreate" jsonschema_description:"convert keeps the user; recreate deletes him and makes him anew. convert when absent."`
}

// SetStatus says where users stand in their life.
type SetStatus struct {
	Users  Users  `json:"users" jsonschema_description:"Who."`
	Status string `json:"status" jsonschema:"enum=STAGED,enum=PROVISIONED,enum=ACTIVE,enum=RECOVERY,enum=LOCKED_OUT,enum=PASSWORD_EXPIRED,enum=SUSPENDED,enum=DEPROVISIONED" jsonschema_description:"Okta's name of the status."`
}

// Maintenance is a window in which the target answers nothing but 503.
type Maintenance struct {
	For        Duration `json:"for" jsonschema_description:"How long it lasts."`
	RetryAfter Duration `json:"retryAfter,omitempty" jsonschema_description:"The Retry-After header; the vendor's habit when absent."`
}

// Replay is an operator who has parked changes sent again.
type Replay struct {
	Reason string `json:"reason,omitempty" jsonschema_description:"Only those parked for this reason; all when absent."`
}

// Moment is a point in the middle of a run. Exactly one of its counts is set.
type Moment struct {
	Applied  int       `json:"applied,omitempty" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"So many passwords have been written at the target."`
	Attempts int       `json:"attempts,omitempty" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"So many attempts to write a password have been answered or cut."`
	Requests int       `json:"requests,omitempty" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"So many requests of any kind have been answered or cut."`
	Within   *Duration `json:"within,omitempty" jsonschema_description:"A moment that does not come in this time makes the run void; 10m when absent."`
}

// Fault is a rule by which the target misbehaves. The names are those of the control plane's FaultInput.
type Fault struct {
	ID          string   `json:"id,omitempty" jsonschema_description:"Names the rule in the report and for clear_faults."`
	Kind        string   `json:"kind" jsonschema:"enum=certificate,enum=handshake,enum=latency,enum=throttle,enum=status,enum=disconnect,enum=reset,enum=half_open,enum=hang,enum=drip,enum=stall,enum=cut,enum=lose_answer"`
	Note        string   `json:"note,omitempty"`
	Latency     *Latency `json:"latency,omitempty" jsonschema_description:"latency: how long to hold a request back."`
	Rate        float64  `json:"rate,omitempty" jsonschema:"minimum=0" jsonschema_description:"throttle: requests a second; drip: bytes a second."`
	Burst       int      `json:"burst,omitempty" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"throttle: how many may come at once."`
	Status      int      `json:"status,omitempty" jsonschema:"minimum=1,maximum=599" jsonschema_description:"status: the code, of HTTP or of LDAP; disconnect: that of the notice, 52 when absent."`
	Body        string   `json:"body,omitempty" jsonschema_description:"status, disconnect: whose body it has: vendor, gateway, or a literal text."`
	Certificate string   `json:"certificate,omitempty" jsonschema:"enum=expired,enum=not_yet_valid,enum=wrong_host,enum=unknown_ca" jsonschema_description:"certificate: what is wrong with the certificate that the server shows."`
	Handshake   string   `json:"handshake,omitempty" jsonschema:"enum=close,enum=garbage,enum=hang" jsonschema_description:"handshake: how TLS goes wrong."`
	After       int      `json:"after,omitempty" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"stall, cut, at the directory status: what is sent before, so many bytes of a body, at the directory so many entries of a search."`
	All         bool     `json:"all,omitempty" jsonschema_description:"disconnect: every connection of the server, not only the one that asked."`
	RetryAfter  Duration `json:"retryAfter,omitempty" jsonschema_description:"throttle, status: the Retry-After header; the vendor's habit when absent."`
	Share       *float64 `json:"share,omitempty" jsonschema:"minimum=0,maximum=1" jsonschema_description:"Trigger: the share of requests, 0 to 1."`
	First       int      `json:"first,omitempty" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"Trigger: only the first so many requests."`
	Skip        int      `json:"skip,omitempty" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"Trigger: let so many requests pass first."`
	Every       int      `json:"every,omitempty" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"Trigger: only every so-many-th request."`
	From        Duration `json:"from,omitempty" jsonschema_description:"Trigger: from so long after this step."`
	Until       Duration `json:"until,omitempty" jsonschema_description:"Trigger: until so long after this step."`
	Route       string   `json:"route,omitempty" jsonschema_description:"Scope: a pattern of method and path, such as PUT /admin/v1/UserPasswordChanger/*; at the directory an operation, a DN or both; LDAPS or START_TLS of a handshake."`
	User        string   `json:"user,omitempty" jsonschema_description:"Scope: one user name; #3 is the third user."`
	Client      string   `json:"client,omitempty" jsonschema_description:"Scope: one OAuth client."`
}

// Latency is how long requests are held back: constant, between min and max, lognormal around a median, or drawn from
// percentiles.
type Latency struct {
	Constant    Duration     `json:"constant,omitempty"`
	Min         Duration     `json:"min,omitempty"`
	Max         Duration     `json:"max,omitempty"`
	Median      Duration     `json:"median,omitempty"`
	P95         Duration     `json:"p95,omitempty"`
	Percentiles []Percentile `json:"percentiles,omitempty"`
}

// Percentile is one point of a measured distribution.
type Percentile struct {
	Percentile float64  `json:"percentile" jsonschema:"minimum=0,maximum=100"`
	Value      Duration `json:"value"`
}

// Expectation is one thing that holds in the end. Exactly one of its fields is set; only That goes with Query.
type Expectation struct {
	Outcome *Outcome         `json:"outcome,omitempty" jsonschema_description:"How many changes ended how."`
	Parked  map[string]Count `json:"parked,omitempty" jsonschema:"minProperties=1" jsonschema_description:"How many changes were parked for which reason, as the engine names it."`
	Login   *Login           `json:"login,omitempty" jsonschema_description:"Who can sign in at the target with which password."`
	Query   string           `json:"query,omitempty" jsonschema_description:"A question to the control plane, in GraphQL."`
	That    string           `json:"that,omitempty" jsonschema_description:"What must be true of the answer, as an expression (expr-lang)."`
	Speed   *Speed           `json:"speed,omitempty" jsonschema_description:"How long applied changes took, from their submission to their end."`
	Mails   *Mails           `json:"mails,omitempty" jsonschema_description:"Who got mail: these users one each, and nobody else any."`
	Refused *Count           `json:"refused,omitempty" jsonschema_description:"How many changes the source was told, while it waited, that they were refused."`
	Within  *Duration        `json:"within,omitempty" jsonschema_description:"The last settle took no longer than this."`

	program *vm.Program // That, compiled
}

// Outcome counts changes by how they ended. What is absent is not looked at.
type Outcome struct {
	Applied    *Count `json:"applied,omitempty"`
	Parked     *Count `json:"parked,omitempty"`
	Superseded *Count `json:"superseded,omitempty"`
	Skipped    *Count `json:"skipped,omitempty"`
	Planned    *Count `json:"planned,omitempty"`
}

// Speed is how long applied changes may take.
type Speed struct {
	Mean *Duration `json:"mean,omitempty" jsonschema_description:"On average, at most."`
	P95  *Duration `json:"p95,omitempty" jsonschema_description:"95 of 100, at most."`
}

// Mails is who got one mail each.
type Mails struct {
	Users Users `json:"users,omitzero" jsonschema_description:"Who; all when absent, and nobody for [] ."`
	None  bool  `json:"none,omitempty" jsonschema_description:"Nobody got any."`
}

// Login is an expectation of the probe: can these users sign in?
type Login struct {
	Users      Users  `json:"users,omitzero" jsonschema_description:"Who; all when absent."`
	With       string `json:"with,omitempty" jsonschema:"enum=newest,enum=initial,enum=nothing" jsonschema_description:"newest: the newest of the run that the target could accept; initial: the one from before the run; nothing: none of them. newest when absent."`
	MustChange bool   `json:"must_change,omitempty" jsonschema_description:"Whether the target then asks for a new password."`
}
