package control

import (
	"context"
	"time"
)

// SetTier puts the rate limits of a domain type into force, with nothing counted yet; "" ends all limits.
func (c *Client) SetTier(ctx context.Context, target, tier string) ([]Limit, error) {
	var data struct{ SetTier []Limit }
	err := c.Do(ctx, `mutation($target: String!, $tier: String!) { setTier(target: $target, tier: $tier) `+limitFields+` }`,
		map[string]any{"target": target, "tier": tier}, &data)
	return data.SetTier, err
}

// SetVisibility decides how long a search does not find a user whom a client has created.
func (c *Client) SetVisibility(ctx context.Context, target string, after time.Duration) error {
	return c.Do(ctx, `mutation($target: String!, $after: Duration!) { setVisibility(target: $target, after: $after) }`,
		map[string]any{"target": target, "after": after.String()}, nil)
}

// SetMaintenance closes the target (every request is answered 503), or opens it. A retryAfter of 0 leaves the header to the
// target's switch.
func (c *Client) SetMaintenance(ctx context.Context, target string, on bool, retryAfter time.Duration) error {
	v := variables{"target": target, "on": on}
	v.duration("retryAfter", retryAfter)
	return c.Do(ctx, `mutation($target: String!, $on: Boolean!, $retryAfter: Duration) {
		setMaintenance(target: $target, on: $on, retryAfter: $retryAfter) }`, v, nil)
}

// SetLocked locks the named users as an administrator does, or ends any lock.
func (c *Client) SetLocked(ctx context.Context, target string, locked bool, userNames ...string) (int, error) {
	var data struct{ SetLocked int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $locked: Boolean!) {
		setLocked(target: $target, userNames: $names, locked: $locked) }`,
		map[string]any{"target": target, "names": list(userNames), "locked": locked}, &data)
	return data.SetLocked, err
}

// SetDelegated says that the named users have their password elsewhere, or here again.
func (c *Client) SetDelegated(ctx context.Context, target string, delegated bool, userNames ...string) (int, error) {
	var data struct{ SetDelegated int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $delegated: Boolean!) {
		setDelegated(target: $target, userNames: $names, delegated: $delegated) }`,
		map[string]any{"target": target, "names": list(userNames), "delegated": delegated}, &data)
	return data.SetDelegated, err
}

// SetGroupPolicy gives groups, by display name or id, a password policy of their own, and returns all such policies. A
// priority of 0 is the policy's present one, or the last.
func (c *Client) SetGroupPolicy(ctx context.Context, target, name string, priority int, groups []string, policy any) ([]GroupPolicy, error) {
	var data struct{ SetGroupPolicy []GroupPolicy }
	err := c.Do(ctx, `mutation($target: String!, $name: String!, $priority: Int!, $groups: [String!]!, $policy: JSON!) {
		setGroupPolicy(target: $target, name: $name, priority: $priority, groups: $groups, policy: $policy) `+groupPolicyFields+` }`,
		map[string]any{"target": target, "name": name, "priority": priority, "groups": list(groups), "policy": policy}, &data)
	return data.SetGroupPolicy, err
}

// RemoveGroupPolicy removes a policy for groups; it is false when there was none of that name.
func (c *Client) RemoveGroupPolicy(ctx context.Context, target, name string) (bool, error) {
	var data struct{ RemoveGroupPolicy bool }
	err := c.Do(ctx, `mutation($target: String!, $name: String!) { removeGroupPolicy(target: $target, name: $name) }`,
		map[string]any{"target": target, "name": name}, &data)
	return data.RemoveGroupPolicy, err
}

// Outbox reads every mail that is kept, to one user or to all when the name is empty.
func (c *Client) Outbox(ctx context.Context, target, userName string) (Outbox, error) {
	var all Outbox
	for after := uint64(0); ; {
		var data struct{ Outbox Outbox }
		err := c.Do(ctx, `query($target: String!, $user: String, $after: Count, $first: Int!) {
			outbox(target: $target, user: $user, after: $after, first: $first) { sent mails { sequence at user to kind token } } }`,
			map[string]any{"target": target, "user": optional(userName), "after": after, "first": c.page}, &data)
		if err != nil {
			return Outbox{}, err
		}
		all.Sent = data.Outbox.Sent
		all.Mails = append(all.Mails, data.Outbox.Mails...)
		if len(data.Outbox.Mails) < c.page {
			return all, nil
		}
		after = data.Outbox.Mails[len(data.Outbox.Mails)-1].Sequence
	}
}
