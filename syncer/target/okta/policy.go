package okta

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

const (
	policiesPath = "/api/v1/policies?type=PASSWORD"
	// policyKept is how long what the policies demand is remembered.
	policyKept = 10 * time.Minute
	// temporaryLength is that of a temporary password, unless a policy wants a longer one; longestPassword is Okta's limit.
	temporaryLength = 24
	longestPassword = 72
)

// policies knows how long a password must be to please every active policy: which of them a new user comes under is decided by
// his groups. It is safe for concurrent use, and never holds its lock across a request.
type policies struct {
	log *slog.Logger

	mu      sync.Mutex
	length  int
	until   time.Time
	trouble string
}

// temporary makes a password that nobody knows. Beside the length it meets every demand that a policy can have: all kinds of
// characters, none twice in a row, and nothing that is anybody's name but by chance.
func (p *policies) temporary(ctx context.Context, a *rest.Attempt) seal.Secret {
	p.mu.Lock()
	length, fresh := p.length, time.Now().Before(p.until)
	p.mu.Unlock()
	if !fresh {
		length = p.ask(ctx, a)
	}
	return generate(max(length, temporaryLength))
}

// forget lets the next one ask again.
func (p *policies) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Time{}
}

func (p *policies) ask(ctx context.Context, a *rest.Attempt) int {
	length, trouble := longestMinimum(ctx, a)
	p.mu.Lock()
	defer p.mu.Unlock()
	if trouble != "" {
		if trouble != p.trouble {
			p.log.WarnContext(ctx, "the password policies of the hub cannot be read; temporary passwords are made as long as they may be",
				"target", name, "detail", trouble)
		}
		length = longestPassword
	}
	p.length, p.until, p.trouble = length, time.Now().Add(policyKept), trouble
	return length
}

// longestMinimum is the longest of the minimum lengths.
func longestMinimum(ctx context.Context, a *rest.Attempt) (length int, trouble string) {
	r, answer, ok := a.Send(ctx, rest.Request{Method: http.MethodGet, Path: policiesPath})
	if !ok {
		return 0, answer.Detail
	}
	if !r.Whole(http.StatusOK) {
		return 0, a.Answer(rest.CallFind, r).Detail
	}
	var list []struct {
		Status   string `json:"status"`
		Settings struct {
			Password struct {
				Complexity struct {
					MinLength int `json:"minLength"`
				} `json:"complexity"`
			} `json:"password"`
		} `json:"settings"`
	}
	if json.Unmarshal(r.Body, &list) != nil || len(list) == 0 {
		return 0, "find: not a list of policies"
	}
	for _, one := range list {
		if one.Status != "INACTIVE" {
			length = max(length, min(one.Settings.Password.Complexity.MinLength, longestPassword))
		}
	}
	return length, ""
}

// kinds of characters; without those that a person would mix up, and that JSON would escape.
var kinds = [...]string{"abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#$%*+-=?@^_~"}

// generate draws a password: one of each kind, then of any, in any order, and no character twice in a row.
func generate(length int) seal.Secret {
	s := make(seal.Secret, 0, length)
	for i := range length {
		kind := kinds[draw(len(kinds))]
		if i < len(kinds) {
			kind = kinds[i]
		}
		s = append(s, kind[draw(len(kind))])
	}
	for i := len(s) - 1; i > 0; i-- {
		j := draw(i + 1)
		s[i], s[j] = s[j], s[i]
	}
	for i := 1; i < len(s); i++ {
		for s[i] == s[i-1] { // Another one of its own kind, so that each kind stays.
			s[i] = another(s[i])
		}
	}
	return s
}

func another(c byte) byte {
	for _, kind := range kinds {
		for i := range len(kind) {
			if kind[i] == c {
				return kind[draw(len(kind))]
			}
		}
	}
	return c
}

// draw returns a number below n that nobody can guess.
func draw(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil { // crypto/rand's reader does not fail.
		return 0
	}
	return int(i.Int64())
}
