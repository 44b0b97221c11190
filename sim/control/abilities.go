package control

import (
	"context"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// What not every vendor has. A mutation asks for the ability that it needs, and says which target lacks it.
type (
	// issuer hands out tokens.
	issuer interface {
		Clients() []string
		RegisterClient(c oauth.Client) error
		ExpireTokens(client string) int
		RevokeTokens(client string) int
		SetTokenLifetime(d time.Duration) error
	}
	// federating and delegating have users whose passwords are elsewhere.
	federating interface {
		SetFederated(id string, on bool) error
	}
	delegating interface {
		SetDelegated(id string, on bool) error
	}
	// grouping has password policies for the members of groups.
	grouping interface {
		GroupPoliciesJSON() []harness.GroupPolicy
		SetGroupPolicyJSON(name string, priority int, groups []string, text []byte) error
		RemoveGroupPolicy(name string) bool
	}
	// limiting has rate limits by tier, which Okta calls a plan.
	limiting interface {
		Tier() string
		SetTier(tier string) error
		Limits() []harness.Limit
	}
	// sharing limits each token and the requests under way, beside the whole.
	sharing interface {
		TokenShare() int
		SetTokenShare(percent int) error
		ConcurrentLimit() int
		SetConcurrentLimit(n int) error
		ResetRates()
		Limits() []harness.Limit
	}
	// lagging finds new users late.
	lagging interface {
		Visibility() time.Duration
		SetVisibility(after time.Duration) error
	}
	// closing can be closed as a whole.
	closing interface {
		Maintenance() (on bool, retryAfter time.Duration)
		SetMaintenance(on bool, retryAfter time.Duration) error
	}
	// freezing can be closed for writes.
	freezing interface {
		ReadOnly() bool
		SetReadOnly(on bool)
	}
	// mailing would have sent mails.
	mailing interface {
		Outbox(userName string, after uint64, limit int) (mails []harness.Mail, sent uint64)
	}
	// addressing wants logins that look like e-mail addresses.
	addressing interface {
		AddressedLogins() bool
	}
	// lifecycled has statuses and providers.
	lifecycled interface {
		SetStatus(id, status string) error
		SetProvider(id, provider string) error
		SetMastered(id string, on bool) error
		Disconnect(idOrLogin string) error
	}
	// serving lets users sign in and change their passwords, as they do there.
	serving interface {
		SignIn(ctx context.Context, userName string, password secret.Value) ldap.Result
		ChangePassword(ctx context.Context, userName string, old, replacement secret.Value) ldap.Result
		StoredDigest(userName string) secret.Digest
	}
	// logging has a changelog.
	logging interface {
		ChangelogMode() (mode string, first, last int)
		SetChangelog(mode string, purge time.Duration) error
		TrimChangelog(keep int) int
	}
	// replicating takes what happens on another server.
	replicating interface {
		ReplicationLag() time.Duration
		SetReplicationLag(lag time.Duration) error
	}
	// revealing shows what is stored of passwords to the account of a synchronisation.
	revealing interface {
		PasswordReadable() bool
		SetPasswordReadable(on bool) error
	}
	// provisioning pushes users to another org, and takes those whom an identity provider asserts.
	provisioning interface {
		Tasks() []okta.Task
		RetryTask(id string) error
		SignInThroughIdP(idp string, a okta.Assertion) (okta.FederatedSignIn, error)
	}
)

// able asks the target of that name for an ability; what is the word for it in the error.
func able[T any](r *resolver, target, what string) (T, error) {
	var none T
	s, err := r.find(target)
	if err != nil {
		return none, err
	}
	t, ok := s.(T)
	if !ok {
		return none, fmt.Errorf("target: %s has no %s", target, what)
	}
	return t, nil
}

// The words for abilities.
const (
	tokens        = "tokens"
	federation    = "federated users"
	delegation    = "delegated users"
	groupPolicies = "password policies for groups"
	tiers         = "tiers"
	shares        = "shares of tokens, nor a limit of requests under way"
	visibility    = "delay until new users are found"
	maintenance   = "maintenance as a whole"
	readOnlyMode  = "read-only mode"
	outbox        = "outbox"
	lifecycle     = "statuses and providers"
	provisioner   = "provisioning, nor identity providers"
	service       = "users who sign in and change their passwords at the word of an operator"
	changelog     = "changelog"
	replication   = "replicas"
	hashes        = "account that reads what is stored of passwords"
)
