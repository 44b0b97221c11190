package control

import (
	"context"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// What directories alone have: the mutations, and their calls.

func (m mutation) SignIns(ctx context.Context, target string, attempts []LogInInput) ([]Answer, error) {
	s, err := able[serving](m.resolver, target, service)
	if err != nil {
		return nil, err
	}
	return each(attempts, func(a LogInInput) Answer { return toAnswer(s, a.UserName, s.SignIn(ctx, a.UserName, a.Password)) }), nil
}

func (m mutation) ChangePasswords(ctx context.Context, target string, changes []PasswordChangeInput) ([]Answer, error) {
	s, err := able[serving](m.resolver, target, service)
	if err != nil {
		return nil, err
	}
	return each(changes, func(c PasswordChangeInput) Answer {
		return toAnswer(s, c.UserName, s.ChangePassword(ctx, c.UserName, c.Old, c.Password))
	}), nil
}

func toAnswer(s serving, userName string, r ldap.Result) Answer {
	return Answer{OK: r.Code == ldap.Success, Code: int(r.Code), Message: r.Message, Stored: digest(s.StoredDigest(userName))}
}

func (m mutation) SetChangelog(_ context.Context, target, mode string, purgeDelay *time.Duration) (Changelog, error) {
	s, err := able[logging](m.resolver, target, changelog)
	if err != nil {
		return Changelog{}, err
	}
	if err := s.SetChangelog(mode, value(purgeDelay)); err != nil {
		return Changelog{}, err
	}
	return toChangelog(s), nil
}

func (m mutation) TrimChangelog(_ context.Context, target string, keep int) (Changelog, error) {
	s, err := able[logging](m.resolver, target, changelog)
	if err != nil {
		return Changelog{}, err
	}
	s.TrimChangelog(keep)
	return toChangelog(s), nil
}

func toChangelog(s logging) (c Changelog) {
	c.Mode, c.First, c.Last = s.ChangelogMode()
	return c
}

func (m mutation) SetReplicationLag(_ context.Context, target string, lag time.Duration) (time.Duration, error) {
	s, err := able[replicating](m.resolver, target, replication)
	if err != nil {
		return 0, err
	}
	return lag, s.SetReplicationLag(lag)
}

func (m mutation) SetPasswordReadable(_ context.Context, target string, on bool) (bool, error) {
	s, err := able[revealing](m.resolver, target, hashes)
	if err != nil {
		return false, err
	}
	return on, s.SetPasswordReadable(on)
}

const answerFields = `{ ok code message stored }`

// SignIns lets users sign in as they do, with all that follows from it.
func (c *Client) SignIns(ctx context.Context, target string, attempts []LogInInput) ([]Answer, error) {
	var data struct{ SignIns []Answer }
	err := c.Do(ctx, `mutation($target: String!, $attempts: [LogInInput!]!) {
		signIns(target: $target, attempts: $attempts) `+answerFields+` }`,
		map[string]any{"target": target, "attempts": each(attempts, logInVariables)}, &data)
	return data.SignIns, err
}

// ChangePasswords lets users change their own passwords as they do. An answer is there for each, in the order of the changes.
func (c *Client) ChangePasswords(ctx context.Context, target string, changes []PasswordChangeInput) ([]Answer, error) {
	var data struct{ ChangePasswords []Answer }
	err := c.Do(ctx, `mutation($target: String!, $changes: [PasswordChangeInput!]!) {
		changePasswords(target: $target, changes: $changes) `+answerFields+` }`,
		map[string]any{"target": target, "changes": each(changes, passwordChangeVariables)}, &data)
	return data.ChangePasswords, err
}

// SetChangelog says how the changelog can be read: "disabled", "enabled-cookie-mode-only" or "enabled", and how long changes are
// kept; 0 leaves that.
func (c *Client) SetChangelog(ctx context.Context, target, mode string, purgeDelay time.Duration) (Changelog, error) {
	var data struct{ SetChangelog Changelog }
	v := variables{"target": target, "mode": mode}
	v.duration("purgeDelay", purgeDelay)
	err := c.Do(ctx, `mutation($target: String!, $mode: String!, $purgeDelay: Duration) {
		setChangelog(target: $target, mode: $mode, purgeDelay: $purgeDelay) { mode first last } }`, v, &data)
	return data.SetChangelog, err
}

// TrimChangelog forgets all changes but the newest, so many.
func (c *Client) TrimChangelog(ctx context.Context, target string, keep int) (Changelog, error) {
	var data struct{ TrimChangelog Changelog }
	err := c.Do(ctx, `mutation($target: String!, $keep: Int!) { trimChangelog(target: $target, keep: $keep) { mode first last } }`,
		map[string]any{"target": target, "keep": keep}, &data)
	return data.TrimChangelog, err
}

// SetReplicationLag decides how late the changes of other replicas arrive at the target.
func (c *Client) SetReplicationLag(ctx context.Context, target string, lag time.Duration) error {
	return c.Do(ctx, `mutation($target: String!, $lag: Duration!) { setReplicationLag(target: $target, lag: $lag) }`,
		map[string]any{"target": target, "lag": lag.String()}, nil)
}

// SetPasswordReadable gives the account of a synchronisation the right to read what is stored of passwords, or takes it away.
func (c *Client) SetPasswordReadable(ctx context.Context, target string, on bool) error {
	return c.Do(ctx, `mutation($target: String!, $on: Boolean!) { setPasswordReadable(target: $target, on: $on) }`,
		map[string]any{"target": target, "on": on}, nil)
}
