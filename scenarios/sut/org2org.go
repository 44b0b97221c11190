package sut

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Org2Org is Okta's own provisioning on trial: the second org of a world, the spoke, pushes the passwords of its users to the
// first one, the hub. A change is a new password at the spoke, and its outcome is what the task list says.
type Org2Org struct {
	world   *sim.World
	http    *http.Client
	control *control.Client
	app     string            // the application's id
	users   map[string]string // ids at the spoke, by login

	mu       sync.Mutex // guards what follows; never held across a wait
	changes  []*push
	outcomes []Outcome
}

// push is a change and the task that it became.
type push struct {
	Outcome
	nth   int       // of the user's password pushes
	told  time.Time // the end of the task, as it was last told
	again int       // how often the task was tried anew
}

// NewOrg2Org takes the pair of a world that runs. It has no application yet.
func NewOrg2Org(w *sim.World) *Org2Org {
	return &Org2Org{world: w, http: w.HTTPClient(), control: w.Control(), users: map[string]string{}}
}

const org2orgLabel = "Hub"

// SetUp makes the application: connected by a token, and everything that it can push switched on but, where deactivate is false,
// deactivations.
func (o *Org2Org) SetUp(ctx context.Context, deactivate bool) error {
	hub := o.world.URL(sim.Okta)
	var made struct{ ID string }
	if err := o.ask(ctx, http.MethodPost, "/api/v1/apps", map[string]any{
		"name": "okta_org2org", "label": org2orgLabel, "signOnMode": "SAML_2_0",
		"settings": map[string]any{"app": map[string]string{"baseUrl": hub, "acsUrl": hub + "/sso/saml2/spoke", "audRestriction": hub}},
	}, &made); err != nil {
		return err
	}
	o.app = "/api/v1/apps/" + made.ID
	if err := o.ask(ctx, http.MethodPost, o.app+"/connections/default?activate=true", map[string]any{
		"profile": map[string]string{"authScheme": "TOKEN", "token": o.world.OktaToken().Reveal()},
	}, nil); err != nil {
		return err
	}
	on, off := map[string]string{"status": "ENABLED"}, map[string]string{"status": "DISABLED"}
	leave := on
	if !deactivate {
		leave = off
	}
	return o.ask(ctx, http.MethodPut, o.app+"/features/USER_PROVISIONING", map[string]any{
		"create": map[string]any{"lifecycleCreate": on},
		"update": map[string]any{
			"profile": on, "lifecycleDeactivate": leave,
			"password": map[string]string{"status": "ENABLED", "seed": "OKTA", "change": "CHANGE"},
		},
	}, nil)
}

// Assign assigns the application to users of the spoke, which provisions them at the hub, and waits until that has ended.
func (o *Org2Org) Assign(ctx context.Context, logins ...string) error {
	return o.each(ctx, logins, func(id string) error {
		return o.ask(ctx, http.MethodPost, o.app+"/users", map[string]any{
			"id": id, "scope": "USER", "profile": map[string]string{"initialStatus": "active_with_pass"},
		}, nil)
	})
}

// Unassign takes the application away, and waits until what follows from it has ended.
func (o *Org2Org) Unassign(ctx context.Context, logins ...string) error {
	return o.each(ctx, logins, func(id string) error {
		return o.ask(ctx, http.MethodDelete, o.app+"/users/"+id, nil, nil)
	})
}

// SignIn signs a user in at the spoke, which brings the hub the password, and waits until it has.
func (o *Org2Org) SignIn(ctx context.Context, login string, password secret.Value) error {
	return o.ask(ctx, http.MethodPost, "/api/v1/authn", map[string]string{"username": login, "password": password.Reveal()}, nil)
}

func (o *Org2Org) each(ctx context.Context, logins []string, do func(id string) error) error {
	for _, login := range logins {
		id, err := o.id(ctx, login)
		if err == nil {
			err = do(id)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", login, err)
		}
	}
	return o.Settle(ctx)
}

func (o *Org2Org) id(ctx context.Context, login string) (string, error) {
	o.mu.Lock()
	id := o.users[login]
	o.mu.Unlock()
	if id != "" {
		return id, nil
	}
	var found struct{ ID string }
	if err := o.ask(ctx, http.MethodGet, "/api/v1/users/"+url.PathEscape(login), nil, &found); err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users[login] = found.ID
	return found.ID, nil
}

// settling is how often the task list is looked at.
const settling = time.Second

// Settle waits until no task is under way.
func (o *Org2Org) Settle(ctx context.Context) error {
	for {
		tasks, err := o.control.Tasks(ctx, sim.Spoke)
		if err != nil || !slices.ContainsFunc(tasks, func(t control.Task) bool { return t.State == "running" }) {
			return err
		}
		timer := time.NewTimer(settling)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Start has nothing to do: the world runs.
func (o *Org2Org) Start(context.Context) error { return nil }

// Submit gives a user of the spoke a new password, as an administrator does. The spoke acknowledges it, and makes a task of it.
func (o *Org2Org) Submit(ctx context.Context, c Change) (string, error) {
	id, err := o.id(ctx, c.UserName)
	if err != nil {
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, err)
	}
	tasks, err := o.control.Tasks(ctx, sim.Spoke)
	if err != nil {
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, err)
	}
	p := &push{
		Outcome: Outcome{ID: c.TransactionID, TransactionID: c.TransactionID, UserName: c.UserName, Accepted: time.Now()},
		nth:     len(pushesOf(tasks, c.UserName)),
	}
	if err := o.ask(ctx, http.MethodPost, "/api/v1/users/"+id, map[string]any{
		"credentials": map[string]any{"password": map[string]string{"value": c.Password.Reveal()}},
	}, nil); err != nil {
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changes = append(o.changes, p)
	return p.ID, nil
}

// pushesOf are the password pushes of a user, in the order in which they arose.
func pushesOf(tasks []control.Task, login string) []control.Task {
	return slices.DeleteFunc(slices.Clone(tasks), func(t control.Task) bool {
		return t.Kind != "push_password" || !strings.EqualFold(t.User, login)
	})
}

// Outcomes reads the task list.
func (o *Org2Org) Outcomes(ctx context.Context) ([]Outcome, error) {
	tasks, err := o.control.Tasks(ctx, sim.Spoke)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.changes {
		own := pushesOf(tasks, p.UserName)
		if p.nth >= len(own) {
			continue // the spoke has made no task of it
		}
		if t := own[p.nth]; t.State != "running" && !t.At.Equal(p.told) {
			p.told, p.Replay, p.Attempts, p.Finished = t.At, p.again, p.Attempts+1, t.At
			p.State, p.Reason = "applied", ""
			if t.State == "failed" {
				p.State, p.Reason = "parked", reasonOf(t.Error)
			}
			o.outcomes = append(o.outcomes, p.Outcome)
		}
	}
	return slices.Clone(o.outcomes), nil
}

// reasonOf reads the sentence that administrators see. It says what the hub said, and no more: where the hub answers the push for
// a federated user with its whole policy, the sentence speaks of the policy.
func reasonOf(sentence string) string {
	for _, known := range []struct{ text, reason string }{
		{"(password: Password)", "federated"},
		{"Api validation failed: password", "policy"},
		{"current status", "inactive"},
		{"Matching user not found", "not_found"},
		{"Not found", "not_found"},
		{"rate limit", "throttled"},
		{"read only", "unavailable"},
		{"Internal Server Error", "unavailable"},
		{"Invalid token", "credential"},
	} {
		if strings.Contains(sentence, known.text) {
			return known.reason
		}
	}
	return "failed"
}

// Replay tries the failed tasks of a reason anew, all of them without one: those that brought a password, and before them those
// that were to bring the user.
func (o *Org2Org) Replay(ctx context.Context, reason string) (transactions []string, err error) {
	if _, err := o.Outcomes(ctx); err != nil { // what failed until now is told as failed
		return nil, err
	}
	tasks, err := o.control.Tasks(ctx, sim.Spoke)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if t.State != "failed" || reason != "" && reasonOf(t.Error) != reason {
			continue
		}
		if err := o.control.RetryTask(ctx, sim.Spoke, t.ID); err != nil {
			return transactions, fmt.Errorf("retry %s: %w", t.ID, err)
		}
		if p := o.changeOf(tasks, t); p != nil {
			p.again++
			transactions = append(transactions, p.TransactionID)
		}
	}
	return transactions, nil
}

// changeOf is the change that a task brings.
func (o *Org2Org) changeOf(tasks []control.Task, t control.Task) *push {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.changes {
		if own := pushesOf(tasks, p.UserName); p.nth < len(own) && own[p.nth].ID == t.ID {
			return p
		}
	}
	return nil
}

// Secrets are the token that the spoke has of the hub, and ours of the spoke.
func (o *Org2Org) Secrets() []secret.Value {
	return []secret.Value{o.world.OktaToken(), o.world.SpokeToken()}
}

// Artifacts are the task list: nothing else of Okta's can be read.
func (o *Org2Org) Artifacts() ([]Artifact, error) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	tasks, err := o.control.Tasks(ctx, sim.Spoke)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(tasks)
	return []Artifact{{Name: "tasks", Data: text}}, err
}

// Stop leaves the spoke running: it is the world's.
func (o *Org2Org) Stop(context.Context) error { return nil }

// ask is an administrator's call at the spoke.
func (o *Org2Org) ask(ctx context.Context, method, path string, body, into any) (err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, o.world.URL(sim.Spoke)+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "SSWS "+o.world.SpokeToken().Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := o.http.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the spoke answered %s %s with %d: %s", method, path, response.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
