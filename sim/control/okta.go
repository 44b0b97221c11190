package control

import "context"

// The calls for what Okta alone has.

// SetStatus puts the named users into a status of Okta's, by whatever way: "suspended", "deprovisioned", "recovery",
// "password_expired", "locked_out", "staged", "provisioned" or "active".
func (c *Client) SetStatus(ctx context.Context, target, status string, userNames ...string) (int, error) {
	var data struct{ SetStatus int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $status: String!) {
		setStatus(target: $target, userNames: $names, status: $status) }`,
		map[string]any{"target": target, "names": list(userNames), "status": status}, &data)
	return data.SetStatus, err
}

// SetProvider says where the passwords of the named users are: "OKTA", "FEDERATION", "SOCIAL", "IMPORT", "ACTIVE_DIRECTORY" or
// "LDAP". A password that is there goes; IMPORT makes an imported hash of it.
func (c *Client) SetProvider(ctx context.Context, target, provider string, userNames ...string) (int, error) {
	var data struct{ SetProvider int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $provider: String!) {
		setProvider(target: $target, userNames: $names, provider: $provider) }`,
		map[string]any{"target": target, "names": list(userNames), "provider": provider}, &data)
	return data.SetProvider, err
}

// SetMastered says that another system owns the profiles of the named users, or the org does.
func (c *Client) SetMastered(ctx context.Context, target string, mastered bool, userNames ...string) (int, error) {
	var data struct{ SetMastered int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!, $mastered: Boolean!) {
		setMastered(target: $target, userNames: $names, mastered: $mastered) }`,
		map[string]any{"target": target, "names": list(userNames), "mastered": mastered}, &data)
	return data.SetMastered, err
}

// Disconnect parts the named users from their identity provider, as the button of the console does: they are the org's own,
// without a password yet.
func (c *Client) Disconnect(ctx context.Context, target string, userNames ...string) (int, error) {
	var data struct{ Disconnect int }
	err := c.Do(ctx, `mutation($target: String!, $names: [String!]!) { disconnect(target: $target, userNames: $names) }`,
		map[string]any{"target": target, "names": list(userNames)}, &data)
	return data.Disconnect, err
}

// SetReadOnly puts the org into read-only mode (E0000010 on every write), or ends it.
func (c *Client) SetReadOnly(ctx context.Context, target string, on bool) error {
	return c.Do(ctx, `mutation($target: String!, $on: Boolean!) { setReadOnly(target: $target, on: $on) }`,
		map[string]any{"target": target, "on": on}, nil)
}

// SetTokenShare decides how much of each rate limit one token or application may use, in percent.
func (c *Client) SetTokenShare(ctx context.Context, target string, percent int) error {
	return c.Do(ctx, `mutation($target: String!, $percent: Int!) { setTokenShare(target: $target, percent: $percent) }`,
		map[string]any{"target": target, "percent": percent}, nil)
}

// SetConcurrentLimit decides how many requests may be under way at once; 0 is what the tier says.
func (c *Client) SetConcurrentLimit(ctx context.Context, target string, limit int) error {
	return c.Do(ctx, `mutation($target: String!, $limit: Int!) { setConcurrentLimit(target: $target, limit: $limit) }`,
		map[string]any{"target": target, "limit": limit}, nil)
}

// ResetRates begins the windows of all rate limits anew.
func (c *Client) ResetRates(ctx context.Context, target string) ([]Limit, error) {
	var data struct{ ResetRates []Limit }
	err := c.Do(ctx, `mutation($target: String!) { resetRates(target: $target) `+limitFields+` }`,
		map[string]any{"target": target}, &data)
	return data.ResetRates, err
}

const taskFields = `{ id kind user app state error at }`

// Tasks is what the org's provisioning of another org does, in the order in which it arose.
func (c *Client) Tasks(ctx context.Context, target string) ([]Task, error) {
	var data struct{ Tasks []Task }
	err := c.Do(ctx, `query($target: String!) { tasks(target: $target) `+taskFields+` }`, map[string]any{"target": target}, &data)
	return data.Tasks, err
}

// RetryTask tries a failed task again, as the button of the console does.
func (c *Client) RetryTask(ctx context.Context, target, id string) error {
	return c.Do(ctx, `mutation($target: String!, $id: ID!) { retryTask(target: $target, id: $id) }`,
		map[string]any{"target": target, "id": id}, nil)
}

// SignInThroughIdP signs somebody in through an identity provider of the org, by its id or name. The subject is the NameID of the
// assertion, the attributes are those of the profile.
func (c *Client) SignInThroughIdP(ctx context.Context, target, idp, subject string, attributes map[string]string) (FederatedSignIn, error) {
	var data struct{ SignInThroughIdP FederatedSignIn }
	v := variables{"target": target, "idp": idp, "subject": subject}
	if attributes != nil {
		v["attributes"] = attributes
	}
	err := c.Do(ctx, `mutation($target: String!, $idp: String!, $subject: String!, $attributes: JSON) {
		signInThroughIdP(target: $target, idp: $idp, subject: $subject, attributes: $attributes) {
			created linked updated user `+userFields+` } }`, v, &data)
	return data.SignInThroughIdP, err
}
