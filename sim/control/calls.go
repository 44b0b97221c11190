package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The calls of Client that have a name: each asks one query or mutation (those that say so, several), with passwords and
// secrets as variables, never in its text.

const userFields = `{ id userName givenName familyName displayName email active federated delegated locked lockedBy status provider mastered mustChange hasPassword history
	passwordSetAt created modified version }`

const faultFields = `{ id kind note seen fired added firstFired lastFired description }`

const clockFields = `{ now offset }`

const switchFields = `{ name value default options note }`

const limitFields = `{ bucket perSecond perMinute admitted refused }`

const groupPolicyFields = `{ name priority groups policy }`

const targetFields = `{ name url clock ` + clockFields + ` users policy faults ` + faultFields + ` switches ` + switchFields + ` clients
	tier limits ` + limitFields + ` tokenShare concurrentLimit visibility maintenance readOnly groupPolicies ` + groupPolicyFields + `
	changelog { mode first last } replicationLag passwordReadable }`

// World tells what runs.
func (c *Client) World(ctx context.Context) (World, error) {
	var data struct{ World World }
	err := c.Do(ctx, `{ world { seed version targets `+targetFields+` } }`, nil, &data)
	return data.World, err
}

// Target tells all about one simulator.
func (c *Client) Target(ctx context.Context, target string) (Target, error) {
	var data struct{ Target Target }
	err := c.Do(ctx, `query($target: String!) { target(name: $target) `+targetFields+` }`,
		map[string]any{"target": target}, &data)
	return data.Target, err
}

// usersAtOnce keeps one request below the size that the control plane takes.
const usersAtOnce = 10_000

// Populate adds users, in batches: when it fails, the batches before the failing one are there.
func (c *Client) Populate(ctx context.Context, target string, users []UserInput) (int, error) {
	added := 0
	for batch := range slices.Chunk(users, usersAtOnce) {
		n, err := c.AddUsers(ctx, target, batch)
		added += n
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

// AddUsers adds users, all of them or none.
func (c *Client) AddUsers(ctx context.Context, target string, users []UserInput) (int, error) {
	var data struct{ AddUsers int }
	err := c.Do(ctx, `mutation($target: String!, $users: [UserInput!]!) { addUsers(target: $target, users: $users) }`,
		map[string]any{"target": target, "users": each(users, userVariables)}, &data)
	return data.AddUsers, err
}

// GenerateUsers adds count generated users, without passwords, and returns them.
func (c *Client) GenerateUsers(ctx context.Context, target string, count int) ([]User, error) {
	var data struct{ GenerateUsers []User }
	err := c.Do(ctx, `mutation($target: String!, $count: Int!) { generateUsers(target: $target, count: $count) `+userFields+` }`,
		map[string]any{"target": target, "count": count}, &data)
	return data.GenerateUsers, err
}

// RemoveUsers removes the named users.
func (c *Client) RemoveUsers(ctx context.Context, target string, userNames ...string) (int, error) {
	var data struct{ RemoveUsers int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!) { removeUsers(target: $target, userNames: $names) }`,
		map[string]any{"target": target, "names": list(userNames)}, &data)
	return data.RemoveUsers, err
}

// SetFederated makes the named users federated, or local again.
func (c *Client) SetFederated(ctx context.Context, target string, federated bool, userNames ...string) (int, error) {
	var data struct{ SetFederated int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $federated: Boolean!) {
		setFederated(target: $target, userNames: $names, federated: $federated) }`,
		map[string]any{"target": target, "names": list(userNames), "federated": federated}, &data)
	return data.SetFederated, err
}

// SetActive activates the named users, or deactivates them.
func (c *Client) SetActive(ctx context.Context, target string, active bool, userNames ...string) (int, error) {
	var data struct{ SetActive int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $active: Boolean!) {
		setActive(target: $target, userNames: $names, active: $active) }`,
		map[string]any{"target": target, "names": list(userNames), "active": active}, &data)
	return data.SetActive, err
}

// User is one user; nil when the target has none of that name.
func (c *Client) User(ctx context.Context, target, userName string) (*User, error) {
	var data struct{ User *User }
	err := c.Do(ctx, `query($target: String!, $name: String!) { user(target: $target, userName: $name) `+userFields+` }`,
		map[string]any{"target": target, "name": userName}, &data)
	return data.User, err
}

// Users fetches every user of the target, in as many requests as it takes.
func (c *Client) Users(ctx context.Context, target string) ([]User, error) {
	var users []User
	var after *string
	for {
		var data struct{ Users UserPage }
		err := c.Do(ctx, `query($target: String!, $first: Int!, $after: ID) {
			users(target: $target, first: $first, after: $after) { total next users `+userFields+` } }`,
			map[string]any{"target": target, "first": c.page, "after": after}, &data)
		if err != nil {
			return nil, err
		}
		users = append(users, data.Users.Users...)
		if after = data.Users.Next; after == nil {
			return users, nil
		}
	}
}

// SetPolicy replaces the target's password policy. The policy is a policy.Policy, or a map with the vendor's names.
func (c *Client) SetPolicy(ctx context.Context, target string, policy any) error {
	return c.Do(ctx, `mutation($target: String!, $policy: JSON!) { setPolicy(target: $target, policy: $policy) }`,
		map[string]any{"target": target, "policy": policy}, nil)
}

// AddFault injects a fault.
func (c *Client) AddFault(ctx context.Context, target string, fault FaultInput) (Fault, error) {
	var data struct{ AddFault Fault }
	err := c.Do(ctx, `mutation($target: String!, $fault: FaultInput!) { addFault(target: $target, fault: $fault) `+faultFields+` }`,
		map[string]any{"target": target, "fault": faultVariables(fault)}, &data)
	return data.AddFault, err
}

// Faults lists the faults that are in force.
func (c *Client) Faults(ctx context.Context, target string) ([]Fault, error) {
	var data struct{ Target Target }
	err := c.Do(ctx, `query($target: String!) { target(name: $target) { faults `+faultFields+` } }`,
		map[string]any{"target": target}, &data)
	return data.Target.Faults, err
}

// RemoveFaults takes back the named faults, or all when none is named.
func (c *Client) RemoveFaults(ctx context.Context, target string, ids ...string) (int, error) {
	var data struct{ RemoveFaults int }
	variables := map[string]any{"target": target}
	if len(ids) > 0 {
		variables["ids"] = ids
	}
	err := c.Do(ctx, `mutation($target: String!, $ids: [ID!]) { removeFaults(target: $target, ids: $ids) }`, variables, &data)
	return data.RemoveFaults, err
}

// ExpireTokens makes the issued tokens expired as of now: those of one client, or all when the client is empty.
func (c *Client) ExpireTokens(ctx context.Context, target, client string) (int, error) {
	var data struct{ ExpireTokens int }
	err := c.Do(ctx, `mutation($target: String!, $client: String) { expireTokens(target: $target, client: $client) }`,
		map[string]any{"target": target, "client": optional(client)}, &data)
	return data.ExpireTokens, err
}

// RevokeTokens revokes the issued tokens: those of one client, or all when the client is empty.
func (c *Client) RevokeTokens(ctx context.Context, target, client string) (int, error) {
	var data struct{ RevokeTokens int }
	err := c.Do(ctx, `mutation($target: String!, $client: String) { revokeTokens(target: $target, client: $client) }`,
		map[string]any{"target": target, "client": optional(client)}, &data)
	return data.RevokeTokens, err
}

// SetTokenLifetime sets how long the tokens live that are issued from now on.
func (c *Client) SetTokenLifetime(ctx context.Context, target string, lifetime time.Duration) error {
	return c.Do(ctx, `mutation($target: String!, $lifetime: Duration!) { setTokenLifetime(target: $target, lifetime: $lifetime) }`,
		map[string]any{"target": target, "lifetime": lifetime.String()}, nil)
}

// TurnClock moves the target's clock.
func (c *Client) TurnClock(ctx context.Context, target string, by time.Duration) (Clock, error) {
	var data struct{ TurnClock Clock }
	err := c.Do(ctx, `mutation($target: String!, $by: Duration!) { turnClock(target: $target, by: $by) `+clockFields+` }`,
		map[string]any{"target": target, "by": by.String()}, &data)
	return data.TurnClock, err
}

// SetSwitch chooses one of the ways an uncertain behaviour of the vendor may be.
func (c *Client) SetSwitch(ctx context.Context, target, name, value string) (Switch, error) {
	var data struct{ SetSwitch Switch }
	err := c.Do(ctx, `mutation($target: String!, $name: String!, $value: String!) {
		setSwitch(target: $target, name: $name, value: $value) `+switchFields+` }`,
		map[string]any{"target": target, "name": name, "value": value}, &data)
	return data.SetSwitch, err
}

// RegisterClient adds an OAuth client to the target.
func (c *Client) RegisterClient(ctx context.Context, target string, client ClientInput) error {
	return c.Do(ctx, `mutation($target: String!, $client: ClientInput!) { registerClient(target: $target, client: $client) }`,
		map[string]any{"target": target, "client": clientVariables(client)}, nil)
}

// logInsAtOnce bounds one request of the probe.
const logInsAtOnce = 1_000

// LogIns asks the probe whether these user names and passwords would sign in, however many there are; the answers are in
// the order of the attempts, one for each.
func (c *Client) LogIns(ctx context.Context, target string, attempts []LogInInput) ([]LogIn, error) {
	answers := make([]LogIn, 0, len(attempts))
	for batch := range slices.Chunk(attempts, logInsAtOnce) {
		var data struct{ LogIns []LogIn }
		err := c.Do(ctx, `mutation($target: String!, $attempts: [LogInInput!]!) {
			logIns(target: $target, attempts: $attempts) { ok mustChange reason } }`,
			map[string]any{"target": target, "attempts": each(batch, logInVariables)}, &data)
		if err != nil {
			return nil, err
		}
		if len(data.LogIns) != len(batch) {
			return nil, fmt.Errorf("%d log-ins were asked for, %d answered", len(batch), len(data.LogIns))
		}
		answers = append(answers, data.LogIns...)
	}
	return answers, nil
}

// CheckPassword tells which rules of the target's policy a password would break for that user; none: it would be accepted.
func (c *Client) CheckPassword(ctx context.Context, target, userName string, password secret.Value) ([]Violation, error) {
	var data struct{ CheckPassword []Violation }
	err := c.Do(ctx, `query($target: String!, $name: String!, $password: String!) {
		checkPassword(target: $target, userName: $name, password: $password) { rule limit text } }`,
		map[string]any{"target": target, "name": userName, "password": password.Reveal()}, &data)
	return data.CheckPassword, err
}

// Digests are the keyed digests under which the journal shows these passwords.
func (c *Client) Digests(ctx context.Context, passwords ...secret.Value) ([]string, error) {
	var data struct{ Digests []string }
	err := c.Do(ctx, `query($passwords: [String!]!) { digests(passwords: $passwords) }`,
		map[string]any{"passwords": each(passwords, secret.Value.Reveal)}, &data)
	return data.Digests, err
}

// Reset takes the target back to its configuration: no users, tokens, faults or journal, the clock and the policy as configured.
func (c *Client) Reset(ctx context.Context, target string) error {
	return c.Do(ctx, `mutation($target: String!) { reset(target: $target) }`, map[string]any{"target": target}, nil)
}
