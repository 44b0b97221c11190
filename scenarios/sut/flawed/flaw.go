package flawed

import "github.com/seatrial/seatrial/scenarios/invariants"

// Flaw is one thing that the engine does wrong.
type Flaw string

// The flaws. None is the correct engine.
const (
	None                   Flaw = "none"
	RetriesPermanent       Flaw = "retries-permanent"          // repeats a policy refusal like an outage
	NoTokenRefresh         Flaw = "no-token-refresh"           // keeps a token that was refused
	RefreshStampede        Flaw = "refresh-stampede"           // each worker asks for a token of its own
	IgnoresRetryAfter      Flaw = "ignores-retry-after"        // comes back when it likes
	NoRetry                Flaw = "no-retry"                   // gives up at the first passing failure
	BlindRewrite           Flaw = "blind-rewrite"              // writes again after a lost answer without looking
	OutOfOrder             Flaw = "out-of-order"               // lets the changes of one user race
	LosesChanges           Flaw = "loses-changes"              // forgets an acknowledged change when the connection fails
	LeaksPassword          Flaw = "leaks-password"             // logs the change it was given
	PatchDoor              Flaw = "patch-door"                 // writes by PATCH: the user must change the password
	NoProvision            Flaw = "no-provision"               // never creates a user, though asked to
	WritesTwice            Flaw = "writes-twice"               // does not notice its success, like the published recipe
	ReportsSuccessOnRefuse Flaw = "reports-success-on-failure" // says applied, whatever the target said
	WritesFederated        Flaw = "writes-federated"           // makes a federated user local to get the password in
	TouchesAttributes      Flaw = "touches-attributes"         // tidies the display name while it is there
	DoubleAudit            Flaw = "double-audit"               // audits each outcome twice
	Recipe                 Flaw = "recipe"                     // the published recipe: several of the above at once
)

// Kind is a flaw with what must reject it.
type Kind struct {
	Flaw Flaw
	// Fails are the invariants that name the flaw once a run gives it a chance to show. Empty: only the expectation of a
	// scenario can tell, because what the engine does is honest and not what was asked.
	Fails []string
	// Needs is what a run must have for the flaw to show.
	Needs string
}

// Kinds are all flaws but None.
func Kinds() []Kind {
	return []Kind{
		{RetriesPermanent, []string{invariants.RetryDiscipline}, "a password that the policy refuses"},
		{NoTokenRefresh, []string{invariants.TokenDiscipline}, "tokens that die in the middle of the run"},
		{RefreshStampede, []string{invariants.TokenDiscipline}, "several users at once"},
		{IgnoresRetryAfter, []string{invariants.RetryDiscipline}, "a 429 with a Retry-After of more than 15 s"},
		{NoRetry, []string{invariants.RetryDiscipline}, "a passing failure of a write"},
		{BlindRewrite, []string{invariants.OneWrite}, "a lost answer, with password history on"},
		{OutOfOrder, []string{invariants.NewestWins, invariants.NoStaleWrite}, "two changes of a user, the first of which fails once"},
		{LosesChanges, []string{invariants.NothingLost}, "a connection that is cut"},
		{LeaksPassword, []string{invariants.NoLeak}, "any change"},
		{PatchDoor, []string{invariants.NewestWins}, "any change that is applied"},
		{NoProvision, nil, "a change of a user that the target does not have"},
		{WritesTwice, []string{invariants.OneWrite}, "any change that is applied"},
		{ReportsSuccessOnRefuse, []string{invariants.OneWrite, invariants.NewestWins}, "a password that the policy refuses"},
		{WritesFederated, []string{invariants.NoSurprise}, "a change of a federated user"},
		{TouchesAttributes, []string{invariants.NoSurprise}, "any change that is applied"},
		{DoubleAudit, []string{invariants.OneAudit}, "any change"},
		{Recipe, []string{invariants.OneWrite, invariants.NewestWins}, "any change that is applied"},
	}
}
