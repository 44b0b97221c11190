package hook

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// shelf holds one parked change, "known", and refuses with an error of the test's.
type shelf struct {
	asked    Selection
	refusal  error
	replayed []string
	purged   []string
}

func (s *shelf) Parked(_ context.Context, want Selection) ([]ParkedChange, error) {
	s.asked = want
	return nil, s.refusal
}

func (s *shelf) ParkedChange(_ context.Context, id string) (ParkedChange, error) {
	if id != "known" {
		return ParkedChange{}, ErrNotParked
	}
	return ParkedChange{ID: id, Reason: "policy", State: Kept}, s.refusal
}

func (s *shelf) Replay(_ context.Context, id string) (Receipt, error) {
	s.replayed = append(s.replayed, id)
	return Receipt{ID: id, State: Queued}, s.refusal
}

func (s *shelf) Purge(_ context.Context, id string) error {
	s.purged = append(s.purged, id)
	return s.refusal
}

func TestParkedChanges(t *testing.T) {
	gone, broken := ErrNotParked, errors.New("disk SECRET")
	for name, tt := range map[string]struct {
		method, path string
		refusal      error
		status       int
		text         string
	}{
		"list":                {"GET", "/v1/parked", nil, 200, `"parked":[]`},
		"list, broken":        {"GET", "/v1/parked", broken, 503, "try again"},
		"list of none":        {"GET", "/v1/parked?limit=0", nil, 400, `"field":"limit"`},
		"list oddly":          {"GET", "/v1/parked?usr=a", nil, 400, `"field":"usr"`},
		"page is gone":        {"GET", "/v1/parked?after=x", gone, 404, "no such"},
		"show":                {"GET", "/v1/parked/known", nil, 200, `"reason":"policy"`},
		"show another":        {"GET", "/v1/parked/other", nil, 404, "no such"},
		"replay":              {"POST", "/v1/parked/known/replay", nil, 202, `"state":"queued"`},
		"replay of none":      {"POST", "/v1/parked/known/replay", gone, 404, "no such"},
		"replay of an old":    {"POST", "/v1/parked/known/replay", &ConflictError{"superseded", "a newer one"}, 409, `"reason":"superseded"`},
		"replay on a standby": {"POST", "/v1/parked/known/replay", ErrStandby, 503, "stands by"},
		"purge":               {"DELETE", "/v1/parked/known", nil, 204, ""},
		"purge of none":       {"DELETE", "/v1/parked/known", gone, 404, "no such"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(serve(&sink{shelf: shelf{refusal: tt.refusal}}), tt.method, tt.path, "")
			assert.Equal(t, tt.status, w.Code, w.Body)
			assert.Contains(t, w.Body.String(), tt.text)
			assert.NotContains(t, w.Body.String(), "SECRET")
			assert.Equal(t, 401, ask(serve(&sink{}), tt.method, tt.path, "", "Authorization", "Bearer wrong").Code)
		})
	}
}

func TestASelectionReachesTheEngine(t *testing.T) {
	s := &sink{}
	ask(serve(s), "GET", "/v1/parked?reason=policy&user=bjensen&after=x&limit=7", "")
	assert.Equal(t, Selection{Reason: "policy", UserName: "bjensen", After: "x", Limit: 7}, s.asked)
	ask(serve(s), "GET", "/v1/parked?limit=999999", "")
	assert.Equal(t, maxParked, s.asked.Limit)
}
